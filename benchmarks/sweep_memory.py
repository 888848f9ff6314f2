"""Peak memory of `sweep-margin --depth head`, by the number of images on disk, in one run.

    python benchmarks/sweep_memory.py [--sizes 2000,20000] [--side 96]

Only images in drawn pairs are decoded, at most 256 MB of them train, and features are taken batch by batch, so
the peak should not grow with the folder. Beside it stands what all images would fill as float32. The files are
hard links to a few hundred PNGs, and the model is untrained; each size is swept in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from siamdoctor.models.runtime import import_keras

IDENTITIES, REAL, MEGABYTE = 100, 300, 1024**2


def main() -> None:
    """Sweep folders of growing size and print the peak of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,20000")
    parser.add_argument("--side", type=int, default=96, help="of the images, in pixels")
    options = parser.parse_args()
    print(f"{'images':>9}{'as float32':>12}{'peak MB':>9}{'seconds':>9}", flush=True)
    for size in (int(word) for word in options.sizes.split(",")):
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            _fill(folder / "data", size, options.side)
            _save(folder / "model.keras", options.side)
            began = time.perf_counter()
            peak = _peak(folder)
        whole = size * options.side**2 * 3 * 4 / MEGABYTE
        print(f"{size:9}{whole:12.0f}{peak:9.0f}{time.perf_counter() - began:9.1f}", flush=True)


def _fill(root: Path, size: int, side: int) -> None:
    """Class folders with so many images in all; each identity has a brightness of its own."""
    rng = np.random.default_rng(0)
    originals = root / ".originals"  # hidden: passed over when the folder is read
    originals.mkdir(parents=True)
    for number in range(REAL):
        light = 60 + 1.3 * (number % IDENTITIES)
        picture = np.clip(rng.normal(light, 40, (side, side, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(picture).save(originals / f"{number}.png")
    for identity in range(IDENTITIES):
        (root / f"identity_{identity:03}").mkdir()
    for number in range(size):
        target = root / f"identity_{number % IDENTITIES:03}" / f"image_{number:06}.png"
        os.link(originals / f"{number % REAL}.png", target)


def _save(path: Path, side: int) -> None:
    """Untrained twins with a Euclidean head."""
    import_keras()
    import keras  # noqa: PLC0415  (silently, and with the user's keras.json out of the way)

    keras.utils.set_random_seed(0)
    layers = keras.layers
    shape = (side, side, 3)
    stack = [layers.AveragePooling2D(8), layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(16)]
    encoder = keras.Sequential([keras.Input(shape), *stack], name="encoder")
    left, right = keras.Input(shape), keras.Input(shape)
    total = keras.ops.sum(keras.ops.square(encoder(left) - encoder(right)), axis=1, keepdims=True)
    keras.Model([left, right], keras.ops.sqrt(keras.ops.maximum(total, 1e-7))).save(path)


def _peak(folder: Path) -> float:
    """Megabytes that the command had at most."""
    words = ["sweep-margin", str(folder / "model.keras"), str(folder / "data"), "--depth", "head", "--format", "json"]
    child = subprocess.Popen([sys.executable, "-m", "siamdoctor", *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"sweep-margin ended with {child.returncode}")
    return usage.ru_maxrss / (1024 if sys.platform != "darwin" else MEGABYTE)


if __name__ == "__main__":
    main()
