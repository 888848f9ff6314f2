"""Which part of a configuration is the model, and whose weights are they."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.archive import SAVE_AGAIN, Archive, parse_json
from siamdoctor.models.config import mapping, sequence, text
from siamdoctor.models.functional import is_model
from siamdoctor.models.legacy import without_bare_lists
from siamdoctor.models.nodes import ports
from siamdoctor.results import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The saved model to take apart. inside: its name in the weight file where it is part of a larger object."""

    model: Mapping[str, Json]
    inside: str | None
    assumed: tuple[str, ...]


def locate(archive: Archive, architecture: str | None) -> Located:
    """Find the layers of a model file.

    Args:
        archive: the opened file.
        architecture: configuration as JSON text, for files that hold weights only.

    Raises:
        UnreadableModel: neither the file nor `architecture` says which layers there are.
    """
    model = archive.model
    if not model:
        if architecture is None:
            raise UnreadableModel(_why_no_model(archive))
        model = mapping(parse_json(architecture, archive.path))
    model = mapping(without_bare_lists(model))
    if is_model(model):
        return Located(model=model, inside=None, assumed=())
    parts = list(_outermost(model))
    if not parts:
        code = (
            f" --custom-objects FILE.py, with the file that defines {class_of(model)}, finds them by running it; else"
            if names_itself(model)
            else ""
        )
        save = "save the part that makes the embeddings, such as `model.encoder.save('encoder.keras')`"
        raise UnreadableModel(
            f"The model is an object of the class {model.get('class_name')!r}, and the file does not say what layers "
            f"that has.{code} {save if code else f'S{save[1:]}'}. Received: model={archive.path}"
        )
    chosen = max(parts, key=size_of)
    name = text(mapping(chosen.get("config")).get("name")) or ""
    said = f"The model's class {model.get('class_name')!r} is not known; its part {name!r} was read instead."
    return Located(model=chosen, inside=name, assumed=(said,))


def names_itself(model: dict[str, Json] | None) -> bool:
    """Whether only a class is named, with the shapes it was called on: its code would show the layers.

    Keras notes no shapes (null) where `call` names its argument `args` or `kwargs`.
    """
    return bool(model) and not list(_outermost(mapping(model))) and bool(_built(mapping(model)).get("input_shape"))


def class_of(model: dict[str, Json] | None) -> str:
    """Name of the model's class."""
    return text(mapping(model).get("class_name")) or ""


def _built(model: Mapping[str, Json]) -> Mapping[str, Json]:
    """What Keras noted of how the model was built."""
    return mapping(model.get("build_config"))


def _why_no_model(archive: Archive) -> str:
    """Weights only, or a file that `save` left behind when it failed."""
    if archive.weights.arrays:
        return (
            "The file holds weights only, not the layers they belong to. Name these with --architecture config.json "
            "(written by `model.to_json()`) or --architecture module:function (which runs your code), or save the "
            f"whole model with `model.save('model.keras')`. Received: model={archive.path}"
        )
    return (
        "The file holds neither layers nor weights: saving it failed, although Keras may not have said so. "
        f"{SAVE_AGAIN} Received: model={archive.path}"
    )


def _outermost(value: Json) -> Iterator[Mapping[str, Json]]:
    """Models inside an object's settings, but not those inside of them."""
    stack = [value]
    while stack:
        item = stack.pop(0)
        if isinstance(item, dict):
            if is_model(item):
                yield item
            else:
                stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def size_of(model: Mapping[str, Json]) -> tuple[bool, int]:
    """A model of two inputs before an encoder, a large one before a small one."""
    config = mapping(model.get("config"))
    return len(ports(config.get("input_layers"))) > 1, len(sequence(config.get("layers")))
