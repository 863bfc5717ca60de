"""The market on real data: what it prints is what happened, and all money is accounted for."""

from __future__ import annotations

import json

import numpy as np
import pytest

from examples import market
from examples.marketplace import GOOD, PEOPLE, SETTINGS, Ending, Marketplace
from tests.programs import run, run_without


@pytest.fixture(scope="module")
def endings() -> dict[str, Ending]:
    return {setting: market.play((3, setting)) for setting in SETTINGS}


def test_what_some_win_others_have_paid(endings: dict[str, Ending]) -> None:
    for ending in endings.values():
        assert sum(ending.profit_wei.values()) == ending.provider_wei
        assert set(ending.profit_wei) == set(PEOPLE)
        assert sum(ending.passes) == 100
        assert ending.largest[0] < 30_000_000
        good = [ending.profit_wei[name] for name, kind in PEOPLE.items() if kind == GOOD]
        assert ending.mean_profit_wei(GOOD) == sum(good) / 4
    # One seed is one set of people, cases and orders: only the rules differ.
    assert len({ending.before for ending in endings.values()}) == 1
    assert len({ending.after for setting, ending in endings.items() if "R" not in setting}) == 1


def test_the_tables_and_the_json_say_what_happened(
    endings: dict[str, Ending], capsys: pytest.CaptureFixture[str]
) -> None:
    market.main(["--seed", "3"])
    assert capsys.readouterr().out == market.summary(endings) + "\n"
    market.main(["--seed", "3", "--setting", "rg", "--json"])
    expected = json.loads(json.dumps({"GR": market.as_dict(endings["GR"])}))
    assert json.loads(capsys.readouterr().out) == expected


def test_a_study_is_the_mean_of_its_markets(endings: dict[str, Ending]) -> None:
    outside = run("-m", "examples.market", "--study", "2", "--seed", "3", "--jobs", "2",
                  "--setting", "-", "--json", "--quiet")  # fmt: skip
    assert (outside.returncode, outside.stderr) == (0, "")
    found = json.loads(outside.stdout)["-"]
    both = [endings["-"], Marketplace(4, "-").play()]
    good = [ending.mean_profit_wei(GOOD) / 10**15 for ending in both]
    around = 1.96 * np.std(good, ddof=1) / np.sqrt(2)
    assert found["good"] == pytest.approx([np.mean(good), around])
    assert found["markets"] == 2
    table = market.study_table({"-": both})
    assert f"{np.mean(good):+.1f} ± {around:.1f}" in table


@pytest.mark.parametrize(
    "arguments",
    [["--setting", "Q"], ["--setting", "AA"], ["--study", "1"], ["--seed", "-1"], ["--jobs", "0"],
     ["--other"]],
)  # fmt: skip
def test_wrong_options_are_answered_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        market.main(arguments)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("market: ")
    assert error.count("\n") == 1


def test_without_scikit_learn_it_says_what_to_do() -> None:
    outside = run_without("sklearn", "examples.market")
    assert outside.returncode == 2
    assert "pip install -e '.[examples]'" in outside.stderr
