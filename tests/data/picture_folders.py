"""Folders of generated pictures for the tests of reading."""

import numpy as np
from PIL import Image


def picture(seed, shape=(12, 10), mode="L"):
    """A picture of smooth noise, so that JPEG keeps it roughly."""
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, *channels), dtype=np.uint8)
    return Image.fromarray(coarse, mode=None).resize(shape[::-1], Image.Resampling.BILINEAR)


def fill(folder, count=3, *, seed=0, suffix=".png", mode="L", shape=(12, 10)):
    """Write so many pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        picture(seed * 1000 + k, shape, mode).save(folder / f"p{k}{suffix}")
    return folder
