"""What `siamdoctor.callbacks.Watch` costs a training, as a share of it, in one run.

    python benchmarks/callback_overhead.py [--rounds 5] [--epochs 20] [--pairs 8000] [--dataset digits]

The same network is trained on the same pairs, in turn with the watch, without it, and without it once more, each
from the same weights; how far the two trainings without differ is the noise of the machine.
Judged is processor time, since other programs make the clock's wander. The first round of each is not counted:
TensorFlow compiles in it. Two figures are shown: the difference of the least times, since other programs can only
add to one, and what the watch itself spends between being called and returning, which is hardly disturbed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from siamdoctor.models.runtime import import_keras

import_keras()

import keras  # noqa: E402  (after the environment is set)
import numpy as np  # noqa: E402  (the same)
from siamdoctor.callbacks import Watch  # noqa: E402  (the same)
from siamdoctor.faults.datasets import load_splits  # noqa: E402  (the same)
from siamdoctor.faults.pairing import draw_training_pairs  # noqa: E402  (the same)
from siamdoctor.faults.recipe import DataPlan, PairPlan  # noqa: E402  (the same)

BOUND = 0.02
Pairs = tuple[list[np.ndarray], np.ndarray]


class Timed(Watch):
    """A watch that adds up its own time on the processor."""

    spent = 0.0

    def _clocked(self, work: Callable[[], None]) -> None:
        began = time.thread_time()
        work()
        self.spent += time.thread_time() - began

    def on_train_begin(self, logs: object = None) -> None:
        """Count the setting out."""
        self._clocked(lambda: super(Timed, self).on_train_begin(logs))

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Count the end of each epoch."""
        self._clocked(lambda: super(Timed, self).on_epoch_end(epoch, logs))

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Count each batch."""
        self._clocked(lambda: super(Timed, self).on_train_batch_end(batch, logs))

    def on_train_end(self, logs: object = None) -> None:
        """Count the last look."""
        self._clocked(lambda: super(Timed, self).on_train_end(logs))


def main() -> None:
    """Train in turn with and without, and print both shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=8000)
    parser.add_argument("--dataset", default="digits")
    options = parser.parse_args()
    pairs = _pairs(options.dataset, options.pairs)
    model = _twin(pairs[0][0].shape[1:])
    start = model.get_weights()
    without, again, beside, own = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.rounds + 1):
            watch = Timed(Path(folder) / "model.keras", same_label=1)
            arms: list[tuple[list[Watch], list[float]]] = [([], without), ([watch], beside), ([], again)]
            for callbacks, times in (*arms[turn % 3 :], *arms[: turn % 3]):
                times.append(_trained(model, start, pairs, options.epochs, callbacks))
            own.append(watch.spent)
    _show(without[1:], again[1:], beside[1:], own[1:])


def _pairs(dataset: str, count: int) -> Pairs:
    split = load_splits(DataPlan(dataset=dataset), 0).train
    drawn = draw_training_pairs(split.identity, PairPlan(count=count), np.random.default_rng(0))
    x = split.x.astype(np.float32) / 255
    return [x[drawn.left], x[drawn.right]], drawn.label


def _twin(shape: tuple[int, ...]) -> keras.Model:
    """A small convolutional twin under a sigmoid, as the tutorials have it."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(16, 3, activation="relu", padding="same"), keras.layers.MaxPooling2D(2)]
    encoder = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(32)])
    left, right = keras.Input(shape), keras.Input(shape)
    apart = keras.ops.absolute(encoder(left) - encoder(right))
    model = keras.Model([left, right], keras.layers.Dense(1, activation="sigmoid")(apart))
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def _trained(model: keras.Model, start: list[np.ndarray], pairs: Pairs, epochs: int, callbacks: list[Watch]) -> float:
    """Processor seconds of one training from the same weights."""
    model.set_weights(start)
    began = time.process_time()
    model.fit(*pairs, epochs=epochs, batch_size=32, verbose=0, callbacks=callbacks)
    return time.process_time() - began


def _show(without: list[float], again: list[float], beside: list[float], own: list[float]) -> None:
    """Times, and both shares, the watch's own against the bound."""
    base, longer = min(without), min(beside)
    share = statistics.median(own) / base
    print(f"training without the watch {base:8.2f} s on the processor (least of {len(without)})")
    print(f"with it                    {longer:8.2f} s, {(longer - base) / base:+.2%}")
    print(f"without it once more       {min(again):8.2f} s, {(min(again) - base) / base:+.2%}: the noise")
    print(f"the watch's own time       {share:8.2%}   {'within' if share <= BOUND else 'beyond'} {BOUND:.0%}")


if __name__ == "__main__":
    main()
