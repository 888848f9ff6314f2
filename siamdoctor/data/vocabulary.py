"""Words and their numbers, in a file that the user names: a list, a mapping, or a Tokenizer of Keras."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from siamdoctor.errors import UnreadableData
from siamdoctor.results import Json

MAX_BYTES = 32 << 20
MOST_WORDS = 2_000_000
FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # Keras' default
UNKNOWN = ("[UNK]", "<UNK>", "<unk>", "<OOV>", "<oov>", "UNK", "OOV", "unk", "oov")
PADDING = ("", "[PAD]", "<PAD>", "<pad>", "PAD", "pad")
ACCEPTED = (
    'Accepted are a word a line (as `"\\n".join(layer.get_vocabulary())` gives), and as JSON a list of words, '
    '{"word": number}, or what `tokenizer.to_json()` gives.'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    """Words in order, as `get_vocabulary()` of a text layer gives them."""

    path: Path
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordNumbers:
    """Words with their numbers, and how a text becomes words: the settings of Keras' Tokenizer.

    unknown: number of words that are not listed; None where these are left out. limit: words with this number or a
    higher one count as not listed. is_tokenizer: whether the settings stand in the file and are not Keras' defaults.
    """

    path: Path
    numbers: Mapping[str, int]
    lower: bool = True
    filters: str = FILTERS
    split: str = " "
    char_level: bool = False
    unknown: int | None = None
    limit: int | None = None
    is_tokenizer: bool = False

    def encode(self, text: str) -> list[int]:
        """The numbers of a text."""
        lowered = text.lower() if self.lower else text
        found = []
        for word in lowered if self.char_level else self._words(lowered):
            number = self.numbers.get(word)
            if number is None or (self.limit is not None and number >= self.limit):
                number = self.unknown
            if number is not None:
                found.append(number)
        return found

    def _words(self, text: str) -> list[str]:
        table = str.maketrans(dict.fromkeys(self.filters, self.split))
        return [word for word in text.translate(table).split(self.split) if word]


def read_vocabulary(path: Path) -> WordList | WordNumbers:
    """Read a vocabulary.

    Raises:
        UnreadableData: it is missing, of no known form, too large, or holds a word twice.
    """
    content = _content(path)
    if content.lstrip()[:1] in ("{", "[", '"') and path.suffix.lower() != ".txt":
        return _of_json(_parsed(content, path), path)
    lines = content.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return _listed(lines, path)


def _content(path: Path) -> str:
    """The file as text."""
    try:
        if not path.is_file():
            raise UnreadableData(f"There is no such vocabulary file. Received: vocabulary={path}")
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableData(f"The vocabulary is larger than {MAX_BYTES >> 20} MB. Received: vocabulary={path}")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableData(
            f"The vocabulary cannot be read ({error.strerror}). Received: vocabulary={path}"
        ) from error
    if content[:1] == b"\x80":
        raise UnreadableData(
            f"Pickled vocabularies are refused, because unpickling could run code. Received: vocabulary={path}. Write "
            "it as JSON: `open('vocabulary.json', 'w').write(tokenizer.to_json())`."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableData(f"The vocabulary is not UTF-8 text. Received: vocabulary={path}. {ACCEPTED}") from error


def _parsed(content: str, path: Path) -> Json:
    """JSON; where it holds JSON as a string, what that says."""
    try:
        value: Json = json.loads(content)
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError) as error:
        raise UnreadableData(f"The vocabulary is not valid JSON. Received: vocabulary={path}. {ACCEPTED}") from error


def _of_json(value: Json, path: Path) -> WordList | WordNumbers:
    """A vocabulary from JSON of whichever form."""
    if isinstance(value, list):
        return _listed(value, path)
    if not isinstance(value, dict):
        raise UnreadableData(f"These are no words with numbers. Received: vocabulary={path}. {ACCEPTED}")
    config = value.get("config")
    if value.get("class_name") == "Tokenizer" and isinstance(config, dict):
        return _of_tokenizer(config, path)
    if isinstance(value.get("model"), dict):
        raise UnreadableData(
            "This is a tokenizer that takes words apart, which is not done here. "
            f"Received: vocabulary={path}. Give arrays of the numbers that it makes of your texts."
        )
    numbers = _numbered(value, path)
    return WordNumbers(path=path, numbers=numbers, unknown=next((numbers[w] for w in UNKNOWN if w in numbers), None))


def _of_tokenizer(config: Mapping[str, Json], path: Path) -> WordNumbers:
    """Keras' Tokenizer, which keeps its words as JSON within JSON."""
    index = config.get("word_index")
    numbers = _numbered(_parsed(index, path) if isinstance(index, str) else index, path)
    lower, char_level, limit = config.get("lower"), config.get("char_level"), config.get("num_words")
    filters, split, unknown = config.get("filters"), config.get("split"), config.get("oov_token")
    return WordNumbers(
        path=path,
        numbers=numbers,
        lower=lower is not False,
        filters=filters if isinstance(filters, str) else "" if isinstance(filters, list) and not filters else FILTERS,
        split=split if isinstance(split, str) and split else " ",
        char_level=char_level is True,
        unknown=numbers.get(unknown) if isinstance(unknown, str) else None,
        limit=limit if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 else None,
        is_tokenizer=True,
    )


def _numbered(value: Json, path: Path) -> dict[str, int]:
    """Words with whole numbers that are not negative."""
    if not isinstance(value, dict) or not 0 < len(value) <= MOST_WORDS:
        raise UnreadableData(f"These are no words with numbers. Received: vocabulary={path}. {ACCEPTED}")
    found: dict[str, int] = {}
    for word, number in value.items():
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 31:
            raise UnreadableData(
                f"A word's number is no whole number from 0 on. Received: vocabulary={path}, {word[:40]!r}: "
                f"{str(number)[:40]}. {ACCEPTED}"
            )
        found[word] = number
    return found


def _listed(lines: list[Json] | list[str], path: Path) -> WordList:
    """A list of words, each there once."""
    words: list[str] = []
    seen: set[str] = set()
    for word in lines:
        if not isinstance(word, str) or word in seen:
            what = "A word is there twice" if isinstance(word, str) else "A word is no text"
            raise UnreadableData(f"{what}. Received: vocabulary={path}, word={str(word)[:40]!r}. {ACCEPTED}")
        seen.add(word)
        words.append(word)
    if not words or len(words) > MOST_WORDS:
        raise UnreadableData(f"The vocabulary has {len(words)} words. Received: vocabulary={path}. {ACCEPTED}")
    if sum(word.startswith("##") for word in words) > len(words) / 100:
        raise UnreadableData(
            "This vocabulary holds pieces of words (##ing), and taking words apart is not done here. "
            f"Received: vocabulary={path}. Give arrays of the numbers that your tokenizer makes of your texts."
        )
    return WordList(path=path, words=tuple(words))
