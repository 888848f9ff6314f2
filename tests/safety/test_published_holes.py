"""Published holes of Keras' loading: no payload runs, neither when a file is looked at nor when it is diagnosed.

`test_corpus` puts the same files to the command line and sees that each is refused there. Here they are read and
handed on to where Keras would make something of them, in a process in which Keras is loaded.
"""

from __future__ import annotations

import base64
import marshal
import shutil
import socket
import types
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from model_pieces import CANARY
from published_holes import AT_THE_BEGINNING, ENDS_IN_A_LAMBDA, HOLES, MARK, PUBLISHED, _code
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from watch import untouched, watching


@pytest.fixture
def canary():
    """A file that hostile ones point at."""
    CANARY.write_bytes(b"nobody may read this")
    return CANARY


@pytest.mark.parametrize("hole", PUBLISHED)
def test_each_published_hole_has_a_file(hole):
    assert any(hole in name for name in HOLES)


@pytest.mark.parametrize("name", HOLES)
def test_no_payload_runs_even_where_keras_is_loaded(name, tmp_path, canary):
    import_keras()
    make, words = HOLES[name]
    path = tmp_path / "model.keras"
    make(path)
    with untouched(canary) as opened, watching(tmp_path) as seen, pytest.raises(UnreadableModel, match=words):
        load_twin(read_blueprint(path))
    assert (seen, opened) == ([], [])
    assert not Path(MARK).exists()


def test_a_lambda_at_the_end_is_cut_off_and_does_not_run(tmp_path):
    path = tmp_path / "model.h5"
    ENDS_IN_A_LAMBDA(path)
    with watching(tmp_path) as seen:
        blueprint = read_blueprint(path)
        twin = load_twin(blueprint)
    assert [(layer.name, layer.place) for layer in blueprint.lambdas] == [("odd", "encoder end")]
    assert any("holds code and was left out" in sentence for sentence in blueprint.assumed)
    np.testing.assert_array_equal(twin.embed(np.ones((3, 4))), np.zeros((3, 2)))
    assert not any("marshal" in event or "os." in event for event in seen)
    assert not Path(MARK).exists()


def test_a_vocabulary_at_the_beginning_is_left_out_and_not_read(tmp_path, canary):
    path = tmp_path / "model.keras"
    AT_THE_BEGINNING(path)
    with untouched(canary) as opened, watching(tmp_path) as seen, suppress(UnreadableModel):
        load_twin(read_blueprint(path))
    assert (seen, opened) == ([], [])


def test_the_payload_is_a_real_one():
    """Were the code run, the mark would be there: so that its absence elsewhere says something."""
    with suppress(FileNotFoundError):
        shutil.rmtree(MARK)
    function = types.FunctionType(marshal.loads(base64.b64decode(_code())), {})  # noqa: S302  (our own code)
    assert function(3) == 3
    assert Path(MARK).is_dir()
    Path(MARK).rmdir()


def test_the_watch_sees_what_it_is_there_for(tmp_path, canary):
    with untouched(canary) as opened, watching(tmp_path) as seen:
        canary.read_bytes()
        marshal.loads(marshal.dumps(1))  # noqa: S302  (our own)
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)
    told = " ".join(seen)
    assert "opened " in told
    assert "marshal.loads" in told
    assert "socket" in told
    assert opened == [canary.name]
