"""How texts become numbers: by the model's own layer, or by a vocabulary that the user names."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import Samples, Text
from siamdoctor.data.vocabulary import FILTERS, PADDING, UNKNOWN, WordList, WordNumbers, read_vocabulary
from siamdoctor.errors import UnreadableData
from siamdoctor.models.config import integer
from siamdoctor.models.text_layers import TextLayer

if TYPE_CHECKING:
    from siamdoctor.models.blueprint import Blueprint
    from siamdoctor.models.graph import Graph, Tensor
    from siamdoctor.results import Json
    from siamdoctor.settings import Settings

Numbers = list[NDArray[np.int64]]
Read = Callable[[Sequence[Text]], Numbers]
PASSING = frozenset({"Identity", "Cast", "Dropout", "SpatialDropout1D"})
HELP = (
    "Name the file that numbers your words with --vocabulary FILE (a word a line, JSON, or what `tokenizer.to_json()` "
    "gives), save the model with its TextVectorization layer inside, or give arrays of the numbers instead of texts."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How texts become numbers.

    said: what was taken for granted. fills_front, cuts_front: texts are filled up with zeros, or cut, at the front.
    """

    read: Read
    said: tuple[str, ...]
    fills_front: bool = False
    cuts_front: bool = False


def reading_of(samples: Samples, blueprint: Blueprint, settings: Settings) -> Reading:
    """What makes numbers of texts, the most faithful first."""
    named = settings.data.vocabulary
    given = None if named is None else read_vocabulary(named)
    layer = blueprint.text
    received = f"Received: data={samples.path}, model={blueprint.path}"
    if layer is None:
        if given is None:
            raise UnreadableData(f"The data are texts, and this model takes numbers. {HELP} {received}")
        return _by_vocabulary(given, blueprint, settings)
    if layer.refusal is not None:
        raise UnreadableData(f"{layer.refusal} Else give the numbers that it makes of your texts. {received}")
    said: tuple[str, ...] = ()
    words = layer.vocabulary
    if words is not None and given is not None:
        said = (f"{given.path.name} is not used: the model holds the words of its layer {layer.name!r}",)
    elif words is None and layer.needs_words:
        if given is None:
            raise UnreadableData(
                f"{layer.without_words} --vocabulary FILE gives them: a word a line, in the order of "
                f"`layer.get_vocabulary()`. {received}"
            )
        words = _in_order(given)
        said = (f"the words of layer {layer.name!r} are those of {given.path.name}",)
    return _by_layer(layer, words, settings.model.custom_objects, said)


def _by_layer(layer: TextLayer, words: tuple[str, ...] | None, own_code: str | None, said: tuple[str, ...]) -> Reading:
    """The model's own layer, made when the first text is read."""

    @cache
    def reader() -> Read:
        from siamdoctor.models.runtime.text import text_reader  # noqa: PLC0415  (TensorFlow: four seconds)

        return text_reader(layer, words, own_code)

    def read(texts: Sequence[Text]) -> Numbers:
        return reader()(texts)

    return Reading(read=read, said=said)


def _by_vocabulary(given: WordList | WordNumbers, blueprint: Blueprint, settings: Settings) -> Reading:
    """A vocabulary of the user's for a model that takes numbers."""
    known = known_numbers(blueprint)
    if isinstance(given, WordList):
        listed = _as_vectorised(given, known)
        if listed is not None:
            layer, said = listed
            found = _by_layer(layer, layer.vocabulary, None, said)
            return dataclasses.replace(
                found,
                fills_front=settings.data.padding == "pre",
                cuts_front=settings.data.truncating == "pre",
            )
        given = _numbered_by_place(given, known)
    padding, truncating = settings.data.padding or "pre", settings.data.truncating or "pre"
    limited, said = _limited(_prepared(given), known)
    return Reading(
        read=lambda texts: [np.array(limited.encode(" ".join(text)), dtype=np.int64) for text in texts],
        said=(*said, *_spoken(limited, padding, truncating, settings)),
        fills_front=padding == "pre",
        cuts_front=truncating == "pre",
    )


def _as_vectorised(given: WordList, known: int | None) -> tuple[TextLayer, tuple[str, ...]] | None:
    """Keras' TextVectorization, where the list is of its kind: 0 fills up, 1 is unknown."""
    whole = given.words[0] in PADDING and len(given.words) > 1 and given.words[1] in UNKNOWN
    if not whole and (given.words[0] in PADDING or known in (len(given.words), len(given.words) + 1)):
        return None
    words = given.words[2:] if whole else given.words
    upper, marks = _kept(words)
    standards = {
        (False, False): "lower_and_strip_punctuation",
        (True, False): "strip_punctuation",
        (False, True): "lower",
        (True, True): None,
    }
    letters = all(len(word) == 1 for word in words)
    config: dict[str, Json] = {
        "standardize": standards[upper, bool(marks)],
        "split": "character" if letters else "whitespace",
        "output_mode": "int",
    }
    layer = TextLayer(
        name="words",
        class_name="TextVectorization",
        config=config,
        vocabulary=words,
        without_words=None,
        refusal=None,
    )
    said = (
        f"texts become numbers by {given.path.name} as Keras' TextVectorization(standardize={config['standardize']!r}, "
        f"split={config['split']!r}) does it: 0 fills up, 1 is an unknown word"
        + ("" if whole else ", and the first word has number 2")
    )
    return layer, (said,)


