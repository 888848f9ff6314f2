"""Making an encoder loadable: what stands in for a Lambda in it, and what may be cut off its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from siamdoctor.errors import BadSettings
from siamdoctor.models import audit, clues
from siamdoctor.models.batch_axis import batch_axes
from siamdoctor.models.extract import extract
from siamdoctor.models.graph import Graph, Layer, Tensor
from siamdoctor.models.weights import LayerVariables
from siamdoctor.results import Json

REPLACEMENTS = "l2norm, rescale:FACTOR (such as rescale:1/255), flatten, identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An encoder ready for the audit, what was assumed on the way, and what became of its Lambdas.

    cut: names of layers at its end that were left out, so that the head is given something else than in the model.
    """

    graph: Graph
    assumed: tuple[str, ...]
    recognised: Mapping[str, str]
    at_end: frozenset[str]
    cut: tuple[str, ...] = ()


def prepare(graph: Graph, variables: LayerVariables, replacements: Mapping[str, str]) -> Prepared:
    """Put the user's replacements in, recognise a normalisation, and cut unknown layers off the end."""
    layers = dict(graph.layers)
    assumed: list[str] = []
    known: dict[str, str] = {}
    trailing = _trailing(graph, variables)
    for name, layer in graph.layers.items():
        if name in replacements:
            layers[name] = replacement(layer, replacements[name])
            known[name] = replacements[name]
        elif _is_unknown(layer, variables):
            guess = clues.guess(layer, scalar=None)
            what = None if guess is None else _standing_in(guess.kind)
            if guess is not None and what is not None:
                layers[name] = _over_axes(replacement(layer, what), batch_axes(layer))
                known[name] = what
                whole = ", over the whole batch" if batch_axes(layer) else ""
                assumed.append(f"Layer {name!r} was recognised as {what}{whole}, by {guess.by}.")
    calls = tuple(replace(c, kwargs={}) if layers[c.layer] is not graph.layers[c.layer] else c for c in graph.calls)
    fresh = replace(graph, layers=layers, calls=calls)
    outputs = fresh.outputs
    cut: list[str] = []
    while outputs and _is_unknown(fresh.layer_of(outputs[0]), variables):
        read = fresh.calls[outputs[0].call].tensors()
        if len(read) != 1 or not _has_weights(fresh, read[0], variables):
            break
        cut.append(fresh.layer_of(outputs[0]).name)
        assumed.append(_left_out(fresh.layer_of(outputs[0])))
        outputs = (read[0],)
    if outputs != fresh.outputs:
        fresh = replace(fresh, outputs=outputs)
    return Prepared(graph=_trimmed(fresh), assumed=tuple(assumed), recognised=known, at_end=trailing, cut=tuple(cut))


def _left_out(layer: Layer) -> str:
    """Says that a layer at the end was cut, and which option would keep it."""
    otherwise = (
        ""
        if clues.is_lambda(layer)
        else f", and --custom-objects FILE.py, with the file that defines {layer.class_name}, lets it be used"
    )
    return (
        f"Layer {layer.name!r} at the end of the encoder holds code and was left out; embeddings are taken before it. "
        f"--replace {layer.name}=... says what it does{otherwise}."
    )


def _standing_in(kind: str) -> str | None:
    """The replacement for something recognised; of what heads compute nothing belongs in an encoder."""
    return "l2norm" if kind == "l2_normalize" else kind if kind.startswith("rescale:") else None


def _over_axes(layer: Layer, axes: tuple[int, ...]) -> Layer:
    """The layer with the batch among the axes that it normalises over, if the code does so."""
    if not axes or layer.class_name != "UnitNormalization":
        return layer
    return replace(layer, config={**layer.config, "axis": axes[0] if len(axes) == 1 else list(axes)})


def _has_weights(graph: Graph, end: Tensor, variables: LayerVariables) -> bool:
    """Whether anything trained stands before a tensor; else the unknown layer may be the encoder itself."""
    return any(graph.calls[number].layer in variables for number in graph.ancestors((end,)))


def _trimmed(graph: Graph) -> Graph:
    """The graph without layers that nothing leads through any more."""
    needed = graph.ancestors(graph.outputs) | {t.call for t in graph.inputs}
    if len(needed) == len(graph.calls):
        return graph
    return extract(graph, graph.inputs, graph.outputs)


def _is_unknown(layer: Layer, variables: LayerVariables) -> bool:
    return not layer.is_input and not audit.allowed(layer) and layer.name not in variables


def _trailing(graph: Graph, variables: LayerVariables) -> frozenset[str]:
    """Unknown layers after the last known one."""
    found: set[str] = set()
    tensor: Tensor | None = graph.outputs[0] if graph.outputs else None
    while tensor is not None and _is_unknown(graph.layer_of(tensor), variables):
        found.add(graph.layer_of(tensor).name)
        read = graph.calls[tensor.call].tensors()
        tensor = read[0] if len(read) == 1 else None
    return frozenset(found)


def replacement(layer: Layer, what: str) -> Layer:
    """The known layer that the user says a Lambda amounts to.

    Raises:
        BadSettings: the replacement is none of those that exist.
    """
    config: dict[str, Json] = {"name": layer.name, "dtype": "float32"}
    kind, _, value = what.partition(":")
    if kind == "l2norm":
        return _as(layer, "UnitNormalization", {**config, "axis": -1})
    if kind == "flatten":
        return _as(layer, "Flatten", config)
    if kind == "identity":
        return _as(layer, "Identity", config)
    if kind == "rescale":
        above, _, below = value.partition("/")
        try:
            return _as(layer, "Rescaling", {**config, "scale": float(above) / float(below or 1), "offset": 0.0})
        except (ValueError, ZeroDivisionError):
            pass
    raise BadSettings(f"A Lambda can be replaced by {REPLACEMENTS}. Received: replace={layer.name}={what}")


def _as(layer: Layer, class_name: str, config: dict[str, Json]) -> Layer:
    """The layer with another class in its place."""
    return replace(
        layer, class_name=class_name, module="keras.layers", registered_name=None, config=config, is_operation=False
    )
