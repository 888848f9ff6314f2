"""Which keywords Keras' ImageDataGenerator takes, and of which kind their values are."""

from __future__ import annotations

from collections.abc import Callable

from siamdoctor.data.generator import Shift
from siamdoctor.errors import BadSettings
from siamdoctor.results import Json

UNUSED = {
    "featurewise_center": "it depends on the training data",
    "featurewise_std_normalization": "it depends on the training data",
    "zca_whitening": "it depends on the training data",
    "zca_epsilon": "it belongs to zca_whitening",
    "preprocessing_function": "functions are not run",
    "data_format": "images are taken channels last",
    "validation_split": "it changes no image",
    "dtype": "values are float32",
}
FILL_MODES = ("nearest", "constant", "reflect", "wrap")
SPLINES = range(6)  # orders of interpolation that scipy has
Pair = tuple[float, float]


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _numbers(value: Json) -> tuple[float, ...] | None:
    """A list of numbers, not empty; whole ones stay whole."""
    if not isinstance(value, list) or not value:
        return None
    kept = tuple(v for v in value if isinstance(v, int | float) and not isinstance(v, bool))
    return kept if len(kept) == len(value) else None


def _flag(value: Json) -> bool | None:
    return bool(value) if isinstance(value, bool | int) else None


def _shift(value: Json) -> Shift | None:
    """A fraction or pixels as a number (whole ones mean something else than fractions), or a list of pixels."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value)
    return _numbers(value)


def _pair(value: Json) -> Pair | None:
    numbers = _numbers(value)
    return (float(numbers[0]), float(numbers[1])) if numbers and len(numbers) == 2 else None  # noqa: PLR2004  (two ends)


def _zoom(value: Json) -> Pair | None:
    """[low, high], or a number z for [1 - z, 1 + z]."""
    number = _number(value)
    return (1 - number, 1 + number) if number is not None else _pair(value)


def _fill(value: Json) -> str | None:
    return value if isinstance(value, str) and value in FILL_MODES else None


def _order(value: Json) -> int | None:
    return value if isinstance(value, int) and value in SPLINES else None


_KINDS: dict[str, tuple[str, Callable[[Json], object]]] = {
    **dict.fromkeys(("rotation_range", "shear_range", "channel_shift_range", "cval", "rescale"), ("a number", _number)),
    **dict.fromkeys(
        ("horizontal_flip", "vertical_flip", "samplewise_center", "samplewise_std_normalization"),
        ("true or false", _flag),
    ),
    **dict.fromkeys(("width_shift_range", "height_shift_range"), ("a number or a list of pixels", _shift)),
    "zoom_range": ("a number or [low, high]", _zoom),
    "brightness_range": ("[low, high]", _pair),
    "fill_mode": (f"one of {', '.join(FILL_MODES)}", _fill),
    "interpolation_order": ("0 to 5", _order),
}
KEYWORDS = (*_KINDS, *UNUSED)


def keyword(key: str, value: Json) -> object:
    """The value of one known keyword as `Generator` takes it.

    Raises:
        BadSettings: the value is of the wrong kind.
    """
    wanted, convert = _KINDS[key]
    converted = convert(value)
    if converted is None:
        raise BadSettings(f"training.augmentation.{key} must be {wanted}. Received: {key}={value!r}")
    return converted
