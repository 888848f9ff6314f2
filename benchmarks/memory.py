"""Peak memory of reading a data set, by the number of images on disk, in one run.

    python benchmarks/memory.py [--sizes 2000,20000,200000]

Only images in drawn pairs are decoded, so memory should not grow with the folder but for the names of its files.
The files are hard links to a few hundred small PNGs. Each size is read in a process of its own, without TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAIRS, SIDE, IDENTITIES, REAL = 2000, 28, 100, 300


def main() -> None:
    """Read folders of growing size and print the peak of each, and its ratio to the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,20000,200000")
    parser.add_argument("--read", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read is not None:
        print(json.dumps(_read(options.read)))
        return
    first = None
    print(f"{'files':>9}{'decoded':>9}{'peak MB':>9}{'ratio':>7}{'seconds':>9}")
    for size in (int(word) for word in options.sizes.split(",")):
        with tempfile.TemporaryDirectory() as made:
            _fill(Path(made), size)
            words = [sys.executable, __file__, "--read", made]
            done = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)
        first = first or done["peak"]
        print(
            f"{size:9}{done['decoded']:9.0f}{done['peak']:9.0f}{done['peak'] / first:7.2f}{done['seconds']:9.1f}",
            flush=True,
        )


def _fill(root: Path, size: int) -> None:
    """Class folders with so many images in all."""
    import numpy as np  # noqa: PLC0415  (the process that is measured imports its own)
    from PIL import Image  # noqa: PLC0415

    rng = np.random.default_rng(0)
    originals = root / ".originals"  # hidden: passed over when the folder is read
    originals.mkdir()
    for number in range(REAL):
        Image.fromarray(rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)).save(originals / f"{number}.png")
    for identity in range(IDENTITIES):
        (root / f"identity_{identity:03}").mkdir()
    for number in range(size):
        target = root / f"identity_{number % IDENTITIES:03}" / f"image_{number:06}.png"
        os.link(originals / f"{number % REAL}.png", target)


def _read(root: Path) -> dict[str, float]:
    """What a diagnosis does before the model: read the folder, draw pairs, decode their images."""
    import numpy as np  # noqa: PLC0415  (part of what is measured)
    from siamdoctor.data.pairs import draw_pairs  # noqa: PLC0415
    from siamdoctor.data.reading import read_samples  # noqa: PLC0415

    began = time.perf_counter()
    samples = read_samples(root)
    pairs = draw_pairs(samples.identity, PAIRS, np.random.default_rng(0))
    used = np.unique(np.concatenate([pairs.left, pairs.right]))
    pixels = samples.load(used, (SIDE, SIDE, 1))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    assert not {"tensorflow", "keras"} & set(sys.modules)
    return {"decoded": float(len(pixels)), "peak": peak, "seconds": seconds}


if __name__ == "__main__":
    main()
