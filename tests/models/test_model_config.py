"""Configurations: how deep they are, their seeds, and what the model was compiled with."""

from __future__ import annotations

from siamdoctor.models.compiled import read_compiled
from siamdoctor.models.config import depth, number
from siamdoctor.models.rebuild import seeded


def test_learning_rate_of_a_schedule_is_its_first():
    schedule = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.5}}
    saved = {"optimizer": {"class_name": "Adam", "config": {"learning_rate": schedule}}, "loss": [None, "mse"]}
    found = read_compiled(saved)
    assert (found.optimizer, found.learning_rate, found.loss) == ("Adam", 0.5, "mse")


def test_depth_is_bounded():
    value: list = []
    for _ in range(5000):
        value = [value]
    assert depth(value) == 201
    assert depth({"a": [1]}) == 3


def test_seeds_differ_within_a_model_and_repeat_with_the_seed():
    config = [{"config": {"seed": None}}, {"config": {"seed": 3}}, {"seed": {"class_name": "SeedGenerator"}}]
    one, again, other = seeded(config, 1), seeded(config, 1), seeded(config, 2)
    assert one == again != other
    assert one[0]["config"]["seed"] != one[1]["config"]["seed"]
    assert one[2] == config[2]


def test_a_whole_number_beyond_every_float_is_no_number():
    assert number(10**400) is None
    assert number(10**300) == 1e300
