"""Many runs: every setting with every seed, in processes, streamed to a file, and gone on with.

All settings share their seeds: the nth visit of an agent comes with the same luck in each. So the
differences between settings are known better than the settings themselves.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
)
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, NamedTuple

from pydantic import ValidationError

from chain.errors import ChainError
from simulation.experiment import Experiment
from simulation.outcome import Outcome
from simulation.run import run

if sys.platform != "win32":
    import fcntl

# How many runs an executor may have at a time: more than there are workers, and few enough to keep
# in memory.
MOST_PENDING = 1_000

Setting = Mapping[str, Any]
Progress = Callable[[int, int], None]


class UnusableFile(ChainError, ValueError):
    """A file that results are to go to holds something else, or is in use."""


class WorkerLost(ChainError, RuntimeError):
    """A process that made runs was killed, or a cluster that made them is gone."""


class Result(NamedTuple):
    """One run of a sweep: which setting, which seed, and what came of it."""

    setting: int
    seed: int
    outcome: Outcome


def sweep(
    experiment: Experiment,
    settings: Sequence[Setting],
    seeds: Iterable[int],
    *,
    into: Path | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    with_root: bool = False,
    progress: Progress | None = None,
) -> list[Result]:
    """Run an experiment in several settings with several seeds.

    Parameters
    ----------
    settings
        What to change in each: see `Experiment.changed`.
    into
        A file of JSON lines to append results to as they come. If it has some of this very sweep
        already, these are not run again. No other sweep can write to it meanwhile, except on
        Windows and on drives that have no locks: there, take care that none does.
    executor
        Where to run; anything that has ``submit``, a Dask client's ``get_executor()`` for example.
        By default processes on this machine. Elsewhere policies and mechanisms of your own have to
        be in modules that can be imported, not in the program that is run.
    workers
        How many processes; with 1 all is done in this one.
    with_root
        Whether outcomes are to have state roots.
    progress
        Called with how many runs are done, and of how many.

    Returns
    -------
    list of Result
        By setting, then by seed, in the order given.

    Raises
    ------
    ValueError
        If a setting makes no sense, or a seed is given twice.
    UnusableFile
        If `into` holds something else, or another sweep is writing it.
    DataError, DoesNotFit
        What a run has against its data. Runs done by then are in the file.
    WorkerLost
        If a process is killed, perhaps for want of memory. Runs done by then are in the file.
    """
    seeds = list(seeds)
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is given twice: it would count as two runs, and be the same one")
    descriptions = [experiment.changed(dict(each)).model_dump_json() for each in settings]
    wanted = [(setting, seed) for setting in range(len(settings)) for seed in seeds]
    head = json.dumps({"settings": descriptions, "seeds": seeds, "roots": with_root}) + "\n"
    found: dict[Key, Outcome] = {}
    with nullcontext() if into is None else _opened(into) as file:
        if into is not None and file is not None:
            found = {each[:2]: each.outcome for each in _resume(file, into, head.encode())}
        if progress is not None:
            progress(len(found), len(wanted))
        jobs = [(key, descriptions[key[0]], with_root) for key in wanted if key not in found]
        with closing(_done(jobs, executor, workers)) as outcomes:
            for key, text in outcomes:
                found[key] = Outcome.model_validate_json(text)
                if file is not None:
                    line = f'{{"setting":{key[0]},"seed":{key[1]},"outcome":{text}}}\n'
                    file.write(line.encode())
                    file.flush()
                if progress is not None:
                    progress(len(found), len(wanted))
    return [Result(*key, found[key]) for key in wanted]


Key = tuple[int, int]
Job = tuple[Key, str, bool]
Outcomes = Generator[tuple[Key, str], None, None]


def _done(jobs: Sequence[Job], executor: Executor | None, workers: int | None) -> Outcomes:
    """Keys and outcomes of jobs, as they are done."""
    if executor is not None:
        yield from _done_by(executor, jobs)
    elif workers == 1:
        for key, description, with_root in jobs:
            yield key, run_one(description, key[1], with_root)
    else:
        with ProcessPoolExecutor(workers, initializer=_end_with_parent) as processes:
            yield from _done_by(processes, jobs)


def _done_by(executor: Executor, jobs: Sequence[Job]) -> Outcomes:
    """Keys and outcomes of jobs, as an executor has done them, and nothing of them kept."""
    pending: dict[Future[str], Key] = {}
    done: SimpleQueue[Future[str]] = SimpleQueue()

    def next_done() -> tuple[Key, str]:
        future = done.get()
        return pending.pop(future), future.result()

    try:
        for key, description, with_root in jobs:
            while len(pending) == MOST_PENDING or not done.empty():
                yield next_done()
            future = executor.submit(run_one, description, key[1], with_root)
            pending[future] = key
            future.add_done_callback(done.put)
        while pending:
            yield next_done()
    except (BrokenExecutor, CancelledError) as error:
        raise WorkerLost(
            "a worker process is gone, perhaps for want of memory: run it again, with fewer "
            "workers if need be; what is in a file is not run again"
        ) from error
    finally:
        for future in pending:
            future.cancel()


def run_one(description: str, seed: int, with_root: bool) -> str:
    """Run an experiment given as JSON, and return its outcome as JSON: for other processes."""
    experiment = Experiment.model_validate_json(description)
    collecting = gc.isenabled()
    gc.disable()
    try:
        return run(experiment, seed, with_root=with_root).model_dump_json()
    finally:
        # A run refers to itself in circles. Python would look for such only after some ten runs,
        # and of the longest each leaves 250 MB. All of it is young, so this looks at nothing else.
        gc.collect(0)
        if collecting:
            gc.enable()


def _end_with_parent() -> None:
    """See to it that this worker ends if the sweep is killed, and does not wait for it forever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(1)

    Thread(target=end, daemon=True).start()


_locked: set[int] = set()


def _let_go() -> None:
    """In a forked process: have nothing to do with files that its parent has locked.

    It would keep them locked for as long as it lives on when the parent is killed.
    """
    for descriptor in _locked:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, descriptor, inheritable=False)
        os.close(nothing)
    _locked.clear()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_let_go)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read it and to append to it, and keep other sweeps from doing the same.

    The lock is the system's, and ends with this process, however that ends.
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
        _locked.add(file.fileno())
        try:
            yield file
        finally:
            _locked.discard(file.fileno())


def _resume(file: BinaryIO, path: Path, head: bytes) -> Iterator[Result]:
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


def _result(path: Path, number: int, line: bytes) -> Result:
    try:
        fields = json.loads(line)
        outcome = Outcome.model_validate(fields["outcome"])
        return Result(fields["setting"], fields["seed"], outcome)
    except (ValueError, KeyError, TypeError, ValidationError):
        raise UnusableFile(f"{path}, line {number}, is no result of a sweep: delete it") from None
