"""The rule whose accuracy is shown: what the settings declare, or what head and compiled metrics imply."""

from dataclasses import replace
from pathlib import Path

import pytest
from siamdoctor.decision import deployed_rule
from siamdoctor.models.blueprint import Blueprint, Head
from siamdoctor.settings import DecisionSettings, Settings, TrainingSettings


def blueprint(kind, *, merge=None, units=None, activation=None, metrics=(), from_logits=False):
    head = Head(kind=kind, merge=merge, units=units, activation=activation, recognised_by="layers")
    return Blueprint(
        path=Path("model.keras"),
        format="keras",
        keras_version="3.15.1",
        twins="shared",
        encoder=None,
        second_encoder=None,
        head=head,
        inputs=(),
        outputs=1,
        ignored_inputs=(),
        same_input_twice=False,
        batch_coupled=(),
        loss=None,
        loss_from_logits=from_logits,
        metrics=metrics,
        optimizer=None,
        learning_rate=None,
        lambdas=(),
        weights=(),
        unreadable=(),
        advice=(),
        assumed=(),
    )


def settings(metric=None, threshold=None, same_label=None):
    return Settings(
        decision=DecisionSettings(metric=metric, threshold=threshold),
        training=TrainingSettings(same_label=same_label),
    )


SIGMOID = blueprint("learned", merge="absolute_difference", units=1, activation="sigmoid", metrics=("accuracy",))


def test_a_declared_distance_threshold_calls_near_pairs_the_same():
    rule = deployed_rule(blueprint("euclidean"), settings("euclidean", 0.7), comparable=True)
    assert (rule.source, rule.threshold, rule.same_below, rule.inverted) == ("output", 0.7, True, False)


def test_keras_accuracy_on_a_distance_is_inverted_unless_label_1_means_different():
    distance = blueprint("euclidean", metrics=("accuracy",))
    assert deployed_rule(distance, settings(), comparable=True).inverted
    assert deployed_rule(distance, settings(same_label=1), comparable=True).inverted
    assert not deployed_rule(distance, settings(same_label=0), comparable=True).inverted


def test_an_accuracy_that_may_be_the_users_own_decides_nothing_until_a_history_shows_it_reversed(tmp_path):
    distance = replace(blueprint("euclidean", metrics=("accuracy",)), accuracy_may_be_own=True)
    rule = deployed_rule(distance, settings(), comparable=True)
    assert (rule.threshold, rule.inverted, rule.origin) == (None, False, "accuracy of unknown origin")
    assert not deployed_rule(distance, settings(same_label=0), comparable=True).inverted
    assert deployed_rule(distance, settings("euclidean", 0.7), comparable=True).origin == "declared"
    for shown, inverted in ((0.09, True), (0.91, False)):
        history = tmp_path / "history.csv"
        history.write_text(f"epoch,accuracy,loss\n0,0.5,0.4\n1,{shown},0.1\n", encoding="utf-8")
        facts = replace(settings(), training=TrainingSettings(history=history))
        assert deployed_rule(distance, facts, comparable=True).inverted == inverted


def test_a_declared_decision_overrides_the_compiled_accuracy():
    distance = blueprint("euclidean", metrics=("accuracy",))
    assert not deployed_rule(distance, settings("euclidean", 0.5), comparable=True).inverted


@pytest.mark.parametrize(("same_label", "same_below"), [(1, False), (None, False), (0, True)])
def test_a_sigmoid_above_one_half_is_label_1(same_label, same_below):
    rule = deployed_rule(SIGMOID, settings(same_label=same_label), comparable=True)
    assert (rule.metric, rule.threshold, rule.same_below, rule.inverted) == ("output", 0.5, same_below, False)


def test_logits_are_cut_at_zero():
    head = blueprint("learned", units=1, activation="linear", from_logits=True)
    assert deployed_rule(head, settings(), comparable=True).threshold == 0


def test_a_similarity_head_calls_high_scores_the_same():
    rule = deployed_rule(blueprint("cosine_similarity"), settings("cosine", 0.8), comparable=True)
    assert (rule.source, rule.same_below, rule.inverted) == ("output", False, False)


def test_an_encoder_alone_is_compared_by_the_declared_metric():
    rule = deployed_rule(blueprint("none"), settings("cosine", 0.3), comparable=False)
    assert (rule.source, rule.metric, rule.threshold, rule.same_below) == ("embedding", "cosine", 0.3, True)


def test_nothing_declared_is_said_under_assumed():
    rule = deployed_rule(blueprint("none"), settings(), comparable=False)
    assert rule.threshold is None
    assert any("tuned" in sentence for sentence in rule.assumed)
    assert any("euclidean" in sentence for sentence in rule.assumed)


def test_another_metric_than_the_heads_is_taken_between_embeddings():
    rule = deployed_rule(blueprint("euclidean"), settings("cosine", 0.5), comparable=True)
    assert (rule.source, rule.metric) == ("embedding", "cosine")


def test_a_metric_named_like_the_merge_under_a_learned_head_means_the_output():
    head = replace(SIGMOID, head=replace(SIGMOID.head, merge="euclidean"))
    assert deployed_rule(head, settings("euclidean", 0.5), comparable=True).metric == "output"
    assert deployed_rule(SIGMOID, settings("cosine", 0.5), comparable=True).source == "embedding"
