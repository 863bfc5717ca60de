"""What the command line reads and says: experiments, settings, complaints, and how far it is."""

from __future__ import annotations

import csv
import importlib
import io
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError

from simulation.experiment import Experiment
from simulation.scenarios import SCENARIOS
from simulation.terminal import check_writable


class Unusable(Exception):
    """Something on the command line will not do; says in one line what would."""


def read_experiment(name: str, changes: Sequence[str], path: Path | None) -> Experiment:
    """Find an experiment by name or read it from a JSON file, and change it; raises Unusable."""
    experiment = SCENARIOS.get(name)
    if experiment is None:
        if not name.endswith(".json"):
            raise Unusable(
                f"there is no experiment {name!r}: give the path of a .json file, or one of "
                f"{', '.join(SCENARIOS)}"
            )
        try:
            experiment = Experiment.model_validate_json(read_text(Path(name)))
        except ValidationError as error:
            raise Unusable(f"{name}: {first_error(error)}") from None
    setting = read_setting(changes)
    if path is not None:
        setting["data.path"] = str(path)
    return changed(experiment, setting)


def changed(experiment: Experiment, setting: Mapping[str, Any]) -> Experiment:
    """Change an experiment; raises Unusable."""
    try:
        return experiment.changed(dict(setting))
    except ValidationError as error:
        raise Unusable(first_error(error)) from None
    except ValueError as error:
        raise Unusable(str(error)) from None


def read_setting(assignments: Sequence[str]) -> dict[str, Any]:
    """Read ``path=value``; values are JSON, or else text. Raises Unusable."""
    setting: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not (path and equals):
            raise Unusable(f"{assignment!r} changes nothing: give path=value, as in stop.days=7")
        try:
            setting[path] = json.loads(text)
        except ValueError:
            setting[path] = text
    return setting


def read_changes(text: str) -> dict[str, Any]:
    """Read a setting of one or more changes, as a shell would; raises Unusable."""
    try:
        assignments = shlex.split(text)
    except ValueError as error:
        raise Unusable(f"{text!r}: {error}: give path=value, as in stop.days=7") from None
    return read_setting(assignments or [""])


def read_settings(path: Path) -> list[dict[str, Any]]:
    """Read a JSON list of objects, as a sweep takes it; raises Unusable."""
    try:
        settings = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path} is no JSON: {error}") from None
    right = isinstance(settings, list) and settings
    if not right or not all(isinstance(each, dict) for each in settings):
        raise Unusable(f'{path} is no list of settings: give [{{"stop.days": 7}}, ...]')
    return list(settings)


def read_text(path: Path) -> str:
    """Read a file; raises Unusable."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Unusable(f"cannot read {path}: {reason}") from None


def first_error(error: ValidationError) -> str:
    """The first thing that pydantic has against a description, in a line."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "there is no such field: leave it out"
    return f"{place}: {message}" if place else message


def check_output(path: Path, *forms: str) -> None:
    """Raise Unusable if no file of one of these forms can be made there."""
    if path.suffix[1:] not in forms:
        raise Unusable(f"{path} will not do: give a file that ends in .{' or .'.join(forms)}")
    try:
        check_writable(path)
    except OSError as error:
        raise Unusable(f"cannot write {path}: {error.strerror}") from None


def drawing_module(path: Path | None, name: str) -> Any:
    """The module that draws, if something is to be drawn; None otherwise. Raises Unusable."""
    if path is None:
        return None
    check_output(path, "png", "svg")
    try:
        # Matplotlib takes long to import, and only those who want a plot need it.
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise Unusable(f"{error.name} is missing: pip install -e '.[plot]'") from None


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same fields, under a line with their names."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


class ProgressLine:
    """How far it is, on standard error: one line that changes on a terminal, a few otherwise."""

    def __init__(self, quiet: bool, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.steps = 0 if quiet else (100 if self.stream.isatty() else 10)
        self.last = -1

    def show(self, done: float, total: float, text: str) -> None:
        """Say so if that is news."""
        step = int(self.steps * done / total) if total else self.steps
        if self.steps and step != self.last:
            self.last = step
            ending = "\r" if self.stream.isatty() else "\n"
            self.stream.write(
                f"{min(100, 100 * done / total if total else 100):3.0f} %  {text}{ending}"
            )
            self.stream.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.steps and self.stream.isatty():
            self.stream.write("\n")
