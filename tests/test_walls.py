from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import walls
from walls import Wall

PACKAGE = Path(__file__).parent.parent / "siamdoctor"

# wall -> modules of a synthetic package with what breaks the wall (or, marked "fine", what does not).
BROKEN: list[tuple[Wall, str, str]] = [
    (walls.tensorflow_stays_in_its_rooms, "case.py", "import keras"),
    (walls.tensorflow_stays_in_its_rooms, "case.py", "def f():\n    from tensorflow.data import Dataset"),
    (
        walls.tensorflow_stays_in_its_rooms,
        "checks/a.py",
        "class A:\n    def f(self):\n        import keras.layers as k",
    ),
    (walls.tensorflow_stays_in_its_rooms, "view.py", "import importlib\nimportlib.import_module('tensorflow')"),
    (walls.tensorflow_stays_in_its_rooms, "view.py", "tf = __import__('tensorflow')"),
    (walls.tensorflow_stays_in_its_rooms, "models/reading.py", "if TYPE_CHECKING:\n    import keras"),
    (walls.tensorflow_stays_in_its_rooms, "trials/head.py", "import keras"),
    (walls.tensorflow_stays_in_its_rooms, "models/runtime.py", "try:\n    import tensorflow\nexcept ImportError: ..."),
    (walls.tensorflow_stays_in_its_rooms, "callbacks/__init__.py", "from keras.callbacks import Callback"),
    (walls.tensorflow_stays_in_its_rooms, "callbacks/outputs.py", "import keras"),
    (walls.checks_know_no_ranking_and_no_rendering, "checks/data/a.py", "from siamdoctor.ranking import rank"),
    (walls.checks_know_no_ranking_and_no_rendering, "checks/data/a.py", "from siamdoctor import api"),
    (walls.checks_know_no_ranking_and_no_rendering, "checks/data/a.py", "from ...render import html"),
    (walls.checks_know_no_ranking_and_no_rendering, "checks/__init__.py", "from .. import cli"),
    (walls.checks_know_no_ranking_and_no_rendering, "checks/data/a.py", "def f():\n    import siamdoctor.cli.app"),
    (walls.renderers_only_read_results, "render/html.py", "from siamdoctor.case import Case"),
    (walls.renderers_only_read_results, "render/html.py", "from siamdoctor.stats.roc import auc"),
    (walls.renderers_only_read_results, "render/html.py", "from ..models import runtime"),
    (walls.renderers_only_read_results, "render/__init__.py", "def f():\n    from siamdoctor import diagnose"),
    (walls.renderers_only_read_results, "render/html.py", "import numpy as np"),
    (walls.only_the_command_line_prints, "case.py", "def f():\n    print('here')"),
    (walls.only_the_command_line_prints, "render/html.py", "sys.stdout.write('x')"),
    (walls.only_the_command_line_prints, "runner.py", "from pprint import pprint\npprint(1)"),
    (walls.only_the_command_line_prints, "render/terminal.py", "console = Console(width=80)"),
    (walls.only_the_command_line_prints, "api.py", "rich.console.Console().print('x')"),
    (walls.only_the_command_line_prints, "faults/training.py", "log = sys.stderr"),
    (walls.nobody_imports_click, "cli/app.py", "import click"),
    (walls.nobody_imports_click, "cli/app.py", "def f():\n    from click.core import Context"),
    (walls.statistics_know_arrays_only, "stats/roc.py", "from siamdoctor.case import Case"),
    (walls.statistics_know_arrays_only, "stats/roc.py", "from .. import registry"),
]
FINE: list[tuple[str, str]] = [
    ("models/runtime.py", "if TYPE_CHECKING:\n    import keras\ndef load():\n    import keras"),
    ("models/runtime/tf_data.py", "def read():\n    import tensorflow as tf"),
    ("trials/head.py", "def fit():\n    import keras"),
    ("faults/networks.py", "import keras"),
    ("callbacks/watch.py", "import keras"),
    ("callbacks/outputs.py", "def f():\n    import keras"),
    ("case.py", "'import keras; print(1)'  # print(1)"),
    ("kerasish.py", "import keras_tuner_like\nimport clicking"),
    ("checks/data/a.py", "from siamdoctor.case import Case\nfrom siamdoctor.stats.roc import auc"),
    ("render/html.py", "from siamdoctor import __version__\nfrom ..results import Report\nfrom . import frame"),
    ("render/terminal_page.py", "import rich, io\nc = Console(file=io.StringIO())\nc.print('x')"),
    ("cli/app.py", "from siamdoctor.api import diagnose\nprint('x')\nsys.stdout.write('x')"),
    ("stats/roc.py", "import numpy\nfrom siamdoctor.results import Interval\nfrom .ramps import ramp"),
]


def write(root: Path, name: str, text: str) -> Path:
    package = root / "siamdoctor"
    file = package / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")
    return package


@pytest.mark.parametrize("wall", walls.WALLS, ids=lambda wall: wall.__name__)
def test_the_wall_stands(wall: Wall):
    assert walls.breaches(wall, PACKAGE) == []


@pytest.mark.parametrize(("wall", "name", "text"), BROKEN, ids=lambda part: getattr(part, "__name__", None))
def test_a_broken_wall_is_noticed_and_the_place_named(tmp_path: Path, wall: Wall, name: str, text: str):
    found = walls.breaches(wall, write(tmp_path, name, text))
    assert found
    assert found[0].startswith(name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") + ": line ")
    others = [w for w in walls.WALLS if w is not wall and walls.breaches(w, tmp_path / "siamdoctor")]
    assert others in ([], [walls.renderers_only_read_results])  # a renderer that imports Keras breaks two


@pytest.mark.parametrize(("name", "text"), FINE)
def test_what_looks_alike_is_left_in_peace(tmp_path: Path, name: str, text: str):
    package = write(tmp_path, name, text)
    assert [found for wall in walls.WALLS for found in walls.breaches(wall, package)] == []


def test_every_module_is_looked_at():
    names = {source.name for source in walls.sources(PACKAGE)}
    assert {"", "checks.scoring.wrong_threshold", "stats.roc", "cli", "render"} <= names
    assert len(names) == len(list(PACKAGE.rglob("*.py")))


def loaded_by(statement: str) -> set[str]:
    """The top-level names of all modules that a fresh interpreter has after a statement."""
    code = f"{statement}\nimport json, sys; print(json.dumps(sorted(n.partition('.')[0] for n in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import siamdoctor").isdisjoint({"numpy", "scipy", "sklearn", "rich", "yaml", *walls.TENSORFLOW})


def test_no_module_but_those_that_train_loads_tensorflow():
    rooms = [s for s in walls.sources(PACKAGE) if s.name and not s.lies_in(*walls.TRAINING_ROOMS, "__main__")]
    statement = "import importlib\nfor name in {}: importlib.import_module('siamdoctor.' + name)"
    loaded = loaded_by(statement.format([s.name for s in rooms]))
    assert "numpy" in loaded
    assert loaded.isdisjoint(walls.TENSORFLOW)
