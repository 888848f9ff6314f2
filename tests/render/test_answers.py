"""The answers of the other commands, as sheets and as JSON."""

import dataclasses
import json
import math

import pytest
from example_reports import ILL, SUBJECT, UNJUDGED
from siamdoctor.answer_results import (
    AugmentationCheck,
    AugmentationReview,
    AugmentationSet,
    AugmentationTrial,
    ChanceLevel,
    MarginSweep,
    MetricComparison,
    MetricScore,
)
from siamdoctor.changes import compare_reports
from siamdoctor.gate import judge
from siamdoctor.render import (
    answer_json,
    augmentation_sheet,
    chance_sheet,
    changes_sheet,
    margin_sheet,
    markdown_sheet,
    metric_sheet,
    terminal_sheet,
)
from siamdoctor.render.frame import Frame
from siamdoctor.results import Accuracy, Interval, MarginPoint, Recovery, TransformDrift


def interval(value):
    return Interval(value=value, low=value - 0.05, high=value + 0.05)


AREA = Interval(value=0.9, low=0.85, high=0.94)
SWEEP = MarginSweep(
    depth="head",
    loss="contrastive",
    margins=tuple(
        MarginPoint(margin=m, accuracy=interval(a), auc=0.9, active=0.4, spread=0.8, auc_interval=AREA)
        for m, a in ((0.1, 0.6), (1.0, 0.9), (5.0, 0.7))
    ),
    recommended=1.0,
    plateau=Interval(value=1.0, low=0.5, high=2.0),
    declared=5.0,
    gain=Recovery(points=20.0, low=12.0, high=27.0),
    partial=True,
    advice="A margin of 1 separates best; 5 is out of reach of this embedding.",
    code="loss = ...",
    next_step="siamdoctor sweep-margin --depth full",
    notes=("cut short",),
)
METRICS = MetricComparison(
    metrics=(
        MetricScore(metric="euclidean", accuracy=interval(0.7), auc=0.75, threshold=0.5),
        MetricScore(metric="cosine", accuracy=interval(0.85), auc=0.91, threshold=0.2),
    ),
    in_use="euclidean",
    best="cosine",
    gain=Recovery(points=15.0, low=9.0, high=21.0),
)
AUGMENTATION = AugmentationCheck(
    transforms=(
        TransformDrift(name="rotation", strength=10.0, drift=0.2, tolerance=0.5),
        TransformDrift(name="width_shift", strength=0.2, drift=0.9, tolerance=0.5),
    ),
    declared=AugmentationReview(
        transforms=("shear_range", "horizontal_flip"),
        diversity=0.12,
        no_op=("shear_range",),
        harmful=("horizontal_flip",),
    ),
    gap_train=0.98,
    gap_validation=0.7,
    missing=("width_shift",),
)
TRIED = dataclasses.replace(
    AUGMENTATION,
    trial=AugmentationTrial(
        sets=(
            AugmentationSet(name="none", transforms=(), accuracy=interval(0.7), over_none=None),
            AugmentationSet(
                name="tailored",
                transforms=("width_shift",),
                accuracy=interval(0.8),
                over_none=Recovery(points=10.0, low=4.0, high=15.0),
            ),
        ),
        pays="tailored",
        harms=("flips alone",),
        destroys=("vertical_flip",),
        held_out="unseen identities",
        trainings=3,
        steps=600,
        sentence="The tailored augmentation gains. WARNING: flips harm.",
        partial=True,
    ),
)
CHANCE = ChanceLevel(
    accuracy=Accuracy(value=0.53, low=0.46, high=0.6, chance=0.5, pairs=200, identities=8),
    auc=interval(0.55),
    p_value=0.21,
    exact_p_value=0.34,
    detectable=0.64,
    pairs_needed=780,
    verdict="inconclusive",
)
SHEETS = (
    margin_sheet.sheet(SUBJECT, SWEEP, ("margin [from] the file",)),
    metric_sheet.sheet(SUBJECT, METRICS, ()),
    augmentation_sheet.sheet(SUBJECT, AUGMENTATION, ()),
    augmentation_sheet.sheet(SUBJECT, TRIED, ()),
    chance_sheet.sheet(SUBJECT, CHANCE, ()),
    changes_sheet.sheet(ILL, UNJUDGED, compare_reports(ILL, UNJUDGED), judge(UNJUDGED, baseline=ILL)),
)


