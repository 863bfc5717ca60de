"""The options on gas of the pytest plugin, run by pytest on small test files."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from itertools import takewhile
from pathlib import Path

import pytest

from chain import Chain
from chain.gas_report import GasReport
from chain.ledger import Ledger
from chain.testing.gas_snapshot import (
    BrokenSnapshot,
    Spent,
    changes_table,
    read_snapshot,
    snapshot_text,
)

pytest_plugins = ["pytester"]


def gas_of_a_transfer() -> int:
    chain = Chain()
    return chain.transfer(chain.accounts[0], chain.accounts[1], 1).gas_used


TRANSFER_GAS = gas_of_a_transfer()

BANK = """
from chain.contract import Contract, Error, Map, address, external, payable, require, uint256

class TooMuch(Error):
    wanted: uint256

class Bank(Contract):
    deposits: Map[address, uint256]

    @payable
    def deposit(self) -> None:
        self.deposits[self.msg.sender] += self.msg.value

    @external
    def withdraw(self, amount: uint256) -> None:
        require(amount <= self.deposits[self.msg.sender], TooMuch(wanted=amount))
        self.deposits[self.msg.sender] -= amount
        self.transfer(self.msg.sender, amount)
"""

TESTS = """
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from bank import Bank, TooMuch
from chain import Chain
from chain.testing import reverts

def send(chain, times):
    alice, bob = chain.accounts[:2]
    for _ in range(times):
        chain.transfer(alice, bob, 1)

@pytest.fixture
def bank(chain, accounts):
    return chain.deploy(Bank, sender=accounts[0])

def test_bank(bank, accounts):
    bank.deposit(sender=accounts[0], value=100)
    with reverts(TooMuch):
        bank.withdraw(101, sender=accounts[0])
    bank.withdraw.simulate(100, sender=accounts[0])
    bank.deposits(accounts[0])

@pytest.mark.parametrize("times", [1, 2])
def test_times(chain, times):
    chain.deal(chain.accounts[0], 5)
    send(chain, times)

class TestOwn:
    def test_chain(self):
        send(Chain(), 3)

    def test_undone(self, chain):
        with chain.anchor():
            send(chain, 1)
        for _ in range(2):
            chain.submit(chain.make_transaction(
                "transfer", chain.accounts[0], to=chain.accounts[1], gas_limit=30_000))
            chain.mine()
        chain.verify()

def test_without(chain):
    chain.mine(5)

@settings(max_examples=5, derandomize=True)
@given(st.integers(1, 3))
def test_any(chain, times):
    send(chain, times)

class Machine(RuleBasedStateMachine):
    @rule()
    def send(self):
        send(Chain(), 1)

