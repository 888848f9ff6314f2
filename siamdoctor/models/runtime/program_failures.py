"""Telling in a line how a program failed that is not ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.runtime.backend import silenced

TOLD = 300  # letters of an error that the program raises
WHERE = re.compile(r"\{\{[^}]*\}\}|\[Op:\w+\]")  # which node failed, and how it was called


@contextmanager
def failing(path: Path) -> Iterator[None]:
    """Run a part of the program with what it prints thrown away, and what it raises told in a line.

    Raises:
        UnreadableModel: the program failed.
    """
    import tensorflow as tf  # noqa: PLC0415  (loaded by then, by `import_keras`)

    try:
        with silenced(descriptors=(1, 2)):
            yield
    except UnreadableModel:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError, OSError, MemoryError, AssertionError,
            ArithmeticError, NameError, tf.errors.OpError) as error:  # fmt: skip
        told = " ".join(WHERE.sub("", str(error)).split()) or type(error).__name__
        shown = told.rstrip(" .") if len(told) <= TOLD else f"{told[:TOLD]} .."
        raise UnreadableModel(f"The program of the SavedModel failed: {shown}. Received: model={path}") from error