def words(text):
    return " ".join(text.split())


def test_the_contracts_parts_come_out():
    assert answer_json.margin_sweep(SWEEP) == {
        "depth": "head",
        "loss": "contrastive",
        "margins": [
            {
                "margin": p.margin,
                "accuracy": {"value": p.accuracy.value, "low": p.accuracy.low, "high": p.accuracy.high},
                "auc": 0.9,
                "active": 0.4,
                "spread": 0.8,
                "effective_rank": None,
                "auc_interval": {"low": 0.85, "high": 0.94},
                "active_interval": None,
                "spread_interval": None,
                "effective_rank_interval": None,
            }
            for p in SWEEP.margins
        ],
        "recommended": 1.0,
        "plateau": {"low": 0.5, "high": 2.0},
        "declared": 5.0,
        "gain": {"points": 20.0, "low": 12.0, "high": 27.0},
        "partial": True,
        "advice": SWEEP.advice,
        "code": "loss = ...",
        "next_step": "siamdoctor sweep-margin --depth full",
        "notes": ["cut short"],
    }
    told = answer_json.metric_comparison(METRICS)
    assert (told["best"], told["in_use"], told["gain"]["points"]) == ("cosine", "euclidean", 15.0)
    assert told["metrics"][1]["threshold"] == 0.2
    told = answer_json.augmentation_check(AUGMENTATION)
    assert told["declared"] == {"diversity": 0.12, "no_op": ["shear_range"], "harmful": ["horizontal_flip"]}
    assert told["gap"] == {"train": 0.98, "validation": 0.7}
    assert told["missing"] == ["width_shift"]
    told = answer_json.chance_level(CHANCE)
    assert told["detectable"] == {"accuracy": 0.64, "pairs_needed": 780}
    assert told["p_value"] == 0.21


def test_what_was_not_declared_is_null():
    bare = AugmentationCheck(transforms=(), declared=None, gap_train=0.9, gap_validation=None, missing=())
    told = answer_json.augmentation_check(bare)
    assert told == {"transforms": [], "declared": None, "gap": None, "missing": [], "together": None, "trial": None}


FALLEN = dataclasses.replace(AUGMENTATION, still=interval(0.9), together=interval(0.6))


def test_what_the_embedding_does_not_stand_leads():
    def lead(**changed):
        return augmentation_sheet.sheet(SUBJECT, dataclasses.replace(FALLEN, **changed), ()).lead

    assert lead() == (
        "Mildly turned, shifted, sheared and zoomed, the training pairs themselves fall from 90.0 % to 60.0 %. "
        "Augment with: width_shift."
    )
    assert "the pairs fall" in lead(gap_train=None)
    assert lead(together=interval(0.85)).startswith("The embedding moves too far under: width_shift.")
    assert "too far under width shift 0.2" in lead(together=None, missing=())
    assert "every transform" in lead(together=None, missing=(), transforms=AUGMENTATION.transforms[:1])
    told = answer_json.augmentation_check(FALLEN)["together"]
    assert (told["before"]["value"], told["after"]["value"]) == (0.9, 0.6)


def test_an_empty_pipeline_is_called_one():
    nothing = AugmentationReview(transforms=(), diversity=0.0, no_op=(), harmful=())
    facts = augmentation_sheet.sheet(SUBJECT, dataclasses.replace(AUGMENTATION, declared=nothing), ()).facts
    assert ("declared", "that nothing is augmented (training.augmentation is empty)") in facts


