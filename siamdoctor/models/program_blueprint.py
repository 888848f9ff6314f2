"""Explaining a SavedModel that holds no layers: what its program would do, told without running it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.blueprint import Blueprint, Encoder, Head, InputPort
from siamdoctor.models.describe import batch_coupled, describe_encoder, describe_head
from siamdoctor.models.graph import Graph
from siamdoctor.models.inlining import PASSING_ON, Flat, inlined
from siamdoctor.models.program import Port, Program, Signature, chosen, read_program
from siamdoctor.models.program_graph import VARIABLES, ProgramGraph, program_graph, without_sizes
from siamdoctor.models.program_notes import name_of, notes_of
from siamdoctor.models.program_parts import ProgramParts
from siamdoctor.models.program_towers import Towers, find_towers
from siamdoctor.models.program_weights import stored_weights
from siamdoctor.models.protobuf import Malformed
from siamdoctor.models.trust import why_it_must_be_run
from siamdoctor.settings import ModelSettings

NUMBERS = frozenset({"float32", "float64", "float16", "bfloat16", "int32", "int64", "uint8", "int8", "int16", "uint16"})
SUPPLYING = PASSING_ON | VARIABLES | {"Const", "Placeholder"}  # operations that compute nothing
SAVE_WHOLE = "Save the trained model with `model.save('model.keras')` instead of exporting it."
NO_SIGNATURE = (
    "This SavedModel has no signature, so it does not say how its program is to be called, and it holds no layers "
    f"that could be read as data. {SAVE_WHOLE}"
)


def program_blueprint(folder: Path, settings: ModelSettings, *, because: str = "") -> Blueprint:
    """Explain a SavedModel by its program.

    Args:
        folder: the SavedModel.
        settings: whether it is trusted, and where its encoder ends.
        because: a sentence on why it is not read as layers, where there is more to say than that it has none.

    Raises:
        UnreadableModel: the program is damaged, has no signature, or is larger than any honest one.
    """
    try:
        program = read_program(folder)
        signature = chosen(program, settings.encoder)
        if signature is None:
            raise UnreadableModel(f"{NO_SIGNATURE} Received: model={folder}")
        flat = inlined(program, signature)
        read = program_graph(flat)
        named = None if settings.encoder == signature.name else settings.encoder
        towers = _towers(read, flat, signature, named)
        weights = stored_weights(program, read, towers)
    except Malformed as error:
        raise UnreadableModel(f"The SavedModel is damaged ({error}). Received: model={folder}") from error
    parts = _parts(program, signature, flat, read, towers, trusted=settings.trust_savedmodel)
    encoder = _encoder(towers.encoder, read)
    return Blueprint(
        path=folder,
        format="exported SavedModel",
        keras_version=None,
        twins=towers.twins,
        encoder=encoder,
        second_encoder=_encoder(towers.second, read) if towers.twins == "separate" else None,
        head=_head(towers, read, unit_norm=encoder is not None and encoder.unit_norm),
        inputs=tuple(_input(port) for port in _in_order(signature, flat)),
        outputs=len(signature.outputs),
        ignored_inputs=towers.ignored,
        same_input_twice=towers.cut is not None and towers.cut.same_input is not None,
        batch_coupled=batch_coupled(read.graph),
        loss=None,
        loss_from_logits=False,
        metrics=(),
        optimizer=None,
        learning_rate=None,
        lambdas=(),
        weights=weights,
        unreadable=tuple(_unreadable(parts, towers.why_not, because)),
        advice=tuple(_advice(parts, towers.why_not)),
        assumed=tuple(_assumed(program, signature, parts)),
        program=parts,
    )


def _towers(read: ProgramGraph, flat: Flat, signature: Signature, named: str | None) -> Towers:
    """The parts, or why there are none."""
    odd = [port for port in signature.inputs if port.name in flat.inputs and port.dtype not in NUMBERS]
    if odd:
        return Towers(
            why_not=f"its input {odd[0].name!r} is of type {odd[0].dtype}, and a sample is an array of numbers"
        )
    unknown = [port for port in signature.inputs if port.name in flat.inputs and not port.shape]
    if unknown:
        return Towers(why_not=f"the signature does not say of what shape its input {unknown[0].name!r} is")
    return find_towers(read, flat.positions, named)


def _in_order(signature: Signature, flat: Flat) -> list[Port]:
    """The inputs in the order in which the model takes them; those that reach nothing come last."""
    order = {name: place for place, name in enumerate(flat.inputs)}
    return sorted(signature.inputs, key=lambda port: order.get(port.name, len(order)))


def _input(port: Port) -> InputPort:
    """An input as blueprints list it."""
    return InputPort(name=port.name, shape=() if port.shape is None else port.shape[1:], dtype=port.dtype)


def _encoder(graph: Graph | None, read: ProgramGraph) -> Encoder | None:
    """The encoder in words and numbers."""
    if graph is None:
        return None
    plain = without_sizes(graph)
    known = describe_encoder(plain, dict.fromkeys(read.variables, ()))
    return replace(known, name=name_of(graph, read.variables), layers=notes_of(plain, read.variables))


def _head(towers: Towers, read: ProgramGraph, *, unit_norm: bool) -> Head:
    """The head in words."""
    graph = None if towers.head is None else without_sizes(towers.head)
    head = describe_head(graph, dict.fromkeys(read.variables, ()), (), unit_norm=unit_norm, loadable=True)
    return head if graph is None else replace(head, layers=notes_of(graph, read.variables), recognised_by="operations")


def _parts(
    program: Program, signature: Signature, flat: Flat, read: ProgramGraph, towers: Towers, *, trusted: bool
) -> ProgramParts:
    """What the runtime needs, and what is worth knowing before it is run."""
    counted = Counter(o.kind for o in flat.operations if o.kind not in SUPPLYING)
    shapes = read.graph.shapes.values()
    return ProgramParts(
        folder=program.path,
        version=program.version,
        signature=signature.name,
        signatures=tuple(_words(s) for s in program.signatures),
        operations=tuple(counted.most_common()),
        of_note=program.of_note,
        trusted=trusted,
        cut=towers.cut,
        widest=max((math.prod(axis or 1 for axis in shape[1:]) for shape in shapes), default=1),
    )


def _words(signature: Signature) -> str:
    """A signature in one line."""
    ports = (", ".join(port.name for port in side) for side in (signature.inputs, signature.outputs))
    return f"{signature.name}({next(ports)}) -> {next(ports)}"


def _unreadable(parts: ProgramParts, why_not: str, because: str) -> Iterator[str]:
    """What cannot be read."""
    if because:
        yield because
    if not parts.trusted:
        yield why_it_must_be_run(parts)
    if why_not:
        yield f"The towers of the program cannot be told apart: {why_not}."


def _advice(parts: ProgramParts, why_not: str) -> Iterator[str]:
    """What would help."""
    if not parts.trusted:
        yield "--trust-savedmodel runs the program; give it for a folder of your own, or of someone you trust."
    if why_not:
        yield "--encoder NAME names another signature, or the scope with which the encoder ends."
    yield "Safer, and more can be measured: save the trained model with `model.save('model.keras')`."


def _assumed(program: Program, signature: Signature, parts: ProgramParts) -> Iterator[str]:
    """What was decided on the way."""
    if parts.trusted:
        yield "The program in the SavedModel is run to make embeddings, since --trust-savedmodel was given."
    if len(program.signatures) > 1:
        names = ", ".join(s.name for s in program.signatures)
        yield f"Of the signatures {names}, {signature.name} is called."
    if len(signature.outputs) > 1 and parts.cut is not None and parts.cut.output is None:
        yield f"Of the outputs {', '.join(port.name for port in signature.outputs)}, the first is the embedding."
    yield "Initialisers are not stored in a program: those that Keras uses by default are taken."
