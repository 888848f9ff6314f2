"""Every quantity a check may ask for, computed on first use and then kept, read-only.

Asking is declaring a need: a quantity that cannot be had raises `Unavailable` with the reason, and the
check that asked is skipped with it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.cosine_reading import as_meant, may_be_either
from siamdoctor.data.history import History, read_history
from siamdoctor.data.pairs import Pairs
from siamdoctor.data.samples import FloatArray, IndexArray, Samples
from siamdoctor.data.scaling import Scaling, candidates
from siamdoctor.decision import Rule, deployed_rule
from siamdoctor.drawing import Drawn, draw
from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import Blueprint, Encoder
from siamdoctor.scaling_choice import scaling_in_use, scaling_of_training
from siamdoctor.settings import Settings
from siamdoctor.stats.resampling import Dyads, accuracy_interval, dyads
from siamdoctor.view import View

if TYPE_CHECKING:
    from siamdoctor.models.runtime import Twin
    from siamdoctor.results import Interval
    from siamdoctor.trials.outcome import Outcome

Progress = Callable[[str, float], None]
FREE_SIDE = 64


class Case:
    """One model, one data set and what is known of the run."""

    def __init__(
        self,
        *,
        blueprint: Blueprint | None = None,
        samples: Samples | None = None,
        training_samples: Samples | None = None,
        settings: Settings | None = None,
        load_twin: Callable[[Blueprint], Twin] | None = None,
        progress: Progress | None = None,
        before: Case | None = None,
    ) -> None:
        """Keep what was given; nothing is read, drawn or run yet. before: the case that this one is mended from."""
        self.before = before
        self._blueprint, self._samples, self._training = blueprint, samples, training_samples
        self.settings = settings or Settings()
        self._load_twin = load_twin
        self.progress: Progress = progress or (lambda _what, _share: None)
        self._outcomes: dict[str, Outcome | Unavailable] = {}

    def rng(self, name: str) -> np.random.Generator:
        """A generator of its own for each purpose, so that checks do not disturb one another."""
        return np.random.default_rng([self.settings.seed, zlib.crc32(name.encode())])

    # What was given ---------------------------------------------------------------------------------

    @property
    def blueprint(self) -> Blueprint:
        """The model file, explained."""
        if self._blueprint is None:
            raise Unavailable("no model was given")
        return self._blueprint

    @property
    def samples(self) -> Samples:
        """The data set to judge by."""
        if self._samples is None:
            raise Unavailable("no data set was given")
        return self._samples

    @property
    def encoder(self) -> Encoder:
        """The encoder's description."""
        if self.blueprint.encoder is None:
            raise Unavailable("no encoder was found in the model (name it with model.encoder)")
        return self.blueprint.encoder

    @cached_property
    def twin(self) -> Twin:
        """The model, ready to run."""
        if self._load_twin is None:
            raise Unavailable("the model cannot be run")
        _ = self.encoder
        if self.settings.training.history is not None:
            _ = self.history  # a file that cannot be read is told of before TensorFlow is loaded
        self.progress("loading the model", 0.05)
        return self._load_twin(self.blueprint)

    @cached_property
    def history(self) -> History:
        """The training history that `training.history` names."""
        path = self.settings.training.history
        if path is None:
            raise Unavailable("no training history was given (training.history)")
        return read_history(path)

    @cached_property
    def training(self) -> Case:
        """The same model judged on its training data, if these are known."""
        if self._training is None:
            raise Unavailable("no training data was given (data.train)")
        case = Case(
            blueprint=self._blueprint,
            samples=self._training,
            settings=self.settings,
            load_twin=lambda _: self.twin,
            progress=self.progress,
        )
        case.__dict__["scaling"] = self.scaling
        case.__dict__["rule"] = self.rule
        return case

    @cached_property
    def mended(self) -> Case:
        """This case, or under a sigmoid where its output is 1 by construction (a softmax over one unit)."""
        from siamdoctor.mending import seen_behind_a_constant  # noqa: PLC0415  (mending makes cases)

        return seen_behind_a_constant(self)

    def after(self, *, blueprint: Blueprint, load_twin: Callable[[Blueprint], Twin]) -> Case:
        """This case, the same pairs included, with another model."""
        return Case(
            blueprint=blueprint,
            samples=self._samples,
            training_samples=self._training,
            settings=self.settings,
            load_twin=load_twin,
            progress=self.progress,
            before=self,
        )

    @cached_property
    def known_identities(self) -> float:
        """Share of the identities judged by that training saw, by name: 0 where all are fresh, 1 where none is."""
        here, there = self.samples, self.training.samples
        if not (here.identity_known and there.identity_known):
            raise Unavailable("the identities of the samples are not known")
        seen = set(there.identity_names)
        return sum(name in seen for name in here.identity_names) / max(1, len(here.identity_names))

    # Pairs --------------------------------------------------------------------------------------------

    @cached_property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample as the encoder wants it; free sides are those of the stored samples, else 64."""
        shape, stored = self.encoder.input_shape, self.samples.sample_shape
        known = stored if stored is not None and len(stored) == len(shape) else (None,) * len(shape)
        return tuple(
            wanted if wanted is not None else (have if have is not None else FREE_SIDE)
            for wanted, have in zip(shape, known, strict=True)
        )

    @cached_property
    def drawn(self) -> Drawn:
        """The pairs and the samples that they need, read once."""
        if self.before is not None:
            return self.before.drawn
        self.progress("reading samples", 0.1)
        return draw(self.samples, self.sample_shape, self.settings.data.pairs, self.rng("pairs"))

    @property
    def pairs(self) -> Pairs:
        """The pairs that everything is measured on; left and right are positions in `pixels`."""
        return self.drawn.pairs

    @property
    def used(self) -> IndexArray:
        """(n,) which samples of the data set were read."""
        return self.drawn.used

    @property
    def pixels(self) -> FloatArray:
        """(n, *sample_shape) values as stored."""
        return self.drawn.values

    @cached_property
    def identity(self) -> IndexArray:
        """(n,) identity of each sample read."""
        return self.samples.identity[self.used]

    @cached_property
    def dyads(self) -> Dyads:
        """The pairs prepared for intervals over identities."""
        pairs = self.pairs
        return dyads(pairs.cluster_left, pairs.cluster_right, pairs.same, self.rng("bootstrap"))

    # The model's view of them -------------------------------------------------------------------------

    @cached_property
    def rule(self) -> Rule:
        """How the user decides a pair."""
        written = self.written_rule
        if not may_be_either(written):
            return written
        return as_meant(written, View(twin=self.twin, inputs=self.inputs, pairs=self.pairs, rule=written))

    @cached_property
    def written_rule(self) -> Rule:
        """The rule word for word; enough to choose a scaling by, which the rule as meant needs."""
        return deployed_rule(self.blueprint, self.settings, comparable=self.twin.can_compare)

    @property
    def scaling_declared(self) -> bool:
        """Whether the user said how pixels are scaled."""
        return self.settings.data.rescale is not None

    @cached_property
    def scaling(self) -> Scaling:
        """What happens to stored values before the model: declared, done by the model, or the best found."""
        return scaling_in_use(self) if self.mended is self else self.mended.scaling

    @cached_property
    def scaling_candidates(self) -> tuple[Scaling, ...]:
        """Scalings worth trying for data of this kind, the commonest first."""
        images = self.samples.kind == "images"
        return candidates(self.samples.stored_scale, self.sample_shape, images=images)

    @cached_property
    def scaling_as_in_training(self) -> Scaling | None:
        """What would bring the data to the scale of the training data, where these are known and of another."""
        return scaling_of_training(self)

    @cached_property
    def inputs(self) -> FloatArray:
        """(n, *sample_shape) samples as the deployed model receives them."""
        scaled = self.scaling.apply(self.pixels)
        scaled.setflags(write=False)
        return scaled

    @cached_property
    def deployed(self) -> View:
        """The pairs as the deployed model sees them."""
        self.progress("embedding", 0.2)
        return View(twin=self.twin, inputs=self.inputs, pairs=self.pairs, rule=self.rule)

    def view(self, *, twin: Twin | None = None, scaling: Scaling | None = None, rule: Rule | None = None) -> View:
        """The same pairs seen by another model, through another scaling, or under another rule."""
        inputs = self.inputs if scaling is None else scaling.apply(self.pixels)
        return View(twin=twin or self.twin, inputs=inputs, pairs=self.pairs, rule=rule or self.rule)

    @cached_property
    def untrained(self) -> View:
        """The same pairs as the same network with fresh weights sees them: what training has to beat."""
        return self.view(twin=self.twin.reinitialised(self.settings.seed))

    @cached_property
    def with_fresh_statistics(self) -> View:
        """The same pairs with BatchNormalization's statistics re-estimated on them by forward passes."""
        from siamdoctor.mending import under_fresh_statistics  # noqa: PLC0415  (mending makes cases)

        return under_fresh_statistics(self)

    @property
    def embeddings(self) -> FloatArray:
        """(n, d) embeddings of the samples read."""
        return self.deployed.embeddings

    @cached_property
    def accuracy(self) -> Interval:
        """Balanced accuracy as deployed, with its interval over identities."""
        return accuracy_interval(self.deployed.as_deployed, self.dyads)

    @cached_property
    def tuned_accuracy(self) -> Interval:
        """The same with a threshold from the other half."""
        return accuracy_interval(self.deployed.tuned, self.dyads)

    # Trials -------------------------------------------------------------------------------------------

    def trial(self, name: str) -> Outcome:
        """The outcome of a remedy, applied once and kept; `Unavailable` where it cannot be applied."""
        from siamdoctor.trials import run_trial  # noqa: PLC0415  (trials read cases)

        if name not in self._outcomes:
            self.progress(f"trying: {name}", 0.4)
            try:
                self._outcomes[name] = run_trial(name, self)
            except Unavailable as missing:
                self._outcomes[name] = missing
        outcome = self._outcomes[name]
        if isinstance(outcome, Unavailable):
            raise outcome
        return outcome

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """All remedies tried so far that could be applied."""
        return tuple(o for o in self._outcomes.values() if not isinstance(o, Unavailable))
