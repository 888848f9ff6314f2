from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from siamdoctor.errors import BadSettings
from siamdoctor.settings import (
    DataSettings,
    DecisionSettings,
    ModelSettings,
    ReportSettings,
    Settings,
    Suppression,
    TrainingSettings,
    read_settings,
)

CONFIGS = Path(__file__).parent.parent / "configs"

# As in the contract, word by word.
CONTRACT = """
model: {path: model.keras, encoder: null, custom_objects: null}      # encoder: layer name when it can't be found
data:
  path: data/val
  train: data/train          # optional: enables train-against-validation checks
  rescale: 0.00392156862745098   # what the user's pipeline multiplies pixels by before the model
  pairs: 2000
training:
  loss: contrastive          # contrastive | triplet | binary_crossentropy | mse | other
  margin: 1.0
  same_label: 1              # the label of a same-class pair
  history: history.csv       # CSVLogger file, or history.json
  augmentation: {rotation_range: 20, width_shift_range: 0.2, horizontal_flip: true}
decision: {metric: euclidean, threshold: 0.5}   # how the user turns a pair into same/different
report: {fail_on: likely, ignore: []}
"""


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str) -> Settings:
        file = tmp_path / "siamdoctor.yaml"
        file.write_text(text, encoding="utf-8")
        return read_settings(file)

    return read


def test_the_contracts_example_is_read_as_it_stands(read, tmp_path: Path):
    assert read(CONTRACT) == Settings(
        model=ModelSettings(path=tmp_path / "model.keras"),
        data=DataSettings(
            path=tmp_path / "data/val", train=tmp_path / "data/train", rescale=0.00392156862745098, pairs=2000
        ),
        training=TrainingSettings(
            loss="contrastive",
            margin=1.0,
            same_label=1,
            history=tmp_path / "history.csv",
            augmentation={"rotation_range": 20, "width_shift_range": 0.2, "horizontal_flip": True},
        ),
        decision=DecisionSettings(metric="euclidean", threshold=0.5),
        report=ReportSettings(fail_on="likely", ignore=()),
        source=tmp_path / "siamdoctor.yaml",
    )


@pytest.mark.parametrize(
    "text", ["", "# nothing but a comment\n", "model:\ndata:\n  # path: x\nreport:\nseed:\n", "data: {pairs: null}"]
)
def test_what_is_left_out_or_empty_keeps_its_default(read, text: str):
    assert dataclasses.replace(read(text), source=None) == Settings()


