"""Options of the pytest plugin on gas: a report of the run, and snapshots of each test's gas.

Without them nothing is measured.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chain.block import Block
from chain.errors import InvalidValue
from chain.gas_report import GasPrice, GasReport
from chain.ledger import Ledger
from chain.testing.gas_snapshot import BrokenSnapshot, SnapshotPlugin, read_snapshot

SNAPSHOT = ".gas-snapshot"


def add_options(parser: pytest.Parser) -> None:
    """Add the command-line options."""
    group = parser.getgroup("gas", "gas of the transactions on all chains (decai-chain)")
    group.addoption(
        "--gas-report",
        action="store_true",
        help="print what all transactions of the run cost, by contract and method; what was only "
        "simulated does not count",
    )
    group.addoption(
        "--gas-report-json", metavar="FILE", help="write the same as JSON, whatever came of the run"
    )
    group.addoption(
        "--gas-price", metavar="GWEI", help="of the report: also show money, at that price of gas"
    )
    group.addoption(
        "--gas-rate",
        metavar="RATE",
        help="of the report: what an ether is worth, as in '373 USD'",
    )
    group.addoption(
        "--gas-snapshot",
        nargs="?",
        const=SNAPSHOT,
        metavar="FILE",
        help="if all tests pass, write the gas of each to FILE (default: .gas-snapshot in the "
        "root); fixtures do not count, and tests that use hypothesis are left out: they do "
        "something else in every run. Lines of tests that were not asked for stay",
    )
    group.addoption(
        "--gas-check",
        nargs="?",
        const=SNAPSHOT,
        metavar="FILE",
        help="fail if the gas of a test is not what the snapshot says, or a test is new or missing",
    )


def configure(config: pytest.Config) -> None:
    """Start to measure what the options ask for; raises UsageError for what they cannot have."""
    option = config.option
    names = ("report_json", "snapshot", "check", "price", "rate")
    if not option.gas_report and all(getattr(option, f"gas_{each}") is None for each in names):
        return
    try:
        plugins: list[ReportPlugin | SnapshotPlugin]
        plugins = [*_reports(config), *_snapshots(config)]
    except (InvalidValue, BrokenSnapshot) as error:
        raise pytest.UsageError(str(error)) from None
    if getattr(option, "dist", "no") != "no":
        raise pytest.UsageError("gas is measured in one process: leave out pytest-xdist's -n")
    if option.collectonly or option.setuponly:
        return
    for plugin in plugins:
        config.pluginmanager.register(plugin)
        Ledger.observers.append(plugin.see)
        config.add_cleanup(partial(Ledger.observers.remove, plugin.see))


def _reports(config: pytest.Config) -> list[ReportPlugin]:
    option = config.option
    if not (option.gas_report or option.gas_report_json):
        if option.gas_price or option.gas_rate:
            raise InvalidValue("--gas-price and --gas-rate are for --gas-report: give that, too")
        return []
    if option.gas_rate and not option.gas_price:
        raise InvalidValue("--gas-rate needs a price: give --gas-price, too")
    price = None
    if option.gas_price:
        price = GasPrice.parse(option.gas_price, option.gas_rate or "1 ether")
    written = None
    if option.gas_report_json:
        written = _path(config, option.gas_report_json, "--gas-report-json")
    return [ReportPlugin(option.gas_report, written, price)]


def _snapshots(config: pytest.Config) -> list[SnapshotPlugin]:
    option = config.option
    if option.gas_snapshot and option.gas_check:
        raise InvalidValue(
            "--gas-snapshot writes what --gas-check compares with: give one of the two"
        )
    name = option.gas_check if option.gas_snapshot is None else option.gas_snapshot
    if name is None:
        return []
    if not name:
        raise InvalidValue("--gas-snapshot= and --gas-check= name no file: leave out the =")
    checking = bool(option.gas_check)
    path = _path(config, name, "--gas-check" if checking else "--gas-snapshot")
    if checking and not path.exists():
        raise BrokenSnapshot(f"there is no gas snapshot {path}: write it with --gas-snapshot")
    return [SnapshotPlugin(config, path, read_snapshot(path), checking)]


def _path(config: pytest.Config, name: str, option: str) -> Path:
    """A file to read or write; raises InvalidValue where there can be none."""
    folder = config.rootpath if name == SNAPSHOT else config.invocation_params.dir
    path = folder / name
    if path.is_dir() or "::" in name:
        raise InvalidValue(f"{name} is no file: give {option}=FILE, or {option} after it")
    if not path.parent.is_dir():
        raise InvalidValue(f"there is no folder {path.parent}: make it, or choose another file")
    return path


class ReportPlugin:
    """Makes one report of all chains.

    Parameters
    ----------
    printing
        Whether to print it.
    path
        Where to write it as JSON, if anywhere.
    """

    def __init__(self, printing: bool, path: Path | None, price: GasPrice | None) -> None:
        self.printing = printing
        self.path = path
        self.price = price
        self.report = GasReport()
        self.problem = ""

    def see(self, ledger: Ledger, block: Block) -> None:
        """Count a block's transactions in."""
        for receipt in block.receipts:
            self.report.add(receipt, ledger.classes, ledger.state.contracts)

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the JSON."""
        if self.path is None:
            return
        try:
            self.path.write_text(self.report.to_json(self.price) + "\n")
        except OSError as error:
            self.problem = f"cannot write {self.path}: {error.strerror}: choose another file"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table."""
        if self.printing:
            terminalreporter.write_sep("=", "gas report")
            terminalreporter.write_line(self.report.table(self.price))
        if self.problem:
            terminalreporter.write_line(self.problem, red=True)
