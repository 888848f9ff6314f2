"""Putting any text into Markdown so that it reads as it was written."""

from __future__ import annotations

import re

from siamdoctor.render.prose import Block, blocks, inline_code, printable

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~!])")


def escaped(text: str) -> str:
    """Text in which nothing is markup, but for code between backticks, which stays code."""
    pieces = inline_code(_one_line(text))
    return "".join(code_span(piece) if code else _plain(piece) for piece, code in pieces)


def code_span(text: str) -> str:
    """Text as code, with more backticks around it than within it. A pipe would end a table's cell."""
    shown = _one_line(text).replace("|", "\\|")
    fence = "`" * (_longest_run(shown) + 1)
    gap = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def prose(text: str) -> str:
    """Paragraphs, bullets and code."""
    shown, bullet_before = "", False
    for block in blocks(text):
        bullet = block.kind == "bullet"
        gap = "\n" if bullet and bullet_before else "\n\n"  # a list whose points touch is set tight
        shown += (gap if shown else "") + _block(block)
        bullet_before = bullet
    return shown


def _block(block: Block) -> str:
    """One piece of prose."""
    if block.kind == "code":
        fence = "`" * max(3, _longest_run(block.text) + 1)
        return f"{fence}python\n{block.text}\n{fence}"
    return ("- " if block.kind == "bullet" else "") + escaped(block.text)


def _longest_run(text: str) -> int:
    """The longest run of backticks: a fence must be longer."""
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    """A table; cells are Markdown already."""
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _plain(text: str) -> str:
    """Text with every sign that means something to Markdown, or begins a mention, made literal."""
    return _SPECIAL.sub(r"\\\1", text).replace("&", "&amp;").replace("@", "&#64;")


def _one_line(text: str) -> str:
    """Text without line breaks, which end a table's row."""
    return " ".join(printable(text).split())
