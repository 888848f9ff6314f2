"""`training.augmentation` of siamdoctor.yaml as something that can be applied to images."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import numpy as np

from siamdoctor.data.generator import Generator
from siamdoctor.data.generator_keywords import KEYWORDS, UNUSED, keyword
from siamdoctor.data.layer_factors import Config
from siamdoctor.data.pipeline import Apply, Pipeline
from siamdoctor.data.preprocessing_layers import BUILDERS, UNSIMULATED
from siamdoctor.data.samples import FloatArray
from siamdoctor.errors import BadSettings
from siamdoctor.results import Json

IMAGE_AXES = 3
# The parameter that a layer's bare value stands for: {RandomRotation: 0.1}.
FIRST_PARAMETER = {"RandomFlip": "mode", "GaussianNoise": "stddev", "Rescaling": "scale", "RandomZoom": "height_factor"}
_PREFIX = "training.augmentation"


def declared_pipeline(spec: Json, image_shape: tuple[int, ...]) -> Pipeline | None:
    """Build the declared augmentation.

    Args:
        spec: ImageDataGenerator keywords; or Keras preprocessing layers as a list of names, of
            {class_name, config} or of {RandomRotation: {factor: 0.1}}, or as a saved Sequential.
        image_shape: one sample; what is not (H, W, C) cannot be augmented.

    Returns:
        None where nothing is declared (an empty declaration is a pipeline without parts), or where
        samples are no images.

    Raises:
        BadSettings: an unknown keyword or layer, with the nearest known one, or a value of the wrong kind.
    """
    if spec is None or len(image_shape) != IMAGE_AXES:
        return None
    if isinstance(spec, Mapping) and "class_name" not in spec and not any(_layer_name(k) for k in spec):
        return _from_keywords(spec)
    layers = spec if isinstance(spec, list) else [spec]
    return _from_layers([pair for layer in layers for pair in _flattened(layer)])


def _from_keywords(keywords: Mapping[str, Json]) -> Pipeline:
    """A pipeline from ImageDataGenerator's keywords."""
    values: dict[str, object] = {}
    for key, value in keywords.items():
        if key not in KEYWORDS:
            raise BadSettings(_unknown(key, (*KEYWORDS, *BUILDERS)))
        if key not in UNUSED and value is not None:
            values[key] = keyword(key, value)
    generator = Generator(**values)  # type: ignore[arg-type]
    return Pipeline(
        apply=generator.apply,
        parts=tuple((name, alone.apply) for name, alone in generator.alone()),
        standardise=generator.standardise,
        rescale=generator.rescale,
        ignored=tuple(
            f"{key} is not simulated: {UNUSED[key]}" for key, value in keywords.items() if key in UNUSED and value
        ),
    )


def _flattened(layer: Json) -> Iterable[tuple[str, Config]]:
    """(name, config) of a layer in any of its spellings, or of all layers in a Sequential."""
    if isinstance(layer, str):
        yield _known(layer), {}
    elif isinstance(layer, Mapping) and "class_name" in layer:
        config = layer.get("config") or {}
        if not isinstance(config, Mapping):
            raise BadSettings(f"{_PREFIX}: config must be a mapping. Received: config={config!r}")
        inner = config.get("layers")
        if isinstance(inner, list):
            for each in inner:
                yield from _flattened(each)
        else:
            yield _known(str(layer["class_name"])), config
    elif isinstance(layer, Mapping):
        for name, value in layer.items():
            known = _known(str(name))
            first = FIRST_PARAMETER.get(known, "factor")
            yield known, value if isinstance(value, Mapping) else {} if value is None else {first: value}
    else:
        raise BadSettings(f"{_PREFIX} must hold layers by name or as mappings. Received: {layer!r}")


def _from_layers(layers: list[tuple[str, Config]]) -> Pipeline:
    """A pipeline from layers in order; each sees the scale that Rescaling layers before it made."""
    steps: list[tuple[str, Apply]] = []
    ignored: list[str] = []
    scale, offset = 1.0, 0.0
    for name, config in layers:
        if name == "Rescaling":
            by = _number(config, "scale", 1.0)
            scale, offset = scale * by, offset * by + _number(config, "offset", 0.0)
        elif name in BUILDERS:
            steps.append((name, _between(BUILDERS[name](config), scale, offset)))
        else:
            ignored.append(f"{name} is not simulated")

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        for _, step in steps:
            images = step(images, rng)
        return images

    def standardise(images: FloatArray) -> FloatArray:
        return images * np.float32(scale) + np.float32(offset)

    rescale = scale if any(name == "Rescaling" for name, _ in layers) else None
    return Pipeline(apply=apply, parts=tuple(steps), standardise=standardise, rescale=rescale, ignored=tuple(ignored))


def _between(change: Apply, scale: float, offset: float) -> Apply:
    """A change on another scale: there and back."""

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        if (scale, offset) == (1.0, 0.0):
            return np.asarray(change(images, rng), dtype=np.float32)
        seen = images * np.float32(scale) + np.float32(offset)
        return np.asarray((change(seen, rng) - np.float32(offset)) / np.float32(scale), dtype=np.float32)

    return apply


def _number(config: Config, key: str, default: float) -> float:
    """A number of a Rescaling layer."""
    value = config.get(key, default)
    if isinstance(value, int | float) and not isinstance(value, bool) and (key == "offset" or value):
        return float(value)
    raise BadSettings(f"{_PREFIX}: Rescaling needs a number. Received: {key}={value!r}")


def _layer_name(name: str) -> str | None:
    """The layer of this name, with or without its module, in any case and with or without underscores."""
    plain = name.replace(">", ".").rpartition(".")[2].replace("_", "").lower()
    known = (*BUILDERS, "Rescaling", *sorted(UNSIMULATED))
    return next((k for k in known if k.lower() == plain), None)


def _known(name: str) -> str:
    found = _layer_name(name)
    if found is None:
        raise BadSettings(_unknown(name, (*BUILDERS, "Rescaling", *sorted(UNSIMULATED), *KEYWORDS)))
    return found


def _unknown(name: str, known: Iterable[str]) -> str:
    by_plain = {k.lower().replace("_", ""): k for k in known}
    near = difflib.get_close_matches(name.lower().replace("_", ""), by_plain, n=1, cutoff=0.0)
    return f"Unknown augmentation {name!r} in {_PREFIX}. Did you mean {by_plain[near[0]]!r}?"
