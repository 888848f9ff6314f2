"""Reading a saved Siamese model without TensorFlow, and without running anything that is in the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from siamdoctor.errors import UnreadableModel
from siamdoctor.models import audit
from siamdoctor.models.archive import MAX_CONFIG, SAVE_AGAIN, Archive, open_archive, read_file
from siamdoctor.models.blueprint import Blueprint
from siamdoctor.models.compiled import read_compiled
from siamdoctor.models.complaints import complaints
from siamdoctor.models.describe import batch_coupled, describe_encoder, describe_head
from siamdoctor.models.dissolve import read_graph
from siamdoctor.models.encoders import Prepared, prepare
from siamdoctor.models.graph import Graph
from siamdoctor.models.keras_metadata import NoLayers
from siamdoctor.models.listing import lambdas, ports, weights
from siamdoctor.models.locating import class_of, locate, names_itself
from siamdoctor.models.one_side import side_read_twice
from siamdoctor.models.own_code import mark_supplied, names_in
from siamdoctor.models.parts import Parts
from siamdoctor.models.program_blueprint import program_blueprint
from siamdoctor.models.savedmodel import open_savedmodel
from siamdoctor.models.standins import Standin, replace_unknown
from siamdoctor.models.text_layers import TextLayer, alike, read_text_layer
from siamdoctor.models.twins import Anatomy, dissect
from siamdoctor.models.weights import LayerVariables, variables_of
from siamdoctor.settings import ModelSettings

ANOTHER_COPY = "Get another copy of the file, or save the model again with `model.save('model.keras')`."
SAYS_WHAT_TO_DO = ("`", "--", "again", "download", "Did you mean", "no such", "not a file", "Save ")


def read_blueprint(path: Path, settings: ModelSettings = ModelSettings()) -> Blueprint:  # noqa: B008  (frozen)
    """Explain a model file.

    Args:
        path: a `.keras`, `.h5` or `.hdf5` file, an unpacked `.keras` folder, or a SavedModel folder.
        settings: what the file does not say, such as replacements for Lambdas.

    Raises:
        UnreadableModel: the file is missing, damaged, hostile, or holds no model. A model whose encoder
            cannot be loaded is still explained: see `Blueprint.unreadable`.
    """
    path = Path(path)
    try:
        if (path / "saved_model.pb").is_file():
            return _of_savedmodel(path, settings)
        return _explain(open_archive(path), settings)
    except RecursionError as error:
        raise UnreadableModel(f"The configuration nests too deeply. {ANOTHER_COPY} Received: model={path}") from error
    except UnreadableModel as error:
        raise UnreadableModel(_complete(str(error), path)) from error


def _of_savedmodel(path: Path, settings: ModelSettings) -> Blueprint:
    """A SavedModel by its layers where Keras 2 noted them, else by its program, which only runs if it is trusted."""
    try:
        blueprint = _explain(open_savedmodel(path), settings)
    except NoLayers:
        return program_blueprint(path, settings)
    except UnreadableModel as damage:
        try:
            return program_blueprint(
                path, settings, because=f"Its layers cannot be read: {str(damage).split(' Rec')[0]}"
            )
        except UnreadableModel:
            raise damage from None
    parts = blueprint.parts
    if settings.trust_savedmodel and (parts is None or parts.refusals or parts.head_refusals):
        return program_blueprint(path, settings, because=" ".join(blueprint.unreadable))
    return blueprint


def _complete(message: str, path: Path) -> str:
    """A refusal that names the file and says what to do, whatever deep inside it comes from."""
    what, _, received = message.partition("Received: ")
    advice = "" if any(word in message for word in SAYS_WHAT_TO_DO) else f" {ANOTHER_COPY}"
    named = str(path) in received or received.endswith("?")
    given = received if named else ", ".join(part for part in (received, f"model={path}") if part)
    return f"{what.rstrip()}{advice} Received: {given}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """Encoder, second encoder and head after Lambdas were replaced.

    shown: the head as it is described, where also classes of the user's own are guessed at.
    """

    encoder: Prepared | None
    second: Prepared | None
    head: Graph | None
    shown: Graph | None
    standins: tuple[Standin, ...]


def _explain(archive: Archive, settings: ModelSettings) -> Blueprint:
    """Put a blueprint together from what the archive holds."""
    supplied = frozenset() if settings.custom_objects is None else names_in(settings.custom_objects)
    archive = _unrolled(archive, settings.custom_objects, supplied)
    located = locate(archive, _architecture(settings))
    graph = mark_supplied(read_graph(located.model), supplied)
    variables = variables_of(graph, archive.weights, inside=located.inside)
    anatomy = dissect(graph, frozenset(variables), settings.encoder)
    if anatomy.same_input is None and anatomy.head is not None:
        anatomy = replace(anatomy, same_input=side_read_twice(anatomy.head))
    compiled = read_compiled(archive.compiled, functions_by_name=archive.format in {"h5", "SavedModel"})
    sides = _prepare(anatomy, variables, settings, compiled.loss)
    if any(side and not (side.graph.inputs and side.graph.outputs) for side in (sides.encoder, sides.second)):
        raise UnreadableModel(
            f"The encoder has no input or no output here. {SAVE_AGAIN} Received: model={archive.path}"
        )
    parts = _parts(archive, anatomy, sides, variables, supplied=supplied, own_code=settings.custom_objects)
    encoder = None if sides.encoder is None else describe_encoder(sides.encoder.graph, variables)
    if encoder is not None and sides.encoder is not None:
        encoder = replace(encoder, left_out=sides.encoder.cut)
    words = _text_layer(graph, anatomy, archive, supplied)
    assumed = (
        located.assumed
        + _ran(graph, settings.custom_objects)
        + _laid_out(anatomy, words)
        + (sides.encoder.assumed if sides.encoder else ())
        + tuple(
            f"Layer {s.layer!r} in the head was recognised as {s.guess.kind.replace('_', ' ')}, by {s.guess.by}."
            for s in sides.standins
        )
    )
    unreadable, advice = complaints(parts)
    return Blueprint(
        path=archive.path,
        format=archive.format,
        keras_version=archive.keras_version,
        twins=anatomy.twins,
        encoder=encoder,
        second_encoder=describe_encoder(sides.second.graph, variables)
        if sides.second is not None and anatomy.twins == "separate"
        else None,
        head=describe_head(
            sides.shown,
            variables,
            sides.standins,
            unit_norm=encoder is not None and encoder.unit_norm,
            loadable=parts is not None and not parts.head_refusals,
        ),
        inputs=ports(graph),
        outputs=len(graph.outputs),
        ignored_inputs=anatomy.ignored,
        same_input_twice=anatomy.same_input is not None,
        batch_coupled=batch_coupled(graph),
        loss=compiled.loss,
        loss_from_logits=compiled.from_logits,
        metrics=compiled.metrics,
        accuracy_may_be_own=compiled.accuracy_may_be_own,
        optimizer=compiled.optimizer,
        learning_rate=compiled.learning_rate,
        lambdas=lambdas(graph, anatomy, sides.encoder, sides.standins),
        weights=weights(graph, archive.weights, anatomy, variables),
        unreadable=unreadable,
        advice=advice,
        assumed=assumed,
        parts=parts,
        text=words,
    )


def _unrolled(archive: Archive, source: str | None, supplied: frozenset[str]) -> Archive:
    """The archive, or where the model is of a class that the user's code defines, what that code makes of it."""
    if source is None or not names_itself(archive.model) or class_of(archive.model) not in supplied:
        return archive
    from siamdoctor.models.runtime.unrolling import unrolled  # noqa: PLC0415  (runs the user's code: asked for)

    return unrolled(archive, source)


