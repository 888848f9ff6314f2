"""The names that public code gives to arrays of samples, labels and pairs."""

from __future__ import annotations

from collections.abc import Iterable

SAMPLES = (
    *("x", "images", "image", "imgs", "data", "features", "samples", "embeddings"),
    *("texts", "text", "sentences", "arr_0"),
)
LABELS = ("y", "labels", "label", "target", "targets", "classes", "identity", "identities", "arr_1")
IMAGES = frozenset({"images", "image", "imgs", "left_images", "image1", "img1", "pairs"})
SIDES = (
    ("left", "right"),
    ("x1", "x2"),
    ("left_images", "right_images"),
    ("image1", "image2"),
    ("image_1", "image_2"),
    ("img1", "img2"),
    ("x_left", "x_right"),
    ("input_1", "input_2"),
    ("sentence1", "sentence2"),
    ("question1", "question2"),
    ("text_a", "text_b"),
    ("text1", "text2"),
    ("a", "b"),
)
STACKED = ("pairs", "pair", "x_pairs")
PAIR_LABELS = ("same", "is_same", "labels", "label", "y", "target", "targets", "y_pairs", "is_duplicate")
SPLITS = {
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "te", "eval"),
    "train": ("train", "training", "tr"),
}
PREFERENCE = ("val", "test", "", "train")


def samples_and_labels(names: Iterable[str], split: str) -> tuple[str, str] | None:
    """Names of the samples and labels of one split ("" = without a split's name)."""
    for suffix in SPLITS.get(split, ("",)):
        x, y = _first(names, SAMPLES, suffix), _first(names, LABELS, suffix)
        if x is not None and y is not None:
            return x, y
    return None


def pairs_and_labels(names: Iterable[str], split: str) -> tuple[tuple[str, ...], str] | None:
    """Names of the two sides (or of the one array that holds both) and the labels of one split."""
    for suffix in SPLITS.get(split, ("",)):
        label = _first(names, PAIR_LABELS, suffix)
        if label is None:
            continue
        for left, right in SIDES:
            sides = _first(names, (left,), suffix), _first(names, (right,), suffix)
            if sides[0] is not None and sides[1] is not None:
                return (sides[0], sides[1]), label
        stacked = _first(names, STACKED, suffix)
        if stacked is not None:
            return (stacked,), label
    return None


def called_images(name: str) -> bool:
    """Whether an array's name, without that of its split, says that it holds images."""
    parts = name.lower().replace("-", "_").split("_")
    splits = {s for spellings in SPLITS.values() for s in spellings}
    return "_".join(p for p in parts if p not in splits) in IMAGES


def _first(names: Iterable[str], bases: tuple[str, ...], suffix: str) -> str | None:
    """The first array that is called base, base_suffix or suffix_base, in any case."""
    known = {name.lower().replace("-", "_"): name for name in names}
    for base in bases:
        spellings = (f"{base}_{suffix}", f"{suffix}_{base}", f"{base}{suffix}") if suffix else (base,)
        for spelling in spellings:
            if spelling in known:
                return known[spelling]
    return None
