"""A mistake on the command line is one sentence on stderr, and exit code 2."""

import pytest
from siamdoctor.cli import usage

MISTAKES = {
    "diagnose --pairs 0": "--pairs must be a whole number of at least 2. Received: --pairs 0.",
    "diagnose --pairs=1.5": "--pairs must be a whole number. Received: --pairs 1.5.",
    "diagnose --budget x": "--budget must be a finite number. Received: --budget x.",
    "diagnose --budget nan": "--budget must be a finite number of at least 0.1. Received: --budget nan.",
    "diagnose --seed -1": "--seed must be a whole number of at least 0. Received: --seed -1.",
    "diagnose --fail-on no": "must be one of 'proven', 'likely', 'possible', 'never'. Received: --fail-on no.",
    "diagnose -fpdf": "Received: --format pdf.",
    "diagnose --nope": "No such option: --nope",
    "diagnose --pairs": "Option '--pairs' requires an argument.",
    "diagnose a b c": "Got unexpected extra argument(s) (c).",
    "sweep-margin --jobs 0": "--jobs must be a whole number of at least 1. Received: --jobs 0.",
    "sweep-margin --depth deep": "--depth must be one of 'analytic', 'head', 'full'. Received: --depth deep.",
    "compare": "Missing argument 'BEFORE.json'.",
    "diagnoze": "No such command 'diagnoze'.",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_sentence(run, words):
    done = run(*words.split())
    assert done.code == 2
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("error: ")
    assert MISTAKES[words] in line
    assert line.endswith(" --help` lists what there is.")


def test_the_help_that_is_named_is_that_of_the_command(run):
    assert "`siamdoctor explain --help`" in run("explain", "a", "b").err


def test_without_any_word_the_help_is_shown(run):
    done = run()
    assert done.code == 2, "a build whose command has come out empty must not pass"
    assert "Usage: siamdoctor" in done.out
    assert "diagnose" in done.out


def test_help_and_version_are_no_mistakes(run):
    assert run("--version").code == 0
    assert run("diagnose", "--help").code == 0


def test_another_kind_of_refusal_keeps_its_own_words():
    refusal = usage.UsageError("Invalid value for '--margins': three numbers please")
    told = usage.sentence(refusal, ["sweep-margin", "--margins", "a"])
    assert told == (
        "--margins is not right: three numbers please. Received: --margins a. `siamdoctor --help` lists what there is."
    )
