"""leaky-evaluation: the fault, near misses that stay clear, and what must make no difference."""

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from stand_ins import case, clouds, evidence, pictures, samples, settings


def overlapping(share, *, noise=2.0):
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


def test_trained_samples_among_those_judged_by():
    patient = overlapping(0.6)
    found = evidence("leaky-evaluation", patient)
    assert found.certainty == 1
    clean = next(m.value for m in found.measurements if "without them" in m.name)
    tainted = next(m.value for m in found.measurements if "of such samples" in m.name)
    assert tainted > 0.95
    assert clean < 0.7
    assert found.at_stake == pytest.approx(100 * (patient.accuracy.value - clean))


def test_shared_identities_alone_are_no_leak():
    found = evidence("leaky-evaluation", overlapping(0.0))
    assert found.certainty == 0
    assert next(m.value for m in found.measurements if "identities" in m.name) == 1


def test_a_stray_copy_is_worth_no_alarm():
    assert evidence("leaky-evaluation", overlapping(0.015)).certainty < 0.25


def test_blank_images_are_alike_without_having_leaked():
    x, who = pictures()
    blank = x.copy()
    blank[::3] = 0
    training, judged = slice(0, None, 2), slice(1, None, 2)
    patient = case(
        samples(blank[judged], who[judged], kind="images"),
        training=samples(blank[training], who[training], kind="images"),
    )
    assert evidence("leaky-evaluation", patient).certainty == 0


def test_judging_by_the_training_data_themselves():
    x, who = clouds()
    data = samples(x, who)
    found = evidence("leaky-evaluation", case(data, training=data))
    assert found.certainty == 1
    assert found.at_stake is None


def test_without_training_data_nothing_is_said():
    with pytest.raises(Unavailable, match="training data"):
        evidence("leaky-evaluation", case(samples(*clouds())))
