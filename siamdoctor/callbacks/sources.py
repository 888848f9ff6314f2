"""Augmentation, rescaling and folders, read off the objects that a training draws its images from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, GeneratorType

from siamdoctor.data.declared import declared_pipeline
from siamdoctor.data.generator_keywords import KEYWORDS
from siamdoctor.data.preprocessing_layers import BUILDERS, UNSIMULATED
from siamdoctor.errors import BadSettings
from siamdoctor.results import Json

DEPTH = 3  # a generator within a PyDataset within a wrapper
# Layers that change images for good; what else Keras calls preprocessing may stand in any network.
AUGMENTING = frozenset(BUILDERS) | (UNSIMULATED - {"InputLayer", "Dropout", "SpatialDropout2D", "Normalization"})
_LOOK = ("rotation_range", "horizontal_flip", "zoom_range", "fill_mode")  # what makes an ImageDataGenerator
_NEUTRAL: Mapping[str, Json] = {"fill_mode": "nearest", "interpolation_order": 1, "zca_epsilon": 1e-6, "dtype": None}
_NOT_DECLARED = frozenset({"rescale", "data_format", "dtype", "validation_split", "zca_epsilon"})
_LAYER_CLUTTER = frozenset({"name", "trainable", "dtype", "seed", "data_format", "build_config", "batch_input_shape"})
_SMALL = (bool, int, float, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What the source of the images shows. missed: what it does that no settings file can say, in words."""

    augmentation: Json = None
    rescale: float | None = None
    folder: Path | None = None
    missed: tuple[str, ...] = ()


def examine_source(source: object, layers: Iterable[object] = ()) -> SourceFacts:
    """Look for an ImageDataGenerator or Keras layers in what `fit` was given, else among the model's layers.

    Args:
        source: what was given as x (a PyDataset, a generator, an iterator of images, a tf.data set, arrays).
        layers: the model's layers, those inside its encoder included.
    """
    found = list(_within(source, DEPTH, set()))
    generator = next((each for each in found if _is_generator(each)), None)
    folder = next((f for each in found if (f := _folder(each)) is not None), None)
    if generator is not None:
        keywords, missed = _keywords(generator)
        rescale = getattr(generator, "rescale", None)
        return SourceFacts(
            augmentation=_accepted(keywords),
            rescale=float(rescale) if isinstance(rescale, int | float) and rescale else None,
            folder=folder,
            missed=missed,
        )
    drawn: list[Json] = [saved for each in (*found, *layers) if (saved := _layer(each)) is not None]
    rescaling = next((each for each in found if type(each).__name__ == "Rescaling"), None)
    scale = getattr(rescaling, "scale", None)
    return SourceFacts(
        augmentation=_accepted(drawn) if drawn else None,
        rescale=float(scale) if isinstance(scale, int | float) and scale else None,
        folder=folder,
    )


def _within(source: object, depth: int, seen: set[int]) -> Iterator[object]:
    """The object, and what its attributes, its layers or its generator's local variables hold."""
    if depth < 0 or source is None or isinstance(source, _SMALL) or id(source) in seen:
        return
    seen.add(id(source))
    yield source
    held = dict(getattr(source, "__dict__", {}))
    if isinstance(source, GeneratorType) and source.gi_frame is not None:
        held |= source.gi_frame.f_locals
    if isinstance(source, FunctionType):
        held |= {str(k): c.cell_contents for k, c in enumerate(source.__closure__ or ())}
    members = list(getattr(source, "layers", ())) if hasattr(source, "get_config") else []
    for value in (*members, *held.values()):
        for each in value if isinstance(value, list | tuple) and len(value) <= len(AUGMENTING) else (value,):
            if not hasattr(each, "ndim"):
                yield from _within(each, depth - 1, seen)


def _is_generator(each: object) -> bool:
    """Whether this is an ImageDataGenerator, of whichever Keras."""
    return all(hasattr(each, name) for name in _LOOK)


def _folder(each: object) -> Path | None:
    """The class folders that an iterator of images reads."""
    place = getattr(each, "directory", None)
    return Path(place) if isinstance(place, str) and hasattr(each, "class_indices") else None


def _keywords(generator: object) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The keywords that an ImageDataGenerator was made with, as far as they change anything."""
    keywords: dict[str, Json] = {}
    missed = []
    for name in KEYWORDS:
        value = getattr(generator, name, None)
        if name in _NOT_DECLARED or value is None or value is False or value == _NEUTRAL.get(name):
            continue
        if callable(value):
            missed.append(f"{name} is a function ({getattr(value, '__name__', 'without a name')})")
            continue
        plain = _plain(value)
        if plain not in (0, 0.0, [1, 1], [1.0, 1.0]):
            keywords[name] = plain
    return keywords, tuple(missed)


def _layer(each: object) -> Json:
    """A preprocessing layer as a settings file has it; None for any other object."""
    name = type(each).__name__
    if name not in AUGMENTING or not hasattr(each, "get_config"):
        return None
    config = {key: _plain(value) for key, value in each.get_config().items() if key not in _LAYER_CLUTTER}
    kept: dict[str, Json] = {key: value for key, value in config.items() if value is not None}
    return {"class_name": name, "config": kept}


def _plain(value: object) -> Json:
    """A value as YAML can hold it, or None."""
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, _SMALL):
        return value
    number = getattr(value, "item", None)  # a number of numpy's
    return number() if callable(number) and getattr(value, "ndim", 1) == 0 else None


def _accepted(spec: dict[str, Json] | list[Json]) -> Json:
    """The declaration, if `siamdoctor` would read it without complaint; else None."""
    try:
        json.dumps(spec, allow_nan=False)
        declared_pipeline(spec, (8, 8, 3))
    except (BadSettings, ValueError, TypeError):
        return None
    return spec or None
