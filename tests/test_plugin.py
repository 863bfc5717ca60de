"""The pytest plugin, run by pytest on small test files, and ``reverts``."""

from __future__ import annotations

import re

import pytest

from chain import Chain, Deployed
from chain.contract import (
    Contract,
    Error,
    external,
    payable,
    require,
    uint64,
    uint256,
    view,
)
from chain.errors import (
    Arithmetic,
    ExecutionError,
    InvalidTransaction,
    InvalidValue,
    NotPayable,
    OutOfGas,
    OutOfRange,
    Panic,
    Revert,
)
from chain.testing import reverts

pytest_plugins = ["pytester"]


class TooHigh(Error):
    """More than the limit."""

    given: uint256
    limit: uint256


class TooLow(Error):
    """Less than is needed."""

    given: uint256


class Gate(Contract):
    """Fails on demand."""

    count: uint256
    small: uint64

    @external
    def enter(self, height: uint256) -> None:
        require(height <= 10, TooHigh(given=height, limit=10))
        require(height > 0, TooLow(given=height))
        self.count += 1

    @view
    def check(self, height: uint256) -> uint256:
        require(height <= 10, TooHigh(given=height, limit=10))
        return 10 // height

    @external
    def fill(self, value: uint256) -> None:
        self.small = value

    @external
    def spin(self) -> None:
        while True:
            self.count += 1

    @external
    def broken(self) -> None:
        self.count = len(self.count)  # type: ignore[arg-type]

    @payable
    def pay(self) -> None:
        pass


@pytest.fixture
def gate(chain: Chain) -> Deployed:
    return chain.deploy(Gate, sender=chain.accounts[0])


class TestReverts:
    def test_passes_for_what_is_expected(self, chain: Chain, gate: Deployed) -> None:
        alice = chain.accounts[0]
        with reverts() as anything:
            gate.enter(11, sender=alice)
        with reverts(TooHigh) as by_class:
            gate.enter(11, sender=alice)
        with reverts(TooHigh(given=11, limit=10)):
            gate.enter(11, sender=alice)
        with reverts("given=1[12]"):
            gate.enter(11, sender=alice)
        with reverts(re.compile("^toohigh", re.IGNORECASE)):
            gate.enter(11, sender=alice)
        with reverts(Revert):
            gate.enter(11, sender=alice)
        assert type(anything.error) is type(by_class.error) is TooHigh
        assert by_class.error.given == 11
        assert gate.count() == 0

    def test_of_the_engines_own_errors(self, chain: Chain, gate: Deployed) -> None:
        alice = chain.accounts[0]
        with reverts(OutOfGas):
            gate.spin(sender=alice, gas_limit=100_000)
        with reverts(Panic):
            gate.check(0)
        with reverts(NotPayable):
            gate.enter(1, sender=alice, value=1)
        for kind in (OutOfRange, InvalidValue, Arithmetic):
            with reverts(kind):
                gate.fill(2**64, sender=alice)
        with reverts(r"^OutOfRange: .*18446744073709551616"):
            gate.fill(2**64, sender=alice)

    def test_in_views_and_simulations(self, chain: Chain, gate: Deployed) -> None:
        with reverts(TooHigh(given=12, limit=10)) as seen:
            gate.check(12)
        assert seen.error.receipt is None
        with reverts(TooLow) as simulated:
            gate.enter.simulate(0, sender=chain.accounts[0])
        assert simulated.error.receipt.ok is False
        assert chain.number == 1, "it was not in a block"

    def test_the_failed_receipt_is_at_hand(self, chain: Chain, gate: Deployed) -> None:
        with reverts(TooHigh) as failure:
            gate.enter(11, sender=chain.accounts[0])
        receipt = failure.error.receipt
        assert receipt is chain.block().receipts[0]
        assert (receipt.ok, receipt.error) == (False, failure.error)

    def test_fails_if_nothing_fails(self, chain: Chain, gate: Deployed) -> None:
        with pytest.raises(AssertionError, match="TooHigh, but nothing failed"), reverts(TooHigh):
            gate.enter(1, sender=chain.accounts[0])
        assert gate.count() == 1

    @pytest.mark.parametrize("expected", [
        TooLow, TooLow(given=11), TooHigh(given=11, limit=11), TooHigh(given=12, limit=10),
        "given=12", re.compile("^given"), OutOfGas, Arithmetic,
    ])  # fmt: skip
    def test_fails_if_something_else_fails(
        self,
        chain: Chain,
        gate: Deployed,
        expected: ExecutionError | type[ExecutionError] | str | re.Pattern[str],
    ) -> None:
        failing = pytest.raises(AssertionError, match="but it failed with TooHigh")
        with failing as caught, reverts(expected):
            gate.enter(11, sender=chain.accounts[0])
        assert isinstance(caught.value.__cause__, TooHigh), "the real failure is shown, too"

    def test_bugs_and_invalid_transactions_pass_through(self, chain: Chain, gate: Deployed) -> None:
        alice = chain.accounts[0]
        with pytest.raises(TypeError, match="no len"), reverts():
            gate.broken(sender=alice)
        with pytest.raises(InvalidTransaction), reverts():
            gate.pay(sender=chain.account("pauper"))
        with pytest.raises(AssertionError, match="of the test"), reverts():
            raise AssertionError("of the test")
        with pytest.raises(ZeroDivisionError), reverts():
            raise ZeroDivisionError


