import sys

import numpy as np
import pytest
from siamdoctor.data.reading import read_samples
from siamdoctor.errors import UnreadableData

HEAD = "import numpy as np\nrng = np.random.default_rng(0)\nx = rng.normal(size=(8, 5))\ny = np.repeat([0, 1], 4)\n"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write the body of load() into a module of a name of its own."""
    monkeypatch.setattr(sys, "modules", dict(sys.modules))

    def write(body, *, above=""):
        name = f"users_data_{len(list(tmp_path.iterdir()))}"
        (tmp_path / f"{name}.py").write_text(f"{HEAD}{above}\ndef load():\n    {body}\n")
        return tmp_path / f"{name}:load"

    return write


@pytest.mark.parametrize("body", ["return x, y", "return {'x': x, 'y': y}", "return [x, y]"])
def test_samples_with_classes(module, body):
    path = module(body)
    samples = read_samples(path)
    assert samples.identity.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert samples.load(np.arange(8), (5,)).shape == (8, 5)
    assert any(f"running {path.name}" in sentence for sentence in samples.assumed)


@pytest.mark.parametrize(
    "body", ["return (x[:4], x[4:]), [1, 0, 1, 0]", "return [x[:4], x[4:]], np.array([1, 0, 1, 0])"]
)
def test_pairs_with_labels(module, body):
    samples = read_samples(module(body))
    assert samples.pairs.same.tolist() == [True, False, True, False]
    assert len(samples) == 8


def test_triples(module):
    pairs = read_samples(module("return {'anchor': x[:2], 'positive': x[2:4], 'negative': x[4:6]}")).pairs
    assert pairs.same.tolist() == [True, True, False, False]
    assert pairs.left.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 3", "returned a int"),
        ("return x", "returned a ndarray"),
        ("return x, [object()] * 8", "something other than arrays"),
        ("raise KeyError('no such file')", r"failed with KeyError: 'no such file'.*users_data_0:load"),
        ("exit(3)", "failed with SystemExit"),
        ("return x, y[:5]", "differ in number"),
    ],
)
def test_what_goes_wrong_is_said_without_a_traceback(module, body, message):
    with pytest.raises(UnreadableData, match=message):
        read_samples(module(body))


def test_a_module_or_function_that_is_missing_is_named(module, tmp_path):
    with pytest.raises(UnreadableData, match="ModuleNotFoundError"):
        read_samples(tmp_path / "no_such_module_here:load")
    with pytest.raises(UnreadableData, match="AttributeError"):
        read_samples(module("return x, y").with_name("users_data_0:other"))


def test_a_script_that_would_train_is_not_imported(module):
    path = module("return x, y", above="class M:\n    def fit(self, x): open('trained', 'w')\nM().fit(x)")
    with pytest.raises(UnreadableData, match=r"would start training.*line 7"):
        read_samples(path)
    guarded = module("return x, y", above="if __name__ == '__main__':\n    model.fit(x)")
    assert len(read_samples(guarded)) == 8


def test_nothing_is_left_on_the_import_path(module):
    before = list(sys.path)
    read_samples(module("return x, y"))
    assert sys.path == before


def test_a_plain_missing_file_is_never_imported(tmp_path):
    with pytest.raises(UnreadableData, match="no such file"):
        read_samples(tmp_path / "os")
