"""The stored variables of a SavedModel's program, each with the layer that reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.archive import MAX_CONFIG, read_file
from siamdoctor.models.blueprint import StoredWeight
from siamdoctor.models.constants import texts_of
from siamdoctor.models.hdf5 import StoredArray
from siamdoctor.models.inlining import CALLS
from siamdoctor.models.program import Function, Program
from siamdoctor.models.program_graph import ProgramGraph
from siamdoctor.models.program_towers import Towers
from siamdoctor.models.protobuf import messages, string
from siamdoctor.models.savedmodel import Checkpoint
from siamdoctor.models.tensor_bundle import DTYPES, read_index
from siamdoctor.models.variable_names import USUAL_START

INCOMPLETE = "The weights of the SavedModel are missing. Copy the whole folder, with `variables` in it, and try again."


def stored_weights(program: Program, read: ProgramGraph, towers: Towers) -> tuple[StoredWeight, ...]:
    """Every stored array of floats with where it belongs; none where the program does not say how it reads them.

    Raises:
        UnreadableModel: a file of the checkpoint is missing or no regular file.
        Malformed: the checkpoint is damaged.
    """
    keys = _keys_of(program)
    file = _checkpoint(program.path / "variables", {v: keys[v] for v in read.stored if v in keys})
    sides = (("encoder", towers.encoder), ("second tower", towers.second), ("head", towers.head))

    def part(layer: str) -> str:
        return next((title for title, graph in sides if graph is not None and layer in graph.layers), "other")

    owners: dict[str, str] = {}
    for name, variables in read.variables.items():
        for variable in variables:
            owners.setdefault(variable, name)
    return tuple(
        StoredWeight(
            part=part(layer),
            layer=read.graph.layers[layer].path[-1],
            layer_class=read.graph.layers[layer].class_name,
            variable=read.stored[variable].leaf,
            shape=file.arrays[variable].shape,
            initializer=USUAL_START.get(read.stored[variable].leaf),
            load=partial(file.read, variable),
        )
        for variable, layer in owners.items()
        if variable in file.arrays
    )


def _checkpoint(folder: Path, keys: Mapping[str, str]) -> Checkpoint:
    """The variables by the names of the program's nodes."""
    if keys and not (folder / "variables.index").exists():
        raise UnreadableModel(f"{INCOMPLETE} Received: model={folder.parent}, without variables/variables.index")
    entries = read_index(read_file(folder / "variables.index", MAX_CONFIG)) if keys else {}
    shards = {
        number: read_file(found) for number, found in enumerate(sorted(folder.glob("variables.data-?????-of-?????")))
    }
    if keys and not shards:
        raise UnreadableModel(f"{INCOMPLETE} Received: model={folder.parent}, without variables/variables.data-*")
    found = {v: entries[key] for v, key in keys.items() if key in entries and entries[key].dtype in DTYPES}
    arrays = {v: StoredArray(path=v, shape=e.shape, dtype=DTYPES[e.dtype].name) for v, e in found.items()}
    floats = {v: array for v, array in arrays.items() if array.dtype.startswith("float")}
    return Checkpoint(arrays=floats, groups={}, attributes={}, entries=found, shards=shards)


def _keys_of(program: Program) -> dict[str, str]:
    """What each variable is called in the checkpoint, as the function that restores them knows it."""
    caller = program.nodes.get(program.restore.partition(":")[0])
    if caller is None or caller.op not in CALLS:
        return {}
    function = program.function(string(b"".join(messages(caller.attribute("f"), 10)[:1]), 1))
    given = dict(zip(function.arguments, (name.partition(":")[0] for name in caller.inputs), strict=False))
    keys = {given[argument]: key for argument, key in _assigned(function) if argument in given}
    return {source: keys[copy] for copy, source in _copies(program) if copy in keys} | keys


def _copies(program: Program) -> Iterator[tuple[str, str]]:
    """Variables that begin as a copy of another one: Keras 3 stores the copy, and computes with the other."""
    for node in program.nodes.values():
        if node.op == "AssignVariableOp" and len(node.inputs) > 1:
            read = program.nodes.get(node.inputs[1].partition(":")[0])
            if read is not None and read.op == "ReadVariableOp" and read.inputs:
                yield node.inputs[0].partition(":")[0], read.inputs[0].partition(":")[0]


def _assigned(function: Function) -> Iterator[tuple[str, str]]:
    """Arguments of a restoring function, and the keys that they are filled from."""
    for node in function.nodes.values():
        if node.op != "AssignVariableOp" or len(node.inputs) < 2:  # noqa: PLR2004  (a variable and its value)
            continue
        name, _, place = node.inputs[1].partition(":")
        source = function.nodes.get(name)
        if source is not None and source.op == "Identity" and source.inputs:
            name, _, place = source.inputs[0].partition(":")
            source = function.nodes.get(name)
        if source is None or source.op != "RestoreV2" or len(source.inputs) < 2:  # noqa: PLR2004  (prefix and keys)
            continue
        listed = function.nodes.get(source.inputs[1].partition(":")[0])
        keys, number = () if listed is None else texts_of(listed), place.rpartition(":")[2]
        if number.isdecimal() and int(number) < len(keys):
            yield node.inputs[0].partition(":")[0], keys[int(number)]
