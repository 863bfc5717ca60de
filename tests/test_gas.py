"""Gas against slow twins written from the standards, and against figures measured on a real EVM."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from functools import cache
from itertools import product
from math import isqrt
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chain import Account, Chain, Reason, Receipt
from chain.contract import (
    Array,
    Contract,
    Event,
    Indexed,
    Map,
    address,
    bytes32,
    external,
    int64,
    payable,
    uint8,
    uint256,
)
from chain.errors import OutOfGas
from chain.forks import FORKS
from chain.values import Address
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.collaborative_trainer import AddData, CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from incentives.stakeable import Stakeable
from tests.strategies import NOBODY, Purse
from tests.test_journal import FILLING, FINE, TEXTS, Frame, FrameFailed, flat, histories, new_house

# EIP-2200's constants.
SLOAD_GAS = 800
SSTORE_SET_GAS = 20_000
SSTORE_RESET_GAS = 5_000
SSTORE_CLEARS_SCHEDULE = 15_000

Slot = dict[Any, Any]  # what is in a slot, by place within; zeros are left out


def eip_2200(original: Any, current: Any, new: Any, zero: Any) -> tuple[int, int]:
    """Gas and change of the refund counter of one SSTORE, clause by clause."""
    refund = 0
    if current == new:
        return SLOAD_GAS, 0
    if original == current:
        if original == zero:
            return SSTORE_SET_GAS, 0
        if new == zero:
            refund += SSTORE_CLEARS_SCHEDULE
        return SSTORE_RESET_GAS, refund
    if original != zero:
        if current == zero:
            refund -= SSTORE_CLEARS_SCHEDULE
        if new == zero:
            refund += SSTORE_CLEARS_SCHEDULE
    if original == new:
        if original == zero:
            refund += SSTORE_SET_GAS - SLOAD_GAS
        else:
            refund += SSTORE_RESET_GAS - SLOAD_GAS
    return SLOAD_GAS, refund


class Slots:
    """A storehouse's storage as an EVM has it, slot by slot, under the same programs.

    Frames work on copies; gas that a failed frame spent stays spent.
    """

    def __init__(self) -> None:
        self.slots: dict[Any, Slot] = {}
        self.lengths: dict[Any, int] = {}
        self.texts: dict[Any, str] = {}
        self.start: dict[Any, Slot] = {}
        self.gas = 0
        self.refund = 0

    def transact(self, frame: Frame) -> None:
        """Run a program as one transaction."""
        self.start = deepcopy(self.slots)
        self.gas = self.refund = 0
        self.run(*frame)

    def run(self, program: list[Any], ending: int) -> None:
        kept = deepcopy((self.slots, self.lengths, self.texts, self.refund))
        try:
            for step in program:
                if len(step) == 4:
                    self.write(*step)
                    continue
                with suppress(FrameFailed):
                    self.run(*step)
            if ending != FINE:
                raise FrameFailed
        except FrameFailed:
            self.slots, self.lengths, self.texts, self.refund = kept
            raise

    def store(self, slot: Any, place: Any, value: Any) -> None:
        """SSTORE of a slot with one value in it changed."""
        current = self.slots.get(slot, {})
        new = {where: held for where, held in {**current, place: value}.items() if held}
        gas, refund = eip_2200(self.start.get(slot, {}), current, new, {})
        self.gas += gas
        self.refund += refund
        self.slots[slot] = new

    def clear(self, slot: Any) -> None:
        """SSTORE of zero."""
        current = self.slots.get(slot, {})
        gas, refund = eip_2200(self.start.get(slot, {}), current, {}, {})
        self.gas += gas
        self.refund += refund
        self.slots[slot] = {}

    def write_text(self, name: Any, text: str) -> None:
        old, new = slots_of_text(self.texts.get(name, "")), slots_of_text(text)
        for index in range(max(len(old), len(new))):
            self.store((name, index), 0, new[index] if index < len(new) else b"")
        self.texts[name] = text

    def put(self, name: Any, per_slot: int, index: int, value: int) -> None:
        if index >= self.lengths.get(name, 0):
            raise FrameFailed
        self.store((name, index // per_slot), index % per_slot, value)

    def append(self, name: Any, per_slot: int, value: int) -> None:
        size = self.grow(name)
        self.store((name, size // per_slot), size % per_slot, value)

    def grow(self, name: Any) -> int:
        """Add one to the length of an array; its last index."""
        size = self.lengths.get(name, 0)
        self.lengths[name] = size + 1
        self.store((name, "length"), 0, size + 1)
        return size

    def assign(self, name: Any, per_slot: int, values: list[Any]) -> None:
        """Copy into storage: elements, zeros to the end of their slots; then clear what is left."""
        size = self.lengths.get(name, 0)
        self.store((name, "length"), 0, len(values))
        used = -(-len(values) // per_slot)
        for index in range(used * per_slot):
            value = values[index] if index < len(values) else 0
            self.store((name, index // per_slot), index % per_slot, value)
        for slot in range(used, -(-size // per_slot)):
            self.clear((name, slot))
        self.lengths[name] = len(values)

    def write(self, code: int, a: int, b: int, value: int) -> None:
        several = [(value + i) % 2**16 for i in range(40 * b)]
        u16, u64, u256 = value % 2**16, value % 2**64, value % 2**256
        i80, positive = value % 2**80, value > 0
        if code == 5:
            self.write_text("title", TEXTS[a])
        elif code == 8 and b == 3:
            self.write_text(("entry text", a), TEXTS[a])
        elif code < 10:
            entry = {0: (("entry", a), "small", u64), 1: (("entry", a), "signed", u64)}
            self.store(*{
                0: ("itself and level", "level", u64),
                1: ("drift, open, holder", "drift", i80),
                2: ("drift, open, holder", "open", positive),
                3: ("drift, open, holder", "holder", positive),
                4: ("total", 0, u256),
                6: (("score", a), 0, i80),
                7: (("grid", a, b), 0, u64),
                8: entry.get(b, (("entry big", a), 0, u256)),
                9: (("entry inner", a, b), 0, u256),
            }[code])  # fmt: skip
        elif code in (10, 13, 21, 25, 27):
            bits = [i % 2 == 0 for i in several]
            if code == 21 and a >= self.lengths.get("rows", 0):
                raise FrameFailed
            arrays: dict[int, tuple[Any, int, list[Any]]] = {
                10: ("narrow", 16, several), 13: ("wide", 1, several), 27: ("flags", 32, bits),
                21: (("row", a), 16, several), 25: (("shelf", a), 4, several),
            }  # fmt: skip
            self.assign(*arrays[code])
        elif code in (11, 14, 15, 20, 24, 26):
            if code == 20 and a >= self.lengths.get("rows", 0):
                raise FrameFailed
            self.append(*{
                11: ("narrow", 16, u16), 14: ("wide", 1, u256), 15: ("flags", 32, positive),
                20: (("row", a), 16, u16), 24: (("items", a), 16, u16), 26: (("shelf", a), 4, u64),
            }[code])  # fmt: skip
        elif code in (12, 16):
            self.put(*{12: ("narrow", 16, a, u16), 16: ("flags", 32, a, positive)}[code])
        elif code == 17:
            self.write_text(("name", self.grow("names")), TEXTS[b])
        elif code == 18:
            if a >= self.lengths.get("names", 0):
                raise FrameFailed
            self.write_text(("name", a), TEXTS[b])
        elif code == 19:
            self.assign(("row", self.grow("rows")), 16, several)
        elif code == 22:
            self.store(("record", self.grow("records")), "small", u64)
        elif code == 23:
            if a >= self.lengths.get("records", 0):
                raise FrameFailed
            self.store(("record inner", a, b), 0, u256)
        else:
            assert code == 28
            size = self.lengths.get(("shelf", b), 0)
            self.assign(("shelf", a), 4, [
                self.slots[("shelf", b), i // 4].get(i % 4, 0) for i in range(size)
            ])  # fmt: skip


def slots_of_text(text: str) -> list[bytes]:
    """A string's slots: up to 31 bytes in one, else twice the length and one, and the bytes."""
    data = text.encode()
    if len(data) < 32:
        return [data]
    words = [data[start : start + 32] for start in range(0, len(data), 32)]
    return [(2 * len(data) + 1).to_bytes(32, "big"), *words]