# A test file for the inner pytest: `chain` and `accounts` come from the plugin alone.
PRELUDE = """
import pytest
from hypothesis import given, settings, strategies as st
from chain.testing import reverts

BOB = 10_000 * 10**18
"""


def outcomes(pytester: pytest.Pytester, body: str, *options: str, **expected: int) -> list[str]:
    """Run a test file; check how its tests ended, and return what was printed."""
    pytester.makepyfile(PRELUDE + body)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *options)
    result.assert_outcomes(**expected)
    return result.outlines


class TestPlugin:
    def test_every_test_has_a_chain_of_its_own(self, pytester: pytest.Pytester) -> None:
        outcomes(pytester, """
seen = []

@pytest.mark.parametrize("turn", range(3))
def test_fresh(chain, accounts, turn):
    assert chain not in seen
    seen.append(chain)
    assert accounts is chain.accounts
    assert (chain.number, chain.balance(accounts[1])) == (0, BOB)
    chain.transfer(accounts[0], accounts[1], 5)
    assert chain.balance(accounts[1]) == BOB + 5
""", passed=3)  # fmt: skip

    def test_so_has_every_example(self, pytester: pytest.Pytester) -> None:
        outcomes(pytester, """
turns = []

@pytest.fixture
def rich(chain):
    chain.deal(chain.accounts[1], 7)
    return chain.accounts[1]

@settings(max_examples=20, derandomize=True)
@given(amount=st.integers(0, 100))
def test_example(chain, rich, amount):
    turns.append(amount)
    assert chain.balance(rich) == BOB + 7, "the fixture's work stays, other examples' does not"
    assert (chain.number, chain.waiting) == (1, ())
    chain.transfer(chain.accounts[0], rich, amount)
    chain.submit(chain.make_transaction("transfer", rich, to=rich.address))
    chain.time_travel(seconds=amount)
    chain.snapshot()
    chain.header()

def test_there_were_many():
    assert len(turns) > 5
""", passed=2)  # fmt: skip

    def test_examples_that_fail_are_undone_and_shrunk(self, pytester: pytest.Pytester) -> None:
        lines = outcomes(pytester, """
@settings(max_examples=50, derandomize=True, database=None)
@given(amount=st.integers(0, 10**6))
def test_example(chain, amount):
    alice, bob = chain.accounts[:2]
    assert chain.balance(bob) == BOB, "not isolated"
    chain.transfer(alice, bob, amount)
    assert chain.balance(bob) < BOB + 1000
""", failed=1)  # fmt: skip
        text = "\n".join(lines)
        assert "amount=1000," in text
        assert "not isolated" not in [line.strip() for line in lines if line.startswith("E ")]
        assert "Flaky" not in text

    def test_methods_and_examples_without_a_chain_work_too(self, pytester: pytest.Pytester) -> None:
        outcomes(pytester, """
class TestThings:
    @settings(max_examples=5, derandomize=True)
    @given(amount=st.integers(1, 100))
    def test_method(self, chain, accounts, amount):
        assert chain.number == 0
        chain.mine(amount)

    @settings(max_examples=5, derandomize=True)
    @given(amount=st.integers(1, 100))
    def test_no_chain(self, amount):
        assert amount

    @settings(max_examples=5, derandomize=True)
    @given(st.integers(1, 100))
    def test_accounts_alone(self, accounts, amount):
        assert len(accounts) == 10
""", passed=3)  # fmt: skip

    def test_other_fixtures_are_still_warned_of(self, pytester: pytest.Pytester) -> None:
        lines = outcomes(pytester, """
@pytest.fixture
def counter():
    return []

@settings(max_examples=5, derandomize=True)
@given(amount=st.integers(1, 100))
def test_no_chain(counter, amount):
    pass
""", failed=1)  # fmt: skip
        assert any("function-scoped fixture" in line for line in lines)

    def test_a_snapshot_of_a_fixture_can_be_returned_to_in_every_example(
        self, pytester: pytest.Pytester
    ) -> None:
        outcomes(pytester, """
@pytest.fixture
def start(chain):
    return chain.snapshot()

@settings(max_examples=5, derandomize=True)
@given(amount=st.integers(1, 100))
def test_example(chain, start, amount):
    chain.mine(amount)
    chain.revert(start)
    assert chain.number == 0
""", passed=1)  # fmt: skip

    def test_a_failing_transaction_shows_its_trace(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(gates="""
from chain.contract import Contract, Error, external, require, uint256

class TooHigh(Error):
    given: uint256

class Gate(Contract):
    count: uint256

    @external
    def enter(self, height: uint256) -> None:
        require(height < 10, TooHigh(given=height))
        self.count += 1
""")  # fmt: skip
        lines = outcomes(pytester, """
from gates import Gate

def test_enter(chain, accounts):
    gate = chain.deploy(Gate, sender=accounts[0], label="the gate")
    gate.enter(11, sender=accounts[0])
""", failed=1)  # fmt: skip
        text = "\n".join(lines)
        assert "TooHigh(given=11)" in text
        assert "the gate.enter(11)" in text

    def test_nothing_is_left_behind(self, pytester: pytest.Pytester) -> None:
        outcomes(pytester, "def test_mine(chain):\n    chain.mine(10**6)\n", passed=1)
        left = {path.name for path in pytester.path.iterdir()} - {"__pycache__"}
        assert left == {"test_nothing_is_left_behind.py"}
