"""Progress on stderr, for a person who watches; silence for a pipe, a log or --quiet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """A function that is told what is being done and which share of the whole is done (0 to 1)."""
    if quiet or not sys.stderr.isatty():
        yield _silence
        return
    from rich.console import Console  # noqa: PLC0415  (only for a person who watches)
    from rich.markup import escape  # noqa: PLC0415  (only for a person who watches)
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415  (only for a person who watches)
    from rich.progress import Progress as Bar  # noqa: PLC0415  (only for a person who watches)

    columns = (BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def tell(what: str, share: float) -> None:
            bar.update(task, description=escape(what), completed=share)

        yield tell


def _silence(what: str, share: float) -> None:
    """Nobody watches."""
    del what, share
