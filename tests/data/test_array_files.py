import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from siamdoctor.data.array_store import open_npy, open_npz
from siamdoctor.data.reading import find_training_split, read_samples
from siamdoctor.errors import UnreadableData

Y = np.repeat(np.arange(3), 4)


def rng():
    return np.random.default_rng(0)


def images(n=12, shape=(9, 8)):
    return rng().integers(0, 256, (n, *shape), dtype=np.uint8)


def saved(tmp_path, name="d.npz", *, compressed=False, **arrays):
    (np.savez_compressed if compressed else np.savez)(tmp_path / name, **arrays)
    return tmp_path / name


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize(
    ("x", "y"), [("x", "y"), ("X", "Y"), ("images", "labels"), ("data", "target"), ("x_test", "y_test")]
)
def test_the_usual_names_are_understood(tmp_path, x, y, compressed):
    stored = images()
    samples = read_samples(saved(tmp_path, compressed=compressed, **{x: stored, y: Y}))
    assert samples.identity.tolist() == Y.tolist()
    assert samples.identity_names == ("0", "1", "2")
    assert samples.kind == "images"
    assert np.array_equal(samples.load(np.array([7, 0]), (9, 8, 1))[..., 0], stored[[7, 0]])


def test_validation_comes_before_test_before_training(tmp_path):
    parts = {
        f"{k}_{s}": (images(12) + i if k == "x" else Y) for i, s in enumerate(("train", "val", "test")) for k in "xy"
    }
    path = saved(tmp_path, **parts)
    for split, name in ((None, "x_val"), ("test", "x_test"), ("train", "x_train")):
        assert np.array_equal(read_samples(path, split=split).load(np.arange(12), (9, 8)), parts[name])
    assert "x_val" in read_samples(path).assumed[0]
    assert find_training_split(path) == path


def test_arrays_without_a_split_serve_for_any(tmp_path):
    path = saved(tmp_path, x=images(), y=Y)
    assert len(read_samples(path, split="train")) == 12
    assert find_training_split(path) is None


@pytest.mark.parametrize(
    "labels",
    [Y[:, None], Y.astype(float), np.eye(3)[Y], np.array(["a", "b", "c"])[Y], np.array([b"a", b"b", b"c"])[Y]],
)
def test_labels_in_every_usual_form(tmp_path, labels):
    samples = read_samples(saved(tmp_path, x=images(), y=labels))
    assert samples.identity.tolist() == Y.tolist()
    assert samples.identity_names in {("0", "1", "2"), ("a", "b", "c")}


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ((9, 8), (9, 8, 1)),
        ((9, 8), (9, 8)),
        ((9, 8), (72,)),
        ((9, 8), (9, 8, 3)),
        ((9, 8, 1), (9, 8)),
        ((9, 8, 3), (216,)),
        ((9, 8, 3), (3, 9, 8)),
        ((3, 9, 8), (9, 8, 3)),
        ((1, 9, 8), (9, 8, 1)),
        ((3, 9, 8), (3, 9, 8)),
        ((64,), (8, 8, 1)),
        ((192,), (8, 8, 3)),
        ((784,), (784,)),
    ],
)
def test_image_arrays_take_the_shape_of_the_input(tmp_path, stored, wanted):
    values = images(shape=stored)
    samples = read_samples(saved(tmp_path, x=values, y=Y))
    loaded = samples.load(np.arange(12), wanted)
    assert samples.kind == "images"
    assert loaded.shape == (12, *wanted)
    expected = np.moveaxis(values, 1, -1) if stored[0] in (1, 3) and wanted[0] not in (1, 3) else values
    if stored == (9, 8, 3) and wanted == (3, 9, 8):
        expected = np.moveaxis(values, -1, 1)
    if wanted == (9, 8, 3) and stored == (9, 8):
        expected = np.repeat(values[..., None], 3, axis=-1)
    assert np.array_equal(loaded.ravel(), expected.ravel())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (rng().normal(size=(12, 20)), "arrays"),
        (rng().normal(size=(12, 48, 1)), "arrays"),
        (rng().normal(size=(12, 48, 6)), "arrays"),
        (rng().integers(0, 900, (12, 30)), "tokens"),
        (rng().integers(-5, 900, (12, 30)), "arrays"),
        (rng().random((12, 28, 28)), "images"),
        (rng().random((12, 784)), "images"),
        (rng().random((12, 512)), "arrays"),
        (images(shape=(28, 28, 3)), "images"),
        (rng().normal(size=(12, 28, 28, 1)), "images"),
    ],
)
def test_what_the_samples_are(tmp_path, values, kind):
    samples = read_samples(saved(tmp_path, x=values, y=Y))
    assert samples.kind == kind
    loaded = samples.load(np.arange(12), values.shape[1:])
    assert np.array_equal(loaded, values.astype(np.float32))
    assert (samples.thumbnail(0) != b"") == (kind == "images")