class TestNetMetering:
    def test_the_schedule_follows_the_standard_in_every_case(self) -> None:
        for original, current, new in product(range(3), repeat=3):
            priced = FORKS["istanbul"].write(original, current, new, 0)
            assert priced == eip_2200(original, current, new, 0)

    # EIP-2200's own table: what is written to slot 0, what was there, gas and refund of it all.
    @pytest.mark.parametrize(("writes", "original", "used", "refund"), [
        ([0, 0], 0, 1_612, 0), ([0, 1], 0, 20_812, 0), ([1, 0], 0, 20_812, 19_200),
        ([1, 2], 0, 20_812, 0), ([1, 1], 0, 20_812, 0), ([0, 0], 1, 5_812, 15_000),
        ([0, 1], 1, 5_812, 4_200), ([0, 2], 1, 5_812, 0), ([2, 0], 1, 5_812, 15_000),
        ([2, 3], 1, 5_812, 0), ([2, 1], 1, 5_812, 4_200), ([2, 2], 1, 5_812, 0),
        ([1, 0], 1, 5_812, 15_000), ([1, 2], 1, 5_812, 0), ([1, 1], 1, 1_612, 0),
        ([1, 0, 1], 0, 40_818, 19_200), ([0, 1, 0], 1, 10_818, 19_200),
    ])  # fmt: skip
    def test_the_standards_test_cases(
        self, writes: list[int], original: int, used: int, refund: int
    ) -> None:
        house = new_house("istanbul")
        sender = house._chain.accounts[9]
        for value in [[original], writes]:
            code, _ = flat([(4, 0, 0, each) for each in value], FINE)
            receipt = house.run(code, 0, len(code), FINE, sender=sender)
        pushes = 6 * len(writes)  # the table counts the PUSHes, too
        assert receipt.gas_by_reason[Reason.STORAGE_WRITE] == used - pushes
        assert receipt.gas_refund == min(refund, (receipt.gas_used + receipt.gas_refund) // 2)

    @given(programs=histories)
    @example(programs=[([(25, 1, 1, 3)], FINE), ([(10, 0, 0, 0), (25, 1, 0, 0)], FINE)])
    @example(programs=[([(25, 1, 1, 3)], FINE), ([(25, 1, 0, 3), (26, 1, 0, 3)], FINE)])
    @example(programs=[([(10, 0, 2, 5)], FINE), ([(10, 0, 1, 5)], FINE)])
    @example(programs=[([([(10, 0, 1, 5)], 1), (12, 0, 0, 9), (10, 0, 1, 7)], FINE)])
    def test_storage_writes_cost_what_they_do_slot_by_slot(self, programs: list[Frame]) -> None:
        house, twin = new_house("istanbul"), Slots()
        chain = house._chain
        twin.slots["itself and level"] = {"itself": 1}
        for program in (FILLING, *programs):
            failed = False
            try:
                twin.transact(program)
            except FrameFailed:
                failed = True
            code, ending = flat(*program)
            transaction = house.run.transaction(
                code, 0, len(code), ending, sender=chain.accounts[9]
            )
            receipt = chain.send(transaction)
            assert receipt.ok != failed
            assert receipt.gas_by_reason[Reason.STORAGE_WRITE] == twin.gas
            spent = receipt.gas_used + receipt.gas_refund
            assert receipt.gas_refund == (0 if failed else min(max(twin.refund, 0), spent // 2))


class Spender(Contract):
    """Stores and clears."""

    cells: Map[uint256, uint256]
    count: uint256

    @external
    def fill(self, size: uint256) -> None:
        for index in range(size):
            self.cells[index] = 1

    @external
    def clear(self, size: uint256) -> None:
        for index in range(size):
            self.cells[index] = 0

    @external
    def spin(self) -> None:
        while True:
            self.count += 1


class Caller(Contract):
    """Calls what never ends."""

    failures: uint256

    @external
    def call(self, spender: Spender) -> None:
        spender.spin()

    @external
    def attempt(self, spender: Spender) -> None:
        result = self.try_call(spender, "spin", [])
        if not result.ok:
            self.failures += 1


class Stealth(Contract):
    """Writes when it is paid, which is cheap in a slot that it has written just before."""

    count: uint256

    @external
    def touch(self) -> None:
        self.count += 1

    @payable
    def receive(self) -> None:
        self.count += 1


class Payer(Contract):
    """Pays."""

    count: uint256

    @payable
    def touch_and_pay(self, stealth: Stealth, to: address) -> None:
        stealth.touch()
        self.transfer(to, self.msg.value)


class Noted(Event):
    """Has data of every kind."""

    who: Indexed[address]
    number: int64
    row: Array[int64]
    rows: Array[Array[uint8]]
    text: str
    flag: bool


class Taker(Contract):
    """Takes arguments of every kind, and logs them."""

    count: uint256

    def __init__(self, row: Array[int64]) -> None:
        self.count = 1

    @external
    def take(
        self,
        number: int64,
        key: bytes32,
        who: address,
        flag: bool,
        row: Array[int64],
        text: str,
        rows: Array[Array[uint8]],
        taker: Taker,
    ) -> None:
        self.emit(Noted(who=who, number=number, row=row, rows=rows, text=text, flag=flag))


class TestRefunds:
    @given(size=st.integers(0, 40))
    def test_at_most_half_comes_back(self, size: int) -> None:
        chain = Chain(fork="istanbul")
        alice = chain.accounts[0]
        spender = chain.deploy(Spender, sender=alice)
        spender.fill(size, sender=alice)
        receipt = spender.clear(size, sender=alice)
        spent = sum(receipt.gas_by_reason.values())
        assert receipt.gas_refund == min(15_000 * size, spent // 2)
        assert receipt.gas_used == spent - receipt.gas_refund

    def test_a_refund_of_a_call_that_failed_is_lost(self) -> None:
        chain = Chain(fork="istanbul")
        alice = chain.accounts[0]
        spender = chain.deploy(Spender, sender=alice)
        spender.fill(5, sender=alice)
        receipt = chain.send(spender.clear.transaction(5, sender=alice, gas_limit=45_000))
        assert isinstance(receipt.error, OutOfGas)
        assert (receipt.gas_refund, receipt.gas_used) == (0, 45_000)

    def test_gas_must_last_until_the_refund(self) -> None:
        chain = Chain(fork="istanbul")
        alice = chain.accounts[0]
        spender = chain.deploy(Spender, sender=alice)
        spender.fill(5, sender=alice)
        with chain.anchor():
            receipt = spender.clear(5, sender=alice)
        spent = receipt.gas_used + receipt.gas_refund
        with chain.anchor(), pytest.raises(OutOfGas):
            spender.clear(5, sender=alice, gas_limit=spent - 1)
        assert spender.clear(5, sender=alice, gas_limit=spent).gas_used == receipt.gas_used


def abi(kinds: list[str], values: list[Any]) -> bytes:
    """Solidity's ABI encoding of values, written from its specification."""
    heads: list[bytes] = []
    tails: list[bytes] = []
    for kind, value in zip(kinds, values, strict=True):
        if kind == "str" or kind.endswith("[]"):
            heads.append((32 * len(kinds) + sum(map(len, tails))).to_bytes(32, "big"))
            tails.append(abi_tail(kind, value))
        elif kind == "address":
            heads.append(bytes(12) + bytes.fromhex(value[2:]))
        else:
            heads.append(value if kind == "bytes32" else (int(value) % 2**256).to_bytes(32, "big"))
    return b"".join([*heads, *tails])


def abi_tail(kind: str, value: Any) -> bytes:
    if kind == "str":
        data: bytes = value.encode()
        return len(data).to_bytes(32, "big") + data + bytes(-len(data) % 32)
    element = kind.removesuffix("[]")
    return len(value).to_bytes(32, "big") + abi([element] * len(value), list(value))


def calldata_gas(data: bytes) -> int:
    """EIP-2028: 16 for a byte, 4 for a zero byte."""
    return sum(16 if byte else 4 for byte in data)


int64s = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
rows_of_bytes = st.lists(st.lists(st.integers(0, 255), max_size=3), max_size=3)


class TestData:
    KINDS = ("int", "bytes32", "address", "bool", "int[]", "str", "int[][]", "address")

    @given(
        number=int64s,
        key=st.binary(min_size=32, max_size=32),
        flag=st.booleans(),
        row=st.lists(int64s, max_size=5) | st.lists(int64s, min_size=60, max_size=60),
        text=st.text(max_size=40),
        rows=rows_of_bytes,
    )
    def test_calldata_and_logs_cost_by_their_encoding(
        self, number: int, key: bytes, flag: bool, row: list[int], text: str, rows: list[list[int]]
    ) -> None:
        chain = Chain(fork="istanbul")
        alice = chain.accounts[0]
        taker = chain.deploy(Taker, [], sender=alice)
        arguments = [number, key, NOBODY, flag, row, text, rows, taker.address]
        gas = taker.take(*arguments, sender=alice).gas_by_reason
        # A selector is four bytes that are hardly ever zero.
        assert gas[Reason.CALLDATA] == 4 * 16 + calldata_gas(abi(list(self.KINDS), arguments))
        data = abi(["int", "int[]", "int[][]", "str", "bool"], [number, row, rows, text, flag])
        topics = 2  # the event's name, and who
        assert gas[Reason.LOG] == 375 + 375 * topics + 8 * len(data)
        assert gas[Reason.INTRINSIC] == 21_000

    def test_deployments_pay_for_creation_code_and_arguments(self) -> None:
        chain = Chain(fork="istanbul")
        receipts = []
        for row in ([], [1, -1, 256]):
            chain.deploy(Taker, row, sender=chain.accounts[0])
            receipts += chain.block().receipts
        gas = [receipt.gas_by_reason for receipt in receipts]
        assert [each[Reason.INTRINSIC] for each in gas] == [53_000, 53_000]
        assert [each[Reason.CODE] for each in gas] == [200 * Taker.code_size] * 2
        more = calldata_gas(abi(["int[]"], [[1, -1, 256]])) - calldata_gas(abi(["int[]"], [[]]))
        assert gas[1][Reason.CALLDATA] - gas[0][Reason.CALLDATA] == more

    def test_a_plain_transfer_costs_21000_and_no_more(self) -> None:
        chain = Chain(fork="istanbul")
        receipt = chain.transfer(chain.accounts[0], NOBODY, 1)
        assert receipt.gas_used == 21_000
        assert receipt.gas_by_reason[Reason.INTRINSIC] == 21_000


class TestCalls:
    @pytest.fixture
    def chain(self) -> Chain:
        return Chain(fork="istanbul")

    def test_sending_money_costs_by_what_is_sent_to_whom(self, chain: Chain) -> None:
        alice = chain.accounts[0]
        purse = chain.deploy(Purse, sender=alice, value=100)
        new = Address("0x" + "18" * 20)
        costs = [
            purse.pay(to, amount, sender=alice).gas_by_reason[Reason.CALL]
            for to, amount in ((new, 0), (new, 1), (new, 1), (alice.address, 1))
        ]
        assert costs == [700, 700 + 9_000 - 2_300 + 25_000, 7_400, 7_400]

    def test_a_halted_callee_has_lost_all_but_a_64th(self, chain: Chain) -> None:
        alice = chain.accounts[0]
        spender = chain.deploy(Spender, sender=alice)
        caller = chain.deploy(Caller, sender=alice)
        receipt = caller.attempt(spender, sender=alice, gas_limit=3_000_000)
        _, callee = receipt.trace
        left = 3_000_000 - callee.gas_start
        assert callee.gas == left - left // 64
        assert (caller.failures(), spender.count()) == (1, 0)
        assert receipt.gas_used < 3_000_000

    def test_its_caller_fails_but_keeps_its_own_gas(self, chain: Chain) -> None:
        alice = chain.accounts[0]
        spender = chain.deploy(Spender, sender=alice)
        caller = chain.deploy(Caller, sender=alice)
        receipt = chain.send(caller.call.transaction(spender, sender=alice, gas_limit=1_000_000))
        _, callee = receipt.trace
        left = 1_000_000 - callee.gas_start
        assert isinstance(receipt.error, OutOfGas)
        assert callee.gas == left - left // 64
        assert 1_000_000 - left // 64 <= receipt.gas_used < 1_000_000

    def test_who_pays_somebody_without_gas_for_it_keeps_the_rest(self, chain: Chain) -> None:
        alice = chain.accounts[0]
        purse = chain.deploy(Purse, sender=alice, value=100)
        stealth = chain.deploy(Stealth, sender=alice)
        receipt = chain.send(purse.pay.transaction(stealth.address, 1, sender=alice))
        assert not receipt.ok
        assert receipt.gas_used < 60_000, "of the 30,000,000 that were there"

    def test_the_stipend_pays_for_no_write(self, chain: Chain) -> None:
        # EIP-2200: with no more than 2,300 gas there is no SSTORE, however cheap it would be.
        alice = chain.accounts[0]
        stealth = chain.deploy(Stealth, sender=alice)
        payer = chain.deploy(Payer, sender=alice)
        with pytest.raises(OutOfGas):
            payer.touch_and_pay(stealth, stealth.address, sender=alice, value=1)
        assert stealth.count() == 0

    @given(limit=st.integers(22_000, 70_000))
    def test_no_limit_is_ever_exceeded_and_enough_is_enough(self, limit: int) -> None:
        chain = Chain(fork="istanbul")
        alice = chain.accounts[0]
        purses = [chain.deploy(Purse, sender=alice, value=100) for _ in range(2)]
        with chain.anchor():
            needed = purses[0].relay(purses[1], alice, 1, sender=alice, value=1)
        receipt = chain.send(
            purses[0].relay.transaction(purses[1], alice, 1, sender=alice, value=1, gas_limit=limit)
        )
        assert receipt.gas_used <= limit
        if receipt.ok:
            assert receipt.gas_used == needed.gas_used
        else:
            assert isinstance(receipt.error, OutOfGas)
            assert limit - limit // 64 < needed.gas_used + 3_000
        frames = receipt.trace
        assert all(0 <= frame.gas <= limit for frame in frames)


# The reference contracts on a real EVM: Istanbul, solc without optimizer, Stakeable with waits of
# 15, 100 and 200 s and a weight of 10**15, two classes, all weights and counts set, somebody was
# refunded before, and change is sent back. Gas of storage reads and writes by model, operation and
# number of features; "update" is of a sample that the model disagrees with.
MEASURED: dict[tuple[str, str, int], tuple[int, int]] = {
    ("sparse perceptron", "add", 10): (20_000, 110_800),
    ("sparse perceptron", "add", 20): (28_000, 110_800),
    ("sparse perceptron", "add", 100): (92_000, 110_800),
    ("sparse perceptron", "update", 10): (44_000, 141_600),
    ("sparse perceptron", "update", 20): (76_000, 191_600),
    ("sparse perceptron", "update", 100): (332_000, 591_600),
    ("sparse perceptron", "refund", 10): (22_400, 70_000),
    ("sparse perceptron", "refund", 20): (30_400, 70_000),
    ("sparse perceptron", "refund", 100): (94_400, 70_000),
    ("sparse perceptron", "report", 10): (26_400, 45_000),
    ("sparse perceptron", "report", 20): (34_400, 45_000),
    ("sparse perceptron", "report", 100): (98_400, 45_000),
    ("dense perceptron", "add", 10): (36_800, 110_800),
    ("dense perceptron", "add", 20): (60_800, 110_800),
    ("dense perceptron", "add", 100): (252_800, 110_800),
    ("dense perceptron", "update", 10): (47_200, 118_800),
    ("dense perceptron", "update", 20): (78_400, 138_600),
    ("dense perceptron", "update", 100): (335_200, 316_800),
    ("dense perceptron", "refund", 10): (31_200, 70_000),
    ("dense perceptron", "refund", 20): (47_200, 70_000),
    ("dense perceptron", "refund", 100): (175_200, 70_000),
    ("dense perceptron", "report", 10): (35_200, 45_000),
    ("dense perceptron", "report", 20): (51_200, 45_000),
    ("dense perceptron", "report", 100): (179_200, 45_000),
    ("naive bayes", "add", 10): (40_800, 147_400),
    ("naive bayes", "add", 20): (64_800, 197_400),
    ("naive bayes", "add", 100): (256_800, 597_400),
    ("naive bayes", "update", 10): (40_800, 166_600),
    ("naive bayes", "update", 20): (64_800, 216_600),
    ("naive bayes", "update", 100): (256_800, 616_600),
    ("naive bayes", "refund", 20): (116_800, 70_000),
    ("naive bayes", "report", 20): (120_800, 45_000),
    ("nearest centroid", "add", 10): (39_200, 126_200),
    ("nearest centroid", "add", 20): (53_600, 132_600),
    ("nearest centroid", "add", 100): (181_600, 196_600),
    ("nearest centroid", "update", 10): (39_200, 119_600),
    ("nearest centroid", "update", 20): (53_600, 134_400),
    ("nearest centroid", "update", 100): (181_600, 282_400),
    ("nearest centroid", "refund", 20): (113_600, 70_000),
    ("nearest centroid", "report", 20): (117_600, 45_000),
    ("sparse nearest centroid", "add", 10): (48_000, 178_800),
    ("sparse nearest centroid", "add", 20): (80_000, 217_600),
    ("sparse nearest centroid", "add", 100): (336_000, 700_800),
    ("sparse nearest centroid", "update", 10): (48_000, 159_600),
    ("sparse nearest centroid", "update", 20): (80_000, 236_800),
    ("sparse nearest centroid", "update", 100): (336_000, 681_600),
    ("sparse nearest centroid", "refund", 20): (148_800, 70_000),
    ("sparse nearest centroid", "report", 20): (152_800, 45_000),
}
LOG_GAS = {10: 4_965, 20: 7_525, 100: 28_005}  # of AddData; those of Refund and Report are fixed
PAYMENT_GAS = 700 + 9_000 - 2_300  # to the sender, who leaves the stipend
VALUE = 10**19


def made_model(model: str, size: int) -> tuple[type[Contract], list[Any], list[int], int]:
    """A model's class and arguments, a sample, and the class that the model gives it."""
    names = ["A", "B"]
    sparse, dense = list(range(size)), [isqrt(10**18 // size)] * size
    perceptron = [names, [10**9] * size, 1, 10**8]
    if model == "sparse perceptron":
        return SparsePerceptron, perceptron, sparse, 1
    if model == "dense perceptron":
        return DensePerceptron, perceptron, dense, 1
    if model == "naive bayes":
        counts = [[[feature, count] for feature in sparse] for count in (9, 1)]
        return NaiveBayesClassifier, [names, [100, 100], counts, 1000, 10**9], sparse, 0
    if model == "nearest centroid":
        centroids = [[7 - value for value in dense], dense]
        return NearestCentroidClassifier, [names, centroids, [10, 10]], dense, 1
    near, far = ([[feature, value] for feature in sparse] for value in (9 * 10**8, 10**8))
    right = 0 if size == 20 else 1  # as it was measured
    ordered = [far, near] if right else [near, far]
    return SparseNearestCentroidClassifier, [names, ordered, [50, 50]], sparse, right


class Trained:
    """A trainer in its steady state, with a sample of `size` features."""

    def __init__(self, model: str, size: int, fork: str = "istanbul") -> None:
        self.chain = chain = Chain(gas_price=0, block_gas_limit=10**9, fork=fork)
        owner, self.earlier, self.author, self.other = chain.accounts[:4]
        incentive = chain.deploy(Stakeable, 15, 100, 200, 10**15, sender=owner)
        handler = chain.deploy(DataHandler, sender=owner)
        kind, arguments, self.data, self.right = made_model(model, size)
        classifier = chain.deploy(kind, *arguments, sender=owner)
        parts = (handler, incentive, classifier)
        self.trainer = chain.deploy(CollaborativeTrainer, "n", "d", "e", *parts, sender=owner)
        for part in parts:
            part.transfer_ownership(self.trainer, sender=owner)
        self.give_and_take(self.earlier)

    def add(self, who: Account, label: int, value: int = VALUE) -> Receipt:
        receipt: Receipt = self.trainer.add_data(self.data, label, sender=who, value=value)
        return receipt

    def claim(self, how: str, added: Receipt, who: Account) -> Receipt:
        self.chain.time_travel(seconds=20)
        (event,) = added.events
        assert isinstance(event, AddData)
        author = [event.sender] if how == "report" else []
        receipt: Receipt = getattr(self.trainer, how)(
            self.data, event.classification, event.time, *author, sender=who
        )
        return receipt

    def give_and_take(self, who: Account) -> Receipt:
        return self.claim("refund", self.add(who, self.right), who)

    def measure(self, operation: str) -> Receipt:
        if operation == "add":
            return self.add(self.author, self.right)
        if operation == "update":
            return self.add(self.author, 1 - self.right)
        if operation == "refund":
            return self.give_and_take(self.author)
        self.give_and_take(self.other)  # so that the reward is divided
        return self.claim("report", self.add(self.author, 1 - self.right), self.earlier)


@cache
def measured(model: str, operation: str, size: int) -> Receipt:
    return Trained(model, size).measure(operation)


# BUG: one read too many where the dense perceptron learns.
READS_DIFFER = {("dense perceptron", "update")}
READS_EXACTLY = [
    pytest.param(
        *case,
        marks=pytest.mark.xfail(strict=True, reason="storage reads are not those of the EVM")
        if case[:2] in READS_DIFFER
        else [],
    )
    for case in MEASURED
]


class TestAgainstTheEvm:
    @pytest.mark.parametrize(("model", "operation", "size"), MEASURED)
    def test_writes_logs_and_calls_cost_what_was_measured(
        self, model: str, operation: str, size: int
    ) -> None:
        receipt = measured(model, operation, size)
        gas = receipt.gas_by_reason
        adds = operation in ("add", "update")
        assert receipt.gas_refund == (15_000 if operation == "refund" else 0)
        assert gas[Reason.INTRINSIC] == 21_000
        assert gas[Reason.STORAGE_WRITE] == MEASURED[model, operation, size][1]
        assert gas[Reason.LOG] == (LOG_GAS[size] if adds else 1_262)
        calls = 4 if operation == "report" else 3
        assert gas[Reason.CALL] == 2 * 700 * calls + PAYMENT_GAS  # EXTCODESIZE and CALL

    @pytest.mark.parametrize(("model", "operation", "size"), READS_EXACTLY)
    def test_reads_cost_what_was_measured(self, model: str, operation: str, size: int) -> None:
        gas = measured(model, operation, size).gas_by_reason
        assert gas[Reason.STORAGE_READ] == MEASURED[model, operation, size][0]

    def test_exact_money_saves_the_call_that_returns_the_change(self) -> None:
        market = Trained("sparse perceptron", 20)
        cost = market.chain.at(market.trainer.incentive_mechanism()).next_add_data_cost()
        with market.chain.anchor():
            whole = market.add(market.author, 1, cost).gas_by_reason
        change = market.add(market.author, 1).gas_by_reason
        assert (whole[Reason.CALL], change[Reason.CALL]) == (4_200, 4_200 + PAYMENT_GAS)
        assert whole[Reason.STORAGE_WRITE] == change[Reason.STORAGE_WRITE]
