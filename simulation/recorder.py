"""What is kept of a run while it goes on: nothing but what was asked for, straight to disk."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TextIO, get_args

Topic = Literal["accuracy", "balances", "gas", "events"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
Format = Literal["jsonl", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)

COLUMNS: dict[Topic, tuple[str, ...]] = {
    "accuracy": ("time_s", "block", "contributions", "accuracy"),
    "balances": ("time_s", "block", "agent", "group", "balance_wei"),
    "gas": ("time_s", "block", "action", "transactions", "gas"),
    "events": (
        "time_s",
        "block",
        "agent",
        "action",
        "contribution",
        "sample",
        "label",
        "wei",
        "gas",
        "error",
    ),
}


class Recorder(Protocol):
    """Takes rows, each a value for every column of its topic."""

    def wants(self, topic: Topic) -> bool:
        """Whether rows of this topic are kept; others need not be made."""

    def write(self, topic: Topic, *values: Any) -> None:
        """Keep a row."""


class Nothing:
    """Keeps nothing."""

    def wants(self, topic: Topic) -> bool:
        return False

    def write(self, topic: Topic, *values: Any) -> None:
        raise AssertionError(f"nobody wants {topic}")


class InMemory:
    """Keeps rows in lists, for pictures and tests.

    Parameters
    ----------
    topics
        Which ones.
    """

    def __init__(self, topics: Iterable[Topic] = TOPICS) -> None:
        self.rows: dict[Topic, list[tuple[Any, ...]]] = {topic: [] for topic in topics}

    def wants(self, topic: Topic) -> bool:
        return topic in self.rows

    def write(self, topic: Topic, *values: Any) -> None:
        self.rows[topic].append(values)


class OnDisk:
    """Streams rows into files of a folder, one for each topic: ``accuracy.jsonl`` for example.

    Use it in a ``with`` statement. Files that are there are replaced.

    Parameters
    ----------
    folder
        Made if it is not there.
    form
        ``jsonl``, an object with names on each line; or ``csv``, with the names in the first line.
    """

    def __init__(self, folder: Path, topics: Iterable[Topic], form: Format = "jsonl") -> None:
        self.folder = folder
        self.topics = tuple(topics)
        self.form = form
        self._stack = ExitStack()
        self._files: dict[Topic, TextIO] = {}
        self._tables: dict[Topic, Any] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = {topic: self.folder / f"{topic}.{self.form}" for topic in self.topics}
        for path in paths.values():
            if path.exists():  # what cannot be replaced is found before anything is
                path.open("r+").close()
        for topic, path in paths.items():
            file = self._stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            self._files[topic] = file
            if self.form == "csv":
                self._tables[topic] = csv.writer(file)
                self._tables[topic].writerow(COLUMNS[topic])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def wants(self, topic: Topic) -> bool:
        return topic in self._files

    def write(self, topic: Topic, *values: Any) -> None:
        if self.form == "csv":
            self._tables[topic].writerow(values)
        else:
            row = dict(zip(COLUMNS[topic], values, strict=True))
            self._files[topic].write(json.dumps(row, separators=(",", ":")) + "\n")


class Both:
    """Passes rows on to several recorders.

    Parameters
    ----------
    recorders
        Any number of them.
    """

    def __init__(self, *recorders: Recorder) -> None:
        self.recorders = recorders

    def wants(self, topic: Topic) -> bool:
        return any(recorder.wants(topic) for recorder in self.recorders)

    def write(self, topic: Topic, *values: Any) -> None:
        for recorder in self.recorders:
            if recorder.wants(topic):
                recorder.write(topic, *values)
