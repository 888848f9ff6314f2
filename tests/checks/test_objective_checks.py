"""Checks of loss, head and labels: the fault, a near miss that stays clear, and what must make no difference."""

import numpy as np
import pytest
from scipy.special import expit
from siamdoctor.errors import Unavailable
from siamdoctor.registry import find
from siamdoctor.trials.outcome import Outcome
from stand_ins import (
    case,
    clouds,
    dense,
    given,
    head,
    history,
    learned,
    samples,
    settings,
)


def evidence(name, patient):
    return find(name).run(patient)


def a_sum(left, right):
    weights = np.linspace(-1, 1, left.shape[1])
    return expit(left @ weights - 2 * (right @ weights) + 0.3)


def a_comparison(left, right):
    return expit(4 - 2 * np.abs(left - right).sum(1))


X, WHO = clouds()


class TestInexpressiveHead:
    def test_a_linear_unit_on_concatenated_embeddings_is_proof(self):
        found = evidence("inexpressive-head", case(samples(X, WHO), head=learned("concatenate"), compare=a_sum))
        assert (found.certainty, found.proof) == (1.0, True)
        assert found.recovers.points > 30
        share = next(m.value for m in found.measurements if "interaction" in m.name)
        assert share < 1e-4

    @pytest.mark.parametrize("merge", ["concatenate", "difference"])
    def test_linear_hidden_layers_do_not_help(self, merge):
        straight = learned(merge, hidden=("linear", None))
        assert evidence("inexpressive-head", case(samples(X, WHO), head=straight, compare=a_sum)).certainty == 1

    def test_a_hidden_layer_that_bends_is_clear(self):
        bent = learned("concatenate", hidden=("relu",))
        found = evidence("inexpressive-head", case(samples(X, WHO), head=bent, compare=a_comparison))
        assert found.certainty == 0

    def test_an_activation_layer_of_its_own_bends_as_well(self):
        layers = (dense("hidden", 8, "linear"), dense("act", None, "relu"), dense("output", 1, "sigmoid"))
        bent = head("learned", merge="concatenate", units=1, activation="sigmoid", layers=layers)
        assert evidence("inexpressive-head", case(samples(X, WHO), head=bent, compare=a_comparison)).certainty == 0

    def test_a_sum_is_found_by_what_it_answers_where_the_merge_is_unknown(self):
        found = evidence("inexpressive-head", case(samples(X, WHO), head=learned(None), compare=a_sum))
        assert found.certainty > 0.5
        assert not found.proof

    def test_a_head_that_is_nearly_a_sum_is_clear(self):
        def nearly(left, right):
            return expit((left - 2 * right).sum(1) / 4 - 0.2 * np.abs(left - right).sum(1))

        found = evidence("inexpressive-head", case(samples(X, WHO), head=learned(None), compare=nearly))
        assert found.certainty == 0

    def test_no_learned_head_no_fault(self):
        assert evidence("inexpressive-head", case(samples(X, WHO), head=head("euclidean"))).certainty == 0

    def test_the_scale_of_the_embedding_makes_no_difference(self):
        small = case(samples(X * 1e-3, WHO), head=learned("absolute_difference"), compare=a_comparison)
        assert evidence("inexpressive-head", small).certainty == 0


