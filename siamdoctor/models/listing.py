"""What a blueprint lists: inputs, Lambdas and stored weights."""

from __future__ import annotations

from functools import partial

from siamdoctor.models import clues
from siamdoctor.models.blueprint import InputPort, Lambda, StoredWeight
from siamdoctor.models.config import text
from siamdoctor.models.describe import input_shape
from siamdoctor.models.encoders import Prepared
from siamdoctor.models.graph import Graph
from siamdoctor.models.hdf5 import WeightStore
from siamdoctor.models.standins import Standin
from siamdoctor.models.twins import Anatomy
from siamdoctor.models.weights import LayerVariables


def ports(graph: Graph) -> tuple[InputPort, ...]:
    """The model's inputs."""
    return tuple(
        InputPort(
            name=graph.layer_of(t).name,
            shape=input_shape(graph, t),
            dtype=text(graph.layer_of(t).config.get("dtype")) or "float32",
        )
        for t in graph.inputs
    )


def lambdas(
    graph: Graph, anatomy: Anatomy, encoder: Prepared | None, standins: tuple[Standin, ...]
) -> tuple[Lambda, ...]:
    """Every Lambda, where it stands and what it was taken for."""
    known = dict(encoder.recognised) if encoder else {}
    known |= {s.layer: s.guess.kind for s in standins}
    in_encoder = set(anatomy.encoder.layers) if anatomy.encoder else set()
    at_end = encoder.at_end if encoder else frozenset()
    found: list[Lambda] = []
    for name, layer in graph.layers.items():
        if clues.is_lambda(layer):
            place = "encoder end" if name in at_end else "encoder" if name in in_encoder else "head"
            found.append(Lambda(name=name, place=place, recognised_as=known.get(name)))  # type: ignore[arg-type]
    return tuple(found)


def weights(graph: Graph, file: WeightStore, anatomy: Anatomy, variables: LayerVariables) -> tuple[StoredWeight, ...]:
    """Every stored array with where it belongs."""

    def part(name: str) -> str:
        sides = (("encoder", anatomy.encoder), ("second tower", anatomy.second), ("head", anatomy.head))
        return next((title for title, side in sides if side is not None and name in side.layers), "other")

    return tuple(
        StoredWeight(
            part=part(name),
            layer=name,
            layer_class=graph.layers[name].class_name,
            variable=variable.name,
            shape=variable.array.shape,
            initializer=variable.initializer,
            load=partial(file.read, variable.array.path),
        )
        for name, stored in variables.items()
        for variable in stored
    )
