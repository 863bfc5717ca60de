"""Many runs: every setting with every seed, in processes, streamed to a file, and gone on with.

All settings share their seeds: the nth visit of an agent comes with the same luck in each. So the
differences between settings are known better than the settings themselves; and better still if all
settings are given the same contributions, though that asks less: what a setting does to them, not
what agents make of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from simulation.experiment import Experiment
from simulation.outcome import Outcome
from simulation.results_file import Key, append, opened, resume
from simulation.traces import check_settings
from simulation.workers import Job, done

Setting = Mapping[str, Any]
Progress = Callable[[int, int], None]


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
    UnusableTrace
        If a setting cannot have the contributions of the first.
    UnusableFile
        If `into` holds something else, or another sweep is writing it.
    DataError, DoesNotFit
        What a run has against its data. Runs done by then are in the file.
    RunFailed
        If a contract refuses what a mechanism sends. Runs done by then are in the file.
    WorkerLost
        If a process is killed, perhaps for want of memory. Runs done by then are in the file.
    """
    seeds = list(seeds)
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is given twice: it would count as two runs, and be the same one")
    experiments = [experiment.changed(dict(each)) for each in settings]
    descriptions = [each.model_dump_json() for each in experiments]
    wanted = [(setting, seed) for setting in range(len(settings)) for seed in seeds]
    about = {"settings": descriptions, "seeds": seeds, "roots": with_root}
    first = None
    if same_contributions:
        check_settings(experiments)
        about["same_contributions"] = True
        first = descriptions[0]
    head = (json.dumps(about) + "\n").encode()
    found: dict[Key, Outcome] = {}
    with nullcontext() if into is None else opened(into) as file:
        if into is not None and file is not None:
            found = dict(resume(file, into, head))
        if progress is not None:
            progress(len(found), len(wanted))
        jobs = [
            (key, Job(descriptions[key[0]], key[1], with_root, first))
            for key in wanted
            if key not in found
        ]
        if same_contributions:
            jobs.sort(key=lambda each: each[1].seed)  # runs of one trace together
        descriptor = None if file is None else file.fileno()
        with closing(done(jobs, executor, workers, descriptor)) as outcomes:
            for key, outcome in outcomes:
                found[key] = Outcome.model_validate_json(outcome)
                if file is not None:
                    append(file, key, outcome)
                if progress is not None:
                    progress(len(found), len(wanted))
    return [Result(*key, found[key]) for key in wanted]
