"""Many runs: in processes or not, interrupted and gone on with, always the same results."""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
import subprocess
import sys
import weakref
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chain import Account, Chain, Receipt
from offchain.system import System
from simulation import workers
from simulation.__main__ import main
from simulation.data.dataset import DataError, Part
from simulation.experiment import Experiment
from simulation.mechanism import Mechanism
from simulation.mechanisms import Deposit
from simulation.policies import Policy
from simulation.results_file import UnusableFile
from simulation.scenarios import SCENARIOS
from simulation.sweep import Result, sweep
from simulation.workers import Job, RunFailed, WorkerLost, run_one
from tests.programs import ROOT, run

GAMES = SCENARIOS["tic-tac-toe"].changed({"stop.contributions": 25, "data.seed": 0})
SIMPLE = SCENARIOS["simple"]
SETTINGS: list[dict[str, Any]] = [{}, {"mechanism": "points"}, {"agents.1.count": 2}]
SEEDS = range(3)


class Unordered(Executor):
    """Runs what is submitted at once, and remembers it, and which futures there are still."""

    def __init__(self) -> None:
        self.submitted: list[Any] = []
        self.futures: weakref.WeakSet[Future[Any]] = weakref.WeakSet()

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        self.submitted.append(arguments)
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **options))
        self.futures.add(future)
        return future


class Keeping(ThreadPoolExecutor):
    """Has one thread, and keeps all futures."""

    def __init__(self) -> None:
        super().__init__(1)
        self.futures: list[Future[Any]] = []

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        self.futures.append(super().submit(function, *arguments, **options))
        return self.futures[-1]


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


@pytest.mark.parametrize(
    "content", [b"hello", b"hello\n", b"{}\n", b'{"setting": 0}\n', b"\n", b"\xff\xfe\x00\n"]
)
def test_another_file_is_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    with pytest.raises(UnusableFile, match="choose another file"):
        sweep(GAMES, [{}], range(1), into=path, workers=1)
    assert path.read_bytes() == content


def test_a_line_may_end_in_the_middle_of_a_letter(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    named = SIMPLE.changed({"agents.0.name": "größer"})
    expected = sweep(named, [{}], range(2), into=path, workers=1)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex("ß".encode()) + 1])
    assert sweep(named, [{}], range(2), into=path, workers=1) == expected
    assert path.read_bytes() == whole


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


class Refused(Deposit):
    """Ends with what its contract refuses."""

    def end(self, chain: Chain, system: System, owner: Account, hidden: Part) -> list[Receipt]:
        return [system.trainer.refund([0], 0, 0, sender=owner)]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_contract_refuses_surfaces_from_a_process_too(workers: int) -> None:
    wrong = {"mechanism": Refused().model_dump()}
    with pytest.raises(RunFailed, match=r"the run with seed [34] failed: DataNotFound"):
        sweep(SCENARIOS["simple"], [wrong], [3, 4], workers=workers)


def test_a_seed_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"):
        sweep(SIMPLE, [{}], [3, 1, 3], into=tmp_path / "r.jsonl", workers=1)
    assert not (tmp_path / "r.jsonl").exists()


