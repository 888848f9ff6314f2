"""What a Lambda or an unknown class computes, guessed from the names it contains, without running it.

A Lambda is stored as marshalled bytecode of whatever Python version saved it; `bytecode` finds what it mentions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from siamdoctor.models.bytecode import Mentions, mentions
from siamdoctor.models.config import mapping, objects, sequence, text
from siamdoctor.models.graph import Layer
from siamdoctor.results import Json

WORDS = {
    "absolute": {"abs", "absolute", "fabs"},
    "square": {"square", "pow", "squared_difference"},
    "sum": {"sum", "reduce_sum"},
    "mean": {"mean", "reduce_mean"},
    "root": {"sqrt"},
    "norm": {"norm", "euclidean_norm"},
    "normalize": {"l2_normalize", "normalize", "l2_norm", "l2norm"},
    "dot": {"dot", "batch_dot", "matmul", "tensordot", "einsum"},
    "exp": {"exp"},
    "subtract": {"subtract", "sub"},
    "multiply": {"multiply", "mul"},
    "negative": {"negative", "neg"},
}
CALLS = frozenset().union(*WORDS.values())
# Operators that belong to a comparison; code with others does something more, and is not guessed at.
OPERATORS = {
    "cosine_similarity": frozenset({"multiply", "divide", "power", "add", "matmul"}),
    "l2_normalize": frozenset({"divide", "power", "add"}),
    "exp_manhattan": frozenset({"subtract", "negative", "multiply"}),
    "euclidean": frozenset({"subtract", "power", "add"}),
    "squared_euclidean": frozenset({"subtract", "power"}),
    "mean_absolute": frozenset({"subtract"}),
    "manhattan": frozenset({"subtract"}),
    "absolute_difference": frozenset({"subtract"}),
    "squared_difference": frozenset({"subtract", "power"}),
    "dot": frozenset({"multiply", "matmul"}),
    "difference": frozenset({"subtract"}),
    "product": frozenset({"multiply"}),
}


@dataclass(frozen=True, slots=True)
class Guess:
    """What something was recognised as, and by what: "bytecode names", "function name" or "class name"."""

    kind: str
    by: str


def is_lambda(layer: Layer) -> bool:
    """Whether this layer holds code of its own."""
    return layer.class_name in ("Lambda", "TFOpLambda", "SlicingOpLambda")


def codes(function: Json) -> list[str]:
    """The base64 texts that hold bytecode: Keras 3 keeps one below "code", Keras 2 as first of a list."""
    codes = [c for o in objects(function) if (c := text(o.get("code"))) is not None]
    first = sequence(function)[:1]
    return codes + [c for item in first if (c := text(item)) is not None]


def function_name(layer: Layer) -> str | None:
    """Name of the function that a Lambda calls, where it was a named one; the code is not in the file then."""
    function = layer.config.get("function")
    if isinstance(function, str):
        return function
    saved = mapping(function)
    name = text(saved.get("config")) or text(saved.get("registered_name")) or text(saved.get("class_name"))
    return None if name in (None, "__lambda__") else name


def guess(layer: Layer, *, scalar: bool | None) -> Guess | None:
    """What the layer does to its input or inputs; None where the names say too little.

    Args:
        layer: a Lambda, or a layer of an unknown class.
        scalar: whether it gives one number per pair (True) or one per component (False), if known.
    """
    if is_lambda(layer):
        for code in codes(layer.config.get("function")):
            said = mentions(code)
            kind = _from_code(said)
            if kind is not None:
                return Guess(kind, "bytecode names")
            kind = _from_helper(said, scalar=scalar)
            if kind is not None:
                return Guess(kind, "function name")
    called = function_name(layer) if is_lambda(layer) else None
    title = called or ("" if is_lambda(layer) else layer.class_name)
    kind = _from_title(title, scalar=scalar)
    return None if kind is None else Guess(kind, "function name" if called else "class name")


def _from_code(said: Mentions) -> str | None:
    """From the functions and operators that bytecode uses."""
    if not said.names & CALLS and "power" not in said.operators:
        return _from_operators(said)
    kind = _from_calls(said)
    allowed = OPERATORS.get(kind or "", frozenset())
    return kind if set(said.operators) <= allowed and _squares_last(said) else None


def _from_helper(said: Mentions, *, scalar: bool | None) -> str | None:
    """From code that only hands its sides to a function, as in `lambda x: manhattan_distance(x[0], x[1])`.

    It computes nothing itself, and of the names in it only one says what a comparison is.
    """
    if said.operators or said.names & CALLS:
        return None
    kinds = {kind for name in said.names if (kind := _from_title(name, scalar=scalar)) is not None}
    return kinds.pop() if len(kinds) == 1 else None


def _squares_last(said: Mentions) -> bool:
    """Whether a power, if there is one, is a square, and of a difference rather than part of one."""
    if "power" not in said.operators:
        return True
    first = said.operators.index("power")
    return 2.0 in said.numbers and "subtract" not in said.operators[first:]  # noqa: PLR2004  (the exponent)


def _from_calls(said: Mentions) -> str | None:
    """The comparison whose functions these are, in the order from the most to the least that is called."""
    has = {key for key, words in WORDS.items() if said.names & words}
    has |= {"square" if operator == "power" else operator for operator in said.operators}
    cosine = any("cosine" in name for name in said.names)
    reduced = bool(has & {"sum", "mean"})
    scaled = "divide" in has and bool(has & {"norm", "root"}) and "subtract" not in has
    rules: tuple[tuple[bool, str], ...] = (
        (cosine or ("normalize" in has and bool(has & {"dot", "sum"})), "cosine_similarity"),
        (scaled and bool(has & {"multiply", "dot"}), "cosine_similarity"),
        (scaled, "l2_normalize"),
        ("exp" in has and ("absolute" in has or reduced), "exp_manhattan"),
        ("norm" in has, "euclidean"),
        ("root" in has and reduced, "euclidean"),
        ("square" in has and reduced, "squared_euclidean"),
        ("absolute" in has and "mean" in has, "mean_absolute"),
        ("absolute" in has and "sum" in has, "manhattan"),
        ("absolute" in has, "absolute_difference"),
        ("square" in has, "squared_difference"),
        ("normalize" in has, "l2_normalize"),
        ("dot" in has or ("multiply" in has and "sum" in has), "dot"),
        ("subtract" in has, "difference"),
        ("multiply" in has, "product"),
    )
    return next((kind for holds, kind in rules if holds), None)


def _from_operators(said: Mentions) -> str | None:
    """From code that calls nothing: one operator, between two sides or between a tensor and a number."""
    if len(said.operators) != 1:
        return None
    operator, numbers = said.operators[0], said.numbers
    if set(numbers) == {0.0, 1.0}:  # `t[0] - t[1]`
        return {"subtract": "difference", "multiply": "product"}.get(operator)
    if len(numbers) == 1 and numbers[0] not in (0.0, 1.0):
        return {"divide": f"rescale:1/{numbers[0]!r}", "multiply": f"rescale:{numbers[0]!r}"}.get(operator)
    if operator == "subtract" and numbers == (1.0,) and said.number_first:
        return "one_minus"
    return "negative" if operator == "negative" and not numbers else None


def _from_title(title: str, *, scalar: bool | None) -> str | None:
    """From what somebody called a function or class."""
    word = re.sub(r"[^a-z0-9]", "", title.lower())
    plain = "absolute_difference" if scalar is False else "manhattan"
    rules: tuple[tuple[bool, str], ...] = (
        ("cosinedist" in word, "cosine_distance"),
        ("cos" in word, "cosine_similarity"),
        ("exp" in word and ("manhattan" in word or "neg" in word or "l1" in word), "exp_manhattan"),
        ("mandist" in word, "exp_manhattan"),  # of the MaLSTM, in dozens of repositories: exp(-sum(abs(a - b)))
        ("absdiff" in word or "absolutediff" in word or word == "abs", "absolute_difference"),
        ("manhattan" in word or "l1" in word, "absolute_difference" if scalar is None else plain),
        (_normalises(word), "l2_normalize"),
        ("squaredeuclid" in word or "sqeuclid" in word or "squareddist" in word, "squared_euclidean"),
        (("euclid" in word or "eucl" in word or "l2" in word) and scalar is not False, "euclidean"),
        ("sqdiff" in word or "squareddiff" in word, "squared_difference"),
        ("dist" in word and scalar is True, "euclidean"),
        (("dist" in word or "diff" in word) and scalar is False, "absolute_difference"),
    )
    return next((kind for holds, kind in rules if word and holds), None)


def _normalises(word: str) -> bool:
    """Whether a name says that vectors are scaled to length 1; `l2n` stands for it in public code as well."""
    return word == "l2n" or any(part in word for part in ("l2norm", "unitnorm", "unitvec", "normalize", "normalise"))
