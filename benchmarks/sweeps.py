"""The same runs in this process, on two, and on a Dask cluster; killed half-way, and gone on with.

``python -m benchmarks.sweeps`` (extra ``dask``). Every outcome has a state root, and all ways must
agree on all of them. Trust the ratios, not the seconds. Files go into a temporary folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulation.scenarios import SCENARIOS
from simulation.sweep import Result, sweep
from simulation.workers import Job, run_one

try:
    from distributed import Client, LocalCluster
except ModuleNotFoundError as error:
    print(f"sweeps: {error.name} is missing: pip install -e '.[dask]'", file=sys.stderr)
    raise SystemExit(2) from None

# Real digits, and long enough that the work outweighs handing it over: half a second or so a run.
EXPERIMENT = SCENARIOS["digits-perceptron"].changed({"stop.contributions": 600})
SETTINGS: list[dict[str, Any]] = [
    {},
    {"mechanism": "points"},
    {"agents.1.count": 3},
    {"mechanism.refund_wait_s": 2 * 86_400},
]
SEEDS = range(16)
RUNS = len(SETTINGS) * len(SEEDS)
WORKERS = 2

PROCESSES = "two processes"
CLUSTER = "a Dask cluster"
POLL_S = 0.02


@contextmanager
def executor(way: str, folder: Path) -> Iterator[Executor | None]:
    """What to sweep on: a new cluster's executor, or None for processes of the sweep's own.

    Parameters
    ----------
    folder
        Where the cluster may write.
    """
    if way == PROCESSES:
        yield None
        return
    cluster = LocalCluster(
        n_workers=WORKERS,
        threads_per_worker=1,
        processes=True,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
        local_directory=str(folder),
    )
    with cluster, Client(cluster) as client:
        yield client.get_executor()


def sweep_on(way: str, into: Path) -> tuple[list[Result], float]:
    """Sweep, or go on with it; return the results, and how long it took.

    The time to start a cluster does not count, that to start processes does.
    """
    with executor(way, into.parent) as given:
        start_s = time.perf_counter()
        results = sweep(
            EXPERIMENT, SETTINGS, SEEDS, into=into, executor=given, workers=WORKERS, with_root=True
        )
        return results, time.perf_counter() - start_s


def kill_half_way(way: str, into: Path) -> bytes:
    """Sweep in another process, kill it and all its workers, and return the whole lines it left."""
    command = [sys.executable, "-m", "benchmarks.sweeps", way, str(into)]
    with subprocess.Popen(command, start_new_session=True) as sweeping:
        try:
            while not into.exists() or into.read_bytes().count(b"\n") <= RUNS // 2:
                if sweeping.poll() is not None:
                    raise RuntimeError(f"the sweep on {way} ended before it was killed")
                time.sleep(POLL_S)
        finally:
            os.killpg(sweeping.pid, signal.SIGKILL)
    left = into.read_bytes()
    return left[: left.rfind(b"\n") + 1]


def measure(way: str, folder: Path, expected: list[Result], alone_s: float) -> str:
    """Sweep one way, kill it and go on, and return a line on how fast it was.

    Raises RuntimeError if results differ, are lost, or are there twice.
    """
    into = folder / "whole.jsonl"
    results, took_s = sweep_on(way, into)
    check(way, results, expected, into)
    print(f"on {way}: {took_s:.1f} s, the same", flush=True)

    into = folder / "killed.jsonl"
    kept = kill_half_way(way, into)
    results, _ = sweep_on(way, into)
    check(way, results, expected, into)
    if not into.read_bytes().startswith(kept):
        raise RuntimeError(f"on {way}: what was there when it was killed has changed")
    print(
        f"on {way}, killed with {kept.count(b'outcome')} of {RUNS} results in the file, and gone "
        "on with: those are still there, none is there twice, all are the same",
        flush=True,
    )
    return f"{way}: {alone_s / took_s:.2f} times as fast as this process alone"


def check(way: str, results: list[Result], expected: list[Result], into: Path) -> None:
    """Raise RuntimeError if results are not those expected, or not each once in the file."""
    if results != expected:
        raise RuntimeError(f"on {way}: results differ from those of this process")
    lines = into.read_bytes().splitlines()[1:]
    keys = {line.partition(b',"outcome"')[0] for line in lines}
    if not len(lines) == len(keys) == RUNS:
        raise RuntimeError(f"on {way}: {len(lines)} lines, {len(keys)} different ones")


def main() -> None:
    """Measure and check all ways; or sweep one way into a file, to be killed."""
    if sys.argv[1:]:
        sweep_on(sys.argv[1], Path(sys.argv[2]))
        return
    print(
        f"{RUNS} runs of {EXPERIMENT.name}: {len(SETTINGS)} settings, {len(SEEDS)} seeds; "
        f"{os.cpu_count()} cores",
        flush=True,
    )
    run_one(Job(EXPERIMENT.model_dump_json(), 0, True))  # imports what it needs
    start_s = time.perf_counter()
    expected = sweep(EXPERIMENT, SETTINGS, SEEDS, workers=1, with_root=True)
    alone_s = time.perf_counter() - start_s
    roots = len({result.outcome.state_root for result in expected})
    print(f"in this process: {alone_s:.1f} s; {roots} different state roots", flush=True)
    ratios = []
    for way in (PROCESSES, CLUSTER):
        with tempfile.TemporaryDirectory() as folder:
            ratios.append(measure(way, Path(folder), expected, alone_s))
    print("\nratios:")
    print("\n".join(ratios))


if __name__ == "__main__":
    main()
