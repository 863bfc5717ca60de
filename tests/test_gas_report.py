"""The gas report, against plain sums over the receipts it was made of."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from statistics import median_low
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain, Deployed, Reason, Receipt
from chain.block import Block
from chain.contract import Contract, Error, external, payable, require, uint256, view
from chain.errors import InvalidValue
from chain.gas_report import GasPrice, GasReport, Row, Spread, aligned, decimal_text
from chain.ledger import Ledger
from chain.testing import reverts
from chain.units import gwei

COLUMNS = 120
DOLLARS = GasPrice(4 * gwei, "373", "USD")


class TooMuch(Error):
    """More than there is."""


class Store(Contract):
    """Keeps a number for another contract."""

    held: uint256

    @external
    def keep(self, number: uint256) -> None:
        require(number < 100, TooMuch())
        self.held = number

    @view
    def kept(self) -> uint256:
        return self.held

    @payable
    def receive(self) -> None:
        pass


class Shop(Contract):
    """Calls another contract."""

    store: Store
    sold: uint256

    def __init__(self, store: Store) -> None:
        require(self.msg.value == 0, TooMuch())
        self.store = store

    @external
    def sell(self, number: uint256) -> None:
        self.store.keep(number)
        self.sold += self.store.kept()

    @external
    def a_method_with_quite_a_name_that_says_all_there_is_to_say_about_what_it_does(self) -> None:
        self.sold = 0

    @external
    def broken(self) -> None:
        self.sold = len(self.sold)  # type: ignore[arg-type]


def busy_chain() -> Chain:
    """A chain with every kind of transaction, failed ones among them."""
    chain = Chain()
    alice, bob = chain.accounts[:2]
    chain.deal(alice, 5)
    stores = [chain.deploy(Store, sender=alice) for _ in range(2)]
    shops = [chain.deploy(Shop, store, sender=alice) for store in stores]
    name = chain.register(Shop)
    chain.send(chain.make_transaction("deploy", alice, name=name, arguments=(stores[0],), value=1))
    for number in (1, 2, 2, 5, 3, 120, 7):
        for shop in shops:
            chain.send(shop.sell.transaction(number, sender=bob))
    shops[0].a_method_with_quite_a_name_that_says_all_there_is_to_say_about_what_it_does(sender=bob)
    chain.transfer(alice, bob, 3)
    chain.transfer(alice, stores[0], 3)
    chain.send(chain.make_transaction("transfer", alice, to=shops[0], value=1))
    chain.send(chain.make_transaction("call", alice, to=shops[0], name="wat"))
    chain.send(chain.make_transaction("call", alice, to=bob, name="sell"))
    for number in (3, 4):
        stores[1].keep.submit(number, sender=bob)
    chain.mine()
    return chain


@pytest.fixture(scope="module")
def busy() -> Chain:
    return busy_chain()


def by_hand(chain: Chain) -> dict[tuple[str, str, bool], list[Receipt]]:
    """Receipts by what the test knows they were for."""
    classes: dict[Any, str] = {
        each.contract_address: each.transaction.name
        for each in chain.receipts()
        if each.contract_address
    }
    found: dict[tuple[str, str, bool], list[Receipt]] = defaultdict(list)
    for each in chain.receipts():
        kind, name, to = each.transaction.kind, each.transaction.name, each.transaction.to
        if kind == "deal":
            continue
        if kind == "deploy":
            found[name, "(deployment)", not each.ok].append(each)
        elif kind == "transfer":
            found[classes.get(to, "(accounts)"), "(transfer)", not each.ok].append(each)
        elif to in classes:
            method = "(unknown method)" if name == "wat" else name
            found[classes[to], method, not each.ok].append(each)
        else:
            found["(no contract)", "(unknown method)", not each.ok].append(each)
    return found


def check_spread(spread: Spread, amounts: list[int]) -> None:
    expected = (min(amounts), median_low(amounts), max(amounts), sum(amounts))
    assert (spread.min, spread.median, spread.max, spread.total) == expected


def key(row: Row) -> tuple[str, str, bool]:
    return row.contract, row.method, row.failed


# Rows


def test_every_transaction_is_in_the_row_of_its_contract_and_method(busy: Chain) -> None:
    rows = {key(row): row for row in busy.gas_report().methods}
    expected = by_hand(busy)
    assert len(expected) == 12, "the chain is less busy than it was meant to be"
    assert rows.keys() == expected.keys()
    for name, receipts in expected.items():
        row = rows[name]
        assert row.calls == len(receipts)
        check_spread(row.gas, [each.gas_used for each in receipts])
        assert row.reasons.keys() == {reason.name.lower() for reason in Reason} | {"refund"}
        for reason in Reason:
            amounts = [each.gas_by_reason[reason] for each in receipts]
            check_spread(row.reasons[reason.name.lower()], amounts)
        check_spread(row.reasons["refund"], [each.gas_refund for each in receipts])


def test_rows_add_up_to_the_receipts(busy: Chain) -> None:
    report = busy.gas_report()
    receipts = [each for each in busy.receipts() if each.transaction.kind != "deal"]
    assert report.transactions == len(receipts) == sum(row.calls for row in report.methods)
    gas = sum(each.gas_used for each in receipts)
    assert report.gas == gas == sum(row.gas.total for row in report.methods)
    assert any(row.reasons["refund"].total for row in report.methods)
    for row in report.methods:
        paid = {name: spread.total for name, spread in row.reasons.items()}
        assert row.gas.total == sum(paid.values()) - 2 * paid["refund"]


def test_a_cheap_failure_does_not_pull_the_minimum_down(busy: Chain) -> None:
    rows = {key(row): row for row in busy.gas_report().methods}
    good, bad = rows["Shop", "sell", False], rows["Shop", "sell", True]
    assert (good.calls, bad.calls) == (12, 2)
    assert bad.gas.max < good.gas.min
    assert rows["Shop", "(deployment)", True].calls == 1


def test_calls_between_contracts_are_the_frames_below_the_first(busy: Chain) -> None:
    frames = [frame for each in busy.receipts() for frame in each.trace if frame.depth]
    expected: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for frame in frames:
        expected["Store", frame.method.name, frame.error is not None].append(frame.gas)
    rows = busy.gas_report().inner_calls
    assert [key(row) for row in rows] == sorted(expected)
    assert {key(row)[1:] for row in rows} == {("keep", False), ("keep", True), ("kept", False)}
    for row in rows:
        assert row.calls == len(expected[key(row)])
        check_spread(row.gas, expected[key(row)])
        assert row.reasons == {}


def test_rows_are_sorted_deployments_first_and_failures_last(busy: Chain) -> None:
    shop = [row.title for row in busy.gas_report().methods if row.contract == "Shop"]
    assert shop[:3] == ["(deployment)", "(deployment), failed", "(transfer), failed"]
    assert shop[-2:] == ["sell", "sell, failed"]


@given(st.randoms(use_true_random=False))
def test_the_order_of_receipts_does_not_matter(shuffled: random.Random) -> None:
    receipts = BUSY.receipts()
    shuffled.shuffle(receipts)
    ledger = BUSY._ledger
    report = GasReport.of(receipts, ledger.classes, ledger.state.contracts)
    assert report.to_json(DOLLARS) == BUSY.gas_report().to_json(DOLLARS)
    assert report.table(DOLLARS) == BUSY.gas_report().table(DOLLARS)


BUSY = busy_chain()


def test_the_same_run_gives_the_same_report(busy: Chain) -> None:
    assert busy.gas_report().to_json() == BUSY.gas_report().to_json()


@given(st.lists(st.integers(0, 2**64), min_size=1))
def test_the_spread_is_that_of_the_sorted_amounts(amounts: list[int]) -> None:
    spread = Spread.of(Counter(amounts))
    check_spread(spread, amounts)
    assert spread.median in amounts


def of_two_modules() -> list[type[Contract]]:
    """Classes of one name: two of the same module and function, one of another module."""
    made: list[type[Contract]] = []
    for module in ("shops.first", "shops.first", "shops.second"):

        class Counter(Contract):
            count: uint256

            @external
            def increase(self) -> None:
                self.count += 1

        Counter.__module__ = module
        made.append(Counter)
    return made


def test_classes_of_one_name_are_told_apart_by_their_modules() -> None:
    chain = Chain()
    alice = chain.accounts[0]
    for contract_class in of_two_modules():
        chain.deploy(contract_class, sender=alice).increase(sender=alice)
    rows = {(row.contract, row.method): row.calls for row in chain.gas_report().methods}
    first, second = (
        f"shops.{name}.of_two_modules.<locals>.Counter" for name in ("first", "second")
    )
    assert rows == {
        (first, "(deployment)"): 2,
        (first, "increase"): 2,
        (second, "(deployment)"): 1,
        (second, "increase"): 1,
    }
    one = Chain()
    one.deploy(of_two_modules()[2], sender=one.accounts[0])
    assert [row.contract for row in one.gas_report().methods] == ["Counter"]


def test_what_was_returned_from_is_not_in_it() -> None:
    chain = Chain()
    alice = chain.accounts[0]
    with chain.anchor():
        chain.deploy(Store, sender=alice).keep(1, sender=alice)
        assert chain.gas_report().transactions == 2
    assert str(chain.gas_report()) == "No transactions, no gas."


# Observers of ledgers


@pytest.fixture
def seen() -> Iterator[list[tuple[Ledger, Block]]]:
    blocks: list[tuple[Ledger, Block]] = []

    def observer(ledger: Ledger, block: Block) -> None:
        blocks.append((ledger, block))

    Ledger.observers.append(observer)
    yield blocks
    Ledger.observers.remove(observer)


def test_observers_see_the_transactions_of_all_chains_and_nothing_else(
    seen: list[tuple[Ledger, Block]],
) -> None:
    chains = [busy_chain(), busy_chain()]
    expected = [each for chain in chains for each in chain.receipts()]
    assert [each for _, block in seen for each in block.receipts] == expected
    assert {id(ledger) for ledger, _ in seen} == {id(chain._ledger) for chain in chains}
    before = len(seen)
    chain = chains[0]
    alice = chain.accounts[0]
    contract = chain.at(next(each for each in expected if each.contract_address).contract_address)
    contract.keep.simulate(5, sender=alice)
    contract.kept()
    chain.mine(7)
    chain.verify()
    assert len(seen) == before
    with chain.anchor():
        contract.keep(5, sender=alice)
    assert len(seen) == before + 1, "undone later, but executed"


def test_observers_see_no_block_that_was_not_made(seen: list[tuple[Ledger, Block]]) -> None:
    chain = Chain()
    alice = chain.accounts[0]
    shop = chain.deploy(Shop, chain.deploy(Store, sender=alice), sender=alice)
    before = len(seen)
    with pytest.raises(TypeError):
        shop.broken(sender=alice)
    shop.broken.submit(sender=alice)
    with pytest.raises(TypeError):
        chain.mine()
    assert len(seen) == before


# Tables


def cells(line: str) -> list[str]:
    return line.split()


def test_the_table_has_the_numbers_in_aligned_columns(busy: Chain) -> None:
    report = busy.gas_report()
    lines = report.table(DOLLARS).splitlines()
    assert max(map(len, lines)) <= COLUMNS
    blocks = "\n".join(lines).split("\n\n")
    assert [block.split("  ")[0] for block in blocks[:3]] == [
        "Gas by method",
        "Kinds of gas, medians",
        "Calls from contracts",
    ]
    for block in blocks[:3]:
        ends = {len(line) for line in block.splitlines() if line[-1:].isdigit()}
        assert ends == {len(block.splitlines()[1])}, "one right edge, under the rule"
    sell = next(row for row in report.methods if row.title == "sell")
    line = next(line for line in lines if line.startswith("  sell "))
    gas = sell.gas
    numbers = [f"{number:,}" for number in (sell.calls, gas.min, gas.median, gas.max, gas.total)]
    assert cells(line)[1:-1] == numbers
    cost = Decimal(cells(line)[-1])
    exact = Decimal(gas.median) * 4 * 373 / 10**9
    assert abs(cost - exact) <= Decimal(10) ** int(cost.as_tuple().exponent) / 2
    failed = [row for row in report.methods if row.failed]
    assert lines[-2].startswith(f"{report.transactions} transactions: {report.gas:,} gas, ")
    assert lines[-2].endswith(" USD at 4 gwei and 373 USD per ether")
    gas_of_failed = sum(row.gas.total for row in failed)
    assert lines[-1] == f"{sum(row.calls for row in failed)} of them failed: {gas_of_failed:,} gas"


def test_the_kinds_are_those_that_somebody_paid_for(busy: Chain) -> None:
    report = busy.gas_report()
    lines = report.table().splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("Kinds of gas"))
    header = cells(lines[start])[4:]
    paid = [
        name
        for name in report.methods[0].reasons
        if any(row.reasons[name].total for row in report.methods)
    ]
    assert "log" not in paid
    assert header == [name.removeprefix("storage_") for name in paid]
    line = next(line for line in lines[start:] if line.startswith("  sell "))
    sell = next(row for row in report.methods if row.title == "sell")
    assert cells(line)[1:] == [f"{sell.reasons[name].median:,}" for name in paid]


def test_a_long_name_has_a_line_of_its_own() -> None:
    long = "x" * COLUMNS
    text = aligned("Title", ["count"], [("short", ["1"]), (long, ["1,234"]), ("heading", ())])
    assert text.splitlines() == [
        "Title  count",
        "------------",
        "short      1",
        long,
        "       1,234",
        "heading",
    ]


def test_without_failures_or_inner_calls_nothing_is_said_of_them() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    chain.transfer(alice, bob, 1)
    text = str(chain.gas_report())
    assert "Calls from contracts" not in text
    assert text.splitlines()[-1] == f"1 transaction: {chain.receipts()[0].gas_used:,} gas"


# JSON


def no_floats(text: str) -> Any:
    def refuse(number: str) -> None:
        raise AssertionError(f"{number} is a float")

    return json.loads(text, parse_float=refuse)


@pytest.mark.parametrize("price", [None, DOLLARS, GasPrice(1)])
def test_json_has_all_that_the_rows_have(busy: Chain, price: GasPrice | None) -> None:
    report = busy.gas_report()
    read = no_floats(report.to_json(price))
    assert read == report.as_dict(price)
    assert list(read) == ["version", "price", "transactions", "gas", "methods", "inner_calls"]
    assert (read["price"] is None) == (price is None)
    for part, rows in (("methods", report.methods), ("inner_calls", report.inner_calls)):
        for entry, row in zip(read[part], rows, strict=True):
            assert (entry["contract"], entry["method"], entry["failed"]) == key(row)
            assert Spread(**entry["gas"]) == row.gas
            reasons = {name: Spread(**each) for name, each in entry.get("reasons", {}).items()}
            assert reasons == row.reasons
            assert ("cost" in entry) == (price is not None)
            if price is not None:
                for name, gas in entry["gas"].items():
                    assert Fraction(entry["cost"][name]) == price.of(gas)


def test_an_empty_report_is_json_too() -> None:
    read = no_floats(GasReport().to_json())
    assert (read["transactions"], read["gas"], read["methods"], read["inner_calls"]) == (
        0,
        0,
        [],
        [],
    )


# Money


def test_money_is_exact() -> None:
    price = GasPrice(4 * gwei, Decimal("0.1"), "EUR")
    assert price.of(10) == Fraction(4, 10**9)
    assert price.exact(10) == "0.000000004"
    assert price.exact(0) == "0"
    assert GasPrice(10**18, 1500).exact(2) == "3000"
    assert str(GasPrice.parse("0.5")) == "0.5 gwei"
    assert str(GasPrice.parse("20", "1234.50 EUR")) == "20 gwei and 1,234.50 EUR per ether"
    assert GasPrice.parse("1", " 373  US dollars ").currency == "US dollars"


@given(
    gas=st.integers(0, 2**64),
    wei=st.integers(0, 2**70),
    rate=st.decimals(0, 10**29, allow_nan=False, allow_infinity=False, places=12),
)
def test_no_digit_is_lost(gas: int, wei: int, rate: Decimal) -> None:
    with localcontext(prec=200):
        expected = gas * wei * rate / 10**18
        for given_as in (rate, str(rate)):
            assert Decimal(GasPrice(wei, given_as).exact(gas)) == expected


@given(st.fractions(0, 10**20), st.integers(0, 20))
def test_amounts_are_rounded_to_the_nearest(amount: Fraction, places: int) -> None:
    with localcontext(prec=200):
        exact = Decimal(amount.numerator) / Decimal(amount.denominator)
        expected = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    assert decimal_text(amount, places) == f"{expected:,f}"


@pytest.mark.parametrize(
    ("wei", "rate"),
    [
        (-1, 1),
        (1.0, 1),
        (True, 1),
        ("1", 1),
        (1, 373.0),
        (1, True),
        (1, -1),
        (1, "x"),
        (1, ""),
        (1, "nan"),
        (1, Decimal("inf")),
        (1, "1e30"),
        (1, "1e-31"),
        (1, None),
    ],
)
def test_a_price_that_is_no_exact_number_is_refused(wei: Any, rate: Any) -> None:
    with pytest.raises(InvalidValue, match="give"):
        GasPrice(wei, rate)


@pytest.mark.parametrize(
    ("price", "rate", "message"),
    [
        ("x", "1 USD", "a gas price of 'x'"),
        ("-1", "1 USD", "a gas price of '-1'"),
        ("0.0000000001", "1 USD", "no whole number of wei"),
        ("1", "373", "say in what"),
        ("1", "USD", "say in what"),
        ("1", "", "say in what"),
        ("1", "x USD", "a rate of 'x'"),
    ],
)
def test_text_that_is_no_price_is_refused(price: str, rate: str, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        GasPrice.parse(price, rate)


def test_small_amounts_keep_their_digits() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    chain.transfer(alice, bob, 1)
    gas = chain.receipts()[0].gas_used
    for price, wei in (("0.000001", 10**3), ("1000", 10**12)):
        line = chain.gas_report().table(GasPrice.parse(price)).splitlines()[3]
        shown = cells(line)[-1]
        assert len(shown.replace(".", "").lstrip("0")) >= 3
        rounding = Fraction(1, 2 * 10 ** len(shown.partition(".")[2]))
        assert abs(Fraction(shown) - Fraction(gas * wei, 10**18)) <= rounding


def test_reverts_still_sees_the_failure_that_the_report_counts(busy: Chain) -> None:
    with busy.anchor():
        shop = next(
            each.contract_address
            for each in busy.receipts()
            if each.transaction.name == "Shop" and each.contract_address
        )
        handle: Deployed = busy.at(shop)
        before = busy.gas_report().transactions
        with reverts(TooMuch):
            handle.sell(100, sender=busy.accounts[0])
        assert busy.gas_report().transactions == before + 1
