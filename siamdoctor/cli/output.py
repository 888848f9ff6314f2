"""Where results go: the report to stdout and files, everything else to stderr. The one module that prints."""

from __future__ import annotations

import codecs
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from siamdoctor import manual_pages
from siamdoctor.errors import BadSettings
from siamdoctor.render import FORMATS, FileFormat, Format
from siamdoctor.render.frame import Frame, Page
from siamdoctor.render.prose import printable

Name = TypeVar("Name", Format, Format | FileFormat)

# What stands for a character that the terminal's encoding lacks, where a question mark would say less.
_PLAIN = {"─": "-", "━": "-", "—": "-", "●": "o", "•": "-", "·": ".", "…": "...", "’": "'"}  # noqa: RUF001  (the point)
_PLAIN |= dict(zip("▁▂▃▄▅▆▇█", "..::-=+#", strict=True))


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    """Replace what cannot be encoded by something that looks alike."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in lacking), error.end


codecs.register_error("siamdoctor.plain", _in_plain_letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A format and where it goes; None is stdout."""

    format: Format | FileFormat
    path: Path | None = None


def outlets(
    to_stdout: Format,
    to_files: list[str] | None,
    known: tuple[Format, ...] = FORMATS,
    files: tuple[FileFormat, ...] = (),
) -> list[Outlet]:
    """Everything that is to be written, checked before any work is done.

    Args:
        to_stdout: the format that is printed.
        to_files: FORMAT=PATH of each file.
        known: what this command prints.
        files: what it writes to files besides.

    Raises:
        BadSettings: a format that this command does not know, or a file in a folder that is not there.
    """
    found: list[Outlet] = [Outlet(format=_known(to_stdout, known))]
    for word in to_files or ():
        name, equals, path = word.partition("=")
        if not (equals and path):
            raise BadSettings(f"--output takes FORMAT=PATH, such as html=report.html. Received: {word!r}")
        target = Path(path).expanduser()
        if target.is_dir() or not target.absolute().parent.is_dir():
            raise BadSettings(
                f"This file cannot be written: the path is a folder, or its folder is missing. Received: output={path}"
            )
        found.append(Outlet(format=_known(name, (*known, *files)), path=target))
    return found


def write(content: str | bytes, outlet: Outlet) -> None:
    """Write a rendered report to its outlet; a picture, which is bytes, only ever goes to a file.

    Raises:
        BadSettings: the file cannot be written.
    """
    if outlet.path is None:
        assert isinstance(content, str)
        to_stdout(content)
        return
    try:
        if isinstance(content, bytes):
            outlet.path.write_bytes(content)
        else:
            outlet.path.write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        raise BadSettings(f"The report cannot be written ({error.strerror}). Received: output={outlet.path}") from error


def append_step_summary(markdown: str) -> None:
    """Give GitHub Actions the report for the run's page, where the run asks for one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(markdown)
    except OSError as error:
        to_stderr(f"warning: the step summary cannot be written ({error.strerror})")


def to_stdout(text: str) -> None:
    """Print to stdout in whatever encoding it has."""
    sys.stdout.write(_encodable(text, sys.stdout.encoding))
    sys.stdout.flush()


def to_stderr(text: str) -> None:
    """Print a line to stderr in whatever encoding it has."""
    sys.stderr.write(_encodable(printable(text), sys.stderr.encoding) + "\n")


def screen() -> Frame:
    """Width and colour of the terminal that stdout is; 80 columns and no colour where it is none."""
    from rich.console import Console  # noqa: PLC0415  (JSON output does without rich)

    console = Console(file=sys.stdout)
    colour = console.is_terminal and console.color_system is not None and not console.no_color
    return Frame(width=console.width, colour=colour)


def manual() -> dict[str, Page]:
    """The manual pages of all causes, as renderers take them."""
    return {
        entry.id: Page(code=entry.code, title=entry.title, family=entry.family, text=entry.page)
        for entry in manual_pages.entries()
    }


def _known(name: str, known: tuple[Name, ...]) -> Name:
    """The format of this name, if the command knows it."""
    if name not in known:
        raise BadSettings(f"This command prints {', '.join(known)}. Received: format={name!r}")
    return name


def _encodable(text: str, encoding: str | None) -> str:
    """The text with look-alikes for what the encoding lacks."""
    name = encoding or "utf-8"
    return text.encode(name, "siamdoctor.plain").decode(name)
