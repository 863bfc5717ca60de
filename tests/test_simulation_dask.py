"""A sweep on a Dask cluster: a real scheduler, and workers of which one is killed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulation.scenarios import SCENARIOS
from simulation.sweep import sweep
from tests.programs import ROOT, run_without

# In a process of its own, since a cluster leaves threads behind.
PROGRAM = """
import json, sys
from pathlib import Path
from benchmarks.sweeps import CLUSTER, executor
from simulation.experiment import Experiment
from simulation.sweep import sweep

experiment, settings, folder = json.loads(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3])
with executor(CLUSTER, folder) as given:
    sweep(
        Experiment.model_validate(experiment), settings, range(3),
        into=folder / "r.jsonl", executor=given, with_root=True,
    )
"""


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs Dask")
def test_a_cluster_gives_the_same_though_a_worker_is_killed(tmp_path: Path) -> None:
    deadly = {"kind": "tests.policies:Deadly"}
    experiment = SCENARIOS["tic-tac-toe"].changed(
        {"stop.contributions": 25, "agents.0.policy": deadly}
    )
    killed = tmp_path / "killed"
    settings: list[dict[str, Any]] = [{}, {"agents.0.policy.once": str(killed)}, {"data.seed": 1}]
    arguments = [experiment.model_dump_json(), json.dumps(settings), str(tmp_path)]
    command = [sys.executable, "-W", "error", "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert killed.exists()
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()[1:]]
    assert len(lines) == 9
    settings[1] = {}  # now it is as harmless as the first
    expected = sweep(experiment, settings, range(3), workers=1, with_root=True)
    found = {(line["setting"], line["seed"]): line["outcome"] for line in lines}
    assert found == {each[:2]: each.outcome.model_dump(mode="json") for each in expected}


def test_the_benchmark_says_what_to_install() -> None:
    done = run_without("distributed", "benchmarks.sweeps")
    assert done.returncode == 2
    assert done.stderr == "sweeps: distributed is missing: pip install -e '.[dask]'\n"
    assert done.stdout == ""
