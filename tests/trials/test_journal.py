"""A killed run loses at most the trial it was in."""

from __future__ import annotations

import json

import pytest
from siamdoctor.errors import BadSettings
from siamdoctor.trials.journal import Journal


def test_results_are_found_again_under_their_key_only(tmp_path):
    path = tmp_path / "sweep.jsonl"
    Journal(path, "a").add({"margin": 1.0, "fold": 0}, {"auc": 0.9})
    Journal(path, "b").add({"margin": 1.0, "fold": 0}, {"auc": 0.1})
    assert Journal(path, "a").get({"fold": 0, "margin": 1.0}) == {"auc": 0.9}
    assert Journal(path, "b").get({"fold": 0, "margin": 1.0}) == {"auc": 0.1}
    assert Journal(path, "c").get({"fold": 0, "margin": 1.0}) is None
    assert Journal(path, "a").get({"fold": 1, "margin": 1.0}) is None


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_ignored_and_not_built_upon(tmp_path, cut):
    path = tmp_path / "sweep.jsonl"
    journal = Journal(path, "a")
    journal.add({"fold": 0}, {"auc": 0.9})
    journal.add({"fold": 1}, {"auc": 0.8})
    path.write_bytes(path.read_bytes()[:-cut])
    torn = Journal(path, "a")
    assert torn.get({"fold": 0}) == {"auc": 0.9}
    assert torn.get({"fold": 1}) in (None, {"auc": 0.8})  # only the line's end may be missing
    torn.add({"fold": 2}, {"auc": 0.7})
    again = Journal(path, "a")
    assert again.get({"fold": 0}) == {"auc": 0.9}
    assert again.get({"fold": 2}) == {"auc": 0.7}


def test_every_line_is_one_document(tmp_path):
    path = tmp_path / "sweep.jsonl"
    for fold in range(3):
        Journal(path, "a").add({"fold": fold}, {"name": "line\nbreak"})
    lines = path.read_text().splitlines()
    assert [json.loads(line)["trial"]["fold"] for line in lines] == [0, 1, 2]


def test_without_a_path_results_are_kept_in_memory():
    journal = Journal(None, "a")
    journal.add({"fold": 0}, {"auc": 0.9})
    assert len(journal) == 1


def test_a_file_that_is_no_journal_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")
    with pytest.raises(BadSettings, match="is not a journal"):
        Journal(path, "a")
    assert path.read_text() == "dear diary\n"


def test_a_folder_is_no_journal(tmp_path):
    with pytest.raises(BadSettings, match="Received: resume="):
        Journal(tmp_path, "a")
