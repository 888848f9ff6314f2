"""The history of a training as CSV, written as it goes, so that a run that is killed keeps its epochs."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

NAME = "siamdoctor-history.csv"


class EpochsFile:
    """One row an epoch. Rows are appended; the whole is written anew only where a column comes in later."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is written before the first epoch ends."""
        self.path = path
        self._columns: list[str] = []
        self._rows: list[dict[str, float | int | str]] = []

    def add(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Write one epoch (counted from 0, as Keras' CSVLogger does).

        A first epoch other than 0 goes on from an earlier run, whose rows are kept.
        """
        if not self._rows and epoch > 0:
            self._go_on_before(epoch)
        row: dict[str, float | int | str] = {"epoch": epoch, **logs}
        new = [name for name in row if name not in self._columns]
        appendable = not new and bool(self._rows) and self.path.is_file()
        self._columns += new
        self._rows.append(row)
        if appendable:
            self._write("a", [row])
        else:
            self._write("w", self._rows)

    def _go_on_before(self, epoch: int) -> None:
        """Read back the earlier epochs of a run that was resumed."""
        if self.path.is_file():
            with self.path.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                self._rows = [dict(row) for row in reader if (row.get("epoch") or "").isdigit()]
                self._columns = list(reader.fieldnames or ())
            self._rows = [row for row in self._rows if int(row["epoch"]) < epoch]

    def _write(self, mode: str, rows: list[dict[str, float | int | str]]) -> None:
        with self.path.open(mode, newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns, restval="")
            if mode == "w":
                writer.writeheader()
            writer.writerows(rows)