class TestLossHeadMismatch:
    def reversed_distance(self):
        """Cross-entropy on a distance with label 1 = same teaches same pairs to be one unit apart."""
        rng = np.random.default_rng(0)
        return case(
            samples(rng.normal(size=(200, 8)), WHO),
            head=head("euclidean"),
            facts=settings(loss="binary_crossentropy", same_label=1),
        )

    def test_a_raw_distance_into_cross_entropy_is_proof(self):
        found = evidence("loss-head-mismatch", self.reversed_distance())
        assert (found.certainty, found.proof) == (1.0, True)
        outside = next(m.value for m in found.measurements if "outside" in m.name)
        assert outside > 0.9

    def test_what_separates_nevertheless_is_no_proof_of_a_loss(self):
        healthy = case(samples(X, WHO), head=head("euclidean"), facts=settings(loss="binary_crossentropy"))
        assert not evidence("loss-head-mismatch", healthy).proof

    def test_the_file_s_own_loss_counts(self):
        patient = case(samples(X, WHO), head=head("euclidean"), loss="BinaryCrossentropy")
        assert evidence("loss-head-mismatch", patient).certainty == 1

    @pytest.mark.parametrize(
        ("kind", "same_label"), [("cosine_similarity", 1), ("euclidean", 0)], ids=["cosine", "1 = different"]
    )
    def test_what_points_the_right_way_is_worth_a_line_only(self, kind, same_label):
        facts = settings(loss="binary_crossentropy", same_label=same_label)
        assert 0 < evidence("loss-head-mismatch", case(samples(X, WHO), head=head(kind), facts=facts)).certainty < 0.5

    @pytest.mark.parametrize("activation", ["relu", "linear"])
    def test_a_unit_without_a_sigmoid_under_cross_entropy(self, activation):
        patient = case(
            samples(X, WHO),
            head=learned(activation=activation),
            compare=lambda a, b: 2 - np.abs(a - b).sum(1),
            loss="binary_crossentropy",
        )
        assert evidence("loss-head-mismatch", patient).certainty == 1

    def test_logits_declared_as_such_are_clear(self):
        patient = case(
            samples(X, WHO),
            head=learned(activation="linear"),
            compare=lambda a, b: 2 - np.abs(a - b).sum(1),
            loss="BinaryCrossentropy",
            loss_from_logits=True,
        )
        assert evidence("loss-head-mismatch", patient).certainty == 0

    def test_a_linear_unit_whose_loss_only_the_user_names_may_be_logits(self):
        patient = case(
            samples(X, WHO),
            head=learned(activation="linear"),
            compare=lambda a, b: 2 - np.abs(a - b).sum(1),
            facts=settings(loss="binary_crossentropy"),
        )
        assert evidence("loss-head-mismatch", patient).certainty < 0.5

    @pytest.mark.parametrize(("margin", "expected"), [(1.0, 0.0), (2.0, 1.0)])
    def test_contrastive_loss_on_a_sigmoid_is_a_fault_beyond_margin_one(self, margin, expected):
        facts = settings(loss="contrastive", margin=margin, same_label=0)
        patient = case(samples(X, WHO), head=learned(), compare=lambda a, b: 1 - a_comparison(a, b), facts=facts)
        assert evidence("loss-head-mismatch", patient).certainty == expected

    @pytest.mark.parametrize(
        ("loss", "fitting"),
        [("contrastive", head("euclidean")), ("binary_crossentropy", learned()), ("mse", head("exp_manhattan"))],
    )
    def test_what_belongs_together_is_clear(self, loss, fitting):
        facts = settings(loss=loss, margin=1.0 if loss == "contrastive" else None)
        patient = case(samples(X, WHO), head=fitting, facts=facts)
        patient = (
            patient if not fitting.learned else case(samples(X, WHO), head=fitting, compare=a_comparison, facts=facts)
        )
        assert evidence("loss-head-mismatch", patient).certainty == 0

    def test_without_a_known_loss_nothing_is_said(self):
        with pytest.raises(Unavailable, match="loss"):
            evidence("loss-head-mismatch", case(samples(X, WHO), head=head("euclidean")))

    def test_a_logistic_unit_recovers_a_distance_that_is_read_backwards(self):
        patient = case(
            samples(X, WHO),
            head=head("euclidean"),
            facts=settings(loss="binary_crossentropy", same_label=1),
            metrics=("accuracy",),
        )
        outcome = patient.trial("logistic-output")
        assert isinstance(outcome, Outcome)
        assert patient.accuracy.value < 0.5
        assert outcome.accuracy.value > 0.9
        assert outcome.auc == pytest.approx(patient.deployed.auc, abs=1e-3)


