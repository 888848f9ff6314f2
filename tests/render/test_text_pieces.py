import dataclasses
import math

import pytest
from example_reports import FEW, SOFTMAX, THRESHOLD
from hypothesis import given
from hypothesis import strategies as st
from siamdoctor.render import charts
from siamdoctor.render.nesting import branches
from siamdoctor.render.numbers import estimate, measured, number, percent, points, seconds
from siamdoctor.render.prose import blocks, inline_code, printable
from siamdoctor.results import Interval, Measurement, Recovery


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4834, "0.483"),
        (3.0, "3"),
        (120000.0, "120000"),
        (1.5e12, "1.5e+12"),
        (math.nan, "NaN"),
        (-math.inf, "-infinite"),
        ("softmax", "softmax"),
        (0.0, "0"),
        (0.000316, "0.000316"),
    ],
)
def test_numbers_read_to_three_digits(value, text):
    assert number(value) == text


def test_accuracies_are_per_cent_and_gains_are_points():
    assert percent(0.4834) == "48.3 %"
    assert estimate(Interval(value=0.4834, low=0.451, high=0.516)) == "48.3 % [45.1, 51.6]"
    assert points(Recovery(points=42.0, low=35.2, high=48.1)) == "+42 points [35, 48]"
    assert points(Recovery(points=-2.5, low=-6.0, high=1.0)) == "-2.5 points [-6.0, 1.0]"
    assert points(Recovery(points=42.0, low=math.nan, high=math.nan)) == "+42 points"
    assert measured(Measurement(name="x", value=0.5, low=0.25, high=0.75, expected="")) == "0.5 [0.25, 0.75]"
    assert seconds(125.0) == "2 min 5 s"


def test_code_is_told_from_prose():
    text = (
        "Swap it:\n\n```python\na = [\n    1]\n```\nor indent\nit:\n\n    b = 2\n        c = 3\n\n- one\n  more\n- two"
    )
    assert [(b.kind, b.text) for b in blocks(text)] == [
        ("text", "Swap it:"),
        ("code", "a = [\n    1]"),
        ("text", "or indent it:"),
        ("code", "b = 2\n    c = 3"),
        ("bullet", "one more"),
        ("bullet", "two"),
    ]


@given(st.text(max_size=200))
def test_no_word_is_lost_between_text_and_blocks(text):
    said = "".join(block.text for block in blocks(text))
    letters = [c for c in printable(text) if c.isalpha()]
    # A language after three backticks is the only text that a block does not carry on.
    if "```" not in text:
        assert [c for c in said if c.isalpha()] == letters


@given(st.text(max_size=200))
def test_printable_text_holds_no_control_character(text):
    assert not any(ord(c) < 32 and c not in "\n\t" for c in printable(text))
    assert printable(printable(text)) == printable(text)


def test_an_escape_sequence_in_a_file_name_is_made_visible():
    assert printable("a\x1b[31mred\u202egnp.\udcff") == "a\\x1b[31mred\\u202egnp.\\udcff"


def test_inline_code_is_split_at_paired_backticks():
    assert inline_code("use `a` and `b") == (("use ", False), ("a", True), (" and `b", False))


def test_symptoms_stand_below_what_explains_them():
    tree = branches((SOFTMAX, THRESHOLD, FEW))
    assert [b.cause.id for b in tree] == ["single-unit-softmax", "too-few-identities"]
    assert [s.cause.id for s in tree[0].symptoms] == ["wrong-threshold"]


def test_a_circle_or_an_unknown_explanation_loses_no_cause():
    one = dataclasses.replace(SOFTMAX, explained_by="wrong-threshold")
    lost = dataclasses.replace(FEW, explained_by="nothing-listed")
    tree = branches((one, THRESHOLD, lost))

    def ids(branch):
        return [branch.cause.id, *(name for s in branch.symptoms for name in ids(s))]

    assert sorted(name for b in tree for name in ids(b)) == sorted(c.id for c in (one, THRESHOLD, lost))


def test_a_histogram_shows_where_values_lie():
    assert charts.histogram((0.0, 0.0, 1.0), 0.0, 1.0, 4) == "█  ▄"
    assert charts.histogram((math.nan,), 0.0, 1.0, 3) == "   "
    assert charts.common_range((1.0, math.nan), (1.0,)) is None


def test_an_estimate_on_a_line_marks_value_interval_and_chance():
    drawn = charts.strip(0.75, 0.6, 0.9, 20, chance=0.25)
    assert drawn.index("●") == 15
    assert drawn.count("─") == 6
    assert drawn.index("|") == 5
