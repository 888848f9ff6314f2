"""Baselines that an embedding has to beat, losses in hindsight, and remedies behind the output."""

import numpy as np
import pytest
from scipy.special import expit
from siamdoctor.errors import Unavailable
from siamdoctor.registry import find
from siamdoctor.runner import run_check
from siamdoctor.stats.roc import auc
from siamdoctor.trials import all_trials
from siamdoctor.trials.baselines import discriminant, fresh_encoder, learned_nothing, own_embedding, raw_inputs, rows
from siamdoctor.trials.hindsight import hindsight, natural_decisions, recomputed_loss
from stand_ins import case, clouds, given, head, history, learned, samples, settings

X, WHO = clouds(noise=0.6)


class TestBaselines:
    def test_raw_inputs_are_compared_as_they_are_stored(self):
        plain = case(samples(X, WHO), embed=lambda x: np.sin(1e4 * x))
        left, right = plain.pairs.left, plain.pairs.right
        euclidean = auc(np.linalg.norm(plain.pixels[left] - plain.pixels[right], axis=1), plain.pairs.same)
        assert raw_inputs(plain).auc >= euclidean
        assert learned_nothing(plain)

    def test_an_embedding_that_drops_the_noise_has_learned_something(self):
        noisy = np.concatenate([X, 8 * np.random.default_rng(1).normal(size=(len(X), 12))], axis=1)
        model = case(samples(noisy, WHO), embed=lambda x: x[:, :8])
        assert own_embedding(model).auc > raw_inputs(model).auc + 0.1
        assert not learned_nothing(model)

    def test_fresh_weights_are_measured_by_the_better_metric(self):
        model = case(samples(X, WHO))
        fresh = model.untrained
        best = max(auc(fresh.metric_distance(m), model.pairs.same) for m in ("euclidean", "cosine"))
        assert fresh_encoder(model).auc == pytest.approx(best, abs=1e-6)

    def test_a_discriminant_finds_what_the_distance_drowns(self):
        noisy = np.concatenate([X, 8 * np.random.default_rng(1).normal(size=(len(X), 12))], axis=1)
        model = case(samples(noisy, WHO))
        assert discriminant(model).auc > own_embedding(model).auc + 0.1

    def test_a_discriminant_of_noise_is_at_chance(self):
        noise = np.random.default_rng(2).normal(size=(400, 10))
        found = discriminant(case(samples(noise, np.repeat(np.arange(20), 20))))
        assert found.accuracy.low < 0.5 < found.accuracy.high

    @pytest.mark.parametrize("collapsed", [np.zeros, np.ones], ids=["at zero", "elsewhere"])
    def test_one_point_has_no_discriminant(self, collapsed):
        model = case(samples(X, WHO), embed=lambda x: collapsed((len(x), 4)))
        with pytest.raises(Unavailable, match="discriminant"):
            discriminant(model)

    def test_identities_without_any_spread_are_no_crash(self):
        result = run_check(find("narrow-embedding"), case(samples(np.eye(10)[WHO], WHO)))
        assert result.status == "clear"

    def test_no_baseline_is_a_remedy(self):
        model = case(samples(X, WHO))
        for measure in (raw_inputs, fresh_encoder, own_embedding, discriminant):
            measure(model)
        assert model.outcomes == ()
        assert not {"raw", "fresh", "discriminant"} & set(all_trials())

    def test_rows_name_what_could_be_measured(self):
        names = [row.name for row in rows(case(samples(X, WHO)))]
        assert len(names) == 3
        assert any("fresh weights" in name for name in names)

    def test_twice_asked_once_computed(self):
        model = case(samples(X, WHO))
        assert raw_inputs(model) is raw_inputs(model)
        assert raw_inputs(model) is not raw_inputs(case(samples(X, WHO)))

    def test_embeddings_that_are_no_numbers_have_no_baseline(self):
        broken = case(samples(X, WHO), embed=lambda x: np.full((len(x), 3), np.nan))
        with pytest.raises(Unavailable):
            own_embedding(broken)
        with pytest.raises(Unavailable):
            discriminant(broken)


class TestHindsight:
    def contrastive(self, tmp_path, told):
        facts = settings(loss="contrastive", margin=2.0, same_label=1, history=history(tmp_path / "h.csv", loss=told))
        return case(samples(X, WHO), training=samples(X, WHO), head=head("euclidean"), facts=facts)

    def test_contrastive_loss_is_that_of_its_formula(self, tmp_path):
        model = self.contrastive(tmp_path, [1.0, 0.5])
        distance, same = model.deployed.output.astype(float), model.pairs.same
        by_hand = (distance[same] ** 2).mean() / 2 + (np.maximum(2 - distance[~same], 0) ** 2).mean() / 2
        assert recomputed_loss(model) == pytest.approx(by_hand)
        known = hindsight(model)
        assert known.told == pytest.approx(0.5)
        assert known.first == pytest.approx(1.0)
        assert known.found == pytest.approx(recomputed_loss(model.training))

    @pytest.mark.parametrize("same_label", [0, 1])
    def test_cross_entropy_follows_the_label_of_a_same_pair(self, same_label):
        def compare(a, b):
            near = expit(3 - np.linalg.norm(a - b, axis=1))
            return near if same_label == 1 else 1 - near

        facts = settings(loss="binary_crossentropy", same_label=same_label)
        model = case(samples(X, WHO), head=learned(), compare=compare, facts=facts)
        assert recomputed_loss(model) < np.log(2)
        natural = natural_decisions(model)
        assert natural.recall > 0.5
        assert natural.specificity > 0.5
        assert natural.themselves == 1

    def test_what_cannot_be_recomputed_is_said(self, tmp_path):
        log = history(tmp_path / "h.csv", loss=[1.0, 0.5])
        facts = settings(loss="triplet", margin=0.2, history=log)
        with pytest.raises(Unavailable):
            hindsight(case(samples(X, WHO), training=samples(X, WHO), facts=facts))
        with pytest.raises(Unavailable, match="history"):
            hindsight(case(samples(X, WHO), training=samples(X, WHO), facts=settings(loss="mse")))


class TestRemediesBehindTheOutput:
    def test_labels_from_folders_count_a_decision_right_where_it_agrees_with_them(self):
        rng = np.random.default_rng(0)
        x, who = clouds(noise=0.3)
        left, right = rng.integers(0, len(x), (2, 2000))
        shuffled = rng.permutation(who[left] == who[right])
        model = case(samples(x, who, pairs=given(left, right, shuffled)), facts=settings(threshold=1.6))
        outcome = model.trial("labels-from-folders")
        true = model.identity[model.pairs.left] == model.identity[model.pairs.right]
        agrees = (model.deployed.as_deployed == true) == (outcome.decided == model.pairs.same)
        assert agrees.all()
        assert outcome.auc > 0.95

    def test_a_constant_output_has_nothing_to_fit(self):
        model = case(samples(X, WHO), head=learned(), compare=lambda a, _: np.full(len(a), 0.5))
        with pytest.raises(Unavailable, match="constant"):
            model.trial("logistic-output")

    def test_only_an_exponential_can_be_taken_away(self):
        with pytest.raises(Unavailable):
            case(samples(X, WHO), head=head("euclidean")).trial("unsaturated")
