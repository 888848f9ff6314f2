"""What the runtime needs of a model file: graphs of encoder and head, and where their weights lie."""

from __future__ import annotations

from dataclasses import dataclass

from siamdoctor.models.graph import Graph
from siamdoctor.models.hdf5 import WeightStore
from siamdoctor.models.weights import LayerVariables


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The loadable parts of a model.

    second: the other tower where the towers share no weights. same_input: number of the side that the head
    reads twice, None in a model that reads both. refusals and head_refusals say why a part may not be loaded.
    own_code: module or file with the user's classes, to be run on loading.
    """

    encoder: Graph
    second: Graph | None
    head: Graph | None
    variables: LayerVariables
    file: WeightStore
    same_input: int | None
    refusals: tuple[str, ...]
    head_refusals: tuple[str, ...]
    own_code: str | None = None
