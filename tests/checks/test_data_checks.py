"""Checks of data and pairs: the fault, a near miss that stays clear, and what must make no difference."""

import numpy as np
import pytest
from scipy.special import expit
from siamdoctor.data.samples import Unreadable
from siamdoctor.errors import Unavailable
from siamdoctor.registry import find
from siamdoctor.settings import FedSettings
from stand_ins import case, clouds, given, head, history, learned, samples, settings


def evidence(name, patient):
    return find(name).run(patient)


def named(x, who, prefix):
    return samples(x, who, names=tuple(f"{prefix}{i}" for i in range(int(who.max()) + 1)))


class TestTooFewIdentities:
    """Coordinates 0 to 3 tell the training identities apart, 4 to 7 all others."""

    def split(self, trained, *, noise=0.7, fresh_names="b"):
        rng = np.random.default_rng(0)

        def group(identities, active, seed):
            who = np.repeat(np.arange(identities), 25)
            centres = np.zeros((identities, 8))
            centres[:, active] = np.random.default_rng(seed).normal(size=(identities, 4))
            return centres[who] + noise * rng.normal(size=(who.size, 8)), who

        return named(*group(trained, slice(0, 4), 1), "a"), named(*group(12, slice(4, 8), 2), fresh_names)

    def learned_by_heart(self, x):
        return x * np.array([3, 3, 3, 3, 0.3, 0.3, 0.3, 0.3])

    def test_what_was_learned_of_a_few_does_not_carry_over(self):
        training, fresh = self.split(6)
        found = evidence("too-few-identities", case(fresh, training=training, embed=self.learned_by_heart))
        assert found.certainty > 0.5
        assert "no better than raw pixels" in found.summary

    def test_what_carries_over_is_clear(self):
        training, fresh = self.split(6)
        found = evidence("too-few-identities", case(fresh, training=training, embed=lambda x: x))
        assert found.certainty == 0

    def test_known_identities_are_worth_a_line_only(self):
        training, fresh = self.split(12, fresh_names="a")
        found = evidence("too-few-identities", case(fresh, training=training, embed=self.learned_by_heart))
        assert found.certainty < 0.5

    def test_a_model_that_learned_nothing_anywhere_is_another_fault(self):
        training, fresh = self.split(6)
        found = evidence("too-few-identities", case(fresh, training=training, embed=lambda x: np.sin(1e4 * x)))
        assert found.certainty == 0

    def test_unknown_identities_and_unknown_training_data_are_left_alone(self):
        training, fresh = self.split(6)
        with pytest.raises(Unavailable, match="training data"):
            evidence("too-few-identities", case(fresh))
        unknown = samples(training.load(np.arange(50), (8,)), training.identity[:50], identity_known=False)
        with pytest.raises(Unavailable, match="identities"):
            evidence("too-few-identities", case(fresh, training=unknown))


