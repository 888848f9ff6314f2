"""What the shell offers when the user presses the tabulator."""

from __future__ import annotations

from siamdoctor import manual_pages
from siamdoctor.render import FORMATS


def complete_cause(incomplete: str) -> list[tuple[str, str]]:
    """Causes by id or code, with their titles."""
    named = [(name, entry.title) for entry in manual_pages.entries() for name in (entry.id, entry.code)]
    return [(name, title) for name, title in named if name.lower().startswith(incomplete.lower())]


def complete_page(incomplete: str) -> list[tuple[str, str]]:
    """Causes, and the pages that are about no single one."""
    topics = [(name, title) for name, title in manual_pages.TOPICS.items() if name.startswith(incomplete.lower())]
    return [*complete_cause(incomplete), *topics]


def complete_output(incomplete: str) -> list[str]:
    """The format before the equals sign of --output."""
    return [f"{name}=" for name in FORMATS if name.startswith(incomplete)]
