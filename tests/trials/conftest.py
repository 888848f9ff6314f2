"""Models that are saved once for all tests of this folder."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from small_twins import FEATURES, case_of, clouds, dense_encoder, save_model, settings_of


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
