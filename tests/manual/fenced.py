"""The code blocks of a Markdown text."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCED = re.compile(r"^```(?P<language>\w+)(?P<note>[^\n]*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fenced:
    """What stands between two lines of three backticks; `note` is what follows the language on the first."""

    language: str
    note: str
    code: str

    @property
    def reason(self) -> str | None:
        """Why the block is not run, where it says so: `no-run: reason` behind the language."""
        found = re.fullmatch(r"no-run: (.{10,})", self.note)
        return found[1] if found else None


def fenced(text: str, *languages: str) -> list[Fenced]:
    """The blocks in these languages, or in any."""
    found = [Fenced(language=m["language"], note=m["note"].strip(), code=m["code"]) for m in _FENCED.finditer(text)]
    return [block for block in found if not languages or block.language in languages]
