"""Checks of the embedding: the fault, a near miss that stays clear, and what must make no difference."""

import numpy as np
import pytest
from scipy.special import expit
from siamdoctor.errors import Unavailable
from stand_ins import case, clouds, encoder, evidence, head, history, learned, samples, settings

X, WHO = clouds()
STILL = [0.25, 0.1, 0.06, 0.05, 0.049, 0.05, 0.051, 0.05, 0.0495, 0.05, 0.0501, 0.05]


class TestSaturatedOutput:
    def similarity(self, scale, *, threshold=None, seed=0):
        x, who = clouds(seed=seed)
        facts = settings(loss="mse", threshold=threshold)
        return case(samples(scale * x, who), head=head("exp_manhattan"), facts=facts)

    def test_a_sum_of_large_differences_leaves_nothing_of_the_exponential(self):
        found = evidence("saturated-output", self.similarity(30))
        assert found.certainty == 1
        assert found.recovers.points > 30
        assert "piled up at 0" in found.summary

    def test_underflow_to_zero_is_seen_through(self):
        patient = self.similarity(1000)
        assert patient.deployed.auc == 0.5
        assert patient.trial("unsaturated").accuracy.value > 0.9
        assert evidence("saturated-output", patient).certainty == 1

    def test_a_history_at_the_loss_of_zeros_and_ones_speaks_for_a_model_fed_otherwise_now(self, tmp_path):
        log = history(tmp_path / "history.csv", loss=[0.5] * 6)
        facts = settings(loss="mse", history=log)
        patient = case(samples(0.4 * X, WHO), head=head("exp_manhattan"), facts=facts)
        found = evidence("saturated-output", patient)
        assert found.certainty > 0.5
        assert "0 or exactly 1" in found.summary

    @pytest.mark.parametrize("seed", range(3))
    def test_a_similarity_of_fitting_scale_is_clear(self, seed):
        assert evidence("saturated-output", self.similarity(0.4, seed=seed)).certainty == 0

    def test_confident_outputs_of_a_good_head_are_no_saturation(self):
        def sure(a, b):
            return expit(80 - 25 * np.abs(a - b).sum(1))

        patient = case(samples(X, WHO), head=learned(), compare=sure)
        assert ((patient.deployed.output < 0.01) | (patient.deployed.output > 0.99)).mean() > 0.9
        assert evidence("saturated-output", patient).certainty == 0

    def test_confident_and_often_wrong_is_weakness_and_no_saturation(self):
        x, who = clouds(noise=1.2)

        def sure(a, b):
            return expit(20 * (12 - np.abs(a - b).sum(1)))

        patient = case(samples(x, who), head=learned(), compare=sure)
        assert patient.accuracy.value < 0.75
        assert evidence("saturated-output", patient).certainty < 0.25

    def sigmoid_embedding(self, offset):
        def embed(x):
            return expit(40 * x[:, :4] + offset)

        shape = encoder((8,), 4, activation="sigmoid")
        return case(samples(X, WHO), head=head("euclidean"), embed=embed, encoder=shape)

    def test_units_that_stand_at_one_end_for_every_sample(self):
        assert evidence("saturated-output", self.sigmoid_embedding(-400)).certainty > 0.5

    def test_one_point_at_the_ends_of_a_sigmoid_is_saturation_first(self):
        patient = self.sigmoid_embedding(-400)
        assert evidence("collapsed-embedding", patient).certainty < 0.5

    def test_units_that_switch_between_the_ends_are_a_code(self):
        patient = self.sigmoid_embedding(0)
        assert evidence("saturated-output", patient).certainty == 0

    def test_a_distance_has_no_end_to_pile_up_at(self):
        with pytest.raises(Unavailable):
            evidence("saturated-output", case(samples(X, WHO), head=head("euclidean")))


class TestNarrowEmbedding:
    def cone(self, offset, *, scale=1.0, threshold=0.3):
        return case(
            samples(X, WHO),
            embed=lambda rows: scale * (rows + offset),
            facts=settings(metric="cosine", threshold=threshold),
        )

    def test_under_a_common_offset_every_cosine_passes_for_the_same(self):
        found = evidence("narrow-embedding", self.cone(20))
        assert found.certainty > 0.5
        assert found.recovers.low > 0
        assert "point nearly the same way" in found.summary

    def test_a_threshold_made_for_the_cone_is_clear(self):
        assert evidence("narrow-embedding", self.cone(20, threshold=None)).certainty == 0

    def test_no_offset_no_cone(self):
        assert evidence("narrow-embedding", self.cone(0)).certainty == 0

    def test_euclidean_distance_does_not_see_a_cone(self):
        def shifted(rows):
            return rows + 50.0

        patient = case(samples(X, WHO), embed=shifted, facts=settings(metric="euclidean"))
        found = evidence("narrow-embedding", patient)
        assert next(m.value for m in found.measurements if "cosine" in m.name) > 0.99
        assert found.certainty == 0

    def test_a_cone_in_which_the_cosine_still_works_is_clear(self):
        """ReLU embeddings of sound models have a mean cosine of .6 to .9."""
        patient = case(samples(X, WHO), embed=lambda rows: np.maximum(rows + 1, 0), facts=settings(metric="cosine"))
        assert evidence("narrow-embedding", patient).certainty < 0.25

    @pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
    def test_scale_makes_no_difference(self, scale):
        reference = evidence("narrow-embedding", self.cone(20)).certainty
        assert evidence("narrow-embedding", self.cone(20, scale=scale)).certainty == pytest.approx(reference, abs=0.05)

    def test_a_single_point_is_told_without_a_crash(self):
        patient = case(samples(X, WHO), embed=lambda rows: np.zeros((len(rows), 4)))
        found = evidence("narrow-embedding", patient)
        assert "effective rank" in {m.name for m in found.measurements}

    def test_one_coordinate_is_too_few_for_ten_identities(self):
        patient = case(samples(X, WHO), embed=lambda rows: rows[:, :1])
        found = evidence("narrow-embedding", patient)
        assert found.certainty > 0.5
        assert found.recovers is None

    def test_one_coordinate_that_does_the_job_is_clear(self):
        x, who = clouds(identities=8, each=20, dimension=1, noise=0.01, scatter=3, seed=5)
        assert evidence("narrow-embedding", case(samples(x, who))).certainty == 0


