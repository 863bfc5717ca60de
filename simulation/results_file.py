"""The file of a sweep: a line that says which sweep it is, then a result on each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from chain.errors import ChainError
from simulation.outcome import Outcome

if sys.platform != "win32":
    import fcntl

# Which setting, and which seed.
Key = tuple[int, int]


class UnusableFile(ChainError, ValueError):
    """A file that results are to go to holds something else, or is in use."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read it and to append to it, and keep other sweeps from doing the same.

    The lock is the system's, and ends with this process, however that ends. Raises UnusableFile.
    """
    with path.open("a+b") as file:
        if sys.platform != "win32":
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UnusableFile(
                    f"another sweep is writing {path}: wait for it, or choose another file"
                ) from None
            except OSError:  # some network drives have no locks
                pass
        try:
            yield file
        finally:
            if sys.platform != "win32":
                with suppress(OSError):
                    fcntl.flock(file, fcntl.LOCK_UN)  # a process that was forked would keep it


def resume(file: BinaryIO, path: Path, head: bytes) -> Iterator[tuple[Key, Outcome]]:
    """Results that a file has already; begin it if it is empty, and cut off half a line.

    Raises UnusableFile if it does not begin with the line `head`.
    """
    file.seek(0)
    whole = 0
    for number, line in enumerate(file, 1):
        if number == 1 and not head.startswith(line):
            raise UnusableFile(
                f"{path} holds another sweep, or no sweep: choose another file, or delete it"
            )
        if not line.endswith(b"\n"):  # it was interrupted while writing
            break
        if number > 1:
            yield _result(path, number, line)
        whole += len(line)
    file.truncate(whole)
    if not whole:
        file.write(head)
        file.flush()


def append(file: BinaryIO, key: Key, outcome: str) -> None:
    """Add a result, its outcome as JSON."""
    file.write(f'{{"setting":{key[0]},"seed":{key[1]},"outcome":{outcome}}}\n'.encode())
    file.flush()


def _result(path: Path, number: int, line: bytes) -> tuple[Key, Outcome]:
    try:
        fields = json.loads(line)
        return (fields["setting"], fields["seed"]), Outcome.model_validate(fields["outcome"])
    except (ValueError, KeyError, TypeError, ValidationError):
        raise UnusableFile(f"{path}, line {number}, is no result of a sweep: delete it") from None
