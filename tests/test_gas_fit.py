"""The fit of the prices of computing: its counts, and its command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.replay.gas import compared
from tests.replay.recording import Models, load
from tests.replay.scenario import Replay

ROOT = Path(__file__).parent.parent
RECORDINGS = ROOT / "tests" / "recordings"
PRICES = ROOT / "chain" / "compute.py"
FILES = [str(RECORDINGS / f"{name}.json.gz") for name in ("ownable", "stakeable")]

# In a process of its own: prices are compiled into contracts.
COUNT = """
import json, sys
from pathlib import Path
from benchmarks.gas_fit.counting import PRICES, rows
from tests.replay.recording import Models
found = [row for name in sys.argv[1:] for row in rows(Path(name), Models(Path()))]
prices = list(PRICES.values())
json.dump([sum(map(int.__mul__, row.counts, prices)) - row.computing for row in found], sys.stdout)
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def fitted() -> list[str]:
    before = PRICES.read_text()
    done = run("-m", "benchmarks.gas_fit", *FILES)
    assert (done.returncode, done.stderr) == (0, "")
    assert PRICES.read_text() == before, "nothing is written unasked"
    return done.stdout.splitlines()


def test_counts_times_prices_are_the_gas_of_computing() -> None:
    counted = json.loads(run("-c", COUNT, *FILES).stdout)
    differences = []
    for name in FILES:
        for scenario in load(Path(name)).scenarios:
            replay = Replay(scenario, Models(Path()), "istanbul")
            assert list(replay.run()) == []
            for number, receipt in replay.receipts.items():
                difference = compared("", scenario.steps[number], receipt)
                if difference is not None and not difference.step.deploy:
                    differences.append(receipt.gas_used - difference.recorded)
    assert len(differences) > 1_000
    assert counted == differences


def test_a_group_is_shown_with_prices_fitted_without_it(fitted: list[str]) -> None:
    (ownable,) = [line for line in fitted if line.startswith("ownable, istanbul")]
    numbers = [float(part) for part in ownable.replace("%", "").split()[3:]]
    apart, together = numbers[:3], numbers[3:]
    assert together[0] < apart[0] < 3, "what it was fitted to is nearer"
    assert apart == sorted(apart)


def test_prices_are_printed_by_hand_now_and_fitted(fitted: list[str]) -> None:
    start = next(index for index, line in enumerate(fitted) if line.startswith("operation"))
    for line in fitted[start + 1 :]:
        name, *prices = line.split()
        assert len(prices) == 3, line
        assert f"\n{name} = {prices[1]}" in PRICES.read_text()


def test_a_file_that_is_none_is_named() -> None:
    done = run("-m", "benchmarks.gas_fit", "nowhere.json")
    assert done.returncode == 2
    assert "nowhere.json" in done.stderr
    assert len(done.stderr.splitlines()) == 1
