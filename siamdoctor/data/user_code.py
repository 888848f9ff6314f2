"""Data that the user's own function makes: `module:function`, asked for by name and never guessed."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from siamdoctor.data.array_set import ArraySet
from siamdoctor.data.array_store import Stored
from siamdoctor.data.saved_dataset import as_pairs, in_memory, renamed
from siamdoctor.data.text_samples import as_array, is_text
from siamdoctor.errors import UnreadableData

# A module of two letters or more, since C:name is a file on another system's drive.
_FORM = re.compile(r"^([A-Za-z_]\w+(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)$")
TRAINING_CALLS = frozenset({"fit", "fit_generator", "train_on_batch"})
# What a user's code may well raise; its own message is shown, without a traceback.
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    SystemExit,
)
EXPECTED = "It must return (samples, classes), ((left, right), labels), or a dict of arrays."


def names_a_function(path: Path) -> bool:
    """Whether a path that was given has the form `module:function`."""
    return _FORM.match(path.name) is not None


def arrays_from_function(path: Path) -> ArraySet:
    """Import the module (from the folder that the path stands in, or the working directory) and call it.

    Raises:
        UnreadableData: the module would train at import, cannot be imported, or returns something else.
    """
    found = _FORM.match(path.name)
    assert found is not None, "asked for by names_a_function first"
    module, function = found.groups()
    try:
        with _importable(path.parent):
            _refuse_training(module, path)
            made = getattr(importlib.import_module(module), function)()
    except _FAILURES as error:
        raise UnreadableData(
            f"The function that makes the data failed with {type(error).__name__}: {str(error)[:200]}. "
            f"Received: data={path.name}. {EXPECTED}"
        ) from error
    return in_memory(path, f"arrays from {path.name}", _named(made, path))


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let modules of this folder and of the working directory be imported, for a while."""
    before = list(sys.path)
    sys.path[:0] = [str(folder.resolve()), str(Path.cwd())]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before


def _refuse_training(module: str, path: Path) -> None:
    """Refuse a script that would start training when it is imported."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return
    tree = ast.parse(Path(spec.origin).read_bytes())
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or _is_guard(statement):
            continue
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in TRAINING_CALLS:
                raise UnreadableData(
                    f"Importing {module} would start training. Received: data={path.name}, line {node.lineno} of "
                    f'{spec.origin} calls {node.func.attr}(). Put it below `if __name__ == "__main__":`.'
                )


def _is_guard(statement: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    return isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test)


def _named(made: object, path: Path) -> dict[str, Stored]:
    """What was returned, under the names that array readers know."""
    if isinstance(made, Mapping):
        return as_pairs({str(name): _numbers(value, path) for name, value in made.items()})
    leaves = list(_leaves(made))
    if not isinstance(made, tuple | list) or not 2 <= len(leaves) <= 3:  # noqa: PLR2004  (x, y or two sides and a label)
        raise UnreadableData(
            f"The function that makes the data returned a {type(made).__name__}. Received: data={path.name}. {EXPECTED}"
        )
    return renamed(tuple(n for n, _ in leaves), tuple(_numbers(v, path) for _, v in leaves), path)


def _leaves(made: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Members of nested tuples, with their places; a list further in is data, not structure."""
    if isinstance(made, tuple) or (isinstance(made, list) and (not place or len(made) == 2)):  # noqa: PLR2004  ([left, right])
        for k, value in enumerate(made):
            yield from _leaves(value, f"{place}.{k}" if place else str(k))
    else:
        yield place, made


def _numbers(value: object, path: Path) -> Stored:
    array = as_array(value)
    if array.dtype.hasobject and not is_text(array):
        raise UnreadableData(
            "The function that makes the data returned something other than arrays. "
            f"Received: data={path.name}. {EXPECTED}"
        )
    return array
