"""Many runs: in processes or not, interrupted and gone on with, always the same results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from simulation.data.dataset import DataError
from simulation.experiment import Experiment
from simulation.scenarios import SCENARIOS
from simulation.sweep import Result, UnusableFile, sweep
from tests.programs import ROOT

GAMES = SCENARIOS["tic-tac-toe"].changed({"stop.contributions": 25, "data.seed": 0})
SIMPLE = SCENARIOS["simple"]
SETTINGS: list[dict[str, Any]] = [{}, {"mechanism": "points"}, {"agents.1.count": 2}]
SEEDS = range(3)


class Unordered(Executor):
    """Runs what is submitted at once, and remembers it."""

    def __init__(self) -> None:
        self.submitted: list[Any] = []

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        self.submitted.append(arguments)
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **options))
        return future


@pytest.fixture(scope="module")
def alone() -> list[Result]:
    return sweep(GAMES, SETTINGS, SEEDS, workers=1, with_root=True)


def test_results_come_by_setting_and_seed(alone: list[Result]) -> None:
    assert [each[:2] for each in alone] == [(k, seed) for k in range(3) for seed in SEEDS]
    roots = {each.outcome.state_root for each in alone}
    assert len(roots) == 9
    assert None not in roots


def test_processes_and_other_executors_give_the_same(alone: list[Result], tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    assert alone == sweep(
        GAMES,
        SETTINGS,
        SEEDS,
        into=tmp_path / "r.jsonl",
        workers=2,
        with_root=True,
        progress=lambda *step: done.append(step),
    )
    assert done == [(number, 9) for number in range(10)]
    with ThreadPoolExecutor(1) as threads:
        given = sweep(GAMES, SETTINGS, SEEDS, executor=threads, with_root=True)
    assert given == alone


def test_what_is_in_the_file_is_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    expected = sweep(SIMPLE, SETTINGS, SEEDS, into=path, executor=Unordered())
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 10
    for kept in (0, 1, 4, 10):
        for torn in ("", lines[5][:40] if kept < 10 else "") if kept else ("", lines[0][:40]):
            path.write_text("".join(lines[:kept]) + torn)
            executor = Unordered()
            found = sweep(SIMPLE, SETTINGS, SEEDS, into=path, executor=executor)
            assert found == expected
            assert len(executor.submitted) == 10 - max(kept, 1)
            assert sorted(path.read_text().splitlines(keepends=True)) == sorted(lines)


def test_more_of_it_is_another_sweep(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    sweep(GAMES, [{}], range(1), into=path, workers=1)
    before = path.read_bytes()
    others: list[tuple[list[dict[str, Any]], range, Experiment]] = [
        ([{}], range(2), GAMES),
        ([{"stop.days": 1}], range(1), GAMES),
        ([{}], range(1), GAMES.changed({"gas_price_wei": 7})),
    ]
    for settings, seeds, experiment in others:
        with pytest.raises(UnusableFile, match="another sweep"):
            sweep(experiment, settings, seeds, into=path, workers=1)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["hello", "hello\n", "{}\n", '{"setting": 0}\n'])
def test_another_file_is_left_alone(content: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(content)
    with pytest.raises(UnusableFile, match="choose another file"):
        sweep(GAMES, [{}], range(1), into=path, workers=1)
    assert path.read_text() == content


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    sweep(GAMES, [{}], range(2), into=path, workers=1)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + "{}\n" + lines[2])
    with pytest.raises(UnusableFile, match="line 2"):
        sweep(GAMES, [{}], range(2), into=path, workers=1)


def test_what_a_run_has_against_its_data_surfaces_and_what_is_done_stays(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    settings: list[dict[str, Any]] = [{}, {"data.initial": 10**6}]
    with pytest.raises(DataError, match="initial samples"):
        sweep(GAMES, settings, range(2), into=path, workers=1)
    assert len(path.read_text().splitlines()) == 3
    with pytest.raises(ValueError, match="an experiment has no"):
        sweep(GAMES, [{"nothing": 1}], range(2), into=tmp_path / "none.jsonl", workers=1)
    assert not (tmp_path / "none.jsonl").exists()


def test_killed_in_the_middle_and_run_again_nothing_is_lost_or_counted_twice(
    tmp_path: Path,
) -> None:
    description, settings = tmp_path / "games.json", tmp_path / "settings.json"
    longer = GAMES.changed({"stop.contributions": 40})
    description.write_text(longer.model_dump_json())
    settings.write_text(json.dumps(SETTINGS))
    path, out = tmp_path / "r.jsonl", tmp_path / "summary.json"
    command = [
        *[sys.executable, "-m", "simulation", "sweep", str(description), "--seeds", "4"],
        *["--settings", str(settings), "--into", str(path), "--workers", "2", "--out", str(out)],
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as sweeping:
        assert sweeping.stderr is not None
        for line in sweeping.stderr:
            if int(line.split()[0]) >= 20:
                os.killpg(sweeping.pid, signal.SIGKILL)  # it and its workers, nothing else
                break
    done = path.read_text().count('"outcome"')
    assert 2 <= done < 12
    assert not out.exists()
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"{done} runs of 12" in again.stderr.splitlines()[0]
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    assert len(lines) == 12
    expected = sweep(longer, SETTINGS, range(4), workers=1)
    by_key = {(line["setting"], line["seed"]): line["outcome"] for line in lines}
    assert by_key == {each[:2]: each.outcome.model_dump(mode="json") for each in expected}
    assert len(json.loads(out.read_text())) > 20
