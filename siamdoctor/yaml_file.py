"""A YAML file as plain values, read without running anything, every failure in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from siamdoctor.errors import BadSettings

if TYPE_CHECKING:
    from pathlib import Path

# What PyYAML lets through besides its own errors when a tag does not suit its value, as in `!!int ""`.
_FROM_TAGS = (ValueError, LookupError, ArithmeticError, AttributeError, TypeError, RecursionError)
BYTE_LIMIT = 64 << 10
MAX_NODES = 20_000  # aliases written out: PyYAML shares what they repeat, but whoever copies or prints it would not


def load_yaml(path: Path) -> object:
    """The content of a settings file; None where it holds nothing.

    Raises:
        BadSettings: the file cannot be read, is not UTF-8 or not YAML, or repeats a key.
    """
    try:
        if path.stat().st_size > BYTE_LIMIT:
            raise BadSettings(
                f"Settings files above {BYTE_LIMIT >> 10} KB are not read. Received: config={path}. "
                "`siamdoctor init` writes one of the right kind."
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"The settings file cannot be read ({error.strerror}). Received: config={path}") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"The settings file is not UTF-8 text. Received: config={path}") from error
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is not None and _written_out(root, {}) > MAX_NODES:
                raise BadSettings(f"The settings file repeats itself by aliases without end. Received: config={path}")
            return None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        why = f" ({problem})" if problem else ""
        raise BadSettings(f"The settings file is not valid YAML{why}. Received: config={path}{place}") from error
    except _FROM_TAGS as error:
        raise BadSettings(f"The settings file is not valid YAML ({error}). Received: config={path}") from error


def _written_out(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there are below one, it included, with every alias written out.

    Args:
        node: where to count.
        known: counts by node.
    """
    if id(node) not in known:
        known[id(node)] = 1  # what holds itself ends there: it is refused as a value
        inner = node.value if isinstance(node, yaml.SequenceNode) else ()
        if isinstance(node, yaml.MappingNode):
            inner = [part for pair in node.value for part in pair]
        known[id(node)] = min(1 + sum(_written_out(part, known) for part in inner), MAX_NODES + 1)
    return known[id(node)]


class _Loader(yaml.SafeLoader):
    """Safe, and a key written twice is an error: YAML would let the last one win without a word."""

    def compose_mapping_node(self, anchor: dict[object, yaml.Node]) -> yaml.MappingNode:
        """Compose one mapping and refuse it where it repeats a key."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands there twice", problem_mark=key.start_mark)
                seen.add(key.value)
        return node
