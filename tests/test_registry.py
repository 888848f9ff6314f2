from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
import siamdoctor
from siamdoctor import manual_pages, registry
from siamdoctor.errors import BadSettings
from siamdoctor.registry import Impact

CHECK = '''
from siamdoctor.registry import Impact, check

@check("{code}", impact=Impact.MINOR, explains=["{explains}"])
def {name}(case):
    """The {name} is odd.

    What it is typical of.
    """
    return case
'''


@pytest.fixture
def add_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package of checks of its own in the place of the real one, and a way to write checks into it."""
    home = types.ModuleType("siamdoctor.checks")
    home.__path__ = [str(tmp_path)]
    monkeypatch.setitem(sys.modules, "siamdoctor.checks", home)
    monkeypatch.setattr(siamdoctor, "checks", home, raising=False)
    monkeypatch.setattr(registry, "_DECORATED", {})
    for name in [n for n in sys.modules if n.startswith("siamdoctor.checks.")]:
        monkeypatch.delitem(sys.modules, name)
    registry.all_checks.cache_clear()

    def add(family: str, name: str, code: str, explains: str = "") -> None:
        folder = tmp_path / family
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / f"{name}.py").write_text(CHECK.format(code=code, name=name, explains=explains))

    yield add
    for name in [n for n in sys.modules if n.startswith("siamdoctor.checks.")]:
        del sys.modules[name]
    registry.all_checks.cache_clear()


@pytest.fixture
def three(add_check):
    add_check("scoring", "wrong_ruler", "SD901")
    add_check("data", "lost_label", "SD903", explains="wrong-ruler")
    add_check("data", "blank_page", "SD902")


@pytest.mark.usefixtures("three")
def test_checks_are_found_by_walking_and_come_in_the_order_of_their_codes():
    assert [c.code for c in registry.all_checks()] == ["SD901", "SD902", "SD903"]


@pytest.mark.usefixtures("three")
def test_a_check_takes_its_names_from_its_function():
    found = registry.find("lost-label")
    assert (found.id, found.title, found.family) == ("lost-label", "The lost_label is odd", "data")
    assert found.page == "The lost_label is odd.\n\nWhat it is typical of."
    assert (found.impact, found.explains) == (Impact.MINOR, frozenset({"wrong-ruler"}))
    assert found.run("case") == "case"


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("word", ["blank-page", "SD902", "sd902", " Blank-Page "])
def test_a_check_is_found_by_id_or_code_however_written(word: str):
    assert registry.find(word).id == "blank-page"


@pytest.mark.usefixtures("three")
def test_an_unknown_cause_is_answered_with_the_nearest():
    with pytest.raises(BadSettings, match=r"Received: cause='wrong_rule'\. Did you mean 'wrong-ruler'\?"):
        registry.find("wrong_rule")
    with pytest.raises(BadSettings, match=r"no cause of this name\. Received: cause='qqq'\. `siamdoctor explain`"):
        registry.find("qqq")


@pytest.mark.usefixtures("three")
def test_select_takes_the_chosen_less_the_ignored():
    def codes(*words: str, ignored: tuple[str, ...] = ()) -> list[str]:
        return [c.code for c in registry.select(words, ignored)]

    assert codes() == ["SD901", "SD902", "SD903"]
    assert codes("lost-label", "SD901") == ["SD901", "SD903"]
    assert codes(ignored=("SD902",)) == ["SD901", "SD903"]
    assert codes("lost-label", ignored=("SD903",)) == []
    with pytest.raises(BadSettings, match="wrong-ruler"):
        codes(ignored=("wrong-ruller",))


@pytest.mark.parametrize(("name", "code"), [("wrong_ruler", "SD902"), ("blank_page", "SD901")])
def test_two_checks_cannot_share_an_id_or_a_code(add_check, name: str, code: str):
    add_check("scoring", "wrong_ruler", "SD901")
    add_check("data", name, code)
    with pytest.raises(ValueError, match="Two checks share an id or code"):
        registry.all_checks()


def test_a_check_without_a_manual_page_is_refused():
    def silent(case):
        return case

    with pytest.raises(ValueError, match="check=silent"):
        registry.check("SD999")(silent)


@pytest.mark.usefixtures("three")
def test_a_check_registered_elsewhere_is_not_run():
    @registry.check("SD999")
    def stray(case):
        """A stray check."""
        return case

    assert [c.code for c in registry.all_checks()] == ["SD901", "SD902", "SD903"]
    assert stray("case") == "case"


@pytest.mark.parametrize("file", ["__init__.py", "lost_label.py"])
def test_checks_that_cannot_be_imported_are_not_left_out_in_silence(add_check, tmp_path: Path, file: str):
    add_check("data", "lost_label", "SD903")
    (tmp_path / "data" / file).write_text("import no_such_module\n")
    with pytest.raises(ImportError):
        registry.all_checks()


def test_every_folder_of_checks_is_a_package_so_that_walking_reaches_it():
    from siamdoctor import checks  # noqa: PLC0415  (the others replace this package)

    (home,) = checks.__path__
    files = [f for f in Path(home).rglob("*.py") if f.name != "__init__.py"]
    assert files
    assert [f for f in files if not (f.parent / "__init__.py").is_file()] == []


def test_every_module_of_checks_holds_one_check_named_like_its_file():
    from siamdoctor import checks  # noqa: PLC0415  (the others replace this package)

    (home,) = checks.__path__
    files = {f.stem.replace("_", "-") for f in Path(home).rglob("*.py") if not f.stem.startswith("_")}
    assert {c.id for c in registry.all_checks()} == files


def test_the_manual_read_from_source_is_that_of_the_checks():
    manual_pages.entries.cache_clear()
    pages = [(e.code, e.id, e.title, e.page, e.family) for e in manual_pages.entries()]
    assert pages
    assert pages == [(c.code, c.id, c.title, c.page, c.family) for c in registry.all_checks()]


def test_a_file_without_a_check_is_named(add_check, tmp_path: Path):
    add_check("data", "lost_label", "SD903")
    (tmp_path / "data" / "stray.py").write_text("CHECKS = 0\n")
    manual_pages.entries.cache_clear()
    with pytest.raises(ValueError, match=r"stray\.py"):
        manual_pages.entries()
    manual_pages.entries.cache_clear()
