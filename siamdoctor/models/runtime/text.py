"""The layer that a model turns text into numbers with, made anew from checked settings and a list of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.config import mapping, sequence, short_name
from siamdoctor.models.runtime.backend import import_keras, silenced
from siamdoctor.models.runtime.user_code import own_objects
from siamdoctor.models.text_layers import FUNCTIONS, TextLayer
from siamdoctor.results import Json

if TYPE_CHECKING:
    import keras

BATCH = 1024
Texts = Sequence[tuple[str, ...]]
Numbers = list[NDArray[np.int64]]


def text_reader(layer: TextLayer, words: tuple[str, ...] | None, own_code: str | None) -> Callable[[Texts], Numbers]:
    """What turns texts into rows of numbers, exactly as Keras does.

    Args:
        layer: the layer as the model file describes it, which was not refused.
        words: its words in order; None for a layer that needs none.
        own_code: module or file that defines the functions the layer calls, which is run.

    Raises:
        UnreadableModel: Keras takes no such layer or no such words.
    """
    import_keras()
    made = _made(layer, words, own_code)

    def read(texts: Texts) -> Numbers:
        rows: Numbers = []
        for start in range(0, len(texts), BATCH):
            rows.extend(_rows(layer, made, texts[start : start + BATCH]))
        return rows

    return read


def _made(layer: TextLayer, words: tuple[str, ...] | None, own_code: str | None) -> keras.layers.Layer:
    """The layer; words go in as a list and never by way of a path."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    config: dict[str, object] = {key: _plain(value) for key, value in layer.config.items()}
    if words is not None:
        config["vocabulary"] = list(words)
        if not config.get("pad_to_max_tokens"):
            config.pop("max_tokens", None)  # it bounded the list when that was made, and Keras counts otherwise now
    own = own_objects(own_code if layer.functions else None)
    for key in FUNCTIONS:
        if isinstance(layer.config.get(key), dict):
            config[key] = own[short_name(layer.config[key]) or ""]  # the function itself: nothing of the file is made
    try:
        with silenced():
            return getattr(keras.layers, layer.class_name)(**config)
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UnreadableModel(
            f"Keras cannot make the layer that turns text into numbers ({reason[:200]}). Give the numbers that it "
            f"makes of your texts, or another list with --vocabulary. Received: layer={layer.name!r}"
        ) from error


def _plain(value: Json) -> object:
    """A setting as the constructor takes it: sizes of groups of words are a tuple there."""
    listed = value if isinstance(value, list) else sequence(mapping(value).get("items"))
    return tuple(listed) if listed else value


def _rows(layer: TextLayer, made: keras.layers.Layer, texts: Texts) -> Numbers:
    """Numbers of a few texts, each as long as Keras makes it."""
    import tensorflow as tf  # noqa: PLC0415  (loaded by then, by `import_keras`)

    try:
        with silenced(), tf.device("CPU:0"):
            numbers = made(tf.constant([list(text) for text in texts]))
    except Exception as error:  # a function of the user's may raise anything, and Keras raises what TensorFlow does
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UnreadableModel(
            f"The model's layer that turns text into numbers fails on these texts ({reason[:200]}). "
            f"Received: layer={layer.name!r}, pieces of a text={len(texts[0])}"
        ) from error
    found = numbers.to_list() if isinstance(numbers, tf.RaggedTensor) else np.asarray(numbers).tolist()
    return [np.asarray(row, dtype=np.int64).reshape(-1) for row in found]
