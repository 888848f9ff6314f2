"""What a loss gives away: its kind, its convention, its margin, wherever its author put it."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from siamdoctor.callbacks.losses import examine_loss
from siamdoctor.callbacks.margins import find_margin

MARGIN = 0.7


def of_distance(margin, *, similar=1, squared=True):
    def contrastive(y, d):
        y = y if similar == 1 else 1 - y
        apart = np.maximum(margin - d, 0.0)
        return y * d**2 + (1 - y) * (apart**2 if squared else apart)

    return contrastive


def with_local_margin(y, d):
    margin = 1.5
    return y * d**2 + (1 - y) * np.maximum(margin - d, 0.0) ** 2


def with_global_margin(y, d):
    return y * d**2 + (1 - y) * np.maximum(MARGIN - d, 0.0) ** 2


def with_default(y, d, margin=0.4):
    return y * d**2 + (1 - y) * np.maximum(margin - d, 0.0) ** 2


def halved(y, d):
    return 0.5 * (y * d**2 + (1 - y) * np.maximum(2.0 - d, 0.0) ** 2)


def decorated(y, d):
    return wrapped(y, d)


wrapped = of_distance(0.9)


class LossObject:
    def __init__(self, margin):
        self.margin = margin

    def __call__(self, y, d):
        return of_distance(self.margin)(y, d)


class Configured:
    """Keeps its margin where only `get_config` finds it."""

    __slots__ = ("_kept",)

    def __init__(self, margin):
        self._kept = margin

    def get_config(self):
        return {"name": "contrastive", "margin": self._kept}

    def __call__(self, y, d):
        return of_distance(self._kept)(y, d)


class HandingOn:
    """As Keras wraps functions: keywords kept in an attribute."""

    def __init__(self):
        self.fn, self._fn_kwargs = with_default, {"margin": 0.25}

    def __call__(self, y, d):
        return self.fn(y, d, **self._fn_kwargs)


def attempted(loss):
    return lambda label, distance: float(loss(label, distance))


@pytest.mark.parametrize(
    ("loss", "margin", "place"),
    [
        (of_distance(1.25), 1.25, "the closure (margin)"),
        (LossObject(0.3), 0.3, "an attribute of the loss (margin)"),
        (Configured(0.6), 0.6, "the configuration of the loss (margin)"),
        (HandingOn(), 0.25, "a keyword that the loss hands on (margin)"),
        (functools.partial(with_default, margin=2.0), 2.0, "an argument of the partial function (margin)"),
        (with_default, 0.4, "the default of an argument (margin)"),
        (with_global_margin, 0.7, "a global variable (margin)"),
        (LossObject(0.3).__call__, 0.3, "an attribute of the loss (margin)"),
    ],
)
def test_a_margin_is_found_by_its_name(loss, margin, place):
    found = find_margin(loss)
    assert (found.value, found.place) == (margin, place)


def test_what_is_no_margin_is_not_taken_for_one():
    def loss(y, d, margin="auto", m=math.nan, *, alpha=True):
        return y * d, margin, m, alpha

    assert find_margin(loss) is None
    assert find_margin("binary_crossentropy") is None
    assert find_margin(None) is None


def test_a_function_that_holds_itself_ends_the_search():
    def loss(y, d):
        return loss if y else d

    assert find_margin(loss) is None


@pytest.mark.parametrize(
    ("loss", "similar", "margin"),
    [
        (of_distance(1.0), 1, 1.0),
        (of_distance(1.0, similar=0), 0, 1.0),
        (of_distance(0.5, squared=False), 1, 0.5),
        (with_local_margin, 1, 1.5),
        (halved, 1, 2.0),
        (decorated, 1, 0.9),
    ],
)
def test_convention_and_margin_are_measured_on_single_pairs(loss, similar, margin):
    facts = examine_loss(loss, attempted(loss))
    assert (facts.kind, facts.similar) == ("contrastive", similar)
    assert facts.margin.value == pytest.approx(margin, rel=1e-3)


def test_a_margin_without_a_name_says_that_it_was_measured():
    assert examine_loss(halved, attempted(halved)).margin.place.startswith("measured")


def crossentropy(y, p):
    p = min(max(p, 1e-7), 1 - 1e-7)
    return -(y * math.log(p) + (1 - y) * math.log(1 - p))


def of_logits(y, x):
    return max(x, 0) - x * y + math.log1p(math.exp(-abs(x)))


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        (crossentropy, "binary_crossentropy"),
        (of_logits, "binary_crossentropy"),
        (lambda y, p: (y - p) ** 2, "mse"),
        (lambda y, p: abs(y - p), "other"),
        (lambda y, p: 0.0 * y * p, "other"),
    ],
)
def test_other_losses_are_told_apart_and_decide_no_convention(loss, kind):
    facts = examine_loss(loss, attempted(loss))
    assert (facts.kind, facts.similar, facts.margin) == (kind, None, None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("binary_crossentropy", "binary_crossentropy"), ("mse", "mse"), ("sparse_categorical_crossentropy", "other")],
)
def test_a_loss_given_by_name_is_not_tried(name, kind):
    def never(label, distance):
        raise AssertionError((label, distance))

    assert examine_loss(name, never).kind == kind


def test_a_triplet_loss_is_known_by_name_and_its_margin_by_closure():
    def make(margin):
        def batch_hard_triplet_loss(y, e):
            return margin + 0 * y * e

        return batch_hard_triplet_loss

    facts = examine_loss(make(0.2), lambda *_: None)
    assert (facts.kind, facts.similar, facts.margin.value) == ("triplet", None, 0.2)


def test_no_loss_is_no_fact():
    facts = examine_loss(None, lambda *_: None)
    assert (facts.name, facts.kind) == (None, None)