def _ran(graph: Graph, source: str | None) -> tuple[str, ...]:
    """Says that the user's code will run, and what for."""
    made = dict.fromkeys(layer.class_name for layer in graph.layers.values() if layer.is_supplied)
    return (f"Your code in {source} is run to make {', '.join(made)}.",) if made else ()


def _text_layer(graph: Graph, anatomy: Anatomy, archive: Archive, supplied: frozenset[str]) -> TextLayer | None:
    """The layer that makes the encoder's numbers of a text, where there is one for all sides."""
    layers = [read_text_layer(graph.layers[name], archive.assets, supplied) for name in anatomy.tokenised_by]
    if not layers:
        return None
    first = layers[0]
    if anatomy.packed is not None:
        return replace(first, refusal="A side takes more than a text, so texts alone make no sample.")
    if not all(alike(first, other) for other in layers):
        return replace(first, refusal="The two sides turn text into numbers in different ways.")
    return first


def _laid_out(anatomy: Anatomy, words: TextLayer | None) -> tuple[str, ...]:
    """What a sample is, where the model does not take one array a side."""
    said = tuple(f"Input {name!r} does not go through the encoder and was left out." for name in anatomy.carried)
    either = words is not None and words.refusal is None
    if anatomy.tokenised_by:
        named = " and ".join(map(repr, anatomy.tokenised_by))
        sample = "a text, or the numbers" if either else "the numbers"
        said = (
            *said,
            f"Layer {named}, which turns text into numbers, stands first: a sample is {sample} that it makes of one.",
        )
    if anatomy.is_ready_made:
        said = (*said, "The model compares its inputs as they are, so these are taken for the embeddings.")
    if anatomy.packed is None:
        return said
    parts = ", ".join(anatomy.packed.parts[0])
    size = " x ".join("any" if axis is None else str(axis) for axis in anatomy.packed.shape)
    return (*said, f"A side takes {parts}: a sample is one array of {size}, which holds them in this order.")


