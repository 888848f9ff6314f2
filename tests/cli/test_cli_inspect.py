"""`inspect` with the user's own classes: their names are looked up, and nothing is run."""

from __future__ import annotations

import json

from siamdoctor.models.runtime import import_keras


def test_classes_of_the_users_own_are_known_by_name_and_not_run(run, tmp_path):
    import_keras()
    import keras  # noqa: PLC0415  (after the environment is set)

    class Similarity(keras.layers.Layer):
        def call(self, left, right):
            return keras.ops.sum(left * right, -1, keepdims=True)

    tower = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
    sides = [keras.layers.Input((4,), name=name) for name in ("left", "right")]
    model = tmp_path / "model.keras"
    keras.Model(sides, Similarity()(tower(sides[0]), tower(sides[1]))).save(model)
    code, marker = tmp_path / "mine.py", tmp_path / "run"
    code.write_text(f"open({str(marker)!r}, 'w')\nclass Similarity: pass\n")

    without = json.loads(run("inspect", str(model), "--format", "json").out)
    told = json.loads(run("inspect", str(model), "--custom-objects", str(code), "--format", "json").out)
    assert "'Similarity'" in without["unreadable"][0]
    assert any("--custom-objects" in sentence for sentence in without["advice"])
    assert (told["unreadable"], told["advice"]) == ([], [])
    assert not marker.exists()
