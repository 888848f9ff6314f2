"""Where a layer's arrays lie in a weight file: numbered groups in Keras 3, lists of names in HDF5 models."""

from __future__ import annotations

import re
from collections.abc import Callable

from siamdoctor.models.graph import Graph, Layer
from siamdoctor.models.hdf5 import StoredArray, WeightStore

# Each array with its variable's name; where the format stores none, with its place in the layer's group, after a slash.
Found = list[tuple[str, StoredArray]]
# Parts of a layer that is made of layers, in the order of Keras' `layer.weights`.
PARTS = (
    "vars",
    "cell",
    "forward_layer",
    "backward_layer",
    "layer",
    "query_dense",
    "key_dense",
    "value_dense",
    "output_dense",
)
WRAPPED = "@layer"  # stands for the group of the layer inside a wrapper, which is in no container
CONTAINERS = ("layers", "_layer_checkpoint_dependencies")  # the second until Keras 2.13


def is_legacy(file: WeightStore) -> bool:
    """Whether the file has one group per outermost layer, as `model.save("x.h5")` writes."""
    return ("", "layer_names") in file.attributes or "model_weights" in file.groups


def find_numbered(file: WeightStore, inside: str | None) -> Callable[[Layer], Found]:
    """How to find a layer's arrays in a Keras 3 weight file.

    Groups are numbered by class. They also carry the layer's name, which is safer, but not in every version.
    """
    arrays = {path.replace("\\", "/"): array for path, array in file.arrays.items()}
    named: dict[str, dict[str, str]] = {}
    owners: dict[str, str] = {}
    below: dict[str, list[str]] = {}
    for path, name in file.groups.items():
        if name is not None and (path == "vars" or path.endswith("/vars")):
            owner = path.removesuffix("vars").rstrip("/")
            named.setdefault(owner.rpartition("/")[0], {})[name] = owner
            owners.setdefault(name, owner)
    for path in arrays:
        for end in (i for i, letter in enumerate(path) if letter == "/"):
            below.setdefault(path[:end], []).append(path)
    start = "" if inside is None else owners.get(inside, inside)

    def find(layer: Layer) -> Found:
        place = start
        for name, slot in zip(layer.path, layer.slots, strict=True):
            if slot == WRAPPED:
                place = f"{place}/{slot.removeprefix('@')}"
                continue
            homes = [f"{place}/{container}".lstrip("/") for container in CONTAINERS]
            known = next((named[home][name] for home in homes if name in named.get(home, {})), None)
            numbered = next((f"{home}/{slot}" for home in homes if f"{home}/{slot}" in below), "")
            place = known or numbered or f"{homes[0]}/{slot}"
        paths = [path for path in below.get(place, ()) if "seed_generator" not in path]
        ordered = sorted(paths, key=lambda path: _position(path.removeprefix(f"{place}/")))
        return [(path.removeprefix(place), arrays[path]) for path in ordered]

    return find


def _position(relative: str) -> tuple[tuple[int, str], ...]:
    """Sorting key that puts `forward_layer` before `backward_layer` and `2` before `10`."""
    return tuple(
        (PARTS.index(part), "") if part in PARTS else (int(part), "") if part.isdigit() else (len(PARTS), part)
        for part in relative.split("/")
    )


def find_legacy(graph: Graph, file: WeightStore, inside: str | None) -> Callable[[Layer], Found]:
    """How to find a layer's arrays in an HDF5 model: one group per outermost layer, with an ordered list of names.

    Names differ where a weights-only file is read with an architecture that was built anew, because Keras
    numbers layers as it goes; `align` finds the counterparts.
    """
    root = "model_weights" if "model_weights" in file.groups else ""
    owners: dict[str, list[Layer]] = {}
    for layer in graph.layers.values():
        if not layer.is_operation:
            owners.setdefault(inside or layer.path[0], []).append(layer)
    groups = align(list(owners), list(file.attributes.get((root, "layer_names"), ())))
    tables = {
        owner: _by_layer(file, f"{root}/{groups[owner]}".lstrip("/"), layers, whole=inside is None)
        for owner, layers in owners.items()
        if owner in groups
    }

    def find(layer: Layer) -> Found:
        return tables.get(inside or layer.path[0], {}).get(layer.name, [])

    return find


def _by_layer(file: WeightStore, group: str, layers: list[Layer], *, whole: bool) -> dict[str, Found]:
    """The arrays of one group by layer: all of them where the group is one layer's own."""
    entries = [
        (name, file.arrays[f"{group}/{name}"])
        for name in _weight_names(file, group)
        if f"{group}/{name}" in file.arrays
    ]
    labelled = [
        (name.rpartition("/")[0].split("/"), name.rpartition("/")[2].partition(":")[0], a) for name, a in entries
    ]
    if whole and len(layers) == 1:
        return {layers[0].name: [(label, array) for _, label, array in labelled]}
    folders = [next((f for f in parts if f != group.rpartition("/")[2]), "") for parts, _, _ in labelled]
    counterparts = align([layer.path[-1] for layer in layers], list(dict.fromkeys(folders)))
    found: dict[str, Found] = {}
    for layer in layers:
        own = layer.path[-1]
        exact = [(label, array) for parts, label, array in labelled if f"/{own}/" in f"/{'/'.join(parts)}/"]
        other = counterparts.get(own)
        near = [(label, array) for (_, label, array), folder in zip(labelled, folders, strict=True) if folder == other]
        found[layer.name] = exact or near
    return found


def align(wanted: list[str], stored: list[str]) -> dict[str, str]:
    """Counterparts of names among stored ones: the same name, else the same word in the same order.

    `dense`, `dense_1` are `dense_7`, `dense_8` of a program that had built other layers before. What is left
    is paired in order, if as many are left on both sides.
    """
    found = {name: name for name in wanted if name in stored}
    for stem in dict.fromkeys(_stem(name) for name in wanted):
        ours = sorted((n for n in wanted if n not in found and _stem(n) == stem), key=_number)
        theirs = sorted((n for n in stored if n not in found.values() and _stem(n) == stem), key=_number)
        if len(ours) == len(theirs):
            found |= dict(zip(ours, theirs, strict=True))
    ours, theirs = [n for n in wanted if n not in found], [n for n in stored if n not in found.values()]
    return found | (dict(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) else {})


def _stem(name: str) -> str:
    """A layer's name without the number that Keras appended."""
    return re.sub(r"_\d+$", "", name)


def _number(name: str) -> int:
    """The number that Keras appended to a layer's name, 0 where it did not."""
    match = re.search(r"_(\d+)$", name)
    return int(match.group(1)) if match else 0


def _weight_names(file: WeightStore, group: str) -> tuple[str, ...]:
    """The list of names, which Keras splits in numbered chunks where it is long."""
    whole = file.attributes.get((group, "weight_names"))
    if whole is not None:
        return whole
    chunks: list[str] = []
    number = 0
    while (group, f"weight_names{number}") in file.attributes:
        chunks.extend(file.attributes[group, f"weight_names{number}"])
        number += 1
    return tuple(chunks)
