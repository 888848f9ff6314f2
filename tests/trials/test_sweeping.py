"""`sweep_margin` from end to end on a small network."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from siamdoctor.errors import BadSettings, Unavailable
from siamdoctor.models.runtime import import_keras
from siamdoctor.sweeping import sweep_margin
from siamdoctor.trials import sweep_full
from siamdoctor.trials.sweep_arena import build_arena
from siamdoctor.trials.sweep_rungs import rungs, total_steps
from siamdoctor.trials.sweep_trials import Bench
from small_twins import FEATURES, case_of, clouds, dense_encoder, settings_of


def test_head_depth_is_the_default_and_finds_a_better_margin(plain_model):
    sweep = sweep_margin(case_of(plain_model, clouds(30, 15, 1), settings_of()))
    assert (sweep.depth, sweep.loss, sweep.declared, sweep.partial) == ("head", "contrastive", 0.01, False)
    assert sweep.recommended > 0.1
    assert sweep.gain.low > 0
    assert sweep.plateau.low <= sweep.recommended <= sweep.plateau.high
    assert 0.01 in [p.margin for p in sweep.margins]
    assert sweep.next_step.endswith("--depth full")
    best = next(p for p in sweep.margins if p.margin == sweep.recommended)
    assert best.accuracy.low < best.accuracy.value < best.accuracy.high
    assert best.spread > 0.1
    assert best.effective_rank > 1
    for point in sweep.margins:
        for name in ("auc", "active", "spread", "effective_rank"):
            shown = getattr(point, f"{name}_interval")
            assert shown.low <= getattr(point, name) <= shown.high, name
            assert shown.high - shown.low < 0.5 * max(1.0, getattr(point, name)), name


def test_the_same_seed_gives_the_same_answer(plain_model):
    samples = clouds(10, 12, 4)
    first, second = (sweep_margin(case_of(plain_model, samples, settings_of()), margins=(0.3, 1)) for _ in range(2))
    assert first == second


def test_analytic_depth_trains_nothing(plain_case):
    sweep = sweep_margin(plain_case, depth="analytic", margins=(1.0, 0.5))
    assert [p.margin for p in sweep.margins] == [0.5, 1.0]
    assert sweep.depth == "analytic"
    assert "Nothing was trained" in sweep.notes[0]
    assert sweep.next_step.startswith("siamdoctor sweep-margin ")
    assert sweep.next_step.endswith("model.keras generated.npz --depth head")


def test_a_small_budget_reads_the_present_embedding(plain_case):
    assert sweep_margin(plain_case, budget=1.0).depth == "analytic"


def test_a_collapsed_encoder_is_trained_anew_and_a_note_says_why(collapsed_model, monkeypatch):
    monkeypatch.setattr(sweep_full, "STEPS", 40)
    sweep = sweep_margin(case_of(collapsed_model, clouds(8, 12, 1), settings_of()), margins=(0.5, 1.0))
    assert sweep.depth == "full"
    assert "the encoder has collapsed" in sweep.notes[0]


def test_a_loss_without_margin_is_named(plain_model):
    case = case_of(plain_model, clouds(8, 12, 1), settings_of(loss="binary_crossentropy", margin=None))
    sweep = sweep_margin(case, margins=(0.5, 1.0))
    assert sweep.loss == "contrastive"
    assert "has no margin" in sweep.notes[0]
    assert sweep.gain is None


def test_unknown_identities_leave_the_analytic_depth(plain_model):
    samples = dataclasses.replace(clouds(8, 12, 1), identity_known=False)
    case = case_of(plain_model, samples, settings_of())
    assert "identities are unknown" in sweep_margin(case).notes[0]
    with pytest.raises(Unavailable):
        sweep_margin(case, depth="head")


@pytest.mark.parametrize("margins", [(), (0.0,), (-1.0, 1.0), (float("nan"),)])
def test_margins_that_cannot_be(plain_case, margins):
    with pytest.raises(BadSettings):
        sweep_margin(plain_case, margins=margins)


def test_a_declared_margin_beyond_reach_is_called_so(unit_model):
    case = case_of(unit_model, clouds(10, 12, 1), settings_of(margin=5.0))
    sweep = sweep_margin(case)
    assert max(p.margin for p in sweep.margins if p.margin != 5.0) <= 2.0
    assert "beyond the 2 that embeddings can be apart" in sweep.advice
    assert f"{sweep.recommended:g}" in sweep.code  # also where accuracies cannot tell the two apart


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("margins", [9, 10, 12, 20, 40])
def test_halving_trains_a_third_of_the_full_grid(margins, kept):
    plan = rungs(margins, 600, 3, kept=kept)
    assert plan[-1].steps == 600
    assert plan[-1].folds == (0, 1, 2)
    grid = margins * 600 * 3
    assert grid / total_steps(plan) > (3 if margins >= 12 else 2.4)


def test_few_margins_all_train_in_full():
    (only,) = rungs(2, 600, 3, kept=False)
    assert (only.margins, only.steps) == (2, 600)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(sweep_full, "STEPS", 300)


MARGINS = (0.01, 0.3, 1.0, 3.0, 5.0)


@pytest.mark.usefixtures("short")
def test_full_depth_finds_a_better_margin_and_repeats(plain_model):
    samples = clouds(12, 15, 1)
    sweeps = [
        sweep_margin(case_of(plain_model, samples, settings_of()), depth="full", margins=MARGINS) for _ in range(2)
    ]
    assert sweeps[0] == sweeps[1]
    assert sweeps[0].depth == "full"
    assert sweeps[0].recommended in {3.0, 5.0}
    assert sweeps[0].gain.low > 0
    assert f"maximum({sweeps[0].recommended:g} - d" in sweeps[0].code
    assert [p.margin for p in sweeps[0].margins] == list(MARGINS)


@pytest.mark.usefixtures("short")
def test_interrupted_and_resumed_is_as_if_never_interrupted(plain_model, tmp_path, monkeypatch):
    samples, journal = clouds(12, 15, 1), tmp_path / "sweep.jsonl"
    whole = sweep_margin(case_of(plain_model, samples, settings_of()), depth="full", margins=MARGINS)
    trained: list[float] = []
    run = Bench.run

    def counted(self, task, **options):
        trained.append(task.margin)
        if len(trained) == 8:
            raise KeyboardInterrupt
        return run(self, task, **options)

    monkeypatch.setattr(Bench, "run", counted)
    case = case_of(plain_model, samples, settings_of())
    partial = sweep_margin(case, depth="full", margins=MARGINS, resume=journal)
    assert partial.partial
    assert partial.recommended is not None
    assert partial.interrupted
    assert "interrupted" in partial.notes[0]
    assert partial.next_step.endswith(f"--depth full --resume {journal}")
    assert len(journal.read_text().splitlines()) == 7
    monkeypatch.setattr(Bench, "run", run)
    resumed: list[float] = []
    monkeypatch.setattr(Bench, "run", lambda self, task, **o: resumed.append(task.margin) or run(self, task, **o))
    again = sweep_margin(case_of(plain_model, samples, settings_of()), depth="full", margins=MARGINS, resume=journal)
    assert again == whole
    assert 0 < len(resumed) == len(journal.read_text().splitlines()) - 7


@pytest.mark.usefixtures("short")
def test_another_data_set_does_not_use_the_journal(plain_model, tmp_path):
    journal = tmp_path / "sweep.jsonl"
    for seed in (1, 2):
        case = case_of(plain_model, clouds(8, 12, seed), settings_of())
        sweep_margin(case, depth="full", margins=(0.5, 1.0), resume=journal)
    assert len(journal.read_text().splitlines()) == 2 * 2 * 3


@pytest.mark.slow
@pytest.mark.usefixtures("short")
def test_two_processes_find_what_one_finds(plain_model):
    samples = clouds(10, 12, 1)
    one, two = (
        sweep_margin(case_of(plain_model, samples, settings_of()), depth="full", margins=(0.3, 1.0), jobs=jobs)
        for jobs in (1, 2)
    )
    np.testing.assert_allclose(
        [p.accuracy.value for p in one.margins], [p.accuracy.value for p in two.margins], atol=0.02
    )


def test_an_exhausted_budget_says_that_nothing_was_finished(plain_case):
    with pytest.raises(Unavailable, match="no training was finished"):
        sweep_margin(plain_case, depth="full", margins=(0.5, 1.0), budget=0.001)


def two_towers(path):
    """Towers that share nothing, each with its own weights."""
    import_keras()
    import keras  # noqa: PLC0415  (seconds that only these tests need)

    sides = [keras.Input((FEATURES,)) for _ in range(2)]
    towers = [dense_encoder(keras) for _ in sides]
    for number, tower in enumerate(towers):
        tower.name = f"tower{number}"
    left, right = (tower(side) for tower, side in zip(towers, sides, strict=True))
    total = keras.ops.sum(keras.ops.square(left - right), axis=1, keepdims=True)
    keras.Model(sides, keras.ops.sqrt(keras.ops.maximum(total, 1e-7))).save(path)
    return path


@pytest.mark.usefixtures("short")
def test_untied_towers_are_swept_as_two_encoders(tmp_path):
    case = case_of(two_towers(tmp_path / "model.keras"), clouds(10, 12, 1), settings_of())
    assert case.blueprint.twins == "separate"
    assert sweep_margin(case, depth="full", margins=(1.0, 4.0)).depth == "full"
    assert sweep_margin(case, depth="full", margins=(1.0,), loss="triplet").loss == "triplet-semi-hard"


def test_a_sweep_holds_no_second_copy_of_the_samples(plain_case):
    arena = build_arena(plain_case)
    assert arena.inputs is plain_case.inputs
    assert arena.pixels is None
    assert build_arena(plain_case, pixels=True).pixels is plain_case.pixels


def test_large_samples_are_fewer(plain_model, monkeypatch):
    monkeypatch.setattr("siamdoctor.trials.sweep_rows.LARGEST_BYTES", 4 * FEATURES * 250)
    arena = build_arena(case_of(plain_model, clouds(12, 40, 1), settings_of()))
    assert len(arena.inputs) == 250


@pytest.mark.usefixtures("short")
def test_a_budget_shortens_the_trainings(plain_model, monkeypatch):
    monkeypatch.setattr(sweep_full._Contest, "_seconds_per_step", lambda _self: 1.0)
    monkeypatch.setattr(sweep_full, "FEWEST_STEPS", 20)
    steps: list[int] = []
    run = Bench.run
    monkeypatch.setattr(Bench, "run", lambda self, task, **o: steps.append(task.steps) or run(self, task, **o))
    case = case_of(plain_model, clouds(8, 12, 1), settings_of())
    sweep_margin(case, depth="full", margins=(0.5, 2.0), budget=300.0)
    (length,) = set(steps)
    assert 38 <= length <= 42  # 85 % of 300 s less what has passed, two margins, three trainings, a second a step
