"""The examples, run as users run them, and held against plain arithmetic."""

from __future__ import annotations

import io
import itertools
import math
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_breast_cancer

from chain.units import days, ether
from contracts_py.collaborative_trainer import AddData
from examples import consortium as study
from examples import hospitals
from examples.consortium import Consortium
from incentives.stakeable import Refund, Report
from simulation.terminal import write_whole
from tests.programs import ROOT, run, run_without

SMALL = ["--days", "10", "--seed", "3"]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def ran() -> Consortium:
    """Ten days of adding and all of the settling, as ``SMALL`` asks for."""
    consortium = Consortium(seed=3)
    for time_s, hospital in consortium.visits(10 + hospitals.SETTLING_DAYS):
        consortium.visit(hospital, time_s, adding=time_s < 10 * days)
    return consortium


def added(consortium: Consortium) -> list[AddData]:
    logs = consortium.chain.logs(AddData)
    return [log.event for log in logs if isinstance(log.event, AddData)]


def predicted(weights: list[int], sample: Any) -> int:
    return int(sum(w * int(x) for w, x in zip(weights, sample, strict=True)) > 0)


# hospitals, from the outside


def test_the_program_prints_the_tables_of_its_seed_and_writes_a_picture(
    ran: Consortium, tmp_path: Path
) -> None:
    picture = tmp_path / "hospitals.png"
    outside = run("-m", "examples.hospitals", *SMALL, "--plot", str(picture))
    assert outside.stderr == ""
    assert outside.returncode == 0
    image = picture.read_bytes()
    assert image.startswith(PNG)
    assert image.endswith(b"IEND\xaeB`\x82")
    assert [path.name for path in tmp_path.iterdir()] == ["hospitals.png"]
    assert outside.stdout == hospitals.summary(ran, 10) + "\n"


def test_every_row_of_the_money_table_adds_up(ran: Consortium) -> None:
    lines = hospitals.summary(ran, 10).splitlines()
    names = ("owner", *study.HONEST, study.FLIPPING)
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.split()[:1]}
    for name in names:
        start, *changes, gained, fees, end = map(float, rows[name][2:])
        assert sum(changes) == pytest.approx(gained, abs=2e-4)
        assert start + gained + fees == pytest.approx(end, abs=2e-4)
    ends = [float(rows[name][-1]) for name in (*names, "trainer", "block")]
    assert sum(ends) == pytest.approx(float(rows["together"][-1]), abs=8e-4)
    wei = f"{len(names) * 20 * ether:,} wei"
    assert f"Money created: {wei}; in all balances: {wei}; difference: 0 wei." in lines
    assert lines[-1].endswith("blocks executed again from genesis: all roots are the same.")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "options", "shown"),
    [(Terminal(), [], True), (Terminal(), ["--quiet"], False), (io.StringIO(), [], False)],
)
def test_progress_is_shown_on_a_terminal_only_and_not_if_quiet(
    stream: io.StringIO, options: list[str], shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    hospitals.main(["--days", "1", *options])
    assert ("visits" in stream.getvalue()) is shown


def test_help_names_every_option_and_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        hospitals.main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for part in ("--days", "--seed", "--plot FILE", "--quiet", "examples:", "deposit"):
        assert part in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--days", "-1"], "whole number from 1 to 365"),
        (["--days", "0"], "whole number from 1 to 365"),
        (["--days", "366"], "whole number from 1 to 365"),
        (["--days", "2.5"], "whole number from 1 to 365"),
        (["--seed", "-1"], "whole number from 0 to 4294967295"),
        (["--seed", "x"], "whole number from 0 to 4294967295"),
        (["--plot", "nowhere/at/all.png"], "cannot write nowhere/at/all.png"),
        (["--plot", "."], "it is a folder: choose another file"),
        (["--days", "1", "--plot", "x" * 250], "File name too long"),
        (["--plot"], "expected one argument"),
        (["--wat"], "unrecognized arguments: --wat"),
    ],
)
def test_wrong_input_gives_one_line_status_2_and_no_file(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        hospitals.main(arguments)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_plot_replaces_an_older_file(tmp_path: Path) -> None:
    picture = tmp_path / "old.png"
    picture.write_text("old")
    hospitals.main(["--days", "1", "--plot", str(picture)])
    assert picture.read_bytes().startswith(PNG)


def test_a_file_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"picture")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(
    ("package", "extra"), [("sklearn", "examples"), ("tqdm", "examples"), ("matplotlib", "plot")]
)
def test_a_missing_package_gives_one_line_that_says_how_to_get_it(package: str, extra: str) -> None:
    outcome = run_without(package, "examples.hospitals", "--plot", "unwritten.png")
    assert outcome.returncode == 2
    assert f"{package} is missing: pip install -e '.[{extra}]'" in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert outcome.stdout == ""
    assert not (ROOT / "unwritten.png").exists()


# hospitals, from the inside


def test_the_model_is_what_plain_integers_make_of_the_contributions(ran: Consortium) -> None:
    deployment = next(
        receipt for receipt in ran.chain.receipts() if receipt.transaction.kind == "deploy"
    )
    weights = list(deployment.transaction.arguments[1])
    moved = 0
    for event in added(ran):
        if predicted(weights, event.data) != event.classification:
            moved += 1
            sign = 1 if event.classification else -1
            for index, value in enumerate(event.data):
                step = abs(value) * round(study.LEARNING_RATE * 10**9) // 10**9
                weights[index] += sign * (step if value > 0 else -step)
    assert moved > 10
    assert list(ran.classifier.weights()) == weights
    right = sum(predicted(weights, sample) == label for sample, label in ran.test_cases)
    assert ran.history.accuracies[-1] == ran.accuracy() == right / len(ran.test_cases)


