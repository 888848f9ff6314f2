import numpy as np
import pytest
from siamdoctor.data.reading import read_samples
from siamdoctor.errors import UnreadableData


def rng():
    return np.random.default_rng(0)


X = rng().integers(0, 256, (10, 9, 8, 1), dtype=np.uint8)
Y = np.repeat([3, 7], 5)


@pytest.fixture(scope="module")
def tf():
    from siamdoctor.models.runtime.backend import import_keras  # noqa: PLC0415  (TensorFlow: seconds)

    import_keras()
    import tensorflow as tf  # noqa: PLC0415  (after the line above, which keeps it silent)

    return tf


@pytest.mark.parametrize("batch", [None, 4])
@pytest.mark.parametrize("compression", [None, "GZIP"])
@pytest.mark.parametrize("keys", [True, False])
def test_labelled_samples(tf, tmp_path, batch, compression, keys):
    elements = {"image": X, "label": Y} if keys else (X, Y)
    dataset = tf.data.Dataset.from_tensor_slices(elements)
    (dataset.batch(batch) if batch else dataset).save(str(tmp_path / "d"), compression=compression)
    samples = read_samples(tmp_path / "d")
    assert samples.kind == "images"
    order = np.argsort(samples.identity, kind="stable")
    assert samples.identity_names == ("3", "7")
    loaded = samples.load(order, (9, 8, 1))
    assert sorted(loaded.sum((1, 2, 3)).tolist()) == sorted(X.sum((1, 2, 3)).tolist())


@pytest.mark.parametrize("batch", [None, 3])
def test_pairs_and_triples(tf, tmp_path, batch):
    pairs = tf.data.Dataset.from_tensor_slices(((X[:4], X[4:8]), np.array([1, 0, 0, 1])))
    triples = tf.data.Dataset.from_tensor_slices((X[:3], X[3:6], X[6:9]))
    for name, dataset in (("pairs", pairs), ("triples", triples)):
        (dataset.batch(batch) if batch else dataset).save(str(tmp_path / name))
    assert sorted(read_samples(tmp_path / "pairs").pairs.same.tolist()) == [False, False, True, True]
    triple = read_samples(tmp_path / "triples").pairs
    assert triple.same.tolist() == [True] * 3 + [False] * 3
    assert np.array_equal(triple.left[:3], triple.left[3:])


def test_samples_of_different_sizes_are_refused(tf, tmp_path):
    def varied():
        for k in range(4):
            yield np.zeros((k + 1, 5), dtype=np.float32), k % 2

    signature = (tf.TensorSpec((None, 5), tf.float32), tf.TensorSpec((), tf.int32))
    tf.data.Dataset.from_generator(varied, output_signature=signature).save(str(tmp_path / "d"))
    with pytest.raises(UnreadableData, match="differ in shape"):
        read_samples(tmp_path / "d")


@pytest.mark.parametrize("spec", [b"", b"\xff" * 40, b"\x0a\x00", None])
def test_a_damaged_description_is_said_to_be_one(tf, tmp_path, spec):
    tf.data.Dataset.from_tensor_slices((X, Y)).save(str(tmp_path / "d"))
    file = tmp_path / "d" / "dataset_spec.pb"
    file.write_bytes(file.read_bytes()[:-3] if spec is None else spec)
    with pytest.raises(UnreadableData, match=r"cannot be read.*Save it again"):
        read_samples(tmp_path / "d")


def test_a_damaged_data_set_is_said_to_be_one(tf, tmp_path):
    tf.data.Dataset.from_tensor_slices((X, Y)).save(str(tmp_path / "d"))
    for file in (tmp_path / "d").rglob("*.snapshot"):
        file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(UnreadableData, match="cannot be read"):
        read_samples(tmp_path / "d")
