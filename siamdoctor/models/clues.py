"""What a Lambda or an unknown class computes, guessed from the names it contains, without running it.

A Lambda is stored as marshalled bytecode of whatever Python version saved it. Unmarshalling a stranger's
bytes can crash the process; but the names of the functions it calls lie in them as plain text.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from siamdoctor.models.config import mapping, objects, sequence, text
from siamdoctor.models.graph import Layer
from siamdoctor.results import Json

# Strings in marshalled code: short (one length byte) or long (four), with or without the reference flag.
SHORT = re.compile(rb"[zZ\xfa\xda]([\x01-\xff])", re.DOTALL)
LONG = re.compile(rb"[aAuts\xe1\xc1\xf5\xf4\xf3]([\x01-\xff])\x00\x00\x00", re.DOTALL)
IDENTIFIER = re.compile(rb"[A-Za-z_][A-Za-z0-9_.]*\Z")
WORDS = {
    "absolute": {"abs", "absolute", "fabs"},
    "square": {"square", "pow", "power", "squared_difference"},
    "sum": {"sum", "reduce_sum"},
    "mean": {"mean", "reduce_mean"},
    "root": {"sqrt"},
    "norm": {"norm", "euclidean_norm"},
    "normalize": {"l2_normalize", "normalize", "l2_norm", "l2norm"},
    "dot": {"dot", "batch_dot", "matmul", "tensordot", "einsum"},
    "exp": {"exp"},
    "subtract": {"subtract", "sub"},
    "multiply": {"multiply", "mul"},
}


@dataclass(frozen=True, slots=True)
class Guess:
    """What something was recognised as, and by what: "bytecode names", "function name" or "class name"."""

    kind: str
    by: str


def is_lambda(layer: Layer) -> bool:
    """Whether this layer holds code of its own."""
    return layer.class_name in ("Lambda", "TFOpLambda", "SlicingOpLambda")


def names_in_bytecode(layer: Layer) -> frozenset[str]:
    """Identifiers in a Lambda's stored code, in lower case; empty where it stores none."""
    found: set[str] = set()
    for code in _codes(layer.config.get("function")):
        try:
            content = base64.b64decode(code, validate=False)
        except (binascii.Error, ValueError):
            continue
        for pattern in (SHORT, LONG):
            for match in pattern.finditer(content):
                word = content[match.end() : match.end() + match.group(1)[0]]
                if IDENTIFIER.match(word):
                    found.add(word.decode("ascii").lower())
    return frozenset(found)


def _codes(function: Json) -> list[str]:
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
    names = names_in_bytecode(layer) if is_lambda(layer) else frozenset()
    kind = _from_words(names)
    if kind is not None:
        return Guess(kind, "bytecode names")
    called = function_name(layer) if is_lambda(layer) else None
    title = called or ("" if is_lambda(layer) else layer.class_name)
    kind = _from_title(title, scalar=scalar)
    return None if kind is None else Guess(kind, "function name" if called else "class name")


def _from_words(names: frozenset[str]) -> str | None:
    """From the functions that bytecode calls."""
    has = {key for key, words in WORDS.items() if names & words}
    if any("cosine" in name for name in names) or {"normalize", "dot"} <= has or {"normalize", "sum"} <= has:
        return "cosine_similarity"
    reduced = bool(has & {"sum", "mean"})
    rules: tuple[tuple[bool, str], ...] = (
        ("exp" in has and ("absolute" in has or reduced), "exp_manhattan"),
        ("norm" in has, "euclidean"),
        ("root" in has and reduced, "euclidean"),
        ("square" in has and reduced, "squared_euclidean"),
        ("absolute" in has and "mean" in has, "mean_absolute"),
        ("absolute" in has and "sum" in has, "manhattan"),
        ("absolute" in has, "absolute_difference"),
        ("square" in has, "squared_difference"),
        ("normalize" in has, "l2_normalize"),
        ("dot" in has, "dot"),
        ("subtract" in has, "difference"),
        ("multiply" in has, "product"),
    )
    return next((kind for holds, kind in rules if holds), None)


def _from_title(title: str, *, scalar: bool | None) -> str | None:
    """From what somebody called a function or class."""
    word = re.sub(r"[^a-z0-9]", "", title.lower())
    plain = "absolute_difference" if scalar is False else "manhattan"
    rules: tuple[tuple[bool, str], ...] = (
        ("cosinedist" in word, "cosine_distance"),
        ("cos" in word, "cosine_similarity"),
        ("exp" in word and ("manhattan" in word or "neg" in word or "l1" in word), "exp_manhattan"),
        ("absdiff" in word or "absolutediff" in word or word == "abs", "absolute_difference"),
        ("manhattan" in word or "l1" in word, "absolute_difference" if scalar is None else plain),
        ("l2norm" in word or "unitnorm" in word or "normalize" in word, "l2_normalize"),
        ("squaredeuclid" in word or "sqeuclid" in word or "squareddist" in word, "squared_euclidean"),
        (("euclid" in word or "eucl" in word or "l2" in word) and scalar is not False, "euclidean"),
        ("sqdiff" in word or "squareddiff" in word, "squared_difference"),
        ("dist" in word and scalar is True, "euclidean"),
        (("dist" in word or "diff" in word) and scalar is False, "absolute_difference"),
    )
    return next((kind for holds, kind in rules if word and holds), None)