class TestBatchCoupledOutput:
    def normalised_over_the_batch(self, x):
        flat = x.reshape(len(x), -1)
        return flat / np.maximum(np.linalg.norm(flat, axis=0, keepdims=True), 1e-12)

    def test_a_norm_over_the_batch_is_proof(self):
        patient = case(
            samples(X, WHO),
            head=head("euclidean"),
            embed=self.normalised_over_the_batch,
            batch_coupled=("l2_normalize",),
        )
        found = evidence("batch-coupled-output", patient)
        assert (found.certainty, found.proof) == (1.0, True)
        assert "l2_normalize" in found.summary
        alone = next(m.value for m in found.measurements if "by itself" in m.name)
        assert found.at_stake == pytest.approx(100 * abs(patient.accuracy.value - alone))
        assert found.at_stake > 20

    def test_it_is_found_without_the_graph_naming_it(self):
        patient = case(samples(X, WHO), head=head("euclidean"), embed=self.normalised_over_the_batch)
        found = evidence("batch-coupled-output", patient)
        assert found.certainty == 1
        assert not found.proof

    def test_an_encoder_saved_alone_is_judged_by_its_embeddings(self):
        patient = case(samples(X, WHO), embed=self.normalised_over_the_batch)
        assert evidence("batch-coupled-output", patient).certainty == 1

    def test_a_reduction_over_all_axes_of_one_sample_is_clear_although_the_graph_names_it(self):
        patient = case(samples(X, WHO), head=head("euclidean"), batch_coupled=("norm",))
        assert evidence("batch-coupled-output", patient).certainty == 0

    def test_rounding_of_a_constant_output_is_no_coupling(self):
        def constant(left, right):
            return 0.5 + 1e-7 * len(left) * np.ones(len(left)) * np.sign(right[:, 0])

        patient = case(samples(X, WHO), head=learned(), compare=constant)
        assert evidence("batch-coupled-output", patient).certainty == 0

    def test_rounding_of_a_cosine_between_parallel_vectors_is_no_coupling(self):
        def parallel(left, right):
            return 1e-7 * np.sin(len(left) + 1e4 * left[:, 0] + right[:, 0])

        patient = case(samples(X, WHO), head=head("cosine_distance"), compare=parallel)
        assert evidence("batch-coupled-output", patient).certainty == 0

    def test_a_graph_that_cannot_be_run_is_believed_in_part(self):
        def broken(x):
            return np.full((len(x), 4), np.nan)

        patient = case(samples(X, WHO), head=head("euclidean"), embed=broken, batch_coupled=("norm",))
        assert evidence("batch-coupled-output", patient).certainty == pytest.approx(0.6)


class TestEasyTriplets:
    """The margin is in squared distances, as the loss takes it."""

    def with_loss(self, tmp_path, losses, *, noise, margin=0.2):
        x, who = clouds(noise=noise, seed=3)
        log = history(tmp_path / "history.csv", loss=losses)
        return case(samples(x, who), facts=settings(loss="triplet", margin=margin, history=log))

    def test_a_loss_of_nothing_on_an_embedding_that_mixes_identities_up(self, tmp_path):
        patient = self.with_loss(tmp_path, [0.1, 0.01, 0.002, 0.001, 0.001, 0.001], noise=1.6)
        found = evidence("easy-triplets", patient)
        assert found.certainty > 0.5
        assert found.recovers is None

    def test_a_loss_of_nothing_on_a_good_embedding_is_success(self, tmp_path):
        patient = self.with_loss(tmp_path, [0.1, 0.01, 0.002, 0.001, 0.001, 0.001], noise=0.2)
        assert evidence("easy-triplets", patient).certainty == 0

    def test_a_loss_at_work_on_a_weak_embedding_is_another_matter(self, tmp_path):
        patient = self.with_loss(tmp_path, [0.2, 0.15, 0.12, 0.11, 0.1, 0.1], noise=1.6)
        assert evidence("easy-triplets", patient).certainty < 0.25

    def test_triplets_used_up_on_training_samples_alone_are_worth_a_line_only(self, tmp_path):
        log = history(tmp_path / "history.csv", loss=[0.1, 0.01, 0.002, 0.001, 0.001, 0.001])
        known, fresh = samples(*clouds(noise=0.2)), samples(*clouds(noise=1.6, seed=3))
        patient = case(fresh, training=known, facts=settings(loss="triplet", margin=0.2, history=log))
        assert 0 < evidence("easy-triplets", patient).certainty < 0.5

    def test_a_loss_of_exactly_the_margin(self, tmp_path):
        patient = self.with_loss(tmp_path, [0.25, 0.21, 0.2, 0.2001, 0.1999, 0.2], noise=1.6)
        found = evidence("easy-triplets", patient)
        assert found.certainty > 0.5
        assert "exactly the margin" in found.summary

    @pytest.mark.parametrize("loss", ["contrastive", "binary_crossentropy", None])
    def test_other_losses_have_no_triplets(self, loss):
        with pytest.raises(Unavailable, match="triplet"):
            evidence("easy-triplets", case(samples(X, WHO), facts=settings(loss=loss, margin=1.0)))


