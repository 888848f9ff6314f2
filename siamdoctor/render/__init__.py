"""Renderers: a result in, a string out. They print nothing, compute nothing, know nothing of the engine."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from siamdoctor.render.frame import Frame
    from siamdoctor.results import Report

Format = Literal["terminal", "json", "markdown", "html", "junit", "sarif", "github"]
FileFormat = Literal["csv", "png", "svg"]  # what some answers are written to a file as, and nothing is printed as
Renderer = Callable[["Report", "Frame"], str]

# Modules are imported on first use: html draws with matplotlib, which takes longer than all others together.
_HOMES: dict[Format, str] = {
    "terminal": "siamdoctor.render.terminal",
    "json": "siamdoctor.render.machine",
    "markdown": "siamdoctor.render.markdown",
    "html": "siamdoctor.render.html",
    "junit": "siamdoctor.render.junit",
    "sarif": "siamdoctor.render.sarif",
    "github": "siamdoctor.render.github",
}
FORMATS: tuple[Format, ...] = tuple(_HOMES)


def renderer(name: Format) -> Renderer:
    """The function that renders a report in this format."""
    return cast("Renderer", import_module(_HOMES[name]).render)