def test_only_the_crooked_hospital_adds_wrong_labels_and_nobody_adds_held_out_cases(
    ran: Consortium,
) -> None:
    measurements, labels = load_breast_cancer(return_X_y=True)
    true_label = {
        tuple(sample): label
        for sample, label in zip(ran.encoder.encode(measurements).tolist(), labels, strict=True)
    }
    held_out = {tuple(sample.tolist()) for sample, _ in ran.test_cases}
    assert len(held_out) == len(ran.test_cases) == 171
    assert all(true_label[tuple(sample.tolist())] == label for sample, label in ran.test_cases)
    crooked = ran.chain.account(study.FLIPPING)
    seen = set()
    for event in added(ran):
        sample = tuple(event.data)
        flipped = true_label[sample] != event.classification
        assert flipped == (event.sender == crooked.address)
        assert sample not in held_out
        assert sample not in seen
        seen.add(sample)
    assert {event.sender for event in added(ran)} == {h.account.address for h in ran.hospitals}


def test_deposits_follow_the_formula_and_stay_acceptable(ran: Consortium) -> None:
    events = added(ran)
    for earlier, later in itertools.pairwise(events):
        root = math.isqrt(later.time - earlier.time)
        assert later.cost == study.COST_WEIGHT_WEI * 3600 // root
    assert max(event.cost for event in events) <= study.HIGHEST_DEPOSIT_WEI
    assert sum(hospital.waited for hospital in ran.hospitals) > 0


def test_what_receipts_say_explains_every_balance_to_the_wei(ran: Consortium) -> None:
    booked = hospitals.entries(ran.chain.receipts())
    for owner in (ran.owner, *(hospital.account for hospital in ran.hospitals)):
        entry = booked[owner.address]
        explained = study.START_BALANCE_WEI + entry.gained_wei - entry.fees_wei
        assert ran.chain.balance(owner) == explained
    fees = sum(entry.fees_wei for entry in booked.values())
    assert ran.chain.balance(ran.chain.producer) == fees
    assert ran.trainer.balance == -sum(entry.gained_wei for entry in booked.values())


def test_refunds_and_reports_are_booked_apart(ran: Consortium) -> None:
    booked = hospitals.entries(ran.chain.receipts())
    for hospital in ran.hospitals:
        address = hospital.account.address
        paid_wei = {"refund": [0], "report": [0]}
        for receipt in ran.chain.receipts():
            name = receipt.transaction.name
            if receipt.transaction.sender == address and name in paid_wei:
                paid_wei[name] += [
                    event.amount for event in receipt.events if isinstance(event, Refund | Report)
                ]
        assert booked[address].refunds_wei == sum(paid_wei["refund"])
        assert booked[address].reports_wei == sum(paid_wei["report"])
        assert booked[address].refunded == len(paid_wei["refund"]) - 1


def test_no_transaction_fails_and_what_is_left_is_not_worth_its_gas(ran: Consortium) -> None:
    receipts = ran.chain.receipts()
    assert all(receipt.ok for receipt in receipts)
    left = [
        ran.data_handler.claimable_amount(
            event.data, event.classification, event.time, event.sender
        )
        for event in ran.unclaimed
    ]
    assert sum(left) == ran.trainer.balance
    cheapest = min(r.fee for r in receipts if r.transaction.name == "report")
    assert all(0 < amount < 2 * cheapest for amount in left)


def test_the_history_covers_all_visits_and_ends_with_the_present(ran: Consortium) -> None:
    history = ran.history
    assert history.times_days == sorted(history.times_days)
    assert history.times_days[-1] >= 10 + hospitals.SETTLING_DAYS
    assert len(history.accuracies) == len(history.times_days)
    for hospital in ran.hospitals:
        series = history.balances_wei[hospital.account.label]
        assert len(series) == len(history.times_days)
        assert series[0] == study.START_BALANCE_WEI
        assert series[-1] == ran.chain.balance(hospital.account)


def test_by_default_the_honest_gain_the_crooked_one_loses_and_the_model_holds() -> None:
    consortium = Consortium(hospitals.DEFAULT_SEED)
    for time_s, hospital in consortium.visits(56 + hospitals.SETTLING_DAYS):
        consortium.visit(hospital, time_s, adding=time_s < 56 * days)
    booked = hospitals.entries(consortium.chain.receipts())
    gains = {h.account.label: booked[h.account.address].gained_wei for h in consortium.hospitals}
    assert all(gains[name] > ether for name in study.HONEST)
    assert gains[study.FLIPPING] < -15 * ether
    accuracies = consortium.history.accuracies
    assert accuracies[-1] >= accuracies[0] > min(accuracies) > 0.8
    assert accuracies[-1] <= consortium.baseline + 0.02


# quickstart


def test_quickstart_gives_the_deposit_back(capsys: pytest.CaptureFixture[str]) -> None:
    left = runpy.run_module("examples.quickstart", run_name="__main__")
    chain, bob, trainer = left["chain"], left["bob"], left["trainer"]
    added_receipt, (refund_receipt,) = left["added"], chain.block().receipts
    assert chain.balance(bob) == 10_000 * ether - added_receipt.fee - refund_receipt.fee
    assert trainer.balance == 0
    printed = capsys.readouterr().out
    assert "the model says fine" in printed
    assert "now it says spam" in printed
    assert "0.6 are deposited" in printed
    assert f"{added_receipt.gas_used:,} gas" in printed
    assert "  DataHandler.handle_refund(bob, Array(2: [1, 2]), 1" in printed