Machine.TestCase.settings = settings(max_examples=2, stateful_step_count=2, derandomize=True)
TestMachine = Machine.TestCase
"""

# Transfers of each test, test_bank aside.
TRANSFERS = {
    "test_it.py::TestOwn::test_chain": 3,
    "test_it.py::TestOwn::test_undone": 3,
    "test_it.py::test_times[1]": 1,
    "test_it.py::test_times[2]": 2,
}


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(bank=BANK, test_it=TESTS)
    return pytester


def run(
    project: pytest.Pytester, *options: str, status: int = pytest.ExitCode.OK
) -> tuple[list[str], list[str]]:
    """Run the tests, check the exit status, and return what was printed and the errors."""
    observers = list(Ledger.observers)
    result = project.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *options)
    assert result.ret == status, "\n".join(result.outlines + result.errlines)
    assert Ledger.observers == observers, "an observer was left behind"
    return result.outlines, result.errlines


def section(lines: list[str], title: str) -> list[str]:
    """The lines under a title, up to the next one."""
    start = next(index for index, line in enumerate(lines) if f"= {title} =" in line)
    return list(takewhile(lambda line: not line.startswith("=="), lines[start + 1 :]))


def files(project: pytest.Pytester) -> set[str]:
    return {path.name for path in project.path.iterdir()} - {"__pycache__", ".hypothesis"}


GIVEN = {"bank.py", "test_it.py"}


# The report


def test_the_report_has_all_transactions_of_all_chains(project: pytest.Pytester) -> None:
    lines, _ = run(project, "--gas-report", "-k", "not any and not Machine")
    report = section(lines, "gas report")
    transfers = sum(TRANSFERS.values())
    numbers = {line.split()[0]: line.split()[1:] for line in report if line.startswith("  (")}
    assert "  (transfer)" in "\n".join(report)
    row = next(line.split() for line in report if line.startswith("  (transfer)"))
    each = f"{TRANSFER_GAS:,}"
    assert row == [
        "(transfer)", str(transfers), each, each, each, f"{transfers * TRANSFER_GAS:,}"
    ]  # fmt: skip
    assert numbers.keys() == {"(transfer)", "(deployment)"}
    bank = [line.split("   ")[0] for line in report if re.match("  [dw(]", line)]
    assert bank[:4] == ["  (transfer)", "  (deployment)", "  deposit", "  withdraw, failed"]
    assert files(project) == GIVEN, "no file was asked for"


def test_hypothesis_counts_in_the_report(project: pytest.Pytester) -> None:
    lines, _ = run(project, "--gas-report", "-k", "any")
    row = next(line.split() for line in section(lines, "gas report") if "(transfer)" in line)
    assert int(row[1]) >= 5


def test_json_is_written_and_is_the_table(project: pytest.Pytester) -> None:
    lines, _ = run(project, "--gas-report-json", "gas.json", "--gas-price", "0.5")
    assert not any("gas report" in line for line in lines), "only the file was asked for"
    read = json.loads((project.path / "gas.json").read_text())
    assert read["price"] == {"wei": 5 * 10**8, "rate": "1", "currency": "ether"}
    assert sum(row["gas"]["total"] for row in read["methods"]) == read["gas"]
    for row in read["methods"]:
        cost = Fraction(row["gas"]["max"] * 5, 10**10)
        assert Fraction(row["cost"]["max"]) == cost
    again, _ = run(project, "--gas-report-json=again.json", "--gas-price=0.5", "--gas-report")
    assert (project.path / "again.json").read_text() == (project.path / "gas.json").read_text()
    assert f"{read['transactions']} transactions: {read['gas']:,} gas" in "\n".join(again)


def test_the_report_comes_with_failing_tests_too_and_in_money(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
def test_it(chain):
    chain.transfer(chain.accounts[0], chain.accounts[1], 1)
    assert False
""")
    options = ["--gas-report", "--gas-report-json=x.json", "--gas-price=4", "--gas-rate=373 USD"]
    lines, _ = run(pytester, *options, status=1)
    text = "\n".join(lines)
    assert "median USD" in text
    assert f"1 transaction: {TRANSFER_GAS:,} gas" in text
    assert json.loads((pytester.path / "x.json").read_text())["transactions"] == 1


def test_without_transactions_it_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(chain):\n    pass\n")
    lines, _ = run(pytester, "--gas-report")
    assert section(lines, "gas report") == [str(GasReport())]


# Snapshots


def write(project: pytest.Pytester, *options: str) -> dict[str, Spent]:
    run(project, "--gas-snapshot", *options)
    return read_snapshot(project.path / ".gas-snapshot")


def test_a_snapshot_has_a_line_for_each_test_with_transactions(project: pytest.Pytester) -> None:
    lines, _ = run(project, "--gas-snapshot")
    path = project.path / ".gas-snapshot"
    assert section(lines, "gas snapshot") == [f"the gas of 5 tests is in {path}"]
    text = path.read_text()
    assert text.splitlines() == sorted(text.splitlines())
    snapshot = read_snapshot(path)
    bank = snapshot.pop("test_it.py::test_bank")
    assert bank.transactions == 2, "its own: not the fixture's, not the simulated one"
    expected = {test: Spent(times * TRANSFER_GAS, times) for test, times in TRANSFERS.items()}
    assert snapshot == expected
    assert files(project) == {*GIVEN, ".gas-snapshot"}
    run(project, "--gas-snapshot", "-p", "no:randomly")
    assert path.read_text() == text, "the same in every run"
    lines, _ = run(project, "--gas-check")
    assert section(lines, "gas check") == [f"5 tests use as much gas as {path} says"]


