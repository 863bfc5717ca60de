"""Files that users bring: whatever is wrong with one is said in one line, with the way out."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from chain.values import shown
from simulation.data.dataset import Indices, NoFile, UnusableFile

# Articles are longer than the 131,072 characters that the csv module takes by default.
LONGEST_FIELD = 2**31 - 1

Meaning = TypeVar("Meaning")


@dataclass(frozen=True)
class Wanted:
    """A file that a data set is made of.

    Attributes
    ----------
    what
        What it is, and how it is usually called.
    source
        Where to get it.
    """

    what: str
    source: str

    def __str__(self) -> str:
        return f"give {self.what}, from {self.source}"

    def refused(self, path: Path, problem: str) -> UnusableFile:
        """Make the error for a file that is no such file."""
        return UnusableFile(f"{str(path)!r} {problem}: {self}")

    def labels(self, path: Path, labels: Sequence[int], classes: Sequence[str]) -> Indices:
        """Return the labels as an array, if there are some of each class."""
        for label, name in enumerate(classes):
            if label not in labels:
                raise self.refused(path, f"has no sample of class {name!r}")
        return np.array(labels, np.int64)

    @contextmanager
    def reading(self, path: Path) -> Iterator[None]:
        """Turn what goes wrong while a file is read into an error that names it."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise NoFile(f"{str(path)!r} cannot be read ({reason}): {self}") from None
        except UnicodeDecodeError as error:
            problem = f"is not UTF-8 text (byte {error.start})"
            raise self.refused(path, problem) from None

    def text(self, path: Path) -> str:
        """Return all of a text file."""
        with self.reading(path):
            return path.read_text(encoding="utf-8-sig")

    def lines(self, path: Path) -> Iterator[tuple[int, str]]:
        """Return the lines of a text file one by one, numbered from 1, without reading on."""
        with self.reading(path), path.open(encoding="utf-8-sig") as file:
            yield from enumerate(file, start=1)

    def rows(self, path: Path, columns: Sequence[str]) -> list[Row]:
        """Return the rows of a CSV file that has these columns in its first line, and maybe others.

        Names are compared without regard to case.
        """
        limit = csv.field_size_limit(LONGEST_FIELD)
        try:
            with self.reading(path), path.open(encoding="utf-8-sig", newline="") as file:
                return list(self._rows(path, csv.reader(file, strict=True), columns))
        except csv.Error as error:
            raise self.refused(path, f"is no CSV file, or not all of it ({error})") from None
        finally:
            csv.field_size_limit(limit)

    def _rows(
        self, path: Path, records: Iterator[list[str]], columns: Sequence[str]
    ) -> Iterator[Row]:
        header = [name.strip().lower() for name in next(records, [])]
        missing = [column for column in columns if column.lower() not in header]
        if missing:
            raise self.refused(path, f"has no column {missing[0]!r} in its first line")
        # Number 1 is the header. Records may span lines, so these are not line numbers.
        for number, record in enumerate(records, start=2):
            if not record:
                continue
            if len(record) != len(header):
                problem = f"has {len(record)} fields in record {number}, not {len(header)}"
                raise self.refused(path, problem)
            yield Row(self, path, number, dict(zip(header, record, strict=True)))


@dataclass(frozen=True)
class Row:
    """A record of a CSV file, the header being number 1."""

    wanted: Wanted
    path: Path
    number: int
    fields: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a field."""
        return self.fields[column.lower()]

    def real(self, column: str) -> float:
        """Return a field that is a number."""
        try:
            value = float(self.text(column))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.refused(column, "a number")
        return value

    def one_of(self, column: str, meanings: Mapping[str, Meaning]) -> Meaning:
        """Return what a field means that can be nothing else."""
        text = self.text(column)
        if text not in meanings:
            raise self.refused(column, " or ".join(map(repr, meanings)))
        return meanings[text]

    def refused(self, column: str, expected: str) -> UnusableFile:
        """Make the error for a field that is not what it should be."""
        problem = f"has {shown(self.text(column))} as {column} in record {self.number}"
        return self.wanted.refused(self.path, f"{problem}, not {expected}")
