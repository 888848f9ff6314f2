"""The callback itself: what Keras calls when, and what it costs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import keras

from siamdoctor.callbacks import feeding
from siamdoctor.callbacks.epochs_file import NAME as HISTORY
from siamdoctor.callbacks.epochs_file import EpochsFile
from siamdoctor.callbacks.facts import Record
from siamdoctor.callbacks.facts_file import write_facts
from siamdoctor.callbacks.looks import Look
from siamdoctor.callbacks.losses import LossFacts, examine_loss
from siamdoctor.callbacks.objections import object_to
from siamdoctor.callbacks.outputs import Probe, head_of, layers_of, plain_loss, try_loss
from siamdoctor.callbacks.pair_statistics import Fed, count_pairs
from siamdoctor.callbacks.signs import Finding, Vigil
from siamdoctor.callbacks.sources import SourceFacts, examine_source
from siamdoctor.stats.signatures import constant_output_losses

if TYPE_CHECKING:
    from siamdoctor.results import Json
    from siamdoctor.settings import LossName

T = TypeVar("T")
# Seconds on the processor for looking at outputs that are always allowed, and a share of the training's beyond.
FREE, SHARE = 0.02, 0.005


class Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Writes siamdoctor.yaml and the history beside the checkpoint, and says so when a training goes wrong.

    What is found out by itself: the loss, its margin and its label convention (from the function, by trying it on
    single pairs), what the pairs are like that `fit` is fed, and the augmentation and rescaling of an
    ImageDataGenerator or of Keras layers. Whatever is given by keyword outranks what is found.

    A training is never ended by a defect of the watch: what cannot be found out is left out, with a word. With
    `stop=True`, a fatal finding sets `model.stop_training`, so `fit` returns as usual, with its history and the
    best weights kept, and `watch.cause` names the cause; it is None where all went well.

    ```python
    watch = Watch("runs/model.keras", same_label=1, stop=True)
    model.fit(pairs, labels, epochs=20, callbacks=[watch])
    raise SystemExit(1 if watch.cause else 0)
    ```
    """

    def __init__(
        self,
        checkpoint: str | Path,
        *,
        data: object = None,
        loss: LossName | None = None,
        same_label: Literal[0, 1] | None = None,
        margin: float | None = None,
        rescale: float | None = None,
        augmentation: Json = None,
        validation: str | Path | None = None,
        train: str | Path | None = None,
        stop: bool = False,
        patience: int = 3,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Keep what the user knows.

        Args:
            checkpoint: the model file that the training saves, or its folder; the files are written beside it.
            data: what `fit` is given, where that is a plain generator: `watch.passing(generator)` is for those.
                Left out, it is read from the running `fit`. A tuple (x, y), a PyDataset or a tf.data set.
            loss: its kind, where `compile` was given none (a training step of your own).
            same_label: the label of a same-class pair.
            margin: of the loss.
            rescale: what the pipeline multiplies stored values by before the model.
            augmentation: ImageDataGenerator keywords, or a list of Keras layers, as siamdoctor.yaml has it.
            validation: path of the data that the model is to be judged on.
            train: path of the training data.
            stop: whether a fatal finding stops the training.
            patience: epochs that a sign must last before it is spoken of.
            tell: takes each sentence; without it they go to standard error.
        """
        super().__init__()
        self.async_safe = True  # Keras then need not wait for each batch's result on our account
        self.stop, self.patience = stop, patience
        self.findings: list[Finding] = []
        self._record = Record(
            checkpoint=Path(checkpoint),
            loss=loss,
            same_label=same_label,
            margin=margin,
            rescale=rescale,
            augmentation=augmentation,
            validation=Path(validation) if validation is not None else None,
            train=Path(train) if train is not None else None,
        )
        self._given = feeding.as_feed(data) if data is not None else None
        self._passed: list[feeding.Batch] = []
        self._tell = tell
        self._epochs = EpochsFile(self._record.folder / HISTORY)
        self._vigil = Vigil(patience=patience)
        self._probe: Probe | None = None
        self._loss = LossFacts(name=None, kind=None)
        self._began = self._looked = self._last_look = 0.0
        self._next_wanted, self._over = 0, False
        self._told: set[str] = set()

    @property
    def cause(self) -> str | None:
        """The id of the first fatal cause; None where there was none."""
        return next((finding.cause for finding in self.findings if finding.fatal), None)

    def passing(self, batches: Iterator[T]) -> Iterator[T]:
        """Hand a plain generator's batches on to `fit`, and look at the first ones as they go by.

        ```python
        model.fit(watch.passing(my_generator()), steps_per_epoch=100, callbacks=[watch])
        ```
        """
        for batch in batches:
            if sum(len(b.sides[0]) for b in self._passed) < feeding.ENOUGH and len(self._passed) < feeding.BATCHES:
                self._passed += self._tried("a batch", partial(_seen, batch), [])
            yield batch

    # What Keras calls ---------------------------------------------------------------------------------

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Find out and write down what can be known before the first step."""
        del logs
        self._over, self._began = False, time.process_time()
        self._vigil = Vigil(patience=self.patience)
        loss = plain_loss(self.model)
        self._loss = self._tried(
            "the loss", lambda: examine_loss(loss, lambda y, d: try_loss(loss, y, d)), LossFacts(name=None, kind=None)
        )
        feed = self._given or feeding.feed_of(self.model)
        source = self._tried("the data", lambda: self._source(feed), SourceFacts())
        self._record.learn(self._loss, source, getattr(self.model, "margin", None))
        batch = self._tried("the first pairs", lambda: feeding.first_batch(feed) if feed is not None else None, None)
        self._meet(batch)
        self._write()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Notice at once when the loss is no number any more."""
        del batch
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            found = self._vigil.after_batch(float(loss), len(self._vigil.losses) + 1)
            self._report([found] if found is not None else [])

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write the epoch down, and judge."""
        logs = dict(logs or {})
        if self._passed and self._record.fed is None:
            self._meet(feeding.joined(self._passed))
        self._tried("the history", lambda: self._epochs.add(epoch, logs), None)
        if self._record.history is None and self._epochs.path.is_file():
            self._record.history = self._epochs.path
            self._write()
        loss = logs.get("loss")
        self._vigil.note(float(loss) if loss is not None else None)
        number = len(self._vigil.losses) or epoch + 1
        wanted = self._vigil.wants_look() and number >= self._next_wanted
        if wanted:
            self._next_wanted = number + self.patience
        self._report(self._vigil.judge(self._look(anyway=wanted or self._vigil.doubts()), number))

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Look a last time, whatever it costs."""
        del logs
        self._over = True
        look = self._look(anyway=True)
        if look is not None:
            self._report(self._vigil.judge(look, len(self._vigil.losses), last=True))

    # What they are made of ----------------------------------------------------------------------------

    def _meet(self, batch: feeding.Batch | None) -> None:
        """Draw what follows from the pairs that were seen: statistics, signatures, objections, a probe."""
        fed: Fed | None = self._tried("the pairs", lambda: count_pairs(batch) if batch is not None else None, None)
        self._record.fed = fed
        ones = fed.ones if fed is not None and fed.ones is not None else 0.5
        positives = 1 - ones if self._loss.similar == 0 else ones
        self._vigil.signatures = constant_output_losses(self._record.loss, self._record.margin, positives)
        head = head_of(self.model)
        self._probe = Probe.of(batch, probability=head.probability) if batch is not None else None
        self._report(
            object_to(
                self._loss,
                fed,
                declared=self._record.same_label,
                head=head,
                metrics=self._tried("the metrics", self._metrics, ()),
            )
        )
        if batch is not None and self._record.history is not None:
            self._write()  # pairs that came by later than the first facts

    def _source(self, feed: feeding.Feed | None) -> SourceFacts:
        return examine_source(feed.x if feed is not None else None, layers_of(self.model))

    def _metrics(self) -> tuple[str, ...]:
        compiled = self.model.get_compile_config() or {}
        return tuple(m for m in feeding.leaves(compiled.get("metrics")) if isinstance(m, str))

    def _look(self, *, anyway: bool = False) -> Look | None:
        """Outputs for the same few inputs, where that costs next to nothing of what the training has cost."""
        began = time.process_time()
        allowed = FREE + SHARE * (began - self._began)
        if self._probe is None or (self._looked + self._last_look > allowed and not anyway):
            return None
        probe = self._probe
        look = self._tried("the outputs", lambda: probe.look(self.model), None)
        took = time.process_time() - began
        self._looked, self._last_look = self._looked + took, took
        self._probe = probe if look is not None else None
        return look

    def _report(self, findings: Iterable[Finding]) -> None:
        """Keep what is new, say it, and stop if that was asked for."""
        for finding in findings:
            if any((f.symptom, f.cause) == (finding.symptom, finding.cause) for f in self.findings):
                continue
            self.findings.append(finding)
            self._say(str(finding))
            if finding.fatal and self.stop and not (self._over or self.model.stop_training):
                self.model.stop_training = True
                self._say(f"stopped, because of {finding.cause}.")

    def _write(self) -> None:
        """Bring siamdoctor.yaml up to date, and say what that changed in a file that was there."""
        record = self._record

        def write() -> tuple[str, ...]:
            record.folder.mkdir(parents=True, exist_ok=True)
            return write_facts(record.folder, record.facts(), record.remarks())

        nothing: tuple[str, ...] = ()
        for said in self._tried("siamdoctor.yaml", write, nothing):
            self._say(said)

    def _say(self, sentence: str) -> None:
        if sentence in self._told:
            return
        self._told.add(sentence)
        if self._tell is not None:
            self._tell(sentence)
            return
        from siamdoctor.cli.output import to_stderr  # noqa: PLC0415  (only there is printed, and only if need be)

        to_stderr(f"\nsiamdoctor: {sentence}")

    def _tried(self, what: str, work: Callable[[], T], otherwise: T) -> T:
        """The result of some work, or what is to be had otherwise, with a word on what failed."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001  (a user's loss, data or model may raise anything; training must go on)
            self._say(f"could not find out about {what} ({type(error).__name__}: {error}); training goes on.")
            return otherwise


def _seen(element: object) -> list[feeding.Batch]:
    """A batch that passed by, where it can be read."""
    batch = feeding.batch_of(element)
    return [batch] if batch is not None else []
