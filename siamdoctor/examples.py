"""Small data for the examples of the manual, so that each can be copied and run as it stands.

The digits are those of the UCI test set that ships with scikit-learn.
"""

from __future__ import annotations

import numpy as np

from siamdoctor.data.samples import FloatArray, IndexArray


def digits() -> tuple[FloatArray, IndexArray]:
    """1,797 handwritten digits: (n, 64) pixels between 0 and 1, row by row, and (n,) which digit each is."""
    from sklearn.datasets import load_digits  # noqa: PLC0415  (takes a second, which `import siamdoctor` must not)

    pixels, identity = load_digits(return_X_y=True)
    return (pixels / 16).astype(np.float32), identity.astype(np.int64)


def digit_pairs(count: int = 1000, *, seed: int = 0) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Pairs of digits, half of them of one class, no digit with itself.

    Args:
        count: how many pairs; an odd one is rounded down.
        seed: the same seed gives the same pairs.

    Returns:
        left and right, each (count, 64) with pixels between 0 and 1, and (count, 1) with 1 for a pair of one class.
    """
    x, y = digits()
    rng = np.random.default_rng(seed)
    left = rng.integers(0, len(x), size=count // 2)
    alike = np.array([rng.choice(np.setdiff1d(np.flatnonzero(y == y[i]), i)) for i in left])
    other = np.array([rng.choice(np.flatnonzero(y != y[i])) for i in left])
    order = rng.permutation(2 * len(left))
    same = np.repeat([1.0, 0.0], len(left)).astype(np.float32)[order, None]
    return x[np.tile(left, 2)][order], x[np.concatenate([alike, other])][order], same
