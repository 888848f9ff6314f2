"""The user's own classes, as far as they can be known without running them."""

from __future__ import annotations

import ast
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

from siamdoctor.errors import BadSettings
from siamdoctor.models.audit import allowed
from siamdoctor.models.clues import function_name
from siamdoctor.models.graph import Graph, Layer


def names_in(source: str) -> frozenset[str]:
    """Names of the classes and functions that a module or file defines, read from its text.

    Args:
        source: `module`, `package.module` or `file.py`, and after a colon the names that may be used, if not all.

    Raises:
        BadSettings: there is no such code, it is no Python, or it would start a training on import.
    """
    where, chosen = split_names(source)
    path = _file_of(where)
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        raise BadSettings(f"This is no readable Python file ({error}). Received: custom_objects={source}") from error
    _refuse_training(tree, source)
    kinds = (ast.ClassDef, ast.FunctionDef)
    defined = frozenset(node.name for node in tree.body if isinstance(node, kinds))
    imported = frozenset(
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    )
    return chosen or defined | imported


def split_names(source: str) -> tuple[str, frozenset[str]]:
    """`file.py:L1Dist,loss` as the place and the names; no names where all may be used."""
    where, colon, names = source.rpartition(":")
    if not colon or "/" in names or "\\" in names:
        return source, frozenset()
    return where, frozenset(name.strip() for name in names.split(",") if name.strip())


def _file_of(where: str) -> Path:
    """The file of a module, found without importing it where it stands at the top."""
    if where.endswith(".py"):
        return Path(where)
    loaded = getattr(sys.modules.get(where), "__file__", None)
    if loaded is not None:
        return Path(loaded)
    try:
        spec = importlib.util.find_spec(where)
    except (ImportError, ValueError) as error:
        raise BadSettings(f"There is no such module ({error}). Received: custom_objects={where}") from error
    if spec is None or spec.origin is None:
        raise BadSettings(f"There is no such module. Received: custom_objects={where}")
    return Path(spec.origin)


def _refuse_training(tree: ast.Module, source: str) -> None:
    """A training script without a guard would train while being imported."""
    guarded = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.If)
    for statement in tree.body:
        if isinstance(statement, guarded):
            continue
        for node in ast.walk(statement):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in ("fit", "fit_generator", "train_on_batch"):
                raise BadSettings(
                    f"Line {statement.lineno} would start a training when the file is imported. Put it below "
                    f"`if __name__ == '__main__':`, or the classes in a file of their own. Received: "
                    f"custom_objects={source}"
                )


def mark_supplied(graph: Graph, names: frozenset[str]) -> Graph:
    """The graph with those layers marked whose class, or whose Lambda's function, is among the names."""

    def mark(layer: Layer) -> Layer:
        plain = replace(layer, is_supplied=False)
        named = function_name(layer) if layer.class_name == "Lambda" else layer.class_name
        return replace(layer, is_supplied=not allowed(plain) and named in names)

    return replace(graph, layers={name: mark(layer) for name, layer in graph.layers.items()})