def _kept(words: Collection[str]) -> tuple[bool, frozenset[str]]:
    """Whether a vocabulary tells upper from lower case, and the punctuation that its words hold."""
    plain = [word for word in words if word not in UNKNOWN and word not in PADDING]
    marks = frozenset(string.punctuation).intersection(*[frozenset().union(*plain)]) if plain else frozenset()
    return any(word != word.lower() for word in plain), marks


def _numbered_by_place(given: WordList, known: int | None) -> WordNumbers:
    """A list whose words have the numbers of their lines, from 1 where that makes as many as the model knows."""
    first = 1 if known == len(given.words) + 1 else 0
    numbers = {word: place for place, word in enumerate(given.words, start=first)}
    unknown = next((numbers[word] for word in UNKNOWN if word in numbers), None)
    return WordNumbers(path=given.path, numbers=numbers, unknown=unknown)


def _prepared(given: WordNumbers) -> WordNumbers:
    """Keras' default ways with case and punctuation, unless the words themselves show others."""
    if given.is_tokenizer:
        return given
    upper, marks = _kept(given.numbers)
    return dataclasses.replace(
        given,
        lower=not upper,
        filters="".join(mark for mark in FILTERS if mark not in marks),
        char_level=all(len(word) == 1 for word in given.numbers if word not in UNKNOWN),
    )


def _limited(given: WordNumbers, known: int | None) -> tuple[WordNumbers, tuple[str, ...]]:
    """The vocabulary without numbers beyond those that the model knows, as `num_words` leaves them out."""
    highest = max(given.numbers.values())
    if known is None or highest < known or given.limit is not None:
        return given, ()
    said = f"words with numbers from {known} on count as unknown, since the model's Embedding has {known} rows"
    return dataclasses.replace(given, limit=known), (said,)


def _spoken(given: WordNumbers, padding: str, truncating: str, settings: Settings) -> tuple[str, ...]:
    """What is taken for granted of a text's way to numbers."""
    unknown = "are left out" if given.unknown is None else f"have number {given.unknown}"
    how = "" if given.is_tokenizer else ", as Keras' Tokenizer does by default"
    ends = {"pre": "front", "post": "end"}
    declared = settings.data.padding is not None
    kinds = ("lower case, " if given.lower else "") + ("letter by letter, " if given.char_level else "")
    first = f"texts become numbers by {given.path.name}{how}: {kinds}words that it does not list {unknown}"
    second = f"texts are filled up with zeros at the {ends[padding]} and cut at the {ends[truncating]}"
    return first, second + ("" if declared else " (no data.padding declared)")


def _in_order(given: WordList | WordNumbers) -> tuple[str, ...]:
    """The words in the order of their numbers, for a layer that numbers them itself."""
    if isinstance(given, WordList):
        return given.words
    ordered = sorted(given.numbers, key=given.numbers.__getitem__)
    first = given.numbers[ordered[0]]
    if [given.numbers[word] for word in ordered] != list(range(first, first + len(ordered))):
        raise UnreadableData(
            f"The numbers of the words leave gaps, and the model's layer numbers words by their order. "
            f"Received: vocabulary={given.path}. Give `layer.get_vocabulary()`, a word a line."
        )
    return tuple(ordered)


def known_numbers(blueprint: Blueprint) -> int | None:
    """How many numbers the layer that first reads them knows: the rows of an Embedding."""
    graph = None if blueprint.parts is None else blueprint.parts.encoder
    if graph is None:
        return None
    rows = []
    for call in graph.calls:
        layer = graph.layers[call.layer]
        read = call.tensors()
        if layer.class_name == "Embedding" and read and _handed_on(graph, read[0]) in graph.inputs:
            rows.append(integer(layer.config.get("input_dim")))
    return min((size for size in rows if size is not None), default=None)


def _handed_on(graph: Graph, tensor: Tensor) -> Tensor:
    """What a tensor is before layers that change no number."""
    while graph.layer_of(tensor).class_name in PASSING and graph.calls[tensor.call].tensors():
        tensor = graph.calls[tensor.call].tensors()[0]
    return tensor
