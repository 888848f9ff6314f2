"""What is written: facts into siamdoctor.yaml, beside whatever a person wrote there, and epochs as CSV."""

from __future__ import annotations

import csv

import pytest
import yaml
from siamdoctor.callbacks.epochs_file import EpochsFile
from siamdoctor.callbacks.facts_file import BESIDE, MARK, write_facts
from siamdoctor.data.history import read_history
from siamdoctor.settings import FILE_NAME, read_settings

FACTS = {
    "model": {"path": "model.keras"},
    "training": {
        "loss": "contrastive",
        "margin": 1.0,
        "same_label": 0,
        "augmentation": {"rotation_range": 20, "horizontal_flip": True},
        "fed": {"pairs": 512, "positives": 0.5},
    },
}
OURS = f"{MARK}: test\ntraining: {{margin: 0.5, loss: mse}}\nseed: 3\nreport: {{fail_on: proven}}\n"


@pytest.fixture
def write(tmp_path):
    """Write the facts beside an earlier text, and give what was told, the new text, and the settings it makes."""

    def call(before=None, facts=FACTS):
        path = tmp_path / FILE_NAME
        if before is not None:
            path.write_text(before, encoding="utf-8")
        told = write_facts(tmp_path, facts, ["A remark."])
        return told, path.read_text(encoding="utf-8")

    return call


def test_a_new_file_holds_the_facts_and_is_read_without_complaint(write, tmp_path):
    told, text = write()
    assert told == ()
    assert yaml.safe_load(text) == FACTS
    assert text.startswith(MARK)
    assert "# A remark." in text
    settings = read_settings(tmp_path / FILE_NAME)
    assert (settings.training.margin, settings.training.same_label) == (1.0, 0)
    assert (settings.training.fed.pairs, settings.training.fed.positives) == (512, 0.5)
    assert settings.model.path == tmp_path / "model.keras"


def test_what_an_earlier_training_wrote_is_brought_up_to_date_and_told(write, tmp_path):
    told, text = write(OURS)
    assert any("training.margin was 0.5, now 1.0" in line for line in told)
    assert any("training.loss was 'mse', now 'contrastive'" in line for line in told)
    settings = read_settings(tmp_path / FILE_NAME)
    assert (settings.training.margin, settings.seed, settings.report.fail_on) == (1.0, 3, "proven")
    assert write()[0] == ()
    assert write()[1] == text


@pytest.mark.parametrize(
    "before",
    [
        "# mine\ntraining:\n  margin: 0.5   # as in the paper\n\nreport:\n  fail_on: proven\nseed: 3\n",
        "# mine\nseed: 3\ntraining: # facts\n    # said in the paper\n    margin: 0.5\nreport: {fail_on: proven}\n",
        "training:\n  margin: 0.5\nmodel:\nreport: {fail_on: proven}\nseed: 3  # no line end",
    ],
)
def test_a_persons_values_and_comments_stay_and_what_lacks_is_added(write, tmp_path, before):
    told, text = write(before)
    settings = read_settings(tmp_path / FILE_NAME)
    assert (settings.training.margin, settings.training.loss, settings.training.same_label) == (0.5, "contrastive", 0)
    assert settings.model.path == tmp_path / "model.keras"
    assert (settings.seed, settings.report.fail_on) == (3, "proven")
    assert [line for line in before.splitlines() if line not in text] == []
    assert any("training.margin: 0.5, this training had 1.0; your value is kept" in line for line in told)
    assert any("added model.path, training.loss" in line for line in told)
    again, same = write()
    assert same == text
    assert len(again) == 1


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("training: {margin: 0.5}\n", "nothing can be added to"),
        ("training: [1, 2\n", "cannot be read"),
        ("training: {marjin: 0.5}\n", "Did you mean 'training.margin'"),
    ],
)
def test_a_file_that_nothing_can_be_added_to_is_left_alone(write, tmp_path, before, why):
    told, text = write(before)
    assert text == before
    assert why in told[-1]
    assert BESIDE in told[-1]
    assert read_settings(tmp_path / BESIDE).training.margin == 1.0


def test_a_file_that_knows_everything_is_not_touched(write):
    before = yaml.safe_dump(FACTS)
    assert write(before) == ((), before)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_epochs_are_appended_and_readable_at_any_time(tmp_path):
    path = tmp_path / "h.csv"
    epochs = EpochsFile(path)
    for number, loss in enumerate((0.5, 0.4, 0.3)):
        epochs.add(number, {"loss": loss, "accuracy": 1 - loss})
        assert read_history(path).column("loss") == (0.5, 0.4, 0.3)[: number + 1]
    assert [row["epoch"] for row in rows(path)] == ["0", "1", "2"]


def test_a_column_that_comes_in_later_keeps_the_rows(tmp_path):
    epochs = EpochsFile(tmp_path / "h.csv")
    epochs.add(0, {"loss": 0.5})
    epochs.add(1, {"loss": 0.4, "val_loss": 0.6})
    epochs.add(2, {"loss": 0.3})
    assert [(row["loss"], row["val_loss"]) for row in rows(tmp_path / "h.csv")] == [
        ("0.5", ""),
        ("0.4", "0.6"),
        ("0.3", ""),
    ]


def test_a_new_run_begins_anew_and_a_resumed_one_goes_on(tmp_path):
    path = tmp_path / "h.csv"
    epochs = EpochsFile(path)
    for number in range(4):
        epochs.add(number, {"loss": 1.0 - number / 10})
    resumed = EpochsFile(path)
    resumed.add(3, {"loss": 0.1, "val_loss": 0.2})
    assert [float(row["loss"]) for row in rows(path)] == [1.0, 0.9, 0.8, 0.1]
    EpochsFile(path).add(0, {"loss": 9.0})
    assert [float(row["loss"]) for row in rows(path)] == [9.0]
