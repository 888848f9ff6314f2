"""The answer of `inspect` as a sheet: what a model file holds, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import number
from siamdoctor.render.sheet import Notes, Sheet, Table

if TYPE_CHECKING:
    from siamdoctor.models.blueprint import Blueprint, Encoder, LayerNote

OPERATIONS_SHOWN = 8
_SHARING = {
    "shared": "Two inputs go through one encoder: a Siamese network.",
    "separate": "Two inputs go through two encoders that share no weights.",
    "none": "No pair of branches: an encoder saved alone.",
}


def sheet(blueprint: Blueprint) -> Sheet:
    """Facts, the layers of encoder and head, and what could not be read with advice on it."""
    layers = _layers("encoder", blueprint.encoder.layers if blueprint.encoder else ())
    layers += _layers("second encoder", blueprint.second_encoder.layers if blueprint.second_encoder else ())
    layers += _layers("head", blueprint.head.layers)
    sections = (
        ("LAMBDAS", tuple(_lambda_words(x.name, x.place, x.recognised_as) for x in blueprint.lambdas)),
        ("NOT READABLE", blueprint.unreadable),
        ("ADVICE", blueprint.advice),
        ("ASSUMED", blueprint.assumed),
    )
    table = Table(title="LAYERS", columns=("part", "layer", "class", "units", "activation", "settings"), rows=layers)
    return Sheet(
        title=str(blueprint.path),
        lead=_SHARING[blueprint.twins] if blueprint.encoder is not None else "What makes the embeddings was not found.",
        facts=_facts(blueprint),
        tables=(table,) if layers else (),
        notes=tuple(Notes(title=title, sentences=lines) for title, lines in sections if lines),
    )


def _facts(blueprint: Blueprint) -> tuple[tuple[str, str], ...]:
    """Everything that is one line."""
    head = blueprint.head
    version = f", saved by Keras {blueprint.keras_version}" if blueprint.keras_version else ""
    logits = " (from logits)" if blueprint.loss_from_logits else ""
    rate = f", learning rate {number(blueprint.learning_rate)}" if blueprint.learning_rate else ""
    merged = f", merged by {head.merge.replace('_', ' ')}" if head.merge else ""
    faults = (
        ("ignored inputs", ", ".join(blueprint.ignored_inputs)),
        ("wired twice", "one input feeds both sides" if blueprint.same_input_twice else ""),
        ("over the batch", ", ".join(blueprint.batch_coupled)),
    )
    return (
        ("format", blueprint.format + version),
        ("inputs", ", ".join(f"{p.name} {shape(p.shape)} {p.dtype}" for p in blueprint.inputs)),
        ("twins", blueprint.twins),
        ("encoder", _encoder_words(blueprint.encoder)),
        ("head", f"{head.kind.replace('_', ' ')}{merged} (recognised by {head.recognised_by})"),
        ("loss", (blueprint.loss or "not stored") + logits),
        ("metrics", ", ".join(blueprint.metrics) or "not stored"),
        ("optimizer", (blueprint.optimizer or "not stored") + rate),
        ("weights", _weight_words(blueprint)),
        *_program_words(blueprint),
        *((name, value) for name, value in faults if value),
    )


def shape(axes: tuple[int | None, ...]) -> str:
    """A shape without its batch axis, "?" for an axis of free length."""
    return "(" + ", ".join("?" if axis is None else str(axis) for axis in axes) + ")"


def _encoder_words(encoder: Encoder | None) -> str:
    """The encoder in one line."""
    if encoder is None:
        return "not found"
    dimension = "?" if encoder.dimension is None else str(encoder.dimension)
    extras = (
        ("scaled to length 1", encoder.unit_norm),
        ("batch normalisation", encoder.has_batch_norm),
        ("rescales its input", encoder.has_rescaling),
    )
    words = [f"{encoder.name}: {shape(encoder.input_shape)} -> {dimension}", f"ends in {encoder.activation}"]
    return "; ".join(words + [text for text, holds in extras if holds])


def _program_words(blueprint: Blueprint) -> tuple[tuple[str, str], ...]:
    """What a SavedModel that holds no layers can be asked, and what its program consists of."""
    program = blueprint.program
    if program is None:
        return ()
    common = [f"{kind} {count}" for kind, count in program.operations[:OPERATIONS_SHOWN]]
    rest = len(program.operations) - len(common)
    more = f" and {rest} other kinds" if rest > 0 else ""
    lines = (
        ("signatures", "; ".join(program.signatures)),
        ("operations", ", ".join(common) + more),
        ("reaches out", ", ".join(program.of_note)),
    )
    return tuple((name, words) for name, words in lines if words)


def _weight_words(blueprint: Blueprint) -> str:
    """How many numbers are stored."""
    total = 0
    for weight in blueprint.weights:
        size = 1
        for axis in weight.shape:
            size *= axis
        total += size
    return f"{len(blueprint.weights)} arrays, {total:,} numbers"


def _lambda_words(name: str, place: str, recognised_as: str | None) -> str:
    """One Lambda in words."""
    return f"{name} ({place}): {'recognised as ' + recognised_as if recognised_as else 'not recognised'}"


def _layers(part: str, layers: tuple[LayerNote, ...]) -> tuple[tuple[str, ...], ...]:
    """Rows of the table of layers."""
    return tuple(
        (
            part,
            layer.name + ("" if layer.trainable else " (frozen)"),
            layer.class_name,
            "" if layer.units is None else str(layer.units),
            layer.activation or "",
            ", ".join(f"{name}={value}" for name, value in layer.settings),
        )
        for layer in layers
    )
