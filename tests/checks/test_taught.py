"""Where checks look for what the training saw."""

import numpy as np
import stand_ins as make
from siamdoctor.data.samples import GivenPairs
from siamdoctor.taught import pair_lists, taught


def listed(same):
    x, identity = make.clouds(4, 5)
    pairs = GivenPairs(left=np.arange(3), right=np.arange(3) + 5, same=np.asarray(same))
    return make.samples(x, identity, pairs=pairs)


def test_training_data_come_first_and_the_data_at_hand_serve_without_them():
    x, identity = make.clouds(4, 5)
    plain = make.samples(x, identity)
    alone = make.case(plain, head=make.head("euclidean"))
    assert taught(alone) is alone
    assert list(pair_lists(alone)) == []
    both = make.case(listed([True, False, False]), head=make.head("euclidean"), training=listed([True, True, False]))
    assert taught(both) is both.training
    assert [(where, float(pairs.same.mean())) for where, _, pairs in pair_lists(both)] == [
        ("training", 2 / 3),
        ("evaluation", 1 / 3),
    ]
    only_evaluated = make.case(listed([True, False, False]), head=make.head("euclidean"), training=plain)
    assert [where for where, _, _ in pair_lists(only_evaluated)] == ["evaluation"]
