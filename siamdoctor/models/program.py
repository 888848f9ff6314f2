"""The program of a SavedModel, read as data: its signatures, its functions, and the operations in them.

`saved_model.pb` is a protocol buffer, described in tensorflow/core/protobuf/saved_model.proto, meta_graph.proto
and tensorflow/core/framework/graph.proto. Nothing of it is run here. Functions are taken apart when asked for,
since most of them are the same network once more: for training, for saving, for every way to call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from siamdoctor.models.archive import read_file
from siamdoctor.models.protobuf import Malformed, fields, messages, string, whole

MAX_PROGRAM = 64 << 20  # bytes; a program has no weights in it, or was frozen and is none that is read here
BEGINNING = 8  # fields
SERVING = ("serving_default", "serve")
INTERNAL = "__saved_model_init_op"
SIGNED = 1 << 63  # a negative size is stored as a number above this
DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 9: "int64", 10: "bool",
    14: "bfloat16", 17: "uint16", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
# Operations that read or write files of their own choice, or run Python. A program can do harm without any of them.
REACHING_OUT = ("EagerPyFunc", "MatchingFiles", "PyFunc", "ReadFile", "WholeFileReader", "WriteFile")
Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One operation as written down. inputs: names of tensors; raw: the stored message, for `attribute`."""

    name: str
    op: str
    inputs: tuple[str, ...]
    raw: bytes

    def attribute(self, key: str) -> bytes:
        """An attribute's stored value, empty where there is none of this name."""
        found = (entry for entry in messages(self.raw, 5) if string(entry, 1) == key)
        return next((b"".join(messages(entry, 2)[-1:]) for entry in found), b"")

    def attributes(self) -> dict[str, bytes]:
        """What the operation is told beyond its inputs; TensorFlow's own notes start with an underscore."""
        entries = [(string(entry, 1), b"".join(messages(entry, 2)[-1:])) for entry in messages(self.raw, 5)]
        return {key: value for key, value in sorted(entries) if not key.startswith("_")}

    def shapes(self) -> tuple[Shape | None, ...]:
        """Shapes of what the operation puts out, where they were noted."""
        return tuple(shape_of(shape) for listed in messages(self.attribute("_output_shapes"), 1)
                     for shape in messages(listed, 7))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function. arguments: their names; outputs: the tensors it gives; nodes: what it does, by name."""

    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output of a signature. shape: batch axis included, None where even the axes are not known."""

    name: str
    tensor: str
    dtype: str
    shape: Shape | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One way to call the program, by named inputs."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What `saved_model.pb` holds. functions: as stored, by name. restore: the node that reads the variables.

    of_note: operations that reach beyond the program and are named anywhere in the file.
    """

    path: Path
    version: str
    nodes: Mapping[str, Node]
    functions: Mapping[str, bytes]
    signatures: tuple[Signature, ...]
    restore: str
    of_note: tuple[str, ...]

    def function(self, name: str) -> Function:
        """A function, taken apart.

        Raises:
            Malformed: the program has no such function.
        """
        if name not in self.functions:
            raise Malformed(f"the function {name[:60]!r} is missing")
        data = self.functions[name]
        definition = b"".join(messages(data, 1)[:1])
        returned = {string(entry, 1): string(entry, 2) for entry in messages(data, 4)}
        return Function(
            arguments=tuple(string(argument, 1) for argument in messages(definition, 2)),
            outputs=tuple(returned.get(string(argument, 1), "") for argument in messages(definition, 3)),
            nodes=_nodes(data, 3),
        )


def read_program(folder: Path) -> Program:
    """Read the program of a SavedModel folder.

    Raises:
        UnreadableModel: it is missing, too large or no regular file.
        Malformed: it is no such program.
    """
    data = read_file(folder / "saved_model.pb", MAX_PROGRAM)
    graphs = messages(data, 2)
    if not graphs:
        raise Malformed("there is no program in it")
    serving = [graph for graph in graphs if "serve" in _tags(graph)]
    meta = (serving or graphs)[0]
    graph = b"".join(messages(meta, 2)[:1])
    library = b"".join(messages(graph, 2)[:1])
    info = b"".join(messages(meta, 1)[:1])
    signatures = (_signature(entry) for entry in messages(meta, 5))
    return Program(
        path=folder,
        version=string(info, 5),
        nodes=_nodes(graph, 1),
        functions={_function_name(f): f for f in messages(library, 1)},
        signatures=tuple(sorted((s for s in signatures if s.name != INTERNAL), key=lambda s: s.name)),
        restore=string(b"".join(messages(meta, 3)[:1]), 3),
        of_note=tuple(name for name in REACHING_OUT if name.encode() in data),
    )


def chosen(program: Program, named: str | None) -> Signature | None:
    """The signature to call: the one that is named, else the one for serving, else the first; None without any."""
    by_name = {signature.name: signature for signature in program.signatures}
    wanted = next((name for name in (named, *SERVING) if name in by_name), None)
    return by_name[wanted] if wanted is not None else next(iter(program.signatures), None)


def shape_of(data: bytes) -> Shape | None:
    """A `TensorShapeProto`; axes of free length are None, and so is a shape without known axes."""
    if whole(data, 3):
        return None
    sizes = (whole(axis, 1) for axis in messages(data, 2))
    return tuple(None if size >= SIGNED else size for size in sizes)


def _function_name(function: bytes) -> str:
    """A function's name, which stands at its very beginning."""
    return next((string(v, 1) for k, v in islice(fields(function), BEGINNING) if k == 1 and isinstance(v, bytes)), "")


def _tags(meta: bytes) -> list[str]:
    """What a graph is for."""
    return [tag.decode("utf-8", "replace") for info in messages(meta, 1) for tag in messages(info, 4)]


def _nodes(data: bytes, number: int) -> dict[str, Node]:
    """The operations of a graph or function, by name."""
    found = (_node(raw) for raw in messages(data, number))
    return {node.name: node for node in found}


def _node(raw: bytes) -> Node:
    """One `NodeDef`, whose inputs that only order the work (`^name`) are left out."""
    name, op, inputs = "", "", []
    for key, value in fields(raw):
        if isinstance(value, bytes) and key in (1, 2, 3):
            text = value.decode("utf-8", "replace")
            if key == 1:
                name = text
            elif key == 2:  # noqa: PLR2004  (field numbers of `NodeDef`: name, op, input)
                op = text
            elif not text.startswith("^"):
                inputs.append(text)
    return Node(name=name, op=op, inputs=tuple(inputs), raw=raw)


def _signature(entry: bytes) -> Signature:
    """One entry of the mapping from names to signatures."""
    value = b"".join(messages(entry, 2)[-1:])
    return Signature(name=string(entry, 1), inputs=_ports(value, 1), outputs=_ports(value, 2))


def _ports(signature: bytes, number: int) -> tuple[Port, ...]:
    """Inputs or outputs of a signature, by name."""
    found = []
    for entry in messages(signature, number):
        info = b"".join(messages(entry, 2)[-1:])
        dtype = DTYPES.get(whole(info, 2), "unknown")
        shape = shape_of(b"".join(messages(info, 3)[-1:]))
        found.append(Port(name=string(entry, 1), tensor=string(info, 1), dtype=dtype, shape=shape))
    return tuple(sorted(found, key=lambda port: port.name))
