"""Runs as jobs for this process or for others."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Generator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
)
from functools import lru_cache
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

from chain.errors import ChainError, ExecutionError
from chain.garbage import uncollected
from simulation.experiment import Experiment
from simulation.results_file import Key
from simulation.run import go_on, run
from simulation.traces import Trace
from simulation.world import World

# How many runs an executor may have at a time: more than there are workers, and few enough to keep
# in memory.
MOST_PENDING = 1_000


class WorkerLost(ChainError, RuntimeError):
    """A process that made runs was killed, or a cluster that made them is gone."""


class RunFailed(ChainError, RuntimeError):
    """A contract refused what a mechanism sent, and so a run has no outcome."""


class Job(NamedTuple):
    """A run to make.

    Attributes
    ----------
    description
        The experiment as JSON.
    first
        Another one, whose contributions are to be made; None if agents decide what to add.
    """

    description: str
    seed: int
    with_root: bool
    first: str | None = None


# Keys and outcomes as JSON, as they are done.
Outcomes = Generator[tuple[Key, str], None, None]


def run_one(job: Job) -> str:
    """Make a run, and return its outcome as JSON."""
    with uncollected():
        try:
            if job.first is None:
                return _run(job, None)
            outcome, trace = _first(job.first, job.seed, job.with_root)
            return outcome if job.description == job.first else _run(job, trace)
        except ExecutionError as error:
            # With its receipt, and whatever that refers to: nothing that another process could get.
            raise RunFailed(f"the run with seed {job.seed} failed: {error}") from error
        finally:
            # A run refers to itself in circles. Python would look for such only after some ten
            # runs, and of the longest each leaves 250 MB. All of it is young, so this looks at
            # nothing else.
            gc.collect(0)


def _run(job: Job, trace: Trace | None) -> str:
    experiment = Experiment.model_validate_json(job.description)
    return run(experiment, job.seed, trace=trace, with_root=job.with_root).model_dump_json()


@lru_cache(maxsize=1)
def _first(description: str, seed: int, with_root: bool) -> tuple[str, Trace]:
    """Run the first setting, once for those that follow in this process."""
    world = World(Experiment.model_validate_json(description), seed)
    go_on(world)
    return world.outcome(with_root).model_dump_json(), world.trace()


def done(
    jobs: Sequence[tuple[Key, Job]],
    executor: Executor | None,
    workers: int | None,
    file: int | None,
) -> Outcomes:
    """Make runs.

    Parameters
    ----------
    executor
        Where; by default processes on this machine.
    workers
        How many processes; with 1 all is done in this one.
    file
        What the sweep has open, as a descriptor: nothing for processes.

    Raises
    ------
    WorkerLost
        If a process is killed.
    """
    _first.cache_clear()  # of classes of the user's that are others by now
    if executor is not None:
        yield from _done_by(executor, jobs)
    elif workers == 1:
        for key, job in jobs:
            yield key, run_one(job)
    else:
        inherited = file if multiprocessing.get_start_method() == "fork" else None
        with ProcessPoolExecutor(workers, initializer=_begin, initargs=(inherited,)) as processes:
            yield from _done_by(processes, jobs)


def _done_by(executor: Executor, jobs: Sequence[tuple[Key, Job]]) -> Outcomes:
    """Let an executor make runs, and keep nothing of those that are done."""
    pending: dict[Future[str], Key] = {}
    ready: SimpleQueue[Future[str]] = SimpleQueue()

    def next_ready() -> tuple[Key, str]:
        future = ready.get()
        return pending.pop(future), future.result()

    try:
        for key, job in jobs:
            while len(pending) == MOST_PENDING or not ready.empty():
                yield next_ready()
            future = executor.submit(run_one, job)
            pending[future] = key
            future.add_done_callback(ready.put)
        while pending:
            yield next_ready()
    except (BrokenExecutor, CancelledError) as error:
        raise WorkerLost(
            "a worker process is gone, perhaps for want of memory: run it again, with fewer "
            "workers if need be; what is in a file is not run again"
        ) from error
    finally:
        for future in pending:
            future.cancel()


def _begin(inherited: int | None) -> None:
    """In a worker: let go of the sweep's file, and see to it that it ends if the sweep is killed.

    Otherwise it would wait for the sweep forever, and the file would stay locked.
    """
    if inherited is not None:
        os.close(inherited)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(1)

    Thread(target=end, daemon=True).start()
