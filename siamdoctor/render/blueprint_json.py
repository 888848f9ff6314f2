"""The answer of `inspect` as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.plain_values import json_list, optional

if TYPE_CHECKING:
    from siamdoctor.models.blueprint import Blueprint, Encoder, InputPort, Lambda, LayerNote
    from siamdoctor.results import Json


def as_json(blueprint: Blueprint, version: str) -> dict[str, Json]:
    """The envelope of every command and what the file holds."""
    return {
        "schema_version": 1,
        "siamdoctor_version": version,
        "subject": {"model": str(blueprint.path), "keras_version": blueprint.keras_version},
        "assumed": json_list(blueprint.assumed),
        "format": blueprint.format,
        "twins": blueprint.twins,
        "encoder": _encoder(blueprint.encoder),
        "second_encoder": _encoder(blueprint.second_encoder),
        "head": _head(blueprint),
        "inputs": [_input(port) for port in blueprint.inputs],
        "outputs": blueprint.outputs,
        "ignored_inputs": json_list(blueprint.ignored_inputs),
        "same_input_twice": blueprint.same_input_twice,
        "batch_coupled": json_list(blueprint.batch_coupled),
        "loss": blueprint.loss,
        "loss_from_logits": blueprint.loss_from_logits,
        "metrics": json_list(blueprint.metrics),
        "optimizer": blueprint.optimizer,
        "learning_rate": optional(blueprint.learning_rate),
        "lambdas": [_lambda(layer) for layer in blueprint.lambdas],
        "unreadable": json_list(blueprint.unreadable),
        "advice": json_list(blueprint.advice),
        "program": _program(blueprint),
    }


def _program(blueprint: Blueprint) -> Json:
    """What a SavedModel that holds no layers would run, or None."""
    program = blueprint.program
    if program is None:
        return None
    return {
        "tensorflow_version": program.version,
        "signature": program.signature,
        "signatures": json_list(program.signatures),
        "operations": dict(program.operations),
        "reaches_out": json_list(program.of_note),
        "trusted": program.trusted,
    }


def _head(blueprint: Blueprint) -> Json:
    """What turns two embeddings into the output."""
    head = blueprint.head
    return {
        "kind": head.kind,
        "merge": head.merge,
        "units": head.units,
        "activation": head.activation,
        "recognised_by": head.recognised_by,
        "layers": [_layer(layer) for layer in head.layers],
    }


def _encoder(encoder: Encoder | None) -> Json:
    """The encoder, or None."""
    if encoder is None:
        return None
    return {
        "name": encoder.name,
        "input_shape": list(encoder.input_shape),
        "dimension": encoder.dimension,
        "activation": encoder.activation,
        "unit_norm": encoder.unit_norm,
        "layers": [_layer(layer) for layer in encoder.layers],
    }


def _input(port: InputPort) -> Json:
    """One input; null is an axis of free length."""
    return {"name": port.name, "shape": list(port.shape), "dtype": port.dtype}


def _lambda(layer: Lambda) -> Json:
    """One Lambda layer."""
    return {"name": layer.name, "place": layer.place, "recognised_as": layer.recognised_as}


def _layer(layer: LayerNote) -> Json:
    """One layer."""
    return {
        "name": layer.name,
        "class": layer.class_name,
        "units": layer.units,
        "activation": layer.activation,
        "trainable": layer.trainable,
        "settings": dict(layer.settings),
    }
