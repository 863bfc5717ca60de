"""Many runs: every setting with every seed, in processes, streamed to a file, and gone on with.

All settings share their seeds: the nth visit of an agent comes with the same luck in each. So the
differences between settings are known better than the settings themselves; and better still if all
settings are given the same contributions, though that asks less: what a setting does to them, not
what agents make of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from chain.errors import ChainError
from simulation.experiment import Experiment
from simulation.outcome import Outcome
from simulation.run import go_on, run
from simulation.traces import Trace, check_settings, trace_of
from simulation.world import World

Setting = Mapping[str, Any]
Progress = Callable[[int, int], None]


class UnusableFile(ChainError, ValueError):
    """A file that results are to go to holds something else."""


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
    same_contributions: bool = False,
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
    same_contributions
        Whether agents add in all settings, with each seed, what they added in the first setting.
        Otherwise they decide anew.
    into
        A file of JSON lines to append results to as they come. If it has some of this very sweep
        already, these are not run again.
    executor
        Where to run; anything that has ``submit``, a Dask client's ``get_executor()`` for example.
        By default processes on this machine.
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
        If a setting makes no sense.
    UnusableTrace
        If a setting cannot have the contributions of the first.
    UnusableFile
        If `into` holds something else.
    DataError, DoesNotFit
        What a run has against its data. Runs done by then are in the file.
    """
    seeds = list(seeds)
    experiments = [experiment.changed(dict(each)) for each in settings]
    descriptions = [each.model_dump_json() for each in experiments]
    wanted = [(setting, seed) for setting in range(len(settings)) for seed in seeds]
    about = {"settings": descriptions, "seeds": seeds, "roots": with_root}
    if same_contributions:
        check_settings(experiments)
        about["same_contributions"] = True
        _first.cache_clear()  # of classes of the user's that are others by now
    head = json.dumps(about)
    found: dict[tuple[int, int], Outcome] = {}
    if into is not None:
        found = {(each.setting, each.seed): each.outcome for each in resume(into, head)}
    missing = [key for key in wanted if key not in found]
    first = descriptions[0] if same_contributions else None
    if same_contributions:
        missing.sort(key=lambda key: key[1])  # runs of one trace together
    with nullcontext() if into is None else into.open("a", encoding="utf-8") as file:
        if progress is not None:
            progress(len(found), len(wanted))
        jobs = [(key, (descriptions[key[0]], key[1], with_root, first)) for key in missing]
        for key, text in _done(jobs, executor, workers):
            found[key] = Outcome.model_validate_json(text)
            if file is not None:
                file.write(f'{{"setting":{key[0]},"seed":{key[1]},"outcome":{text}}}\n')
                file.flush()
            if progress is not None:
                progress(len(found), len(wanted))
    return [Result(*key, found[key]) for key in wanted]


Job = tuple[tuple[int, int], tuple[str, int, bool, str | None]]


def _done(
    jobs: list[Job], executor: Executor | None, workers: int | None
) -> Iterator[tuple[tuple[int, int], str]]:
    """Keys and outcomes of jobs, as they are done."""
    if executor is None and workers == 1:
        for key, arguments in jobs:
            yield key, run_one(*arguments)
        return
    own = executor is None and bool(jobs)
    with ProcessPoolExecutor(workers) if own else nullcontext(executor) as pool:
        assert pool is not None or not jobs
        futures = {
            pool.submit(run_one, *arguments): key for key, arguments in jobs if pool is not None
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            for future in futures:
                future.cancel()


def run_one(description: str, seed: int, with_root: bool, first: str | None = None) -> str:
    """Run an experiment given as JSON, and return its outcome as JSON: for other processes.

    Parameters
    ----------
    first
        An experiment as JSON, with the contributions of which to run it.
    """
    trace = None
    if first is not None:
        outcome, trace = _first(first, seed, with_root)
        if description == first:
            return outcome
    experiment = Experiment.model_validate_json(description)
    return run(experiment, seed, trace=trace, with_root=with_root).model_dump_json()


@lru_cache(maxsize=1)
def _first(description: str, seed: int, with_root: bool) -> tuple[str, Trace]:
    """Run the first setting, once for those that follow in this process."""
    world = World(Experiment.model_validate_json(description), seed)
    go_on(world)
    return world.outcome(with_root).model_dump_json(), trace_of(world)


def resume(path: Path, head: str) -> list[Result]:
    """Results that a file has already; begin it if it is empty, and cut off half a line.

    Raises UnusableFile if it does not begin with `head`.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):  # it was interrupted while writing
        lines.pop()
    if not lines and text and not head.startswith(text):
        raise UnusableFile(f"{path} holds something else: choose another file, or delete it")
    if lines and lines[0] != head + "\n":
        raise UnusableFile(
            f"{path} holds another sweep, or no sweep: choose another file, or delete it"
        )
    results = [_result(path, number, line) for number, line in enumerate(lines[1:], 2)]
    whole = "".join(lines) or head + "\n"
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return results


def _result(path: Path, number: int, line: str) -> Result:
    try:
        fields = json.loads(line)
        outcome = Outcome.model_validate(fields["outcome"])
        return Result(fields["setting"], fields["seed"], outcome)
    except (ValueError, KeyError, TypeError, ValidationError):
        raise UnusableFile(f"{path}, line {number}, is no result of a sweep: delete it") from None