def test_what_changed_is_new_or_is_missing_fails_the_run(project: pytest.Pytester) -> None:
    before = write(project)
    changed = TESTS.replace("send(Chain(), 3)", "send(Chain(), 4)").replace("test_bank", "test_new")
    project.makepyfile(test_it=changed)
    lines, _ = run(project, "--gas-check", status=1)
    check = section(lines, "gas check")
    rows = [line.split() for line in check[2:-1]]
    old, new = (f"{TRANSFER_GAS * times:,}" for times in (3, 4))
    bank = f"{before['test_it.py::test_bank'].gas:,}"
    assert rows == [
        ["test_it.py::TestOwn::test_chain", old, new, f"+{TRANSFER_GAS:,}", "+33.33", "%"],
        ["test_it.py::test_bank", bank, "-", "missing"],
        ["test_it.py::test_new", "-", bank, "new"],
    ]
    assert check[-1].endswith("with --gas-snapshot.")
    assert read_snapshot(project.path / ".gas-snapshot") == before, "checking writes nothing"


@pytest.mark.parametrize("where", ["test_it.py", "."])
def test_a_missing_test_is_missed_where_the_run_was_asked_to_look(
    project: pytest.Pytester, where: str
) -> None:
    write(project)
    project.makepyfile(test_it=TESTS.replace("test_bank", "bank_test"), test_other="")
    lines, _ = run(project, where, "--gas-check", status=1)
    assert [line.split()[0] for line in section(lines, "gas check")[2:-1]] == [
        "test_it.py::test_bank"
    ]
    run(project, where, "--gas-snapshot")
    assert read_snapshot(project.path / ".gas-snapshot").keys() == TRANSFERS.keys()


def test_a_test_that_has_no_transactions_any_more_has_changed(project: pytest.Pytester) -> None:
    write(project)
    project.makepyfile(test_it=TESTS.replace("send(Chain(), 3)", "pass"))
    lines, _ = run(project, "--gas-check", status=1)
    [row] = section(lines, "gas check")[2:-1]
    gas = f"{3 * TRANSFER_GAS:,}"
    assert row.split() == ["test_it.py::TestOwn::test_chain", gas, "0", f"-{gas}", "-100.00", "%"]


def test_a_selection_of_tests_is_compared_alone_and_others_stay(project: pytest.Pytester) -> None:
    before = write(project)
    project.makepyfile(
        test_it=TESTS.replace("5)\n    send(chain, times)", "5)\n    send(chain, times + 1)"),
        test_other="def test_it(chain):\n    chain.transfer(*chain.accounts[:1] * 2, 1)\n",
    )
    for selection in (["-k", "bank"], ["test_it.py::test_bank"], ["--deselect", "test_it.py"]):
        status = 1 if selection[0] == "--deselect" else 0
        lines, _ = run(project, *selection, "--gas-check", status=status)
        assert not any("missing" in line for line in lines)
    lines, _ = run(project, "test_it.py::test_times", "--gas-snapshot")
    path = project.path / ".gas-snapshot"
    assert section(lines, "gas snapshot") == [f"the gas of 2 tests is in {path}, 3 others stay"]
    after = read_snapshot(path)
    changed = {f"test_it.py::test_times[{n}]": Spent((n + 1) * TRANSFER_GAS, n + 1) for n in (1, 2)}
    assert after == {**before, **changed}
    (project.path / "test_it.py").unlink()
    lines, _ = run(project, "--gas-snapshot")
    assert read_snapshot(path) == {"test_other.py::test_it": Spent(TRANSFER_GAS, 1)}


FAILING = """
import pytest

def send(chain):
    chain.transfer(chain.accounts[0], chain.accounts[1], 1)

def test_good(chain):
    send(chain)

def test_skipped(chain):
    send(chain)
    if STATE == "skipped":
        pytest.skip("not today")

def test_bad(chain):
    send(chain)
    assert STATE != "failed"

@pytest.fixture
def late(chain):
    yield chain
    assert STATE != "late"

def test_late(late):
    send(late)

@pytest.mark.xfail(strict=False)
def test_expected(chain):
    send(chain)
    assert STATE == "passed"
"""


def with_state(pytester: pytest.Pytester, state: str) -> None:
    pytester.makepyfile(test_it=f"STATE = {state!r}\n{FAILING}")


