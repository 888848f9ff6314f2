"""Writes the parts of README.md that the program itself knows: its commands, options and causes.

A part stands between `<!-- commands: begin -->` and `<!-- commands: end -->`; likewise options and causes.
`make readme` writes them anew, and a test fails where they are out of date.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import typer
from siamdoctor.cli.app import app
from siamdoctor.registry import all_checks

README = Path(__file__).parent.parent / "README.md"


def commands() -> str:
    """Every command and the first line of its help."""
    rows = [(f"`siamdoctor {c.name}`", _first_line(inspect.getdoc(c.callback))) for c in app.registered_commands]
    return _table(("command", "what it does"), rows)


def options() -> str:
    """The options of `diagnose`, which the other commands that examine a model share in part."""
    group = typer.main.get_command(app)
    parameters = group.commands["diagnose"].params
    rows = [
        (" ".join(f"`{o}`" for o in p.opts), _first_line(p.help))
        for p in parameters
        if p.param_type_name == "option" and not getattr(p, "hidden", False)
    ]
    return _table(("option", "what it does"), rows)


def causes() -> str:
    """Every cause that a check looks for."""
    return _table(("code", "cause", "this model has ..."), [(c.code, f"`{c.id}`", c.title) for c in all_checks()])


PARTS: Mapping[str, Callable[[], str]] = {"commands": commands, "options": options, "causes": causes}


def refreshed(text: str) -> str:
    """The text with every part written anew.

    Raises:
        ValueError: a part is begun that nobody knows how to write, or is not ended.
    """
    for name in re.findall(r"<!-- (\w+): begin -->", text):
        if name not in PARTS or f"<!-- {name}: end -->" not in text:
            raise ValueError(f"A part begins that is unknown or does not end. Received: {name}")
    for name, write in PARTS.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if pattern.search(text):
            part = f"{begin}\n{write()}\n{end}"
            text = pattern.sub(lambda _, part=part: part, text)
    return text


def _first_line(text: str | None) -> str:
    """The first paragraph of a help text on one line, without its full stop."""
    return " ".join((text or "").partition("\n\n")[0].split()).rstrip(".")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


if __name__ == "__main__":
    if not README.exists():
        sys.exit(f"There is no README.md to write into. Received: {README}")
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
