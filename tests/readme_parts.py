"""Writes the parts of README.md that the program itself knows: a run's output, its commands, options and causes.

A part stands between `<!-- causes: begin -->` and `<!-- causes: end -->`, and likewise the others. `make readme`
writes them all anew; the run takes some seconds, because it trains a network, and the table of what loads a minute
or two, because it saves and loads thirty. A test fails where a part is out of date.
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin

from siamdoctor.calibration import calibration
from siamdoctor.cli.app import app
from siamdoctor.cli.diagnose import diagnose
from siamdoctor.cli.request import Request
from siamdoctor.registry import all_checks
from typer.models import OptionInfo

README = Path(__file__).parent.parent / "README.md"
COLUMNS = "80"
KEPT = "siamdoctor-demo"
DEMO = ("demo", "--keep", KEPT)
DIAGNOSE = ("diagnose", f"{KEPT}/model.keras", f"{KEPT}/data")
# Whatever else stands in an environment, such as a terminal's width, stays out of the README.
PLAIN = {"COLUMNS": COLUMNS, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}


def report() -> str:
    """The commands of a real run, and all that the second of them prints."""
    with tempfile.TemporaryDirectory() as folder:
        _siamdoctor(folder, *DEMO, "--fail-on", "never")
        printed = _siamdoctor(folder, *DIAGNOSE)
    shown = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    commands = f'make demo ARGS="{" ".join(DEMO[1:])}"\n.venv/bin/siamdoctor {" ".join(DIAGNOSE)}'
    return f"```console\n{commands}\n```\n\n```text\n{shown}\n```"


def commands() -> str:
    """Every command and the first line of its help."""
    rows = [(f"`siamdoctor {c.name}`", _first_line(inspect.getdoc(c.callback))) for c in app.registered_commands]
    return _table(("command", "what it does"), rows)


def options() -> str:
    """The options that the commands which examine a model share."""
    rows = [(o.spelling, o.says) for o in _options(diagnose) if o.name in Request.__slots__]
    return _table(("option", "what it does"), rows)


def own() -> str:
    """The options that a single command has for itself."""
    rows = [
        (f"`{c.name}`", o.spelling, o.says)
        for c in app.registered_commands
        if c.callback is not None
        for o in _options(c.callback)
        if o.name not in Request.__slots__
    ]
    return _table(("command", "option", "what it does"), rows)


def causes() -> str:
    """Every cause that a check looks for."""
    return _table(("code", "cause", "what it is"), [(c.code, f"`{c.id}`", c.title) for c in all_checks()])


def loading() -> str:
    """What reads which kind of saved model; every line is tried."""
    sys.path.insert(0, str(Path(__file__).parent / "models"))
    from loading import table  # noqa: PLC0415  (imports TensorFlow, which the other parts do without)

    return _table(("model", "saved as", "`load_model`", "siamdoctor", "option"), list(table()))


def ward() -> str:
    """What the committed run of the benchmark counted."""
    sys.path.insert(0, str(README.parent / "benchmarks"))
    from outcome import read  # noqa: PLC0415  (a script beside the package)
    from patients_cache import RESULTS  # noqa: PLC0415
    from summary import headline  # noqa: PLC0415

    return headline(read(RESULTS), calibrated=set(calibration().seen))


Parts = Mapping[str, Callable[[], str]]
PARTS: Parts = {"commands": commands, "options": options, "own": own, "causes": causes, "ward": ward}
WITH_A_RUN: Parts = {"report": report, "loading": loading, **PARTS}


def refreshed(text: str, parts: Parts = PARTS) -> str:
    """The text with these parts written anew.

    Raises:
        ValueError: a part is begun that nobody knows how to write, or is not ended.
    """
    for name in re.findall(r"<!-- (\w+): begin -->", text):
        if name not in WITH_A_RUN or f"<!-- {name}: end -->" not in text:
            raise ValueError(f"A part begins that is unknown or does not end. Received: {name}")
    for name, write in parts.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if pattern.search(text):
            head, tail = pattern.split(text, maxsplit=1)
            text = f"{head}{begin}\n{write()}\n{end}{tail}"
    return text


def _siamdoctor(folder: str, *words: str) -> str:
    """What the command prints to a terminal of 80 columns, run in a folder.

    Raises:
        RuntimeError: it did not end with a report.
    """
    environment = {**os.environ, **PLAIN, "PYTHONPATH": str(README.parent)}
    command = [sys.executable, "-m", "siamdoctor", *words]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"A command of the README failed. Received: {' '.join(words)}\n{done.stderr}")
    return done.stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """An option as it is declared: `spelling` with its short form and its value, the help with its default."""

    name: str
    spelling: str
    says: str


def _options(callback: Callable[..., object]) -> Iterator[_Option]:
    """The options of a command, read from its signature."""
    for parameter in inspect.signature(callback).parameters.values():
        kind, declared = get_args(parameter.annotation)[:2]
        if isinstance(declared, OptionInfo):
            says = _first_line(declared.help)
            if declared.show_default and not isinstance(parameter.default, bool | None):
                says += f". [default: {parameter.default}]"
            yield _Option(name=parameter.name, spelling=_spelling(kind, declared), says=says)


def _spelling(kind: object, declared: OptionInfo) -> str:
    """An option as one writes it."""
    # Within `Annotated`, typer keeps the first spelling where a default would stand.
    spellings = [s for s in (declared.default, *(declared.param_decls or ())) if isinstance(s, str)]
    names = ", ".join(sorted(spellings, key=len))
    choices = [c for member in (kind, *get_args(kind)) if get_origin(member) is Literal for c in get_args(member)]
    value = declared.metavar or "|".join(choices)
    return f"`{names} {value}`" if value else f"`{names}`"


def _first_line(text: str | None) -> str:
    """The first paragraph of a help text on one line, without its full stop."""
    return " ".join((text or "").partition("\n\n")[0].split()).rstrip(".")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


if __name__ == "__main__":
    if not README.exists():
        sys.exit(f"There is no README.md to write into. Received: {README}")
    README.write_text(refreshed(README.read_text(encoding="utf-8"), WITH_A_RUN), encoding="utf-8")