class TestImbalancedPairs:
    def one_sided(self, tmp_path=None, *, border, first=None, shown=None):
        """A sound sigmoid head whose border lies at `border` of the distance between the two kinds of pairs."""
        x, who = clouds(noise=0.35)

        def compare(a, b):
            return expit(4 * (border - np.abs(a - b).sum(1)))

        log = None
        if first is not None:
            log = history(tmp_path / "history.csv", loss=[first, first / 2, first / 4], accuracy=[shown, 0.97, 0.98])
        facts = settings(loss="binary_crossentropy", same_label=1, history=log)
        return case(samples(x, who), head=learned(), compare=compare, facts=facts)

    def test_good_from_the_first_epoch_and_everything_is_different(self, tmp_path):
        patient = self.one_sided(tmp_path, border=2.2, first=0.32, shown=0.9)
        found = evidence("imbalanced-pairs", patient)
        assert found.certainty > 0.5
        assert found.recovers.points == pytest.approx(patient.trial("threshold").gain.points)
        assert patient.deployed.as_deployed.mean() < 0.3

    def test_the_same_predictions_after_a_start_at_chance_have_another_reason(self, tmp_path):
        assert evidence("imbalanced-pairs", self.one_sided(tmp_path, border=2.2, first=0.68, shown=0.6)).certainty == 0

    def test_without_a_history_predictions_alone_are_worth_a_line(self):
        assert 0 < evidence("imbalanced-pairs", self.one_sided(border=2.2)).certainty < 0.5

    def test_balanced_predictions_are_clear(self, tmp_path):
        assert evidence("imbalanced-pairs", self.one_sided(tmp_path, border=5.0, first=0.32, shown=0.9)).certainty == 0

    def test_a_training_list_speaks_for_itself(self):
        x, who = clouds(noise=0.35)
        rng = np.random.default_rng(0)
        left, right = rng.integers(0, len(x), (2, 4000))
        listed = samples(x, who, pairs=given(left, right, who[left] == who[right]))

        def compare(a, b):
            return expit(4 * (2.2 - np.abs(a - b).sum(1)))

        facts = settings(loss="binary_crossentropy", same_label=1)
        ill = case(samples(x, who), training=listed, head=learned(), compare=compare, facts=facts)
        found = evidence("imbalanced-pairs", ill)
        assert found.certainty > 0.5
        assert found.measurements[0].value == pytest.approx(0.1, abs=0.03)

    @pytest.mark.parametrize(("positives", "guilty"), [(0.05, True), (0.5, False)])
    def test_what_a_watch_saw_being_fed_counts_as_the_list(self, positives, guilty):
        x, who = clouds(noise=0.35)

        def compare(a, b):
            return expit(4 * (2.2 - np.abs(a - b).sum(1)))

        facts = settings(loss="binary_crossentropy", same_label=1, fed=FedSettings(positives=positives))
        found = evidence("imbalanced-pairs", case(samples(x, who), head=learned(), compare=compare, facts=facts))
        assert (found.certainty > 0.5) == guilty
        assert found.measurements[0].value == positives

    def test_an_evaluation_list_out_of_balance_harms_no_training(self):
        x, who = clouds(noise=0.35)
        rng = np.random.default_rng(0)
        left, right = rng.integers(0, len(x), (2, 4000))
        listed = samples(x, who, pairs=given(left, right, who[left] == who[right]))
        found = evidence("imbalanced-pairs", case(listed, head=head("euclidean"), facts=settings(threshold=3.0)))
        assert found.certainty == 0


class TestIdenticalPositivePairs:
    def listed(self, share, where="training"):
        x, who = clouds()
        rng = np.random.default_rng(0)
        left = rng.integers(0, len(x), 1000)
        same = rng.random(1000) < 0.5
        partner = np.array([rng.choice(np.flatnonzero((who == who[a]) == s)) for a, s in zip(left, same, strict=True)])
        twice = same & (rng.random(1000) < share)
        partner[twice] = left[twice]
        brought = samples(x, who, pairs=given(left, partner, same))
        if where == "evaluation":
            return case(brought, facts=settings(threshold=2.0))
        return case(samples(x, who), training=brought, facts=settings(threshold=0.01))

    def test_a_list_of_images_paired_with_themselves_is_proof(self):
        found = evidence("identical-positive-pairs", self.listed(1.0))
        assert (found.certainty, found.proof) == (1.0, True)
        assert found.recovers.points > 30

    def test_equal_content_under_two_names_counts(self):
        x, who = clouds(identities=6, each=10)
        twice, owners = np.concatenate([x, x]), np.concatenate([who, who])
        left = np.arange(60)
        others = np.roll(np.arange(60), 10)
        pairs = given(
            np.concatenate([left, left]),
            np.concatenate([left + 60, others]),
            np.repeat([True, False], 60),
        )
        patient = case(samples(x, who), training=samples(twice, owners, pairs=pairs), facts=settings(threshold=0.01))
        assert evidence("identical-positive-pairs", patient).certainty == 1

    def test_a_slip_now_and_then_is_clear(self):
        assert evidence("identical-positive-pairs", self.listed(0.02)).certainty < 0.25

    def test_an_evaluation_list_is_named_as_such(self):
        found = evidence("identical-positive-pairs", self.listed(1.0, "evaluation"))
        assert found.certainty == 1
        assert "evaluation list" in found.summary
        assert not found.proof

    def repelled(self, tmp_path, losses, embed):
        x, who = clouds(identities=10, each=25, noise=0.9)
        log = history(tmp_path / "history.csv", loss=losses)
        facts = settings(loss="contrastive", margin=1.0, same_label=1, history=log, threshold=0.5)
        data = samples(x, who)
        return case(data, training=data, head=head("euclidean"), embed=embed, facts=facts)

    def test_a_perfect_history_over_an_embedding_that_pushes_everything_apart(self, tmp_path):
        patient = self.repelled(tmp_path, [0.1, 0.01, 1e-3, 1e-5, 1e-6, 1e-6], lambda x: 2 * x)
        found = evidence("identical-positive-pairs", patient)
        assert found.certainty > 0.5
        assert "one image twice" in found.summary

    def test_a_perfect_history_over_a_sound_embedding_is_clear(self, tmp_path):
        def sound(x):
            centres = clouds(identities=10, each=25, noise=0.9)
            nearest = np.abs(x[:, None] - centres[0][None]).sum(2).argmin(1)
            return np.eye(10)[centres[1][nearest]]

        patient = self.repelled(tmp_path, [0.1, 0.01, 1e-3, 1e-5, 1e-6, 1e-6], sound)
        assert evidence("identical-positive-pairs", patient).certainty == 0

    def test_a_history_that_admits_its_loss_is_clear(self, tmp_path):
        patient = self.repelled(tmp_path, [0.5, 0.4, 0.38, 0.37, 0.37, 0.37], lambda x: 2 * x)
        assert evidence("identical-positive-pairs", patient).certainty == 0


