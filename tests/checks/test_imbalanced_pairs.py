"""imbalanced-pairs: the fault, near misses that stay clear, and what must make no difference."""

import numpy as np
import pytest
from scipy.special import expit
from siamdoctor.settings import FedSettings
from stand_ins import case, clouds, evidence, given, head, history, learned, samples, settings


def one_sided(tmp_path=None, *, border, first=None, shown=None):
    """A sound sigmoid head whose border lies at `border` of the distance between the two kinds of pairs."""
    x, who = clouds(noise=0.35)

    def compare(a, b):
        return expit(4 * (border - np.abs(a - b).sum(1)))

    log = None
    if first is not None:
        log = history(tmp_path / "history.csv", loss=[first, first / 2, first / 4], accuracy=[shown, 0.97, 0.98])
    facts = settings(loss="binary_crossentropy", same_label=1, history=log)
    return case(samples(x, who), head=learned(), compare=compare, facts=facts)


def test_good_from_the_first_epoch_and_everything_is_different(tmp_path):
    patient = one_sided(tmp_path, border=2.2, first=0.32, shown=0.9)
    found = evidence("imbalanced-pairs", patient)
    assert found.certainty > 0.5
    assert found.recovers.points == pytest.approx(patient.trial("threshold").gain.points)
    assert patient.deployed.as_deployed.mean() < 0.3


def test_the_same_predictions_after_a_start_at_chance_have_another_reason(tmp_path):
    assert evidence("imbalanced-pairs", one_sided(tmp_path, border=2.2, first=0.68, shown=0.6)).certainty == 0


def test_without_a_history_predictions_alone_are_worth_a_line():
    assert 0 < evidence("imbalanced-pairs", one_sided(border=2.2)).certainty < 0.5


def test_balanced_predictions_are_clear(tmp_path):
    assert evidence("imbalanced-pairs", one_sided(tmp_path, border=5.0, first=0.32, shown=0.9)).certainty == 0


def test_a_training_list_speaks_for_itself():
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


def test_a_training_list_far_out_of_balance_is_to_blame_even_where_nothing_else_was_learned():
    x, who = clouds(noise=8.0)
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, len(x), (2, 4000))
    listed = samples(x, who, pairs=given(left, right, who[left] == who[right]))
    facts = settings(loss="binary_crossentropy", same_label=1)
    never = case(samples(x, who), training=listed, head=learned(), compare=lambda a, _: 0.1 + 0 * a[:, 0], facts=facts)
    assert never.trial("threshold").gain.low <= 0
    assert evidence("imbalanced-pairs", never).certainty > 0.5


@pytest.mark.parametrize(("positives", "guilty"), [(0.05, True), (0.5, False)])
def test_what_a_watch_saw_being_fed_counts_as_the_list(positives, guilty):
    x, who = clouds(noise=0.35)

    def compare(a, b):
        return expit(4 * (2.2 - np.abs(a - b).sum(1)))

    facts = settings(loss="binary_crossentropy", same_label=1, fed=FedSettings(positives=positives))
    found = evidence("imbalanced-pairs", case(samples(x, who), head=learned(), compare=compare, facts=facts))
    assert (found.certainty > 0.5) == guilty
    assert found.measurements[0].value == positives


def test_an_evaluation_list_out_of_balance_harms_no_training():
    x, who = clouds(noise=0.35)
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, len(x), (2, 4000))
    listed = samples(x, who, pairs=given(left, right, who[left] == who[right]))
    found = evidence("imbalanced-pairs", case(listed, head=head("euclidean"), facts=settings(threshold=3.0)))
    assert found.certainty == 0