@pytest.mark.parametrize("state", ["failed", "late"])
def test_a_run_that_fails_writes_no_snapshot_but_is_compared(
    pytester: pytest.Pytester, state: str
) -> None:
    path = pytester.path / ".gas-snapshot"
    with_state(pytester, state)
    lines, _ = run(pytester, "--gas-snapshot", status=1)
    assert section(lines, "gas snapshot") == [
        f"{path} is not written: not all is well with the tests"
    ]
    assert not path.exists()
    with_state(pytester, "fine")
    run(pytester, "--gas-snapshot")
    names = {test.partition("::")[2] for test in read_snapshot(path)}
    assert names == {"test_good", "test_skipped", "test_bad", "test_late"}
    with_state(pytester, state)
    lines, _ = run(pytester, "--gas-check", status=1)
    assert any(line == f"3 tests use as much gas as {path} says" for line in lines)


def test_what_is_expected_to_fail_is_not_in_it_even_if_it_passes(
    pytester: pytest.Pytester,
) -> None:
    with_state(pytester, "passed")
    run(pytester, "--gas-snapshot")
    assert "test_it.py::test_expected" not in read_snapshot(pytester.path / ".gas-snapshot")


def test_skipped_tests_are_neither_written_nor_compared(pytester: pytest.Pytester) -> None:
    path = pytester.path / ".gas-snapshot"
    with_state(pytester, "fine")
    run(pytester, "--gas-snapshot")
    with_state(pytester, "skipped")
    lines, _ = run(pytester, "--gas-check")
    assert section(lines, "gas check") == [f"3 tests use as much gas as {path} says"]
    run(pytester, "--gas-snapshot")
    assert "test_it.py::test_skipped" not in read_snapshot(path)


def test_no_tests_are_no_snapshot(project: pytest.Pytester) -> None:
    before = write(project)
    nothing = pytest.ExitCode.NO_TESTS_COLLECTED
    run(project, "-k", "nothing_at_all", "--gas-snapshot", status=nothing)
    lines, _ = run(project, "-k", "nothing_at_all", "--gas-check", status=nothing)
    assert "not compared" in section(lines, "gas check")[0]
    project.makepyfile(test_broken="import nothing_of_that_name")
    lines, _ = run(project, "--gas-check", status=pytest.ExitCode.INTERRUPTED)
    assert any("not compared" in line for line in lines)
    assert read_snapshot(project.path / ".gas-snapshot") == before


@pytest.mark.parametrize("option", ["--collect-only", "--setup-only", "--setup-plan"])
def test_without_running_tests_nothing_is_written_or_said(
    project: pytest.Pytester, option: str
) -> None:
    lines, _ = run(project, option, "--gas-report", "--gas-snapshot", "--gas-report-json=x.json")
    assert not any("gas report" in line or "gas snapshot" in line for line in lines)
    assert files(project) == GIVEN


# Wrong input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--gas-check"], "there is no gas snapshot .*gas-snapshot: write it with --gas-snapshot"),
        (["--gas-check=other"], "there is no gas snapshot .*other: write it with --gas-snapshot"),
        (["--gas-check", "--gas-snapshot"], "give one of the two"),
        (["--gas-snapshot", "test_it.py"], "line 1 of .*test_it.py is no line of a gas snapshot"),
        (["--gas-snapshot=binary"], "cannot read .*binary as a gas snapshot"),
        (["--gas-snapshot", "."], "[.] is no file: give --gas-snapshot=FILE"),
        (["--gas-check="], "name no file: leave out the ="),
        (["--gas-check", "test_it.py::test_bank"], "is no file: give --gas-check=FILE"),
        (["--gas-snapshot=no/where"], "there is no folder .*no: make it, or choose another"),
        (["--gas-report-json=no/where"], "there is no folder .*no: make it, or choose another"),
        (["--gas-report-json=."], "[.] is no file: give --gas-report-json=FILE"),
        (["--gas-price=4"], "are for --gas-report: give that, too"),
        (["--gas-rate=4 USD", "--gas-snapshot"], "are for --gas-report: give that, too"),
        (["--gas-report", "--gas-rate=4 USD"], "--gas-rate needs a price: give --gas-price"),
        (["--gas-report", "--gas-price=x"], "a gas price of 'x': give"),
        (["--gas-report", "--gas-price=4", "--gas-rate=4"], "a rate of '4': say in what"),
    ],
)
def test_wrong_input_gives_one_line_and_touches_nothing(
    project: pytest.Pytester, options: list[str], message: str
) -> None:
    (project.path / "binary").write_bytes(b"\xff\xfe")
    lines, errors = run(project, *options, status=pytest.ExitCode.USAGE_ERROR)
    assert lines == []
    [error] = filter(None, errors)
    assert re.search(f"^ERROR: .*{message}", error)
    assert files(project) == {*GIVEN, "binary"}
    assert (project.path / "test_it.py").read_text().strip() == TESTS.strip()


