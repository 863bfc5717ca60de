"""What a recording holds, read from a file and checked as a whole before anything is run."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError, model_validator

from chain.forks import FORKS

GZIP_MAGIC = b"\x1f\x8b"
FIXED_POINT = 10**9

# Wei of each actor where a recording does not say: enough to send some along by mistake.
UNSAID_BALANCE_WEI = 10**24


class RecordingError(Exception):
    """The input cannot be replayed; the message is one line that says what to do."""


class MissingModelError(RecordingError):
    """A recording refers to a model file that is not in the data folder."""


class Step(BaseModel):
    """One deployment, transaction or view, and what the reference made of it.

    Names are the recording's: `deploy` and `contract`, or `on` and `f`; arguments `a`, sender `by`,
    wei `v`, time `t` in seconds; outcome `ok` or `err`, result `ret`, events `ev`, balances `bal`,
    and `gas` of two builds.
    """

    model_config = ConfigDict(frozen=True)

    deploy: str | None = None
    contract: str = ""
    on: str = ""
    f: str = ""
    a: list[Any]
    by: str
    v: NonNegativeInt = 0
    t: NonNegativeInt
    view: bool = False
    ok: Literal[0, 1]
    err: str | None = None
    ret: Any = None
    ev: list[tuple[str, str, dict[str, Any]]] = []
    bal: list[int] | None = None
    gas: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not (self.contract if self.deploy else self.on and self.f):
            raise ValueError("a step has deploy and contract, or on and f")
        if (self.err is None) != bool(self.ok):
            raise ValueError("a step has err where ok is 0, and only there")
        return self


class Scenario(BaseModel):
    """Steps on one fresh chain, and the names and samples that they use."""

    model_config = ConfigDict(frozen=True)

    seed: int
    accounts: list[str]
    addresses: dict[str, str]
    data: list[list[int]] = []
    initial_balance: NonNegativeInt = UNSAID_BALANCE_WEI
    steps: list[Step]

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if not self.steps:
            raise ValueError("a scenario has one step or more")
        for number, (before, step) in enumerate(zip(self.steps, self.steps[1:], strict=False), 1):
            if step.t < before.t:
                raise ValueError(f"time goes back at step {number}, from {before.t} to {step.t}")
        return self

    @property
    def actors(self) -> list[str]:
        """Accounts that are no contracts."""
        deployed = {step.deploy for step in self.steps}
        return [name for name in self.accounts if name not in deployed]


class Recording(BaseModel):
    """The scenarios of one file."""

    model_config = ConfigDict(frozen=True)

    meta: dict[str, Any]
    scenarios: list[Scenario]

    @property
    def fork(self) -> str:
        """The hard fork whose rules it was recorded under, as ``Chain`` names it.

        Raises RecordingError for one that it does not know.
        """
        fork = str(self.meta.get("fork", "Istanbul")).lower()
        if fork not in FORKS:
            raise RecordingError(f"recorded under {fork!r}: only {', '.join(FORKS)} are known")
        return fork


def load(path: Path) -> Recording:
    """Read a recording, gzip'd or plain JSON; raises RecordingError."""
    try:
        return Recording.model_validate(_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise RecordingError(
            f"this is no recording, {place}: {first['msg']}: see tests/recordings/README.md"
        ) from None


def _json(path: Path) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordingError(
            f"{error.strerror}: give the name of a file that can be read"
        ) from None
    try:
        return json.loads(gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content)
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise RecordingError(
            f"this is neither gzip'd nor plain JSON ({error}): fetch it anew"
        ) from None


class Models:
    """The model files that recordings refer to, each read once.

    Parameters
    ----------
    folder
        Where they lie; the subfolders that recordings name may be left out.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, Any] = {}
        self._parts: dict[tuple[str, str], list[int]] = {}

    def slice(self, reference: dict[str, Any]) -> list[int]:
        """The values that ``{"$model": file, "part": .., "from": i, "to": j}`` stands for.

        Raises RecordingError, MissingModelError in particular.
        """
        try:
            key = reference["$model"], reference["part"]
            if key not in self._parts:
                self._parts[key] = _part(self._file(key[0]), key[1])
            return self._parts[key][reference["from"] : reference["to"]]
        except (KeyError, TypeError) as error:
            raise RecordingError(
                f"{reference} cannot be found ({error!r}): fix the reference"
            ) from None

    def _file(self, name: str) -> Any:
        held = self._files.get(name)
        if held is None:
            paths = [self.folder / name, self.folder / Path(name).name]
            path = next(filter(Path.is_file, paths), None)
            if path is None:
                raise MissingModelError(
                    f"there is no {paths[1]}: say with --data where model files are"
                )
            held = self._files[name] = _json(path)
        return held


def _part(model: Any, part: str) -> list[int]:
    kind, _, label = part.partition(":")
    if label:
        return [fixed_point(value) for value in model["intents"][label][kind]]
    values = model[part]
    # Feature indices are whole numbers as they are.
    return list(values) if part == "featureIndices" else [fixed_point(value) for value in values]


def fixed_point(value: float) -> int:
    """Return `value` in units of 1 / 10**9, ties up, as JavaScript's Math.round rounds."""
    scaled = value * FIXED_POINT
    whole = math.floor(scaled)
    return whole + 1 if scaled - whole >= 0.5 else whole