class TestMisalignedLabels:
    def listed(self, flip, *, where="evaluation", seed=0, noise=0.3):
        rng = np.random.default_rng(seed)
        x, who = clouds(noise=noise)
        left = rng.integers(0, len(x), 1500)
        same = rng.random(1500) < 0.5
        partner = [rng.choice(np.flatnonzero((who == who[a]) == s)) for a, s in zip(left, same, strict=True)]
        wrong = rng.random(1500) < flip
        list_ = samples(x, who, pairs=given(left, partner, same ^ wrong))
        if where == "training":
            return case(samples(x, who), training=list_, facts=settings(threshold=1.5))
        return case(list_, facts=settings(threshold=1.5))

    def test_labels_drawn_by_another_seed_agree_with_half_of_the_folders(self):
        patient = self.listed(0.5)
        found = evidence("misaligned-labels", patient)
        assert found.certainty == 1
        assert found.measurements[0].value == pytest.approx(0.5, abs=0.05)
        assert patient.accuracy.value == pytest.approx(0.5, abs=0.06)
        assert found.recovers.points > 30

    def test_wrong_labels_in_the_training_list_are_proof(self):
        found = evidence("misaligned-labels", self.listed(0.5, where="training"))
        assert (found.certainty, found.proof, found.recovers) == (1.0, True, None)

    def test_a_few_slips_are_clear(self):
        assert evidence("misaligned-labels", self.listed(0.015)).certainty < 0.25

    def test_the_opposite_convention_is_not_misalignment(self):
        found = evidence("misaligned-labels", self.listed(1.0))
        assert found.certainty == 0
        assert "opposite" in found.summary

    @pytest.mark.parametrize("seed", range(3))
    def test_the_order_of_the_list_makes_no_difference(self, seed):
        assert evidence("misaligned-labels", self.listed(0.5, seed=seed)).certainty == 1

    def trained(self, tmp_path, losses, embed):
        """Raw-distance contrastive model with margin 1 on clouds that raw inputs part well."""
        x, who = clouds(identities=10, each=30, noise=0.5)
        log = history(tmp_path / "history.csv", loss=losses)
        facts = settings(loss="contrastive", margin=1.0, same_label=1, history=log, threshold=0.5)
        return case(samples(x, who), training=samples(x, who), head=head("euclidean"), embed=embed, facts=facts)

    def learned_by_heart(self, x):
        """Each sample somewhere of its own, at about half the margin from every other, with a trace of identity."""
        seeds = (np.abs(x[:, :3]).sum(1) * 1e6).astype(int) % (2**31)
        own = np.stack([np.random.default_rng(s).normal(size=16) for s in seeds])
        return 0.085 * own + 0.07 * np.resize(np.tanh(x).T, (16, len(x))).T

    def test_a_fitted_list_that_says_nothing_of_fresh_pairs_of_the_same_images(self, tmp_path):
        falling = np.geomspace(0.25, 0.08, 12).tolist()
        found = evidence("misaligned-labels", self.trained(tmp_path, falling, self.learned_by_heart))
        assert found.certainty > 0.5
        assert "nothing to do with the identities" in found.summary

    def test_a_sound_model_with_the_same_history_is_clear(self, tmp_path):
        falling = np.geomspace(0.25, 0.08, 12).tolist()
        found = evidence("misaligned-labels", self.trained(tmp_path, falling, lambda x: 0.3 * x))
        assert found.certainty == 0

    def test_a_ruin_that_a_remedy_repairs_was_no_noise(self, tmp_path):
        """Here the embedding separates well by cosine, so its labels cannot have been noise."""
        falling = np.geomspace(0.25, 0.08, 12).tolist()

        def wandering_lengths(x):
            length = 0.02 + np.abs(np.sin(1e4 * x[:, :1]))
            return 1.2 * length * x / (1e-9 + np.linalg.norm(x, axis=1, keepdims=True))

        patient = self.trained(tmp_path, falling, wandering_lengths)
        assert patient.trial("metric").accuracy.value > 0.9
        assert evidence("misaligned-labels", patient).certainty == 0

    def test_identities_that_nothing_could_tell_apart_accuse_nobody(self, tmp_path):
        rng = np.random.default_rng(0)
        noise = rng.normal(size=(300, 8)).astype(np.float32)
        log = history(tmp_path / "h.csv", loss=np.geomspace(0.25, 0.08, 12).tolist())
        data = samples(noise, np.repeat(np.arange(10), 30))
        facts = settings(loss="contrastive", margin=1.0, same_label=1, history=log, threshold=0.5)
        patient = case(data, training=data, head=head("euclidean"), embed=lambda x: 0.15 * x, facts=facts)
        assert evidence("misaligned-labels", patient).certainty < 0.5
