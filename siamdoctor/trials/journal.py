"""Finished trials on disk, one JSON line each, so that a killed run loses at most the trial it was in."""

from __future__ import annotations

import json
import os
from pathlib import Path

from siamdoctor.errors import BadSettings
from siamdoctor.results import Json

FORMAT = 3


class Journal:
    """A file of lines {"format", "key", "trial", "result"}; key names what the trials were run on.

    Lines of other keys are left alone: one file may serve many models. A line that a killed run left
    unfinished is ignored and never built upon.
    """

    def __init__(self, path: Path | None, key: str) -> None:
        """Read what is there; without a path nothing is kept.

        Raises:
            BadSettings: the file cannot be read, or is something other than a journal.
        """
        self._path, self._key = path, key
        self._known: dict[str, dict[str, Json]] = {}
        if path is not None and path.exists():
            self._read(path)

    def get(self, trial: dict[str, Json]) -> dict[str, Json] | None:
        """The result of a finished trial, or None."""
        return self._known.get(_name(trial))

    def __len__(self) -> int:
        """Number of finished trials under this key."""
        return len(self._known)

    def add(self, trial: dict[str, Json], result: dict[str, Json]) -> None:
        """Keep a result; it is on disk when this returns.

        Raises:
            BadSettings: the file cannot be written.
        """
        self._known[_name(trial)] = result
        if self._path is None:
            return
        line: dict[str, Json] = {"format": FORMAT, "key": self._key, "trial": trial, "result": result}
        data = json.dumps(line, allow_nan=False).encode() + b"\n"
        try:
            # One write in append mode: lines of two runs never mix. The first byte of a new line ends
            # whatever a killed run left unfinished.
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, data if self._ends_cleanly() else b"\n" + data)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise _unusable(self._path, error.strerror or "cannot be written") from error

    def _ends_cleanly(self) -> bool:
        assert self._path is not None
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise _unusable(path, error.strerror or "cannot be read") from error
        for number, line in enumerate(lines):
            entry = _entry(line)
            if entry is None:
                if number == 0 and line.strip() and not line.startswith(b"{"):
                    raise _unusable(path, "is not a journal of trials")
                continue
            key, trial, result = entry
            if key == self._key:
                self._known[_name(trial)] = result


def _entry(line: bytes) -> tuple[str, dict[str, Json], dict[str, Json]] | None:
    """Key, trial and result of one line; None where it is unfinished or of another format."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    key, trial, result = (content.get(name) for name in ("key", "trial", "result"))
    if not isinstance(key, str) or not isinstance(trial, dict) or not isinstance(result, dict):
        return None
    return key, trial, result


def _name(trial: dict[str, Json]) -> str:
    return json.dumps(trial, sort_keys=True)


def _unusable(path: Path, why: str) -> BadSettings:
    return BadSettings(
        f"The journal {why}. Received: resume={path}. Name another file, or delete this one to start afresh."
    )