NEAR_CHANCE = 2.5  # noise of samples whose identities are hardly told apart


class TestUndertrained:
    def weak(self, tmp_path, *, noise=1.1, training_noise=None, **columns):
        x, who = clouds(noise=noise)
        log = history(tmp_path / "history.csv", **columns)
        facts = settings(loss="contrastive", margin=1.0, same_label=1, history=log)
        trained_on = None
        if training_noise is not None:
            trained_on = samples(*clouds(noise=training_noise, seed=1))
        # An untrained encoder is no better than the model: training has destroyed nothing.
        return case(
            samples(x, who), head=head("euclidean"), facts=facts, training=trained_on, fresh=lambda _: lambda r: r
        )

    def test_a_validation_loss_that_still_falls_fast(self, tmp_path):
        falling = np.linspace(0.24, 0.12, 12).tolist()
        found = evidence("undertrained", self.weak(tmp_path, noise=NEAR_CHANCE, loss=falling, val_loss=falling))
        assert found.certainty > 0.5
        assert found.recovers is None
        assert 0 < found.at_stake < 50

    def test_a_creeping_loss_near_chance(self, tmp_path):
        creeping = np.linspace(0.2499, 0.24, 12).tolist()
        found = evidence("undertrained", self.weak(tmp_path, noise=NEAR_CHANCE, loss=creeping, val_loss=creeping))
        assert found.certainty > 0.5

    def test_a_weak_model_that_works_is_never_likely(self, tmp_path):
        falling = np.linspace(0.24, 0.12, 12).tolist()
        assert 0 < evidence("undertrained", self.weak(tmp_path, loss=falling, val_loss=falling)).certainty < 0.5

    def test_a_loss_that_never_left_a_constants_is_likely_however_much_fresh_weights_tell(self, tmp_path):
        resting = [0.253, 0.2525, 0.252, 0.2515, 0.251]
        found = evidence("undertrained", self.weak(tmp_path, loss=resting, val_loss=resting))
        assert found.certainty > 0.5

    def test_three_epochs_at_chance(self, tmp_path):
        found = evidence("undertrained", self.weak(tmp_path, noise=NEAR_CHANCE, loss=[0.25, 0.2499, 0.25]))
        assert found.certainty > 0.5
        assert "before it began to fall" in found.summary

    def test_a_loss_that_has_stopped_falling_is_clear(self, tmp_path):
        assert evidence("undertrained", self.weak(tmp_path, loss=STILL, val_loss=STILL)).certainty == 0

    def test_a_good_model_may_still_be_improving(self, tmp_path):
        falling = np.linspace(0.24, 0.12, 12).tolist()
        patient = self.weak(tmp_path, noise=0.2, loss=falling, val_loss=falling)
        found = evidence("undertrained", patient)
        assert found.certainty == 0
        assert "not what holds the model back" in found.summary

    def test_a_falling_training_loss_over_a_rising_validation_loss_is_learning_by_heart(self, tmp_path):
        falling, rising = np.linspace(0.24, 0.05, 12).tolist(), np.linspace(0.2, 0.3, 12).tolist()
        assert evidence("undertrained", self.weak(tmp_path, loss=falling, val_loss=rising)).certainty == 0

    def test_a_gap_to_training_is_another_fault(self, tmp_path):
        falling = np.linspace(0.24, 0.12, 12).tolist()
        patient = self.weak(tmp_path, training_noise=0.1, loss=falling, val_loss=falling)
        assert evidence("undertrained", patient).certainty == 0

    def test_noise_around_a_level_is_no_fall(self, tmp_path):
        rng = np.random.default_rng(4)
        noisy = (0.15 + 0.02 * rng.normal(size=30)).tolist()
        assert evidence("undertrained", self.weak(tmp_path, loss=noisy, val_loss=noisy)).certainty < 0.25

    def test_what_training_destroyed_more_of_it_will_not_bring_back(self, tmp_path):
        falling = np.linspace(0.24, 0.2, 12).tolist()
        log = history(tmp_path / "history.csv", loss=falling, val_loss=falling)
        facts = settings(loss="contrastive", margin=1.0, history=log)
        ruined = case(
            samples(X, WHO),
            head=head("euclidean"),
            facts=facts,
            embed=lambda rows: np.sin(1e4 * rows) + 0.1 * rows,
            fresh=lambda _: lambda rows: rows,
        )
        assert evidence("undertrained", ruined).certainty == 0

    def test_without_a_history_nothing_is_said(self):
        with pytest.raises(Unavailable, match="history"):
            evidence("undertrained", case(samples(X, WHO), head=head("euclidean")))
