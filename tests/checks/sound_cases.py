"""A sound case that each test spoils in one respect, and a stored weight."""

import numpy as np
import stand_ins as make
from siamdoctor.models.blueprint import StoredWeight
from siamdoctor.registry import find

EUCLIDEAN = make.head("euclidean")


def look(name, case):
    return find(name).run(case)


def sound(*, head=EUCLIDEAN, data=None, **more):
    x, identity = make.clouds(12, 20)
    return make.case(data or make.samples(x, identity), head=head, **more)


def weight(variable, values, initializer, *, part="encoder", layer="dense"):
    values = np.asarray(values, dtype=np.float32)
    return StoredWeight(
        part=part,
        layer=layer,
        layer_class="Dense",
        variable=variable,
        shape=values.shape,
        initializer=initializer,
        load=lambda: values,
    )