def test_a_broken_line_is_named_and_the_file_stays(project: pytest.Pytester) -> None:
    path = project.path / ".gas-snapshot"
    good = "a (gas: 1, transactions: 1)\n"
    for broken in ("b (gas: x, transactions: 1)\n", "\n", good, "b (gas: 1)\n", "<<<<<<< HEAD\n"):
        path.write_text(good + broken)
        for option in ("--gas-check", "--gas-snapshot"):
            _, errors = run(project, option, status=pytest.ExitCode.USAGE_ERROR)
            assert f"line 2 of {path} is no line of a gas snapshot" in errors[0]
        assert path.read_text() == good + broken


def test_several_processes_are_refused(project: pytest.Pytester) -> None:
    project.makeconftest("""
def pytest_addoption(parser):
    parser.addoption("--dist", default="no")
""")
    run(project, "-k", "bank", "--gas-report")
    run(project, "-k", "bank", "--dist=load")
    _, errors = run(project, "--dist=load", "--gas-report", status=pytest.ExitCode.USAGE_ERROR)
    assert "one process" in errors[0]


@pytest.mark.parametrize("option", ["--gas-snapshot", "--gas-report-json"])
def test_a_file_that_cannot_be_written_fails_the_run(project: pytest.Pytester, option: str) -> None:
    name = "x" * 250
    (project.path / "conftest.py").write_text("""
import os
def pytest_sessionstart(session):
    os.rmdir("later")
""")
    (project.path / "later").mkdir()
    lines, _ = run(project, "-k", "bank", f"{option}=later/{name}", status=1)
    assert any(re.search("cannot write .*: choose another file", line) for line in lines)


# By default


def test_nothing_is_measured_unless_asked(project: pytest.Pytester) -> None:
    (project.path / "test_it.py").write_text("""
from chain.ledger import Ledger

def test_it(chain, pytestconfig):
    assert len(Ledger.observers) == pytestconfig.option.verbose
    chain.transfer(chain.accounts[0], chain.accounts[1], 1)
""")
    before = len(Ledger.observers)
    lines, _ = run(project, *["-v"] * before)
    assert not any("gas" in line for line in lines)
    run(project, *["-v"] * (before + 1), "--gas-report")
    assert files(project) == GIVEN


# The file and the table


def test_snapshots_round_trip_whatever_tests_are_called(tmp_path: Path) -> None:
    snapshot = {
        "a.py::test[x (gas: 1, transactions: 2)]": Spent(5, 1),
        "a.py::test[ü b]": Spent(10**20, 10**6),
        "a.py::Test::test": Spent(0, 1),
    }
    path = tmp_path / "snapshot"
    assert read_snapshot(path) == {}
    path.write_text(snapshot_text(snapshot), "utf-8")
    assert read_snapshot(path) == snapshot
    path.write_text("a (gas: 1, transactions: 1)\nx")
    with pytest.raises(BrokenSnapshot, match="line 2"):
        read_snapshot(path)


def test_changes_are_shown_with_difference_and_percent() -> None:
    old = {"a": Spent(2_000, 1), "b": Spent(1_000_000, 2), "c": Spent(7, 1), "z": Spent(0, 1)}
    new = {"a": Spent(1_500, 1), "b": Spent(1_000_001, 2), "c": Spent(7, 1), "z": Spent(3, 1)}
    assert changes_table(old, old) == ""
    assert changes_table(old, new).splitlines() == [
        "test        old        new  difference   percent",
        "------------------------------------------------",
        "a         2,000      1,500        -500  -25.00 %",
        "b     1,000,000  1,000,001          +1   +0.00 %",
        "z             0          3          +3",
    ]
