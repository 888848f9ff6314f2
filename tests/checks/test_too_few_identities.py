"""too-few-identities: the fault, near misses that stay clear, and what must make no difference.

Coordinates 0 to 3 tell the training identities apart, 4 to 7 all others.
"""

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from stand_ins import case, evidence, samples


def named(x, who, prefix):
    return samples(x, who, names=tuple(f"{prefix}{i}" for i in range(int(who.max()) + 1)))


def split(trained, *, noise=0.7, fresh_names="b"):
    rng = np.random.default_rng(0)

    def group(identities, active, seed):
        who = np.repeat(np.arange(identities), 25)
        centres = np.zeros((identities, 8))
        centres[:, active] = np.random.default_rng(seed).normal(size=(identities, 4))
        return centres[who] + noise * rng.normal(size=(who.size, 8)), who

    return named(*group(trained, slice(0, 4), 1), "a"), named(*group(12, slice(4, 8), 2), fresh_names)


def learned_by_heart(x):
    return x * np.array([3, 3, 3, 3, 0.3, 0.3, 0.3, 0.3])


def test_what_was_learned_of_a_few_does_not_carry_over():
    training, fresh = split(6)
    found = evidence("too-few-identities", case(fresh, training=training, embed=learned_by_heart))
    assert found.certainty > 0.5
    assert "no better than raw pixels" in found.summary


def test_what_carries_over_is_clear():
    training, fresh = split(6)
    found = evidence("too-few-identities", case(fresh, training=training, embed=lambda x: x))
    assert found.certainty == 0


def test_known_identities_are_worth_a_line_only():
    training, fresh = split(12, fresh_names="a")
    found = evidence("too-few-identities", case(fresh, training=training, embed=learned_by_heart))
    assert found.certainty < 0.5


def test_a_model_that_learned_nothing_anywhere_is_another_fault():
    training, fresh = split(6)
    found = evidence("too-few-identities", case(fresh, training=training, embed=lambda x: np.sin(1e4 * x)))
    assert found.certainty == 0


def test_unknown_identities_and_unknown_training_data_are_left_alone():
    training, fresh = split(6)
    with pytest.raises(Unavailable, match="training data"):
        evidence("too-few-identities", case(fresh))
    unknown = samples(training.load(np.arange(50), (8,)), training.identity[:50], identity_known=False)
    with pytest.raises(Unavailable, match="identities"):
        evidence("too-few-identities", case(fresh, training=unknown))
