"""Layers that turn text into numbers, as a file describes them: their settings and their words.

Keras may read the words from a file that the model names. Here they come from the model file itself, or from a list
that the user gives; a path among the settings is never followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siamdoctor.models.config import integer, mapping, sequence, short_name
from siamdoctor.models.graph import Layer
from siamdoctor.results import Json

ASSET = "vocabulary.txt"
MOST_WORDS = 2_000_000
MOST_NGRAMS = 10
LONGEST = 1 << 16  # numbers of one text
FUNCTIONS = ("standardize", "split")
STANDARDS = (None, "lower_and_strip_punctuation", "lower", "strip_punctuation")
SPLITS = (None, "whitespace", "character")
# The settings that are passed on, by class; all else of the configuration is left behind.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "TextVectorization": (
        *("standardize", "split", "ngrams", "output_mode", "output_sequence_length", "encoding"),
        *("max_tokens", "pad_to_max_tokens"),
    ),
    "StringLookup": ("num_oov_indices", "mask_token", "oov_token", "output_mode", "encoding"),
    "Hashing": ("num_bins", "mask_value", "salt", "output_mode"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayer:
    """A layer that turns text into numbers.

    config: its settings without the words. vocabulary: its words in order, as stored (with or without those for
    padding and for what is unknown); None where the file holds none. without_words: why, as a sentence. refusal: why
    the layer may not be made, as a sentence. functions: names of the user's functions that it calls.
    length: how many numbers it makes of a text; None where that depends on the text.
    """

    name: str
    class_name: str
    config: Mapping[str, Json]
    vocabulary: tuple[str, ...] | None
    without_words: str | None
    refusal: str | None
    functions: tuple[str, ...] = ()
    length: int | None = None

    @property
    def needs_words(self) -> bool:
        """Whether numbers come from a list of words at all; a hash needs none."""
        return self.class_name != "Hashing"

    @property
    def counts(self) -> bool:
        """Whether it says how often a text has each word, and not which words it has."""
        return self.config.get("output_mode", "int") != "int"

    @property
    def splits(self) -> bool:
        """Whether it takes a whole text, and not single words."""
        return self.class_name == "TextVectorization" and self.config.get("split") is not None


def read_text_layer(layer: Layer, assets: Mapping[str, bytes], supplied: frozenset[str]) -> TextLayer:
    """What a file says of one such layer.

    Args:
        layer: as saved.
        assets: texts that the file keeps beside the weights, by their place in it.
        supplied: names that the user's own code provides.
    """
    known = SETTINGS.get(layer.class_name, ())
    config = {key: layer.config[key] for key in known if key in layer.config}
    functions = tuple(
        short_name(config[key]) or "a lambda" for key in FUNCTIONS if isinstance(config.get(key), dict | list)
    )
    words, missing = _words(layer, assets)
    return TextLayer(
        name=layer.name,
        class_name=layer.class_name,
        config=config,
        vocabulary=words,
        without_words=missing,
        refusal=_refusal(layer, config, functions, supplied),
        functions=functions,
        length=integer(layer.config.get("output_sequence_length")),
    )


def alike(first: TextLayer, other: TextLayer) -> bool:
    """Whether two layers make the same numbers of the same text."""
    return (first.class_name, first.config, first.vocabulary) == (other.class_name, other.config, other.vocabulary)


def _refusal(
    layer: Layer, config: Mapping[str, Json], functions: tuple[str, ...], supplied: frozenset[str]
) -> str | None:
    """Why Keras is not asked to make this layer."""
    named = f"Layer {layer.name!r}"
    if layer.class_name not in SETTINGS:
        return f"{named} takes numbers, not text."
    if layer.is_foreign:
        return f"{named} is of a class that is only named like Keras' {layer.class_name}."
    if "__lambda__" in functions:
        return f"{named} prepares text by a lambda: it holds code, which is not run."
    own = [name for name in functions if name not in supplied]
    if own:
        return (
            f"{named} prepares text by a function of your own, {', '.join(map(repr, own))}. --custom-objects FILE.py, "
            "with the file that defines it, lets it be used; it is run."
        )
    unlike = _unlike_keras(layer, config)
    return None if unlike is None else f"{named} {unlike}."


def _unlike_keras(layer: Layer, config: Mapping[str, Json]) -> str | None:
    """What is wrong with the settings, as the end of a sentence."""
    plain = {key: value for key, value in config.items() if not isinstance(value, dict | list)}
    if plain.get("standardize") not in STANDARDS or plain.get("split") not in SPLITS:
        return "prepares text in a way that Keras does not know"
    ngrams = config.get("ngrams")
    sizes = [ngrams] if ngrams is not None and not isinstance(ngrams, list | dict) else _listed(ngrams)
    if any((size := integer(value)) is None or not 1 <= size <= MOST_NGRAMS for value in sizes):
        return "joins words by the hundred, or by no number at all"
    keys = ("output_sequence_length", "num_bins", "num_oov_indices", "max_tokens")
    whole = [integer(layer.config.get(key)) for key in keys]
    if any(value is not None and not 0 <= value <= (1 << 31) for value in whole) or (whole[0] or 1) > LONGEST:
        return "makes more numbers of a text than any model takes"
    return None


def _listed(value: Json) -> list[Json]:
    """The members of a list or of a tuple as Keras writes it down."""
    return sequence(value) or sequence(mapping(value).get("items"))


def _words(layer: Layer, assets: Mapping[str, bytes]) -> tuple[tuple[str, ...] | None, str | None]:
    """The stored words, or why there are none."""
    inline = layer.config.get("vocabulary")
    if isinstance(inline, str):
        return None, f"Layer {layer.name!r} names a file for its words, and what a model names is not read."
    listed = _listed(inline)
    if listed:
        if not all(isinstance(word, str) for word in listed):
            return None, f"The words of layer {layer.name!r} are no text."
        words = tuple(word for word in listed if isinstance(word, str))
        return (None, twice) if (twice := unusable(words, f"layer {layer.name!r}")) else (words, None)
    size = integer(layer.config.get("vocabulary_size"))
    content = assets.get(_place(layer))
    if content is None:  # a layer that stands in two models is kept with one of them
        fitting = {c for c in assets.values() if size is not None and c.count(b"\n") + 1 == size}
        content = fitting.pop() if len(fitting) == 1 else None
    if content is None:
        return None, f"The file does not hold the words of layer {layer.name!r}."
    return words_of_asset(content, size, f"layer {layer.name!r}")


def _place(layer: Layer) -> str:
    """Where a `.keras` file keeps the words of a layer."""
    return "/".join(["assets", *(f"layers/{slot}" for slot in layer.slots), ASSET])


def words_of_asset(content: bytes, size: int | None, owner: str) -> tuple[tuple[str, ...] | None, str | None]:
    """A word a line, as Keras writes it, or what is wrong with that.

    Args:
        content: the stored text.
        size: how many words the configuration says there are.
        owner: whose words they are, for the message.
    """
    try:
        written = content.decode("utf-8")
    except UnicodeDecodeError:
        return None, f"The stored words of {owner} are not UTF-8 text."
    if written.count("\n") > MOST_WORDS:
        return None, f"The stored words of {owner} are more than {MOST_WORDS}."
    lines = written.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if size is not None and size != len(lines):
        return None, f"The stored words of {owner} are {len(lines)}, and its settings say {size}."
    words = tuple(lines)
    problem = unusable(words, owner)
    return (None, problem) if problem else (words, None)


def unusable(words: tuple[str, ...], owner: str) -> str | None:
    """Why Keras would take no such list of words, as a sentence."""
    if not words:
        return f"The words of {owner} are none."
    if len(words) > MOST_WORDS:
        return f"The words of {owner} are more than {MOST_WORDS}."
    seen: set[str] = set()
    for word in words:
        if word in seen:
            return f"The words of {owner} hold {word[:40]!r} twice."
        seen.add(word)
    return None
