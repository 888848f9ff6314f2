"""Models that are saved once for all tests of this folder."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from small_twins import FEATURES, case_of, clouds, dense_encoder, samples_of, save_model, settings_of


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("plain") / "model.keras", dense_encoder, (FEATURES,))


@pytest.fixture(scope="session")
def unit_model(tmp_path_factory):
    make = partial(dense_encoder, unit_norm=True)
    return save_model(tmp_path_factory.mktemp("unit") / "model.keras", make, (FEATURES,))


@pytest.fixture(scope="session")
def collapsed_model(tmp_path_factory):
    """An encoder whose hidden layer is dead: all weights are zero."""
    make = partial(dense_encoder, last="zeros")
    return save_model(tmp_path_factory.mktemp("collapsed") / "model.keras", make, (FEATURES,))


@pytest.fixture
def plain_case(plain_model):
    return case_of(plain_model, clouds(12, 15, 1), settings_of())


@pytest.fixture(scope="module")
def known_few(plain_model):
    """Ten identities that train, and fresh samples of them."""
    whole = clouds(10, 40, 1)
    rows = np.arange(400)
    x = whole.load(rows, (12,))
    train = rows % 2 == 0
    halves = [samples_of(x[part], whole.identity[part]) for part in (train, ~train)]
    return case_of(plain_model, halves[1], settings_of(margin=4.0), training=halves[0])
