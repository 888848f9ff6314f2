"""How long it will still take, from how long it took so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

MINUTE = 60.0
ENOUGH = 3.0  # seconds of work before an estimate is worth saying


@dataclass(slots=True)
class Clock:
    """Counts finished work of `total` and tells of it.

    The first pieces are slower than the rest (graphs are traced), so the estimate starts counting after the
    first piece and keeps silent until some seconds of real work have been seen.
    """

    total: float
    tell: Callable[[str, float], None]
    start_share: float = 0.3
    now: Callable[[], float] = time.monotonic
    done: float = 0.0
    _first: float | None = None
    _first_done: float = field(default=0.0)

    def advance(self, work: float, what: str) -> None:
        """Some work is finished."""
        self.done += work
        if self._first is None:
            self._first, self._first_done = self.now(), self.done
        share = self.start_share + (0.95 - self.start_share) * min(1.0, self.done / max(self.total, 1e-9))
        remaining = self.remaining()
        self.tell(what if remaining is None else f"{what}, {in_words(remaining)} left", share)

    def remaining(self) -> float | None:
        """Seconds, or None while it is too early to say."""
        if self._first is None or self.done <= self._first_done:
            return None
        elapsed = self.now() - self._first
        if elapsed < ENOUGH:
            return None
        return elapsed / (self.done - self._first_done) * max(0.0, self.total - self.done)


def in_words(seconds: float) -> str:
    """A duration as a person says it: rounded to what can be known."""
    if seconds < MINUTE:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    minutes = seconds / MINUTE
    return f"about {round(minutes)} min" if minutes < 90 else f"about {minutes / 60:.1f} h"  # noqa: PLR2004  (90 min)
