"""Heads that take anchor, positive and negative at once, read as the comparison of a pair."""

from __future__ import annotations

from dataclasses import replace

from siamdoctor.models.extract import extract
from siamdoctor.models.graph import Graph, Tensor, replace_tensors
from siamdoctor.models.tracing import Traced

TRIPLE = 3


def triple_head(graph: Graph, traced: Traced, used: tuple[Tensor, ...], left: Tensor, right: Tensor) -> Graph | None:
    """The head of a model whose one layer compares anchor, positive and negative and gives two distances.

    The layer is called with the positive in the place of the negative as well, and its first answer is kept:
    that is the distance of a pair, whatever the layer computes it by.
    """
    if len(used) != TRIPLE:
        return None
    three = (n for n in sorted(graph.ancestors(graph.outputs)) if len(traced.sources[n]) == len(used))
    number = next(three, None)
    if number is None or {Tensor(number, 0), Tensor(number, 1)} - set(graph.outputs):
        return None
    call = graph.calls[number]
    others = [t for t in call.tensors() if t not in (left, right)]
    if len(call.tensors()) != len(used) or len(others) != 1:
        return None
    args = tuple(replace_tensors(argument, {others[0]: right}) for argument in call.args)
    kwargs = {key: replace_tensors(value, {others[0]: right}) for key, value in (call.kwargs or {}).items()}
    calls = (*graph.calls[:number], replace(call, args=args, kwargs=kwargs), *graph.calls[number + 1 :])
    return extract(replace(graph, calls=calls), (left, right), (Tensor(number),))
