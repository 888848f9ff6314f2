"""What of a model cannot be loaded, and which option would help."""

from __future__ import annotations

from collections.abc import Iterator

from siamdoctor.models.audit import allowed
from siamdoctor.models.clues import function_name, is_lambda
from siamdoctor.models.graph import Graph
from siamdoctor.models.parts import Parts
from siamdoctor.models.tokens import VOCABULARY


def complaints(parts: Parts | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences on what is unreadable, and sentences of advice.

    Args:
        parts: the model's parts with the verdict of the audit; None where no encoder was found.
    """
    if parts is None:
        return (
            ("No encoder was found: the inputs meet before any layer with weights.",),
            ("--encoder LAYER names the layer with which the encoder ends, or save that part alone.",),
        )
    unreadable = [f"The encoder cannot be loaded: {reason}." for reason in parts.refusals]
    unreadable += [f"The head cannot be loaded: {reason}." for reason in parts.head_refusals]
    towers = [graph for graph in (parts.encoder, parts.second) if graph is not None]
    advice = [sentence for graph in towers for sentence in _for_encoder(graph)]
    if parts.head is not None and parts.head_refusals:
        advice.append("Embeddings are compared by a distance of their own, since the head is not known.")
        advice.extend(_for_classes(parts.head))
    return tuple(unreadable), tuple(dict.fromkeys(advice))


def _for_encoder(graph: Graph) -> Iterator[str]:
    """Options that would make an encoder loadable."""
    for layer in graph.layers.values():
        if is_lambda(layer) and not allowed(layer):
            kind = "Lambda" if layer.class_name == "Lambda" else "TensorFlow call"
            yield (
                f"--replace {layer.name}=WHAT says what the {kind} {layer.name!r} does: l2norm, flatten, identity or "
                "rescale:FACTOR, such as rescale:1/255."
            )
    yield from _for_classes(graph)


def _for_classes(graph: Graph) -> Iterator[str]:
    """The option for classes of the user's own."""
    functions = dict.fromkeys(
        name
        for layer in graph.layers.values()
        if layer.class_name == "Lambda" and not allowed(layer) and (name := function_name(layer)) is not None
    )
    own = functions | dict.fromkeys(
        layer.class_name
        for layer in graph.layers.values()
        if not (allowed(layer) or layer.is_operation or is_lambda(layer) or layer.class_name in VOCABULARY)
    )
    for layer in graph.layers.values():
        if layer.class_name in VOCABULARY and not allowed(layer):
            yield (
                f"Layer {layer.name!r} may read a vocabulary from a file that the model names, so it is not made. Save "
                "the part of the encoder behind it, and give that what the layer makes of your texts."
            )
    if own:
        yield f"--custom-objects FILE.py, with the file that defines {', '.join(own)}, lets it be used; it is run."