def test_two_processes_do_not_write_to_one_file(tmp_path: Path) -> None:
    (tmp_path / "simple.json").write_text(SIMPLE.model_dump_json())
    (tmp_path / "settings.json").write_text("[{}]")
    path = tmp_path / "r.jsonl"
    options = ["--settings", str(tmp_path / "settings.json"), "--into", str(path), "--quiet"]
    command = ["-m", "simulation", "sweep", str(tmp_path / "simple.json"), "--seeds", "2", *options]

    def try_as_well(done: int, total: int) -> None:
        if done == 1:
            before = path.read_text()
            other = subprocess.run(
                [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert other.returncode == 2
            said = f"another sweep is writing {path}: wait for it, or choose another file"
            assert other.stderr == f"simulation: {said}; see --help\n"
            assert path.read_text() == before

    expected = sweep(SIMPLE, [{}], range(2), into=path, workers=1, progress=try_as_well)
    whole = path.read_bytes()
    assert whole.count(b"\n") == 3
    run(*command)  # once it is done, anybody may
    assert path.read_bytes() == whole
    path.write_bytes(whole[:-1])
    with ProcessPoolExecutor(1) as processes:
        assert sweep(SIMPLE, [{}], range(2), into=path, executor=processes) == expected
        # Though a process that began while the file was open is still there.
        assert sweep(SIMPLE, [{}], range(2), into=path, workers=1) == expected
    assert path.read_bytes() == whole


def test_nothing_is_kept_of_runs_that_are_done() -> None:
    executor, alive = Unordered(), []
    sweep(
        SIMPLE,
        SETTINGS,
        SEEDS,
        executor=executor,
        progress=lambda *_: alive.append(len(executor.futures)),
    )
    assert len(alive) == 10
    assert max(alive) <= 1
    job = Job(GAMES.model_dump_json(), 0, False)
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, Receipt) for each in gc.get_objects())
        run_one(job)
        assert not gc.isenabled()
        assert sum(isinstance(each, Receipt) for each in gc.get_objects()) == before
    finally:
        gc.enable()
    run_one(job)
    assert gc.isenabled()


def test_an_executor_is_not_given_everything_at_once(
    alone: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MOST_PENDING", 3)
    ahead: list[int] = []
    with Keeping() as executor:
        found = sweep(
            GAMES,
            SETTINGS,
            SEEDS,
            executor=executor,
            with_root=True,
            progress=lambda done, _: ahead.append(len(executor.futures) - done),
        )
    assert found == alone
    assert len(ahead) == 10
    assert max(ahead) <= 3


def test_what_has_not_begun_is_called_off_if_the_sweep_ends() -> None:
    def enough(done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with Keeping() as executor:
        # What was raised is kept, and with it all that the sweep was in the middle of.
        with pytest.raises(KeyboardInterrupt) as caught:
            sweep(GAMES, SETTINGS, SEEDS, executor=executor, progress=enough)
        assert sum(future.cancelled() for future in executor.futures) >= 5
    assert caught.traceback


def test_what_goes_to_other_processes_can_be_pickled(alone: list[Result]) -> None:
    parts = [kind() for family in (Policy, Mechanism) for kind in family.names.values()]
    for each in (*alone, alone[0].outcome, *SCENARIOS.values(), *parts, run_one):
        again = pickle.loads(pickle.dumps(each))
        assert again == each
        assert type(again) is type(each)


def test_a_worker_that_is_killed_ends_the_sweep_which_then_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, killed = tmp_path / "r.jsonl", tmp_path / "killed"
    deadly = GAMES.changed({"agents.0.policy": {"kind": "tests.policies:Deadly"}})
    settings: list[dict[str, Any]] = [{}, {"agents.0.policy.once": str(killed)}]
    (tmp_path / "deadly.json").write_text(deadly.model_dump_json())
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    options = ["--settings", str(tmp_path / "settings.json"), "--into", str(path), "--quiet"]
    with pytest.raises(SystemExit) as caught:
        main(["sweep", str(tmp_path / "deadly.json"), "--seeds", "3", "--workers", "2", *options])
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("simulation: a worker process is gone, perhaps for want of mem")
    assert printed.err.count("\n") == 1

    kept = path.read_bytes()
    assert 2 <= kept.count(b'"outcome"') < 6  # of the harmless ones, two at least came before
    killed.unlink()
    with pytest.raises(WorkerLost, match="run it again"):
        sweep(deadly, settings, SEEDS, into=path, workers=2)
    results = sweep(deadly, settings, SEEDS, into=path, workers=2)  # now it has killed before
    assert results == sweep(deadly, settings, SEEDS, workers=1)
    assert path.read_bytes().startswith(kept)
    assert path.read_bytes().count(b"\n") == 7


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
                os.kill(sweeping.pid, signal.SIGKILL)  # its workers have to notice by themselves
                break
        try:
            sweeping.communicate(timeout=60)  # until its workers, who write there too, are gone
        except subprocess.TimeoutExpired:
            os.killpg(sweeping.pid, signal.SIGKILL)
            raise
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
