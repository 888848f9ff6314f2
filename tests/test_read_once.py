"""Each image that pairs use is decoded once and embedded once, however many pairs use it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from siamdoctor import api
from siamdoctor.data import image_files
from siamdoctor.models.runtime import Twin, import_keras
from siamdoctor.settings import DataSettings, ModelSettings, Settings

IDENTITIES, EACH, PAIRS = 6, 7, 400


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A small twin that compares by cosine, and class folders of 42 images for 400 pairs."""
    import_keras()
    import keras  # noqa: PLC0415  (silently, after import_keras)

    rng = np.random.default_rng(0)
    for identity in range(IDENTITIES):
        (tmp_path / "data" / str(identity)).mkdir(parents=True)
        for number in range(EACH):
            pixels = rng.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / str(identity) / f"{number}.png")
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)]
    encoder = keras.Sequential(layers, name="encoder")
    left, right = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    output = keras.layers.Dot(1, normalize=True)([encoder(left), encoder(right)])
    keras.Model([left, right], output).save(tmp_path / "model.keras")
    return Settings(
        model=ModelSettings(path=tmp_path / "model.keras"),
        data=DataSettings(path=tmp_path / "data", pairs=PAIRS, rescale=1 / 255),
    )


def test_the_deployed_view_decodes_and_embeds_each_image_once(settings, monkeypatch):
    decoded: Counter[Path] = Counter()
    embedded: list[int] = []
    read, embed = image_files.read_resized, Twin.embed

    def counted_read(path, shape):
        decoded[path] += 1
        return read(path, shape)

    def counted_embed(self, x, **options):
        embedded.append(len(x))
        return embed(self, x, **options)

    monkeypatch.setattr(image_files, "read_resized", counted_read)
    monkeypatch.setattr(Twin, "embed", counted_embed)
    case = api.open_case(settings)
    assert case.deployed.output.shape == case.deployed.score.shape == (case.pairs.same.size,)
    assert case.deployed.metric_distance("euclidean").size == case.pairs.same.size
    _ = case.deployed.as_deployed, case.accuracy, case.tuned_accuracy, case.embeddings, case.deployed.right_embeddings
    images = np.unique([case.pairs.left, case.pairs.right]).size
    assert case.pairs.same.size > 2 * images
    assert embedded == [images]
    assert set(decoded.values()) == {1}
    assert len(decoded) == images


def test_a_whole_diagnosis_reads_the_pixels_of_each_image_once(settings, monkeypatch):
    decoded: Counter[Path] = Counter()
    read = image_files.read_resized

    def counted_read(path, shape):
        decoded[path] += 1
        return read(path, shape)

    monkeypatch.setattr(image_files, "read_resized", counted_read)
    report = api.diagnose(settings=settings)
    assert [check.id for check in report.checks if check.status == "crashed"] == []
    assert len(decoded) == IDENTITIES * EACH
    assert set(decoded.values()) == {1}
