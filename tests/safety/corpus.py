"""Every hostile or broken file put to the command line, in one process that may not grow by more than a gibibyte.

Run as a program it prints one JSON line a file. It is a process of its own, since a limit of memory cannot be
taken back, and since it must be seen that TensorFlow was not needed to refuse a file.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import hostile_texts
import numpy as np
from hostile_data import DATA, HISTORIES, SETTINGS, X, Y
from hostile_layers import REFUSED_BY_KERAS, REFUSED_ON_LOADING
from hostile_models import REFUSED_ON_READING
from model_pieces import CANARY, archive, dense, functional, given
from published_holes import HOLES
from siamdoctor import cli
from watch import untouched, watching

GIBIBYTE = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call: what kind of file, its name, the words, the file that must be named, and what must be said."""

    kind: str
    name: str
    words: tuple[str, ...]
    names: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one call did. seen: what no reader may do; opened: canaries that were opened."""

    kind: str
    name: str
    names: str
    says: str
    code: int
    err: str
    seen: list[str]
    opened: list[str]
    seconds: float


def cases(place: Path) -> Iterator[Case]:
    """Make each file in turn; it is gone when the next one is asked for."""
    fine, data = place / "fine.keras", place / "fine.npz"
    archive(functional(given(), dense()))(fine)
    np.savez(data, x=X, y=Y)
    models = {**REFUSED_ON_READING, **REFUSED_ON_LOADING, **HOLES}
    for name, (make, says) in models.items():
        if name in REFUSED_BY_KERAS:
            continue
        path = place / ("model.h5" if name.startswith("CVE-2025-9905") else "model.keras")
        make(path)
        words = ("diagnose", str(path), str(data), "--quiet")
        yield Case(kind="model", name=name, words=words, names=str(path), says=says)
        path.unlink()
    for name, (make_data, says) in DATA.items():
        folder = place / "case"
        folder.mkdir()
        path = make_data(folder)
        words = ("diagnose", str(fine), str(path), "--quiet")
        yield Case(kind="data", name=name, words=words, names=str(folder), says=says)
        shutil.rmtree(folder)
    yield from _texts(place)
    yield from _settings(place, fine, data)


def _texts(place: Path) -> Iterator[Case]:
    """Models of text, texts, and vocabularies."""
    fine, numbers, texts = place / "text.keras", place / "numbers.keras", place / "texts.npz"
    hostile_texts.text_model(vocabulary=hostile_texts.WORDS)(fine)
    hostile_texts.number_model(numbers)
    np.savez(texts, x=hostile_texts.TEXTS, y=hostile_texts.CLASSES)
    folder = place / "case"
    for name, (make, says) in hostile_texts.MODELS.items():
        folder.mkdir()
        make(folder / "model.keras")
        words = ("diagnose", str(folder / "model.keras"), str(texts), "--quiet")
        yield Case(kind="text model", name=name, words=words, names=str(folder), says=says)
        shutil.rmtree(folder)
    for name, (make_data, says) in hostile_texts.DATA.items():
        folder.mkdir()
        words = ("diagnose", str(fine), str(make_data(folder)), "--quiet")
        yield Case(kind="texts", name=name, words=words, names=str(folder), says=says)
        shutil.rmtree(folder)
    for name, (file, content, says) in hostile_texts.VOCABULARIES.items():
        folder.mkdir()
        (folder / file).write_bytes(content)
        words = ("diagnose", str(numbers), str(texts), "--quiet", "--vocabulary", str(folder / file))
        yield Case(kind="vocabulary", name=name, words=words, names=str(folder / file), says=says)
        shutil.rmtree(folder)


def _settings(place: Path, fine: Path, data: Path) -> Iterator[Case]:
    """Settings files, and histories that a settings file names."""
    path = place / "odd.yaml"
    words = ("diagnose", str(fine), str(data), "--quiet", "--config", str(path))
    for name, (content, says) in SETTINGS.items():
        path.write_bytes(content)
        yield Case(kind="settings", name=name, words=words, names=str(path), says=says)
    for name, (file, content, says) in HISTORIES.items():
        (place / file).write_bytes(content)
        path.write_text(f"training: {{history: {file}}}", encoding="utf-8")
        yield Case(kind="history", name=name, words=words, names=str(place / file), says=says)


def call(case: Case, place: Path) -> Outcome:
    """Run the command line in this process, under watch."""
    out, err = io.StringIO(), io.StringIO()
    code, began = 0, time.process_time()
    with untouched(CANARY) as opened, watching(place) as seen:
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                cli.main(list(case.words))
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return Outcome(
        kind=case.kind,
        name=case.name,
        names=case.names,
        says=case.says,
        code=code,
        err=err.getvalue(),
        seen=list(seen),
        opened=list(opened),
        seconds=time.process_time() - began,
    )


def main(folder: str) -> None:
    """Warm up, limit the memory, and put every file to the command line."""
    place = Path(folder)
    os.chdir(place)
    CANARY.write_bytes(b"nobody may read this")
    sys.modules["keras"] = sys.modules["tensorflow"] = None  # type: ignore[assignment]  (whoever imports them fails)
    made = cases(place)
    first = next(made)
    call(first, place)  # imports what is needed: the limit is for the files, not for numpy
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results = [asdict(call(first, place))]
    for case in made:
        limit = pages * resource.getpagesize() + GIBIBYTE
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        results.append(asdict(call(case, place)))
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))  # to make the next one
    grown = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) - before
    sys.stdout.write(json.dumps({"results": results, "grown": grown << 10}))


if __name__ == "__main__":
    main(sys.argv[1])