def pictures(identities=6, each=24, *, seed=0):
    """Blurred random pictures (n, 8, 8, 1) on 0..255, alike within an identity."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(identities), each)
    coarse = rng.uniform(40, 215, size=(identities, 4, 4))
    fine = np.kron(coarse, np.ones((2, 2)))[who] + 12 * rng.normal(size=(who.size, 8, 8))
    return np.clip(fine, 0, 255)[..., None].astype(np.float32), who


class TestDegenerateImages:
    def judged(self, x, who, **more):
        return case(samples(x, who, kind="images", **more), facts=settings(threshold=150.0))

    def test_blank_images_cost_what_their_pairs_cost(self):
        x, who = pictures()
        blank = np.random.default_rng(1).random(len(x)) < 0.3
        x[blank] = 0
        patient = self.judged(x, who)
        found = evidence("degenerate-images", patient)
        assert found.certainty == 1
        assert "without contrast" in found.summary
        assert found.recovers.low > 0

    def test_sound_images_are_clear(self):
        assert evidence("degenerate-images", self.judged(*pictures())).certainty == 0

    def test_mostly_empty_drawings_are_pictures(self):
        x, who = pictures()
        drawing = np.zeros_like(x)
        drawing[:, 2:4] = x[:, 2:4]
        assert evidence("degenerate-images", self.judged(drawing, who)).certainty == 0

    def test_one_picture_under_two_identities(self):
        x, who = pictures()
        x[who == 1] = x[who == 0]
        found = evidence("degenerate-images", self.judged(x, who))
        assert found.certainty == 1
        assert "another identity" in found.summary

    def test_copies_within_an_identity_are_told_and_forgiven(self):
        x, who = pictures()
        x[1::24] = x[0::24]
        found = evidence("degenerate-images", self.judged(x, who))
        assert found.certainty == 0
        assert next(m.value for m in found.measurements if "copies" in m.name) > 0

    def test_files_that_cannot_be_decoded_count(self):
        x, who = pictures()
        lost = tuple(Unreadable(name=f"{i}.png", reason="truncated") for i in range(40))
        assert evidence("degenerate-images", self.judged(x, who, unreadable=lost)).certainty > 0.5

    def test_blank_training_images_are_found_too(self):
        x, who = pictures()
        bad = x.copy()
        bad[::3] = 255
        good, ill = samples(x, who, kind="images"), samples(bad, who, kind="images")
        found = evidence("degenerate-images", case(good, training=ill))
        assert found.certainty == 1
        assert found.recovers is None
        assert "training images" in found.summary

    @pytest.mark.parametrize("scale", [1 / 255, 1.0])
    def test_the_stored_scale_makes_no_difference(self, scale):
        x, who = pictures()
        x[::4] = 0
        found = evidence("degenerate-images", self.judged(x * scale, who))
        assert found.certainty == 1

    def test_tables_have_no_pictures(self):
        with pytest.raises(Unavailable, match="images"):
            evidence("degenerate-images", case(samples(*clouds())))


class TestHarmfulAugmentation:
    def trained_with(self, augmentation, *, embed=None, noise=12):
        x, who = pictures()
        x = np.clip(x + noise * np.random.default_rng(9).normal(size=x.shape), 0, 255)
        data = samples(x, who, kind="images")
        facts = settings(augmentation=augmentation)
        return case(data, training=data, embed=embed, facts=facts)

    def ruined(self, x):
        """Little but the mean brightness is left: what survives any shift and turn."""
        flat = x.reshape(len(x), -1)
        return np.round(flat.mean(1, keepdims=True) / 20)

    def test_turns_and_shifts_that_leave_no_identity(self):
        wild = {"rotation_range": 180, "width_shift_range": 0.6, "height_shift_range": 0.6}
        found = evidence("harmful-augmentation", self.trained_with(wild, embed=self.ruined, noise=30))
        assert found.certainty > 0.5
        assert found.recovers is None

    def test_the_same_pipeline_under_a_model_that_copes_is_clear(self):
        """Nothing is amiss where training identities are told apart nevertheless."""
        wild = {"rotation_range": 180, "width_shift_range": 0.6, "height_shift_range": 0.6}
        assert evidence("harmful-augmentation", self.trained_with(wild)).certainty < 0.25

    def test_mild_augmentation_of_a_weak_model_is_clear(self):
        mild = {"rotation_range": 3, "width_shift_range": 0.03}
        found = evidence("harmful-augmentation", self.trained_with(mild, embed=self.ruined, noise=30))
        assert found.certainty < 0.25

    def test_a_shear_of_a_fraction_of_a_degree_is_told_as_idle(self):
        found = evidence("harmful-augmentation", self.trained_with({"shear_range": 0.2}))
        assert 0.25 <= found.certainty < 0.5
        assert "shear_range" in found.summary

    def test_undeclared_augmentation_is_not_judged(self):
        with pytest.raises(Unavailable, match="augmentation"):
            evidence("harmful-augmentation", self.trained_with(None))


class TestLeakyEvaluation:
    def overlapping(self, share, *, noise=2.0):
        """The evaluation repeats `share` of the training samples; the model knows those by heart."""
        x, who = clouds(identities=12, each=40, noise=noise)
        training, fresh = slice(0, None, 2), slice(1, None, 2)
        rng = np.random.default_rng(0)
        taken = rng.random(len(x[fresh])) < share
        judged = np.where(taken[:, None], x[training], x[fresh])
        remembered = {row.tobytes(): owner for row, owner in zip(x[training], who[training], strict=True)}

        def embed(rows):
            found = [remembered.get(np.float32(r).tobytes(), -1) for r in rows]
            return np.stack(
                [50 * np.eye(12)[f] if f >= 0 else r.sum() * np.ones(12) for f, r in zip(found, rows, strict=True)]
            )

        return case(
            samples(judged, who[fresh]),
            training=samples(x[training], who[training]),
            embed=embed,
            facts=settings(pairs=1600),
        )

    def test_trained_samples_among_those_judged_by(self):
        patient = self.overlapping(0.6)
        found = evidence("leaky-evaluation", patient)
        assert found.certainty == 1
        clean = next(m.value for m in found.measurements if "without them" in m.name)
        tainted = next(m.value for m in found.measurements if "of such samples" in m.name)
        assert tainted > 0.95
        assert clean < 0.7
        assert found.at_stake == pytest.approx(100 * (patient.accuracy.value - clean))

    def test_shared_identities_alone_are_no_leak(self):
        found = evidence("leaky-evaluation", self.overlapping(0.0))
        assert found.certainty == 0
        assert next(m.value for m in found.measurements if "identities" in m.name) == 1

    def test_a_stray_copy_is_worth_no_alarm(self):
        assert evidence("leaky-evaluation", self.overlapping(0.015)).certainty < 0.25

    def test_blank_images_are_alike_without_having_leaked(self):
        x, who = pictures()
        blank = x.copy()
        blank[::3] = 0
        training, judged = slice(0, None, 2), slice(1, None, 2)
        patient = case(
            samples(blank[judged], who[judged], kind="images"),
            training=samples(blank[training], who[training], kind="images"),
        )
        assert evidence("leaky-evaluation", patient).certainty == 0

    def test_judging_by_the_training_data_themselves(self):
        x, who = clouds()
        data = samples(x, who)
        found = evidence("leaky-evaluation", case(data, training=data))
        assert found.certainty == 1
        assert found.at_stake is None

    def test_without_training_data_nothing_is_said(self):
        with pytest.raises(Unavailable, match="training data"):
            evidence("leaky-evaluation", case(samples(*clouds())))