def test_series_may_carry_an_axis_of_length_one(tmp_path):
    samples = read_samples(saved(tmp_path, x=rng().normal(size=(12, 48)), y=Y))
    assert samples.load(np.arange(2), (48, 1)).shape == (2, 48, 1)


@pytest.mark.parametrize("values", [images(), rng().normal(size=(12, 20))])
def test_another_shape_than_the_input_is_refused_with_both(tmp_path, values):
    samples = read_samples(saved(tmp_path, x=values, y=Y))
    with pytest.raises(UnreadableData, match=rf"model input=\(32, 32, 1\), samples=\({values.shape[1]},"):
        samples.load(np.arange(2), (32, 32, 1))


def test_rows_with_nan_are_named_once_they_were_read(tmp_path):
    values = rng().normal(size=(12, 20))
    values[3, 5] = np.nan
    values[8, 0] = np.inf
    samples = read_samples(saved(tmp_path, x=values, y=Y))
    assert samples.unreadable() == ()
    samples.load(np.arange(12), (20,))
    assert [u.name for u in samples.unreadable()] == ["sample 3", "sample 8"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.full((12, 5), np.nan), "y": Y}, "all NaN"),
        ({"x": np.full((12, 5), 7.0), "y": Y}, r"same value everywhere.*value=7\.0"),
        ({"x": np.zeros((0, 5)), "y": np.zeros(0)}, "two classes"),
        ({"x": rng().random((12, 5)), "y": Y[:-1]}, r"differ in number.*x=\(12, 5\), y=\(11,\)"),
        ({"x": rng().random((12, 5)), "y": np.zeros(12)}, "classes=1"),
        ({"x": rng().random((12, 5)), "y": np.arange(12)}, "classes=12"),
        ({"x": rng().random((12, 5)), "y": rng().random(12)}, "whole numbers"),
        ({"x": rng().random((12, 5)), "y": rng().random((12, 2))}, "one class per sample"),
        ({"x": rng().random((12, 5)) * 1j, "y": Y}, "not numbers"),
        ({"x": rng().random(12), "y": Y}, "first axis"),
        ({"foo": rng().random((12, 5)), "bar": Y}, "arrays=foo, bar"),
        ({"x": rng().random((12, 5))}, "arrays=x"),
        ({"x_test": rng().random((12, 5)), "y_test": Y, "split": "train"}, "no train samples"),
    ],
)
def test_arrays_without_pairs_are_refused_with_what_was_found(tmp_path, arrays, message):
    arrays = dict(arrays)
    split = arrays.pop("split", None)
    with pytest.raises(UnreadableData, match=message):
        read_samples(saved(tmp_path, **arrays), split=split)


def test_objects_are_never_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    np.savez(tmp_path / "d.npz", x=np.array([Bomb()] * 12, dtype=object), y=Y)
    with pytest.raises(UnreadableData, match="Python objects"):
        read_samples(tmp_path / "d.npz")


def header(shape, dtype="<f4"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_declared_size_beyond_the_file_allocates_nothing(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "d.npz", "w", method) as archive:
        archive.writestr("x.npy", header((10**10, 6)) + b"\0" * 100)
        archive.writestr("y.npy", header((4,)) + b"\0" * 16)
    tracemalloc.start()
    with pytest.raises(UnreadableData, match="another size than the file holds"):
        read_samples(tmp_path / "d.npz")
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_a_declared_size_beyond_an_npy_file_allocates_nothing(tmp_path):
    (tmp_path / "d.npy").write_bytes(header((10**10, 6)) + b"\0" * 100)
    with pytest.raises(UnreadableData, match="damaged or truncated"):
        open_npy(tmp_path / "d.npy")


@pytest.mark.parametrize("cut", [3, 40, 200, 700])
def test_a_truncated_file_is_said_to_be_one(tmp_path, cut):
    path = saved(tmp_path, x=images(), y=Y)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UnreadableData, match="damaged or truncated"):
        read_samples(path)


def test_uncompressed_arrays_are_mapped_and_not_read(tmp_path):
    path = saved(tmp_path, x=rng().normal(size=(3000, 500)), y=np.repeat(np.arange(3), 1000))
    tracemalloc.start()
    samples = read_samples(path)
    samples.load(np.array([5, 2999]), (500,))
    assert tracemalloc.get_traced_memory()[1] < 6e6  # the array has 12 MB
    tracemalloc.stop()


def test_column_major_and_wide_arrays_survive_mapping(tmp_path):
    values = np.asfortranarray(rng().normal(size=(12, 5)))
    for compressed in (True, False):
        opened = open_npz(saved(tmp_path, compressed=compressed, x=values, y=Y))
        assert np.array_equal(opened["x"], values)
        assert not opened["x"].flags.writeable


def test_equal_rows_have_equal_digests(tmp_path):
    values = np.concatenate([images(6), images(6)])
    digests = read_samples(saved(tmp_path, x=values, y=Y)).digest(np.arange(12))
    assert digests[:6] == digests[6:]
    assert len(set(digests)) == 6