def test_numbers_that_json_lacks_become_the_nearest_it_has():
    odd = MetricScore(
        metric="dot", accuracy=Interval(value=math.nan, low=math.nan, high=math.inf), auc=math.nan, threshold=math.inf
    )
    told = answer_json.metric_comparison(
        MetricComparison(metrics=(odd,), in_use=None, best="dot", gain=Recovery(points=math.nan, low=0, high=0))
    )
    json.dumps(told, allow_nan=False)
    assert told["metrics"][0]["accuracy"] == {"value": 0.5, "low": 0.0, "high": 1.0}
    assert told["gain"] == {"points": 0.0, "low": -100.0, "high": 100.0}


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_sheet_fits_a_terminal_and_loses_no_number(sheet, width):
    text = terminal_sheet.render(sheet, Frame(width=width))
    assert max(len(line) for line in text.splitlines()) <= width
    assert sheet.lead in words(text)
    if width == 120:
        for table in sheet.tables:
            for row in table.rows:
                assert all(cell in text for cell in row)


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_sheet_is_markdown(sheet):
    text = markdown_sheet.render(sheet)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == sum(len(table.rows) + 2 for table in sheet.tables)
    assert len({row.replace("\\|", "").count("|") for row in rows}) <= max(1, len(sheet.tables))


def test_a_drawn_column_gives_way_where_numbers_would_wrap():
    wide = terminal_sheet.render(SHEETS[0], Frame(width=80))
    narrow = terminal_sheet.render(SHEETS[0], Frame(width=60))
    assert "●" in wide
    assert "●" not in narrow
    assert "60.0 % [55.0, 65.0]" in narrow


def test_distances_that_know_more_than_the_decision_are_said_so():
    wasted = dataclasses.replace(CHANCE, auc=Interval(value=0.97, low=0.92, high=0.99), p_value=0.002)
    lead = chance_sheet.sheet(SUBJECT, wasted, ()).lead
    assert lead.endswith("Yet the distances know the identities (AUC 0.97): the decision wastes it.")
    better = dataclasses.replace(wasted, accuracy=dataclasses.replace(CHANCE.accuracy, value=0.7, low=0.6, high=0.8))
    assert chance_sheet.sheet(SUBJECT, better, ()).lead == "70.0 % is better than chance."


def test_a_trial_with_augmentation_is_told_in_full():
    assert answer_json.augmentation_check(AUGMENTATION)["trial"] is None
    told = answer_json.augmentation_check(TRIED)["trial"]
    assert [s["name"] for s in told["sets"]] == ["none", "tailored"]
    assert told["sets"][0]["over_none"] is None
    assert told["sets"][1]["over_none"] == {"points": 10.0, "low": 4.0, "high": 15.0}
    assert (told["pays"], told["harms"], told["destroys"]) == ("tailored", ["flips alone"], ["vertical_flip"])
    assert told["partial"] is True
    assert (told["trainings"], told["steps"]) == (3, 600)


def test_leads_say_what_to_do():
    sweep, metrics, augmentation, tried, chance, changes = SHEETS
    assert tried.lead == TRIED.trial.sentence
    assert tried.notes[0].sentences == ("tailored: width shift",)
    assert ("tailored *", "80.0 % [75.0, 85.0]", "+10 points [4, 15]") in tried.tables[0].rows
    assert sweep.lead == SWEEP.advice
    assert metrics.lead == "cosine is better than the metric in use (euclidean): +15 points [9, 21]."
    assert augmentation.lead.startswith("The embedding moves too far under: width_shift.")
    assert chance.lead == "53.0 % cannot be told from chance with these data."
    assert changes.lead == "Accuracy stayed within its interval; 3 gone."
    assert ("gain over it", "+20 points [12, 27]") in sweep.facts
    assert any("margin [from] the file" in note.sentences for note in sweep.notes)


def test_intervals_beside_the_accuracy_show_where_there_is_room_for_them():
    assert "[0.85, 0.94]" in terminal_sheet.render(SHEETS[0], Frame(width=200))
    assert "[0.85, 0.94]" not in terminal_sheet.render(SHEETS[0], Frame(width=80))
    assert "AUC 95 %" in markdown_sheet.render(SHEETS[0])
