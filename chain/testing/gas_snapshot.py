"""The gas of each test in a file, and what has changed since it was written."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chain.block import Block
from chain.errors import ChainError
from chain.gas_report import aligned
from chain.ledger import Ledger

LINE = re.compile(r"(.+) \(gas: ([0-9]+), transactions: ([0-9]+)\)")


class BrokenSnapshot(ChainError):
    """A file that is missing, or no gas snapshot."""


class Spent(NamedTuple):
    """What a test's own transactions used, those of its fixtures aside."""

    gas: int
    transactions: int


Snapshot = Mapping[str, Spent]


def read_snapshot(path: Path) -> dict[str, Spent]:
    """Read a snapshot, empty if there is no file; raises BrokenSnapshot, which names the line."""
    found: dict[str, Spent] = {}
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenSnapshot(f"cannot read {path} as a gas snapshot: {error}") from None
    for number, line in enumerate(lines, 1):
        parts = LINE.fullmatch(line)
        if parts is None or parts[1] in found:
            raise BrokenSnapshot(
                f"line {number} of {path} is no line of a gas snapshot: is that the file you mean? "
                "An argument after --gas-snapshot or --gas-check is taken for one"
            )
        found[parts[1]] = Spent(int(parts[2]), int(parts[3]))
    return found


def snapshot_text(snapshot: Snapshot) -> str:
    """A snapshot as a file has it, tests in order of their names."""
    return "".join(
        f"{test} (gas: {spent.gas}, transactions: {spent.transactions})\n"
        for test, spent in sorted(snapshot.items())
    )


def changes_table(old: Snapshot, new: Snapshot) -> str:
    """Every test whose gas differs; nothing if all is the same."""
    rows = []
    for test in sorted({*old, *new}):
        before, after = old.get(test), new.get(test)
        if before is None and after is not None:
            rows.append((test, ("-", f"{after.gas:,}", "new", "")))
        elif after is None and before is not None:
            rows.append((test, (f"{before.gas:,}", "-", "missing", "")))
        elif before is not None and after is not None and before != after:
            difference = after.gas - before.gas
            share = f"{100 * difference / before.gas:+.2f} %" if before.gas else ""
            rows.append((test, (f"{before.gas:,}", f"{after.gas:,}", f"{difference:+,}", share)))
    return aligned("test", ("old", "new", "difference", "percent"), rows) if rows else ""


class SnapshotPlugin:
    """Measures every test, and writes a snapshot or compares with one.

    Only what a test does itself counts, not its fixtures: who pays for one that several tests share
    depends on the order of tests. Tests that use hypothesis are left out.

    Parameters
    ----------
    old
        What is in the file.
    checking
        Whether to compare, and not to write.
    """

    def __init__(self, config: pytest.Config, path: Path, old: Snapshot, checking: bool) -> None:
        self.config = config
        self.path = path
        self.old = old
        self.checking = checking
        self.running: str | None = None
        self.spent: dict[str, Spent] = {}
        self.collected: set[str] = set()
        self.deselected: set[str] = set()
        self.not_passed: set[str] = set()
        self.message = ""
        self.bad = False

    def see(self, ledger: Ledger, block: Block) -> None:
        """Count a block's transactions to the test that runs."""
        if self.running is None:
            return
        paid = [each.gas_used for each in block.receipts if each.transaction.kind != "deal"]
        gas, transactions = self.spent[self.running]
        self.spent[self.running] = Spent(gas + sum(paid), transactions + len(paid))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Start and stop counting."""
        if not getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            self.running = item.nodeid
            self.spent[item.nodeid] = Spent(0, 0)
        try:
            return (yield)
        finally:
            self.running = None

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which tests do not pass, or are not expected to."""
        if not report.passed or hasattr(report, "wasxfail"):
            self.not_passed.add(report.nodeid)

    @pytest.hookimpl
    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Note which tests are not to run."""
        self.deselected.update(item.nodeid for item in items)

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write or compare."""
        self.collected = {item.nodeid for item in session.items}
        passed = {test: self.spent[test] for test in self.spent if test not in self.not_passed}
        if self.checking:
            self._compare(session, passed)
        elif session.exitstatus == pytest.ExitCode.OK:
            self._write(session, passed)
        else:
            self.message = f"{self.path} is not written: not all is well with the tests"

    def _compare(self, session: pytest.Session, passed: Snapshot) -> None:
        if session.exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            self.message = f"not compared with {self.path}: the tests did not run to their end"
            return
        old = {
            test: spent
            for test, spent in self.old.items()
            if test in passed or (test not in self.collected and self._expected(test))
        }
        new = {test: spent for test, spent in passed.items() if spent.transactions or test in old}
        self.message = changes_table(old, new)
        if self.message:
            self.bad = True
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            self.message += f"\nIf that is as it should be, write {self.path} with --gas-snapshot."
        else:
            self.message = f"{len(new):,} tests use as much gas as {self.path} says"

    def _write(self, session: pytest.Session, passed: Snapshot) -> None:
        kept = {
            test: spent
            for test, spent in self.old.items()
            if test not in self.collected and not self._expected(test)
        }
        used = {test: spent for test, spent in passed.items() if spent.transactions}
        try:
            self.path.write_text(snapshot_text({**kept, **used}), "utf-8")
        except OSError as error:
            self.message = f"cannot write {self.path}: {error.strerror}: choose another file"
            self.bad = True
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        else:
            stay = f", {len(kept):,} others stay" if kept else ""
            self.message = f"the gas of {len(used):,} tests is in {self.path}{stay}"

    def _expected(self, test: str) -> bool:
        """Whether the run was asked for all tests of a test's file, or of a folder around it."""
        if test in self.deselected:
            return False
        file = self.config.rootpath / test.partition("::")[0]
        # One that names a test has no path.
        asked = [self.config.invocation_params.dir / each for each in self.config.args]
        return any(path == file or path in file.parents for path in asked)

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what came of it."""
        terminalreporter.write_sep("=", "gas check" if self.checking else "gas snapshot")
        terminalreporter.write_line(self.message, red=self.bad)
