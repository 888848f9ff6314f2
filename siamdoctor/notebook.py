"""A report within a notebook: the HTML page in a frame of its own, so that neither's style touches the other."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from siamdoctor import manual_pages
from siamdoctor.render.frame import Frame, Page
from siamdoctor.render.html import render

if TYPE_CHECKING:
    from siamdoctor.results import Report

HEIGHT = 640  # pixels; the frame can be drawn larger by its corner


def shown_in_notebook(report: Report) -> str:
    """The page that `--format html` writes, as one element.

    The frame is sandboxed: a page needs no script, and names of files and layers are a stranger's words.
    """
    pages = {
        entry.id: Page(code=entry.code, title=entry.title, family=entry.family, text=entry.page)
        for entry in manual_pages.entries()
    }
    page = render(report, Frame(pages=pages))
    return (
        f'<iframe title="siamdoctor: {html.escape(report.verdict)}" sandbox="" srcdoc="{html.escape(page)}" '
        f'style="width: 100%; height: {HEIGHT}px; border: 0; resize: vertical; overflow: auto"></iframe>'
    )