@pytest.mark.parametrize(
    ("text", "place", "nearest"),
    [
        ("desicion: {threshold: 1}", "desicion", "decision"),
        ("Data: {pairs: 10}", "Data", "data"),
        ("threshold: 0.5", "threshold", "decision.threshold"),
        ("loss: triplet", "loss", "training.loss"),
        ("data: {margin: 1}", "data.margin", "training.margin"),
        ("data: {pair: 10}", "data.pair", "data.pairs"),
        ("report: {fail-on: never}", "report.fail-on", "report.fail_on"),
        ("training: {same_lable: 1}", "training.same_lable", "training.same_label"),
        ("report: {suppress: [{cause: x, reason: y, expire: 2027-01-01}]}", "expire", "report.suppress[0].expires"),
        ("source: x", "source", ""),
        ("yes: x", "True", ""),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(read, text: str, place: str, nearest: str):
    with pytest.raises(BadSettings) as caught:
        read(text)
    message = str(caught.value)
    assert message.startswith("Unknown key ")
    assert f"{place}' in " in message
    assert "siamdoctor.yaml" in message
    assert (f"Did you mean {nearest!r}?" in message) if nearest else ("Did you mean" in message)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1, 2]", "The file in .* must be a mapping. Received: \\[1, 2\\]"),
        ("model: model.keras", "model in .* must be a mapping. Received: 'model.keras'"),
        ("data: {pairs: many}", "data.pairs in .* must be a whole number. Received: 'many'"),
        ("data: {pairs: 2.5}", "data.pairs in .* must be a whole number"),
        ("data: {pairs: true}", "data.pairs in .* must be a whole number. Received: True"),
        ("data: {path: 3}", "data.path in .* must be a path. Received: 3"),
        ("data: {path: ''}", "data.path in .* must be a path"),
        ('data: {path: "a\\0b"}', "data.path in .* must be a path"),
        ("data: {path: ~no-such-user-at-all/x}", "data.path in .* must be a path"),
        ("data: {path: 'https://example.org/x'}", "Only local files are read"),
        ("data: {path: 'hf://someone/x'}", "Only local files are read"),
        ("data: {rescale: [1]}", "data.rescale in .* must be a finite number"),
        ("data: {rescale: .nan}", "data.rescale in .* must be a finite number"),
        ("data: {rescale: 1/0}", "data.rescale in .* must be a finite number"),
        ("training: {margin: .inf}", "training.margin in .* must be a finite number"),
        pytest.param(f"training: {{margin: {10**400}}}", "training.margin in .* must be a finite number", id="huge"),
        ("training: {loss: hinge}", "must be one of contrastive, triplet, binary_crossentropy, mse, other"),
        ("training: {same_label: true}", "training.same_label in .* must be one of 0, 1. Received: True"),
        ("training: {same_label: 1.0}", "must be one of 0, 1"),
        ("training: {augmentation: {day: 2026-01-01}}", "training.augmentation in .* must be made of mappings"),
        ("training: {augmentation: &a [*a]}", "training.augmentation in .* must be made of mappings"),
        ("training: {augmentation: {zoom_range: .nan}}", "training.augmentation in .* must be made of mappings"),
        ("model: {trust_savedmodel: 1}", "must be true or false. Received: 1"),
        ("model: {replace: {l2: 3}}", "model.replace in .* must be a mapping of texts"),
        ("model: {encoder: 7}", "model.encoder in .* must be text"),
        ("report: {ignore: [null]}", r"report.ignore\[0\] in .* must be text. Received: None"),
        ("report: {suppress: [{cause: wrong-threshold}]}", r"report.suppress\[0\].reason is missing"),
        ("report: {suppress: [{cause: x, reason: y, expires: soon}]}", "expires='soon' for cause='x'"),
        ("report: {fail_on: no}", "must be one of proven, likely, possible, never. Received: False"),
        ("data: {pairs: 1}", r"data.pairs must be at least 2. Received: data.pairs=1 \(in .*\)"),
        ("data: {rescale: 0}", "data.rescale must be a number other than 0"),
        ("training: {margin: -1}", "training.margin must be 0 or more"),
        ("seed: -1", "seed must be 0 or more. Received: seed=-1"),
        ("budget: 0", "budget must be a number of seconds above 0"),
        pytest.param("data: {path: " + "x" * 300 + "://}", "Only local files", id="long"),
        pytest.param("data: {pairs: " + "x" * 300 + "}", r"Received: 'x+\.\.\.$", id="long value"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_received(read, text: str, says: str):
    with pytest.raises(BadSettings, match=says):
        read(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model: {path: a", "is not valid YAML .*line 1"),
        ("a: 1\n b: 2", "is not valid YAML .*line 2"),
        ("seed: 1\nseed: 2", r"'seed' stands there twice\).*line 2"),
        ("data: {pairs: 3, path: x, pairs: 4}", "'pairs' stands there twice"),
        ("seed: !!python/object/apply:os.system [ls]", "is not valid YAML"),
        ("seed: !!int ''", "is not valid YAML"),
        ("seed: !!timestamp x", "is not valid YAML"),
        ("seed: 2026-13-45", "is not valid YAML"),
        ("---\nseed: 1\n---\nseed: 2", "is not valid YAML"),
        pytest.param("[" * 3000, "is not valid YAML", id="deep"),
    ],
)
def test_what_is_not_yaml_is_named_with_its_line(read, text: str, says: str):
    with pytest.raises(BadSettings, match=says):
        read(text)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path):
    with pytest.raises(BadSettings, match=r"cannot be read \(No such file or directory\). Received: config="):
        read_settings(tmp_path / "none.yaml")
    with pytest.raises(BadSettings, match="cannot be read"):
        read_settings(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"model: {encoder: caf\xe9}")
    with pytest.raises(BadSettings, match="is not UTF-8 text"):
        read_settings(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("written", "number"),
    [("1/255", 1 / 255), ("1e-3", 1e-3), ("2", 2.0), ("-0.5", -0.5), ("'0.25'", 0.25), ("1.0/127.5", 1 / 127.5)],
)
def test_numbers_are_read_as_people_write_them(read, written: str, number: float):
    found = read(f"data: {{rescale: {written}}}").data.rescale
    assert found == number
    assert type(found) is float


def test_one_value_stands_for_a_list_of_it(read):
    report = read("report: {ignore: wrong-threshold, suppress: {cause: a, reason: b, expires: 2027-01-31}}").report
    assert report.ignore == ("wrong-threshold",)
    assert report.suppress == (Suppression(cause="a", reason="b", expires="2027-01-31"),)


def test_paths_are_relative_to_the_file(read, tmp_path: Path):
    (tmp_path / "layers.py").touch()
    settings = read(
        f"model: {{path: ../m.keras, custom_objects: layers.py, architecture: package.module}}\n"
        f"data: {{path: {tmp_path.root}data, train: package.module:pairs}}\n"
        "training: {history: ~/history.csv}"
    )
    assert settings.model.path == tmp_path / ".." / "m.keras"
    assert settings.model.custom_objects == str(tmp_path / "layers.py")
    assert settings.model.architecture == "package.module"
    assert settings.data.path == Path(tmp_path.root) / "data"
    assert settings.data.train == Path("package.module:pairs")
    assert settings.training.history == Path.home() / "history.csv"


def test_augmentation_is_kept_as_declared(read):
    layers = [{"class_name": "RandomRotation", "config": {"factor": 0.1, "fill_mode": None}}, "RandomFlip"]
    assert read(f"training: {{augmentation: {yaml.safe_dump(layers, default_flow_style=True)}}}").training == (
        TrainingSettings(augmentation=layers)
    )
    assert read("training: {augmentation: {1: 2}}").training.augmentation == {"1": 2}


def test_demands_hold_wherever_settings_are_made():
    with pytest.raises(BadSettings, match=r"decision\.threshold must be a finite number"):
        DecisionSettings(threshold=float("nan"))
    with pytest.raises(BadSettings, match=r"data\.rescale must be a number other than 0"):
        DataSettings(rescale=float("inf"))
    with pytest.raises(BadSettings, match="seed must be 0 or more"):
        dataclasses.replace(Settings(), seed=-3)


def test_settings_are_read_only():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().seed = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", ["quick", "thorough", "ci"])
def test_the_settings_that_are_shipped_are_valid(name: str):
    assert read_settings(CONFIGS / f"{name}.yaml") != Settings()


def test_every_shipped_file_is_tested():
    settings = {"ci.yaml", "quick.yaml", "thorough.yaml"}
    recipes = {"gate.mk", "gitlab-ci.yml"}  # run by the tests of the gate
    assert {f.name for f in CONFIGS.iterdir()} == settings | recipes


KEYS = st.sampled_from(["model", "data", "training", "report", "path", "pairs", "margin", "suppress", "cause", "x", ""])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates())
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(NESTED)
def test_any_yaml_is_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, content: object):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    try:
        assert isinstance(read_settings(file), Settings)
    except BadSettings as refusal:
        assert str(file) in str(refusal)  # noqa: PT017  (most content is refused, some is not)


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"%@#,? \n\t1.~<="), max_size=40))
@example("!!set {a, b}")
@example("? [a]\n: b")
@example("<<: {seed: 1}\nseed: 2")
@example("!!bool x")
@example("!!float ''")
def test_any_text_is_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, text: str):
    file = tmp_path_factory.getbasetemp() / "text.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        assert isinstance(read_settings(file), Settings)
    except BadSettings as refusal:
        assert str(file) in str(refusal)  # noqa: PT017  (most text is refused, some is not)
