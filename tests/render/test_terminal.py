import dataclasses
import re

import pytest
from example_reports import CRASHED, FEW, HEALTHY, ILL, SOFTMAX, THRESHOLD, UNJUDGED, with_pictures
from siamdoctor.render import terminal
from siamdoctor.render.frame import Frame

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def words(text):
    return " ".join(text.split())


def test_the_verdict_and_its_sentence_come_first():
    lines = [line for line in terminal.render(ILL, Frame()).splitlines() if line]
    assert lines[0].startswith("siamdoctor 0.1.0: runs/[bold]signatures.keras on data/val")
    assert lines[1].startswith(" AT CHANCE   Every pair is called the same")


def test_accuracy_evidence_gain_and_fix_are_all_there():
    text = words(terminal.render(ILL, Frame()))
    assert "50.0 % [48.0, 52.0]" in text
    assert "92.0 % [89.0, 95.0]" in text
    assert "PROVEN, 98 % sure" in text
    assert "recovers +42 points [35, 48], measured on pairs that chose nothing" in text
    assert "expected: below 0.9" in text
    assert "single-unit-softmax, SD204" in text
    assert "leaky-evaluation: no training data is declared" in text
    assert "Pixels reach the model on their stored scale" in text
    assert "exit 1: 2 causes at or above 'likely'" in text


def test_code_keeps_its_lines_and_can_be_copied():
    lines = terminal.render(ILL, Frame(width=100)).splitlines()
    at = next(i for i, line in enumerate(lines) if "outputs = Dense" in line)
    assert lines[at].strip() == 'outputs = Dense(1, activation="sigmoid", name="decision")(merged)'
    assert lines[at + 1].strip() == "model = Model(inputs=[left, right], outputs=outputs)"


def test_a_symptom_is_indented_below_its_cause():
    lines = terminal.render(ILL, Frame()).splitlines()
    cause = next(line for line in lines if SOFTMAX.title in line)
    symptom = next(line for line in lines if THRESHOLD.title in line)
    other = next(line for line in lines if FEW.title in line)
    indent = [len(line) - len(line.lstrip()) for line in (cause, symptom, other)]
    assert indent[1] > indent[0] == indent[2]


@pytest.mark.parametrize("report", [ILL, HEALTHY, UNJUDGED, CRASHED, with_pictures()])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_line_fits_and_colour_changes_no_word(report, width):
    plain = terminal.render(report, Frame(width=width))
    coloured = terminal.render(report, Frame(width=width, colour=True))
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert words(ANSI.sub("", coloured)) == words(plain)
    assert max(len(line) for line in plain.splitlines()) <= max(width, 40)


def test_nothing_from_the_user_is_taken_for_markup_or_moves_the_cursor():
    subject = dataclasses.replace(ILL.subject, model="[red]x[/red]\x1b[2J.keras")
    text = terminal.render(dataclasses.replace(ILL, subject=subject), Frame())
    assert "[red]x[/red]\\x1b[2J.keras" in text
    assert "\x1b" not in text


def test_the_distances_show_both_thresholds():
    text = terminal.render(with_pictures(), Frame())
    assert "DISTANCES OF PAIRS" in text
    assert "o threshold best: 0.98   ^ threshold in use: 0.2" in text
    mark = next(line for line in text.splitlines() if set(line.strip()) == {"^", "o", " "})
    assert mark.index("^") < mark.index("o")


def test_a_picture_without_numbers_is_left_out():
    odd = dataclasses.replace(ILL.pictures, positives=(1.0, 1.0), negatives=(1.0,), threshold=float("nan"))
    assert "DISTANCES" not in terminal.render(dataclasses.replace(ILL, pictures=odd), Frame())
    spread = dataclasses.replace(odd, positives=(1.0, 2.0))
    assert "DISTANCES" in terminal.render(dataclasses.replace(ILL, pictures=spread), Frame())
