"""Long work that keeps what it has when its time is over or it is interrupted."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siamdoctor.trials.training import OutOfTime

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True, kw_only=True)
class CutShort:
    """Whether work ended early. partial: for whatever reason. interrupted: by the user (Ctrl-C)."""

    partial: bool = False
    interrupted: bool = False

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Do the work inside; an early end leaves the block quietly and is noted here."""
        try:
            yield
        except OutOfTime:
            self.partial = True
        except KeyboardInterrupt:
            self.partial = self.interrupted = True
