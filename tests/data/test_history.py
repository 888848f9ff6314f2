import json
import math
import pickle
import struct

import numpy as np
import pytest
from siamdoctor.data.events import read_scalars
from siamdoctor.data.history import read_history
from siamdoctor.errors import UnreadableData

CSV = "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,0.7,0.45,0.71\n1,0.6,0.6,0.5,0.69\n"


def written(tmp_path, text, name="history.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csvlogger_file(tmp_path, separator):
    history = read_history(written(tmp_path, CSV.replace(",", separator)))
    assert [c.name for c in history.columns] == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert history.column("val_accuracy") == (0.45, 0.5)
    assert history.column("auc") is None


def test_resumed_runs_missing_values_and_byte_order_marks(tmp_path):
    text = "\ufeff" + CSV + "epoch,accuracy,loss,val_accuracy,val_loss\n2,0.7,nan,NA,0.6\n3,0.8,0.4\n\n"
    history = read_history(written(tmp_path, text))
    assert history.column("accuracy") == (0.5, 0.6, 0.7, 0.8)
    assert [math.isnan(v) for v in history.column("val_accuracy")] == [False, False, True, True]
    assert math.isnan(history.column("loss")[2])


@pytest.mark.parametrize(
    "content",
    [
        {"loss": [0.7, 0.6], "acc": [0.5, 0.6]},
        {"history": {"loss": [0.7, 0.6], "acc": [0.5, 0.6]}, "params": {"epochs": 2}},
        {"loss": {"0": 0.7, "1": 0.6}, "acc": {"0": 0.5, "1": 0.6}},
        [{"loss": 0.7, "acc": 0.5}, {"loss": 0.6, "acc": 0.6}],
    ],
)
def test_json_in_the_shapes_people_save(tmp_path, content):
    history = read_history(written(tmp_path, json.dumps(content), "history.json"))
    assert history.column("loss") == (0.7, 0.6)
    assert history.column("accuracy") == (0.5, 0.6)
    assert history.column("val_accuracy") is None


def test_other_spellings_keep_the_validation_prefix(tmp_path):
    history = read_history(written(tmp_path, json.dumps({"val_acc": [0.5], "binary_accuracy": [0.7]}), "h.json"))
    assert history.column("val_accuracy") == (0.5,)
    assert history.column("accuracy") == (0.7,)


def test_a_loss_of_nothing_but_nan_is_kept_because_it_tells(tmp_path):
    history = read_history(written(tmp_path, '{"loss": [NaN, NaN], "time": ["a", "b"], "note": ["c", "d"]}', "h.json"))
    assert [c.name for c in history.columns] == ["loss"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("h.csv", b"", "no epoch"),
        ("h.csv", b"epoch,loss\n", "no epoch"),
        ("h.json", b'{"loss": [1,', "not valid JSON"),
        ("h.json", b"[" * 100_000, "not valid JSON"),
        ("h.json", b"{}", "no epoch"),
        ("h.json", b"[1, 2]", "no epoch"),
        ("h.pkl", pickle.dumps({"loss": [1.0]}), "pickled"),
        ("h.csv", b"\xff\xfe\x00", "neither CSV nor JSON"),
        ("h.txt", b"hello world\nthis is no table\n", "no epoch"),
    ],
)
def test_bad_histories_are_refused_with_what_to_give_instead(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableData, match=rf"{message}.*Received: training\.history=.*CSVLogger"):
        read_history(tmp_path / name)


def test_a_saved_object_array_is_not_unpickled(tmp_path):
    np.save(tmp_path / "history.npy", {"loss": [1.0]})
    with pytest.raises(UnreadableData, match="pickled"):
        read_history(tmp_path / "history.npy")


def test_a_missing_history_is_named(tmp_path):
    with pytest.raises(UnreadableData, match=r"no such training history.*nowhere\.csv"):
        read_history(tmp_path / "nowhere.csv")


def field(number, kind, content):
    length = bytes([len(content)]) if kind == 2 else b""
    return bytes([number << 3 | kind]) + length + content


def event_file(scalars, *, as_tensor):
    records = [field(1, 1, struct.pack("<d", 1.0)) + field(3, 2, b"brain.Event:2")]
    for tag, number in scalars:
        value = struct.pack("<f", number)
        content = field(8, 2, field(1, 0, b"\x01") + field(4, 2, value)) if as_tensor else field(2, 5, value)
        summary = field(1, 2, field(1, 2, tag.encode()) + content)
        records.append(field(1, 1, struct.pack("<d", 2.0)) + field(2, 0, b"\x03") + field(5, 2, summary))
    return b"".join(struct.pack("<Q", len(r)) + b"\0" * 4 + r + b"\0" * 4 for r in records)


@pytest.mark.parametrize("as_tensor", [True, False])
def test_tensorboard_event_files(tmp_path, as_tensor):
    for folder, shift in (("train", 0.0), ("validation", 0.25)):
        (tmp_path / folder).mkdir()
        scalars = [("epoch_loss", 0.5 + shift), ("batch_loss", 9), ("epoch_loss", 0.25 + shift)]
        (tmp_path / folder / "events.out.tfevents.1.host").write_bytes(event_file(scalars, as_tensor=as_tensor))
    history = read_history(tmp_path)
    assert [c.name for c in history.columns] == ["loss", "val_loss"]
    assert history.column("loss") == (0.5, 0.25)
    assert history.column("val_loss") == (0.75, 0.5)
    single = read_history(tmp_path / "train" / "events.out.tfevents.1.host")
    assert single.column("loss") == (0.5, 0.25)


def test_a_cut_event_file_gives_what_it_holds_and_noise_ends():
    whole = event_file([("epoch_loss", 0.5), ("epoch_loss", 0.25)], as_tensor=True)
    assert read_scalars(whole[:-20]) == {"epoch_loss": [0.5]}
    rng = np.random.default_rng(0)
    for _ in range(50):
        read_scalars(struct.pack("<Q", 200) + rng.bytes(500))


def test_a_folder_without_events_is_refused(tmp_path):
    with pytest.raises(UnreadableData, match="no epoch"):
        read_history(tmp_path)
