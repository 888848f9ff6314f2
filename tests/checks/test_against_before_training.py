"""What only a comparison with the untrained network, or with the training data, can tell."""

import dataclasses

import numpy as np
import pytest
import stand_ins as make
from siamdoctor.data.scaling import AS_STORED, as_in_training
from siamdoctor.trials.sides import told_apart

EUCLIDEAN = make.head("euclidean")
UNDECLARED = make.settings(metric="euclidean")
UNDECLARED = dataclasses.replace(UNDECLARED, data=dataclasses.replace(UNDECLARED.data, rescale=None))


def drawn_together(scale, *, centre=3.0):
    """The identity map, shrunk towards one point: the likeness of the samples is all there is left."""
    return lambda x: centre + scale * x.reshape(len(x), -1)


def overlapping(**more):
    """Identities that raw samples tell apart half-way."""
    x, identity = make.clouds(12, 20, noise=0.8)
    return make.case(make.samples(x, identity), head=EUCLIDEAN, **more)


@pytest.mark.parametrize(("scale", "found"), [(1e-3, True), (0.3, False)])
def test_likeness_that_was_there_before_training_does_not_excuse_a_collapse(scale, found):
    patient = overlapping(embed=drawn_together(scale), fresh=lambda _seed: drawn_together(1.0, centre=0.0))
    assert 0.75 < patient.deployed.auc < 0.95
    assert (make.evidence("collapsed-embedding", patient).certainty >= 0.5) == found


@pytest.mark.parametrize(("scale", "found"), [(0.05, True), (1e-3, False)])
def test_a_margin_beyond_distances_that_training_drew_together_is_not_the_cause(scale, found):
    facts = make.settings(loss="triplet", margin=5.0, metric="euclidean")
    # The untrained network's distances are of the size 0.05 as well: training left them, or drew them together.
    fresh = lambda _seed: drawn_together(0.05, centre=0.0)  # noqa: E731
    patient = overlapping(embed=drawn_together(scale), facts=facts, fresh=fresh)
    assert (make.evidence("margin-too-large", patient).certainty >= 0.5) == found


def saturating(x):
    return np.tanh(x.reshape(len(x), -1))


@pytest.mark.parametrize(("factor", "offset", "found"), [(180, 512, True), (1, 40, True), (1.5, 0.3, False)])
def test_a_table_prepared_otherwise_than_the_training_table(factor, offset, found):
    x, identity = make.clouds(12, 40)
    training = make.samples(x[::2], identity[::2])
    data = make.samples(factor * x[1::2] + offset, identity[1::2])
    patient = make.case(data, training=training, head=EUCLIDEAN, embed=saturating, facts=UNDECLARED)
    evidence = make.evidence("preprocessing-mismatch", patient)
    assert (evidence.certainty >= 0.5) == found
    if found:
        assert evidence.recovers.low > 0
        assert "values" in evidence.summary.lower()
        assert "training data" in evidence.summary


def test_what_matches_the_training_data_has_their_mean_and_spread_in_each_place():
    rng = np.random.default_rng(0)
    there = rng.normal([0, 5, 1], [1, 2, 0], size=(300, 3)).astype(np.float32)
    here = rng.normal([900, -40, 1], [30, 0.1, 0], size=(200, 3)).astype(np.float32)
    matched = as_in_training(there, here, AS_STORED).apply(here)
    np.testing.assert_allclose(matched.mean(0), there.mean(0), atol=0.01)
    np.testing.assert_allclose(matched.std(0), there.std(0), rtol=0.01, atol=0.001)
    assert as_in_training(there, 1.2 * there, AS_STORED) is None


def memory_of(rows, places):
    table = {row.tobytes(): place for row, place in zip(rows, places, strict=True)}
    return lambda batch: np.array([table.get(row.tobytes(), row) for row in batch.reshape(len(batch), -1)])


@pytest.mark.parametrize(("spoilt", "found"), [("seen", True), ("all", False), ("none", False)])
def test_training_that_worked_against_its_own_pairs_alone_had_inverted_labels(spoilt, found):
    x, identity = make.clouds(24, 20, noise=0.6)
    seen, fresh = identity < 12, identity >= 12
    scattered = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    rows = {"seen": seen, "all": seen | fresh, "none": np.zeros_like(seen)}[spoilt]
    patient = make.case(
        make.samples(x[fresh], identity[fresh] - 12, names=tuple(f"new{i}" for i in range(12))),
        training=make.samples(x[seen], identity[seen]),
        head=EUCLIDEAN,
        embed=memory_of(x[rows], scattered[rows]),
        facts=make.settings(loss="contrastive", margin=1.0, metric="euclidean"),
    )
    evidence = make.evidence("inverted-labels", patient)
    assert ("harder to tell apart than strangers" in evidence.summary) == found
    assert evidence.certainty >= 0.5 or not found


def two_sided(shift):
    """Pairs whose right samples are of another kind by so much, under two towers that never agreed."""
    x, identity = make.clouds(12, 40)
    left, right = np.arange(0, 480, 2), np.arange(1, 480, 2)
    x[right] += shift
    order = np.random.default_rng(0).permutation(240)
    pairs = (np.concatenate([left, left]), np.concatenate([right, right[order]]))
    same = identity[pairs[0]] == identity[pairs[1]]
    return make.samples(x, identity, pairs=make.given(*pairs, same))


@pytest.mark.parametrize(("shift", "apart"), [(0.0, False), (10.0, True)])
def test_sides_of_two_kinds_are_told_from_sides_of_one(shift, apart):
    patient = make.case(two_sided(shift), head=EUCLIDEAN)
    assert (told_apart(patient) > 0.95) == apart
    x, identity = make.clouds()
    assert told_apart(make.case(make.samples(x, identity), head=EUCLIDEAN)) == 0.5


@pytest.mark.parametrize(("shift", "likely"), [(0.0, True), (10.0, False)])
def test_towers_of_their_own_are_no_fault_where_the_sides_are_of_two_kinds(shift, likely):
    patient = make.case(two_sided(shift), head=EUCLIDEAN, twins="separate")
    turned = np.linalg.qr(np.random.default_rng(5).normal(size=(8, 8)))[0].astype(np.float32)

    def embed(x, *, side=0, **_):
        return (x - shift * side).reshape(len(x), -1) @ (turned if side else np.eye(8, dtype=np.float32))

    patient.twin.embed = embed
    assert (make.evidence("untied-towers", patient).certainty >= 0.5) == likely