def _architecture(settings: ModelSettings) -> str | None:
    """The layers of a weights-only file: JSON, or what a function of the user builds."""
    source = settings.architecture
    if source is None:
        return None
    if source.endswith(".json"):
        return read_file(Path(source), MAX_CONFIG).decode("utf-8", "replace")
    from siamdoctor.models.runtime.user_code import built_by  # noqa: PLC0415  (runs the user's code: asked for)

    return built_by(source)


def _prepare(anatomy: Anatomy, variables: LayerVariables, settings: ModelSettings, loss: str | None) -> _Sides:
    """Replace or cut what cannot be loaded."""
    head: Graph | None = None
    shown: Graph | None = None
    standins: tuple[Standin, ...] = ()
    if anatomy.head is not None:
        head, standins = replace_unknown(anatomy.head, variables, loss=loss)
        shown, _ = replace_unknown(mark_supplied(anatomy.head, frozenset()), variables, loss=loss)
    return _Sides(
        encoder=None if anatomy.encoder is None else prepare(anatomy.encoder, variables, settings.replace),
        second=None if anatomy.second is None else prepare(anatomy.second, variables, settings.replace),
        head=head,
        shown=shown,
        standins=standins,
    )


def _changed(sides: _Sides) -> tuple[str, ...]:
    """Why the head would answer otherwise than in the model: it stands behind layers that were left out."""
    cut = dict.fromkeys(name for side in (sides.encoder, sides.second) if side is not None for name in side.cut)
    return tuple(f"it is given what layer {name!r} makes of the embeddings, which was left out" for name in cut)


def _parts(
    archive: Archive,
    anatomy: Anatomy,
    sides: _Sides,
    variables: LayerVariables,
    *,
    supplied: frozenset[str],
    own_code: str | None,
) -> Parts | None:
    """The loadable parts with the verdict of the audit."""
    if sides.encoder is None:
        return None
    towers = [side.graph for side in (sides.encoder, sides.second) if side is not None]
    return Parts(
        encoder=sides.encoder.graph,
        second=None if sides.second is None else sides.second.graph,
        head=sides.head,
        variables=variables,
        file=archive.weights,
        same_input=anatomy.same_input,
        refusals=tuple(reason for tower in towers for reason in audit.refusals(tower, variables, supplied)),
        head_refusals=()
        if sides.head is None
        else (*_changed(sides), *audit.refusals(sides.head, variables, supplied)),
        own_code=own_code,
    )
