"""Blocks and their headers, the mempool, time, logs, verification and proofs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError, fields, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Account, Chain, Deployed, Transaction, encode
from chain.block import Header
from chain.cells import leaf_key
from chain.contract import (
    ZERO_ADDRESS,
    Array,
    Contract,
    Event,
    Indexed,
    address,
    external,
    require,
    uint256,
    view,
)
from chain.crypto import sha3
from chain.errors import (
    ClockError,
    InsufficientFunds,
    InvalidValue,
    UnknownBlock,
    UnknownTransaction,
    VerificationFailed,
    WrongNonce,
)
from chain.mempool import by_price
from chain.merkle import merkle_root
from chain.units import ether, gwei, hours
from chain.values import Address
from tests.strategies import NOBODY, Paid, Purse, Regret
from tests.test_journal import FILLING, TEXTS, Frame, Storehouse, frames, new_house, run

START_S = 1_600_000_000


def payment(
    chain: Chain,
    sender: Account,
    value: int = 1,
    *,
    to: Address = NOBODY,
    price: int = gwei,
    gas_limit: int = 21_000,
) -> Transaction:
    """A transfer that waits."""
    transaction = chain.make_transaction(
        "transfer", sender, to=to, value=value, gas_price=price, gas_limit=gas_limit
    )
    chain.submit(transaction)
    return transaction


def mined(chain: Chain) -> list[tuple[str, int]]:
    """Who sent what in the newest block."""
    return [(chain.labels[t.sender], t.value) for t in chain.block().transactions]


class TestBlocks:
    def test_the_genesis_block_holds_the_accounts_money(self) -> None:
        chain = Chain(balance=7, genesis_time_s=50)
        genesis = chain.block(0)
        assert (genesis.number, genesis.timestamp, genesis.transactions) == (0, 50, [])
        assert chain.header(0).parent_hash == bytes(32)
        assert [chain.balance(account) for account in chain.accounts] == [7] * 10
        assert chain.balance(chain.producer) == 0
        assert chain.number == 0

    def test_a_sent_transaction_gets_a_block_of_its_own(self) -> None:
        chain = Chain(block_time_s=5)
        alice, bob = chain.accounts[:2]
        receipts = [chain.transfer(alice, bob, value) for value in range(3)]
        assert [receipt.block_number for receipt in receipts] == [1, 2, 3]
        for receipt in receipts:
            block = chain.block(receipt.block_number)
            assert block.receipts == [receipt]
            assert block.timestamp == START_S + 5 * block.number
            assert block.gas_used == receipt.gas_used == 21_000
        assert chain.timestamp == START_S + 5 * 4

    def test_blocks_are_found_from_both_ends(self) -> None:
        chain = Chain()
        for _ in range(3):
            chain.mine()
        assert [chain.block(n).number for n in (0, 1, 3, -1, -4)] == [0, 1, 3, 3, 0]
        for unknown in (4, -5, 10**9):
            with pytest.raises(UnknownBlock, match="the newest is 3"):
                chain.block(unknown)
            with pytest.raises(UnknownBlock):
                chain.header(unknown)

    def test_headers_form_a_chain_and_commit_to_everything(self) -> None:
        chain = Chain(block_gas_limit=10**6)
        alice, bob = chain.accounts[:2]
        payment(chain, alice), payment(chain, bob)
        block = chain.mine()
        chain.transfer(alice, bob, 1)
        header = chain.header(1)
        assert header.transactions_root == merkle_root([t.hash for t in block.transactions])
        assert header.receipts_root == merkle_root([r.encoded() for r in block.receipts])
        assert (header.number, header.count, header.gas_used) == (1, 1, 42_000)
        assert (header.gas_limit, header.producer) == (10**6, chain.producer.address)
        assert header.timestamp == block.timestamp == START_S + 12
        assert [chain.header(n).parent_hash for n in (1, 2)] == [
            chain.header(n).hash for n in (0, 1)
        ]
        for field in fields(Header):
            value = getattr(header, field.name)
            other = value + 1 if isinstance(value, int) else value[:-1] + value[:1]
            change: dict[str, Any] = {field.name: other}
            changed = replace(header, **change)
            assert changed != header
            assert changed.hash != header.hash
        with pytest.raises(FrozenInstanceError):
            setattr(header, "gas_used", 0)  # noqa: B010

    def test_headers_do_not_depend_on_when_they_are_asked_for(self) -> None:
        hashes = []
        for eager in (True, False):
            chain = Chain()
            house = chain.deploy(Storehouse, sender=chain.accounts[0])
            for value in range(4):
                run(house, ([(10, 0, value, value), (12, 0, 0, 5), (11, 0, 0, value)][:value], 0))
                if eager:
                    chain.header()
            hashes.append([chain.header(number).hash for number in range(chain.number + 1)])
        assert hashes[0] == hashes[1]


class TestManyBlocksAtOnce:
    def test_a_million_empty_blocks_cost_as_much_as_one(self) -> None:
        chain = Chain()
        chain.header()
        ledger = chain._ledger
        before = (len(ledger.blocks), len(ledger.state.journal.entries))
        block = chain.mine(1_000_000)
        assert (len(ledger.blocks), len(ledger.state.journal.entries)) == (before[0] + 1, before[1])
        assert (block.number, block.count, chain.number) == (1_000_000, 1_000_000, 1_000_000)
        assert block.timestamp == START_S + 12_000_000
        assert chain.timestamp == block.timestamp + 12
        assert chain.header().count == 1_000_000
        assert chain.header().parent_hash == chain.header(0).hash
        assert {chain.block(n) for n in (1, 2, 500_000, 1_000_000, -1, -1_000_000)} == {block}
        assert chain.logs(from_block=5) == []
        chain.verify()

    def test_it_is_the_same_time_and_number_as_one_by_one(self) -> None:
        at_once, one_by_one = Chain(), Chain()
        at_once.mine(5)
        for _ in range(5):
            one_by_one.mine(1)
        for chain in (at_once, one_by_one):
            assert (chain.number, chain.timestamp) == (5, START_S + 6 * 12)
            assert chain.header().state_root == chain.header(0).state_root

    def test_transactions_wait_while_empty_blocks_are_made(self) -> None:
        chain = Chain()
        payment(chain, chain.accounts[0])
        chain.mine(3)
        assert len(chain.waiting) == 1
        assert mined(chain) == []
        chain.mine()
        assert mined(chain) == [("alice", 1)]
        assert chain.number == 4
        assert not chain.waiting

    @pytest.mark.parametrize("count", [0, -1, 1.5, "3", True])
    def test_only_a_positive_number_of_blocks_can_be_made(self, count: Any) -> None:
        chain = Chain()
        with pytest.raises(ClockError):
            chain.mine(count)
        assert (chain.number, chain.timestamp) == (0, START_S + 12)


class Clock(Contract):
    """Knows the block it is in."""

    number: uint256
    time: uint256
    producer: address
    gas_limit: uint256

    @external
    def note(self) -> None:
        self.number = self.block.number
        self.time = self.block.timestamp
        self.producer = self.block.producer
        self.gas_limit = self.block.gas_limit

    @view
    def now(self) -> tuple[uint256, uint256]:
        return self.block.number, self.block.timestamp


class TestTime:
    def test_contracts_see_the_block_they_are_in_and_views_the_next(self) -> None:
        chain = Chain(block_gas_limit=10**7)
        clock = chain.deploy(Clock, sender=chain.accounts[0])
        chain.time_travel(seconds=100)
        chain.mine(10)
        expected = (chain.number + 1, chain.timestamp)
        assert clock.now() == expected
        receipt = clock.note(sender=chain.accounts[0])
        assert (clock.number(), clock.time()) == expected
        assert expected == (receipt.block_number, chain.block().timestamp)
        assert (clock.producer(), clock.gas_limit()) == (chain.producer.address, 10**7)

    def test_all_transactions_of_a_block_see_one_time(self) -> None:
        chain = Chain()
        clock = chain.deploy(Clock, sender=chain.accounts[0])
        clock.note.submit(sender=chain.accounts[0])
        chain.time_travel(seconds=2 * hours)
        payment(chain, chain.accounts[1])
        block = chain.mine()
        assert clock.time() == block.timestamp == START_S + 12 * 2 + 2 * hours

    @given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 10**9)), max_size=10))
    def test_time_only_goes_forward(self, steps: list[tuple[bool, int]]) -> None:
        chain = Chain()
        times = [chain.timestamp]
        for is_travel, amount in steps:
            if is_travel:
                chain.time_travel(seconds=amount)
            else:
                chain.mine(1 + amount)
            times.append(chain.timestamp)
        assert times == sorted(times)
        blocks = [block.timestamp for block in chain._ledger.blocks]
        assert all(later - earlier >= 12 for earlier, later in pairwise(blocks))

    @pytest.mark.parametrize("seconds", [-1, 1.5, "1", None, True, 2**64])
    def test_a_bad_step_is_refused_and_changes_nothing(self, seconds: Any) -> None:
        chain = Chain()
        with pytest.raises(ClockError):
            chain.time_travel(seconds=seconds)
        assert chain.timestamp == START_S + 12

    def test_blocks_may_share_a_time_if_the_chain_says_so(self) -> None:
        chain = Chain(block_time_s=0)
        chain.mine(5)
        chain.transfer(chain.accounts[0], NOBODY, 1)
        assert chain.block().timestamp == chain.block(0).timestamp == chain.timestamp == START_S
        chain.verify()

    @pytest.mark.parametrize("make", ["mine", "mine one", "send", "deal"])
    def test_time_ends(self, make: str) -> None:
        chain = Chain()
        chain.time_travel(seconds=2**64 - 1 - chain.timestamp)
        chain.mine()
        assert chain.block().timestamp == 2**64 - 1
        makers: dict[str, Callable[[], Any]] = {
            "mine": chain.mine,
            "mine one": lambda: chain.mine(1),
            "send": lambda: chain.transfer(chain.accounts[0], NOBODY, 1),
            "deal": lambda: chain.deal(NOBODY, 1),
        }
        with pytest.raises(ClockError):
            makers[make]()
        assert (chain.number, chain.balance(NOBODY)) == (1, 0)


def front_running(mallory: Address) -> Callable[[Sequence[Transaction]], list[Transaction]]:
    """The producer lets one sender in first, whatever others pay."""
    return lambda waiting: sorted(waiting, key=lambda t: t.sender != mallory)


class Race(Contract):
    """The first to come gets it."""

    first: address

    @external
    def claim(self) -> None:
        require(self.first == ZERO_ADDRESS, Regret())
        self.first = self.msg.sender


class TestMempool:
    def test_the_highest_price_goes_first_and_then_the_first_come(self) -> None:
        chain = Chain()
        alice, bob, carol, dave = chain.accounts[:4]
        for sender, price in ((alice, 2), (bob, 5), (carol, 2), (dave, 9)):
            payment(chain, sender, price=price)
        assert [chain.labels[t.sender] for t in chain.waiting] == ["alice", "bob", "carol", "dave"]
        chain.mine()
        assert [sender for sender, _ in mined(chain)] == ["dave", "bob", "alice", "carol"]

    def test_a_senders_own_keep_the_order_of_nonces(self) -> None:
        chain = Chain()
        alice, bob = chain.accounts[:2]
        for value, price in ((1, 1), (2, 9), (3, 5)):
            payment(chain, alice, value, price=price)
        payment(chain, bob, 7, price=6)
        block = chain.mine()
        # Alice's places are those her prices buy; her transactions take them by nonce.
        assert mined(chain) == [("alice", 1), ("bob", 7), ("alice", 2), ("alice", 3)]
        assert block.dropped == ()
        assert [receipt.index for receipt in block.receipts] == [0, 1, 2, 3]

    def test_a_policy_of_the_chains_own_decides(self) -> None:
        mallory = Chain().account("mallory")
        chain = Chain(ordering=front_running(mallory.address))
        alice, bob = chain.accounts[:2]
        chain.account("mallory", balance=ether)
        payment(chain, alice, 1, price=1)
        payment(chain, bob, 2, price=100)
        payment(chain, mallory, 3, price=0)
        chain.mine()
        assert mined(chain) == [("mallory", 3), ("alice", 1), ("bob", 2)]
        chain.verify()

    def test_a_front_runner_gets_what_somebody_else_was_to_get(self) -> None:
        chain = Chain()
        alice, bob = chain.accounts[:2]
        race = chain.deploy(Race, sender=alice)
        for policy, winner in ((by_price, alice), (front_running(bob.address), bob)):
            chain.ordering = policy
            with chain.anchor():
                race.claim.submit(sender=alice, gas_price=50, gas_limit=100_000)
                race.claim.submit(sender=bob, gas_price=2, gas_limit=100_000)
                block = chain.mine()
                assert race.first() == winner.address
                assert [receipt.ok for receipt in block.receipts] == [True, False]
                assert isinstance(block.receipts[1].error, Regret)

    @pytest.mark.parametrize("policy", [
        lambda waiting: waiting[1:],
        lambda waiting: [*waiting, waiting[0]],
        lambda _: [],
        lambda waiting: [waiting[0], waiting[0]],
    ])  # fmt: skip
    def test_a_policy_must_neither_lose_nor_double(self, policy: Any) -> None:
        chain = Chain(ordering=policy)
        waiting = (payment(chain, chain.accounts[0]), payment(chain, chain.accounts[1]))
        with pytest.raises(ValueError, match="each once"):
            chain.mine()
        assert (chain.number, chain.waiting) == (0, waiting)

    def test_what_does_not_fit_into_a_block_waits_on(self) -> None:
        chain = Chain(block_gas_limit=100_000)
        alice, bob, carol = chain.accounts[:3]
        payment(chain, alice, 1, gas_limit=60_000, price=9)
        payment(chain, bob, 2, gas_limit=60_000, price=8)
        payment(chain, bob, 3, gas_limit=60_000, price=7)  # 58,000 are left
        payment(chain, bob, 4, gas_limit=21_000, price=7)  # would fit, but bob's order matters
        payment(chain, carol, 5, gas_limit=50_000, price=6)
        first = chain.mine()
        assert mined(chain) == [("alice", 1), ("bob", 2), ("carol", 5)]
        assert first.gas_used == 63_000 <= chain.header().gas_limit
        assert [t.value for t in chain.waiting] == [3, 4]
        chain.mine()
        assert mined(chain) == [("bob", 3), ("bob", 4)]
        assert chain.waiting == ()
        chain.verify()

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(21_000, 90_000)), max_size=12))
    def test_no_block_exceeds_its_gas_limit_and_all_get_in_at_last(
        self, waiting: list[tuple[int, int]]
    ) -> None:
        chain = Chain(block_gas_limit=90_000)
        for sender, limit in waiting:
            payment(chain, chain.accounts[sender], gas_limit=limit)
        for _ in range(len(waiting)):
            assert chain.mine().gas_used <= 90_000
        assert chain.waiting == ()
        assert chain.balance(NOBODY) == len(waiting)

    def test_what_became_invalid_is_dropped_and_says_why(self) -> None:
        chain = Chain(balance=ether, gas_price=0)
        alice, bob = chain.accounts[:2]
        payment(chain, alice, ether, price=0)
        broke = payment(chain, alice, 1, price=0)
        after = payment(chain, alice, 0, price=0)
        payment(chain, bob, 2, price=0)
        block = chain.mine()
        assert mined(chain) == [("alice", ether), ("bob", 2)]
        assert [transaction for transaction, _ in block.dropped] == [broke, after]
        reasons = [error for _, error in block.dropped]
        assert [type(reason) for reason in reasons] == [InsufficientFunds, WrongNonce]
        assert all("alice" in str(reason) for reason in reasons)
        assert chain.waiting == ()

    def test_a_direct_transaction_does_not_overtake_those_that_wait(self) -> None:
        chain = Chain()
        alice = chain.accounts[0]
        waiting = payment(chain, alice, 5)
        with pytest.raises(WrongNonce, match="wait"):
            chain.transfer(alice, NOBODY, 1)
        assert chain.waiting == (waiting,)

    def test_waiting_transactions_do_not_share_a_nonce(self) -> None:
        chain = Chain()
        alice = chain.accounts[0]
        payment(chain, alice), payment(chain, alice)
        assert [t.nonce for t in chain.waiting] == [0, 1]
        for nonce in (0, 1, 3):
            copy = chain.waiting[0].model_copy(update={"nonce": nonce})
            with pytest.raises(WrongNonce):
                chain.submit(Transaction(**dict(copy)))
        assert len(chain.waiting) == 2


class Buggy(Contract):
    """Has a mistake that no test found."""

    count: uint256
    items: Array[uint256]

    @external
    def step(self, wrong: uint256) -> None:
        self.count += 1
        self.items.append(wrong)
        if wrong == 1:
            self.count = len(self.count)  # type: ignore[arg-type]


class TestBugs:
    def test_a_bug_surfaces_as_itself_and_undoes_the_transaction(self) -> None:
        chain = Chain()
        alice = chain.accounts[0]
        buggy = chain.deploy(Buggy, sender=alice)
        before = (chain._ledger.state.leaves(), chain.number, chain.timestamp)
        with pytest.raises(TypeError, match="no len"):
            buggy.step(1, sender=alice)
        with pytest.raises(TypeError, match="no len"):
            buggy.step.simulate(1, sender=alice)
        assert (chain._ledger.state.leaves(), chain.number, chain.timestamp) == before
        buggy.step(0, sender=alice)
        assert (buggy.count(), list(buggy.items())) == (1, [0])
        assert chain.block().receipts[0].gas_refund == 0
        chain.verify()

    def test_a_bug_in_a_block_of_several_undoes_the_block(self) -> None:
        chain = Chain()
        alice, bob, carol = chain.accounts[:3]
        buggy = chain.deploy(Buggy, sender=alice)
        buggy.step.submit(0, sender=alice, gas_price=9, gas_limit=10**6)
        payment(chain, bob, price=8)
        buggy.step.submit(1, sender=carol, gas_price=7, gas_limit=10**6)
        buggy.step.submit(0, sender=alice, gas_price=6, gas_limit=10**6)
        before = (chain._ledger.state.leaves(), chain.number, chain.timestamp)
        waiting = chain.waiting
        header, snapshot = chain.header(), chain.snapshot()
        with pytest.raises(TypeError):
            chain.mine()
        assert (chain._ledger.state.leaves(), chain.number, chain.timestamp) == before
        assert chain.waiting == waiting
        assert chain.header() == header
        assert buggy.count() == 0
        # Without the buggy one all goes well.
        (stuck,) = [each for each in waiting if each.sender == carol.address]
        chain.withdraw(stuck)
        with pytest.raises(UnknownTransaction):
            chain.withdraw(stuck)
        chain.mine()
        assert (buggy.count(), chain.balance(NOBODY)) == (2, 1)
        chain.verify()
        chain.revert(snapshot)
        assert chain.waiting == waiting


def test_withdrawing_takes_back_what_cannot_do_without_it() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    first, second, third = (payment(chain, alice) for _ in range(3))
    other = payment(chain, bob)
    chain.withdraw(second)
    assert chain.waiting == (first, other)
    assert payment(chain, alice).nonce == 1
    assert third not in chain.waiting


def test_calls_that_wait_share_a_block_by_default() -> None:
    chain = Chain()
    buggy = chain.deploy(Buggy, sender=chain.accounts[0])
    for sender in chain.accounts:
        buggy.step.submit(0, sender=sender)
    assert len(chain.mine().receipts) == 10


class Moved(Event):
    """Something moved."""

    who: Indexed[address]
    step: Indexed[uint256]
    note: str


class MovedFar(Moved):
    """It moved far, which is moving, too."""


class Mover(Contract):
    """Logs what it is told to."""

    count: uint256

    def __init__(self, first: uint256) -> None:
        self.emit(Moved(who=self.msg.sender, step=first, note="made"))

    @external
    def move(self, step: uint256, far: bool) -> None:
        self.count += 1
        if far:
            self.emit(MovedFar(who=self.msg.sender, step=step, note=TEXTS[1]))
        else:
            self.emit(Moved(who=self.msg.sender, step=step, note=TEXTS[1]))

    @external
    def pay_through(self, purse: Purse, to: address) -> None:
        self.emit(Moved(who=to, step=0, note="before"))
        purse.pay(to, 0)
        self.try_call(purse, "pay_and_fail", [to, 0])
        self.emit(Moved(who=to, step=1, note="after"))


class TestLogs:
    @pytest.fixture
    def chain(self) -> Chain:
        return Chain()

    @pytest.fixture
    def movers(self, chain: Chain) -> tuple[Deployed, Deployed]:
        alice, bob = chain.accounts[:2]
        movers = (chain.deploy(Mover, 70, sender=alice), chain.deploy(Mover, 80, sender=bob))
        movers[0].move(1, False, sender=alice)  # block 3
        movers[1].move(1, False, sender=alice)
        movers[1].move(2, True, sender=bob)  # block 5
        movers[0].move.submit(3, False, sender=alice, gas_limit=100_000)
        movers[1].move.submit(3, True, sender=bob, gas_limit=100_000)
        chain.mine()  # block 6
        return movers

    def steps(self, chain: Chain, *arguments: Any, **options: Any) -> list[int]:
        events: list[Any] = [log.event for log in chain.logs(*arguments, **options)]
        return [event.step for event in events]

    def test_all_of_them_in_order_constructors_too(
        self, chain: Chain, movers: tuple[Deployed, Deployed]
    ) -> None:
        assert self.steps(chain) == [70, 80, 1, 1, 2, 3, 3]
        logs = chain.logs()
        assert [log.block_number for log in logs] == [1, 2, 3, 4, 5, 6, 6]
        assert [log.transaction_index for log in logs] == [0, 0, 0, 0, 0, 0, 1]
        assert {log.log_index for log in logs} == {0}
        assert logs[0].event == Moved(who=chain.accounts[0].address, step=70, note="made")
        assert logs[0].contract == movers[0].address

    def test_by_event_class_contract_and_block(
        self, chain: Chain, movers: tuple[Deployed, Deployed]
    ) -> None:
        assert self.steps(chain, MovedFar) == [2, 3]
        assert self.steps(chain, Moved) == [70, 80, 1, 1, 2, 3, 3], "subclasses are included"
        assert self.steps(chain, Paid) == []
        assert self.steps(chain, contract=movers[0]) == [70, 1, 3]
        assert self.steps(chain, contract=movers[1].address) == [80, 1, 2, 3]
        assert self.steps(chain, from_block=3) == [1, 1, 2, 3, 3]
        assert self.steps(chain, to_block=2) == [70, 80]
        assert self.steps(chain, from_block=5, to_block=5) == [2]
        assert self.steps(chain, from_block=7) == []
        assert self.steps(chain, MovedFar, contract=movers[1], from_block=6) == [3]

    def test_by_transaction(self, chain: Chain, movers: tuple[Deployed, Deployed]) -> None:
        first, second = chain.block().transactions
        assert [log.contract for log in chain.logs(transaction=first)] == [movers[0].address]
        assert [log.contract for log in chain.logs(transaction=second)] == [movers[1].address]

    def test_by_indexed_fields(self, chain: Chain, movers: tuple[Deployed, Deployed]) -> None:
        alice, bob = chain.accounts[:2]
        assert self.steps(chain, Moved, who=alice) == [70, 1, 1, 3]
        assert self.steps(chain, Moved, who=alice.address, step=1) == [1, 1]
        assert self.steps(chain, Moved, who=bob, step=1) == []
        assert self.steps(chain, MovedFar, step=3, contract=movers[1]) == [3]
        wrongs: list[tuple[dict[str, Any], type[Event] | None]]
        wrongs = [({"note": "x"}, Moved), ({"nothing": 1}, Moved), ({"who": alice}, None)]
        for wrong, event in wrongs:
            with pytest.raises(InvalidValue, match=next(iter(wrong))):
                chain.logs(event, **wrong)

    def test_nested_calls_log_in_order_and_what_failed_does_not(self, chain: Chain) -> None:
        alice = chain.accounts[0]
        purse = chain.deploy(Purse, sender=alice)
        mover = chain.deploy(Mover, 0, sender=alice)
        receipt = mover.pay_through(purse, NOBODY, sender=alice)
        assert [type(event).__name__ for event in receipt.events] == ["Moved", "Paid", "Moved"]
        emitters = [log.contract for log in receipt.logs]
        assert emitters == [mover.address, purse.address, mover.address]
        assert [log.log_index for log in receipt.logs] == [0, 1, 2]
        assert chain.logs(from_block=receipt.block_number) == receipt.logs
        chain.send(purse.pay_and_fail.transaction(NOBODY, 0, sender=alice))
        assert chain.logs(from_block=receipt.block_number + 1) == []
        chain.send(chain.make_transaction("deploy", alice, name="Purse", gas_limit=200_000))
        assert chain.block().receipts[0].error is not None
        assert chain.logs(from_block=receipt.block_number + 1) == [], "its constructor logs"


class TestVerification:
    def busy_chain(self) -> Chain:
        chain = Chain()
        house = chain.deploy(Storehouse, sender=chain.accounts[0])
        run(house, ([(10, 0, 2, 5), (6, 1, 0, 3)], 0))
        payment(chain, chain.accounts[1]), payment(chain, chain.accounts[2], price=2 * gwei)
        chain.mine()
        chain.mine(7)
        chain.time_travel(seconds=99)
        chain.transfer(chain.accounts[3], NOBODY, 1)
        return chain

    def test_an_honest_chain_verifies_and_stays_as_it_is(self) -> None:
        chain = self.busy_chain()
        header, leaves = chain.header(), chain._ledger.state.leaves()
        chain.verify()
        chain.verify()
        assert (chain.header(), chain._ledger.state.leaves()) == (header, leaves)

    def test_transactions_that_wait_do_not_disturb(self) -> None:
        chain = self.busy_chain()
        payment(chain, chain.accounts[0])
        chain.verify()
        assert len(chain.waiting) == 1

    @pytest.mark.parametrize(
        "field", ["transactions_root", "state_root", "gas_used", "parent_hash"]
    )
    def test_a_changed_header_is_found(self, field: str) -> None:
        chain = self.busy_chain()
        header = chain.header(3)
        change: dict[str, Any] = {field: 5 if field == "gas_used" else bytes(32)}
        chain.block(3).header = replace(header, **change)
        with pytest.raises(VerificationFailed, match=f"block 3: {field}"):
            chain.verify()

    def test_a_changed_transaction_is_found(self) -> None:
        chain = self.busy_chain()
        chain.header()
        receipt = chain.block().receipts[0]
        receipt.transaction = Transaction(**{**dict(receipt.transaction), "value": 2})
        with pytest.raises(VerificationFailed, match="block 11"):
            chain.verify()

    def test_a_changed_receipt_is_found(self) -> None:
        chain = self.busy_chain()
        chain.block().receipts[0].gas_used += 1
        with pytest.raises(VerificationFailed, match="block 11"):
            chain.verify()

    def test_money_from_nowhere_is_found(self) -> None:
        chain = self.busy_chain()
        chain.header()
        chain._ledger.state.balances[NOBODY] += 1
        with pytest.raises(VerificationFailed, match="state"):
            chain.verify()


def provable(house: Deployed) -> dict[tuple[Any, ...], Any]:
    """Places of a storehouse, and what a proof of each shows; None where nothing was written."""
    narrow = list(house.narrow())
    names = list(house.names())
    return {
        ("total",): house.total() or None,
        ("drift",): house.drift() or None,
        ("title",): house.title() or None,
        ("scores", 1): house.scores(1) or None,
        ("grid", 1, 2): house.grid(1, 2) or None,
        ("entries", 1): house.entries(1)[:3] if any(house.entries(1)[:3]) else None,
        ("entries", 1, "text"): house.entries(1)[3] or None,
        ("entries", 1, "inner", 2): house.inner_of(1, 2) or None,
        ("narrow",): len(narrow) or None,
        ("narrow", 0): narrow[:64] or None,  # 64 elements share a leaf
        ("narrow", 70): narrow[64:128] or None,
        ("shelves", 1, 0): list(house.shelves(1))[:64] or None,
        ("names",): len(names) or None,
        ("names", 0): (names and names[0]) or None,
    }


class TestProofs:
    @given(program=frames)
    def test_proofs_of_storage_verify_against_the_header(self, program: Frame) -> None:
        house = new_house()
        chain = house._chain
        run(house, FILLING)
        run(house, ([program], 0))
        root = chain.header().state_root
        for place, value in provable(house).items():
            proof = chain.prove_storage(house, *place)
            assert proof.value == (None if value is None else encode(value))
            assert proof.verify(root)
            assert not proof.verify(sha3(root))
            assert not replace(proof, value=encode(12345)).verify(root)
            assert not replace(proof, value=None if value is not None else b"").verify(root)

    def test_proofs_of_balances_verify_and_tampered_ones_do_not(self) -> None:
        chain = Chain()
        alice, bob = chain.accounts[:2]
        chain.transfer(alice, bob, 5)
        root = chain.header().state_root
        proof = chain.prove_balance(bob)
        assert proof.value == encode(10_000 * ether + 5)
        assert proof.key == leaf_key(encode(("balance", bob.address)))
        assert proof.verify(root)
        absent = chain.prove_balance(NOBODY)
        assert (absent.value, absent.verify(root)) == (None, True)
        first, *rest = proof.siblings
        for tampered in (
            replace(proof, value=encode(10_000 * ether + 6)),
            replace(proof, key=leaf_key(encode(("balance", alice.address)))),
            replace(proof, siblings=(sha3(first), *rest)),
            replace(proof, siblings=tuple(rest)),
            replace(proof, siblings=tuple(rest[14:])),
            replace(proof, value=None),
            replace(absent, key=proof.key),
            replace(absent, value=encode(1)),
        ):
            assert not tampered.verify(root)

    def test_a_proof_is_of_its_own_block(self) -> None:
        chain = Chain()
        alice, bob = chain.accounts[:2]
        old_root, old = chain.header().state_root, chain.prove_balance(bob)
        chain.transfer(alice, bob, 5)
        new = chain.prove_balance(bob)
        assert chain.header().state_root != old_root
        assert (old.verify(old_root), new.verify(chain.header().state_root)) == (True, True)
        assert (old.verify(chain.header().state_root), new.verify(old_root)) == (False, False)

    @pytest.mark.parametrize("place", [
        ("totla",), ("scores",), ("grid", 1), ("total", 1), ("narrow", -1), ("scores", "x"),
        ("entries", 1, "txet"), ("scores", 1, 2),
    ])  # fmt: skip
    def test_what_is_no_place_cannot_be_proved_absent(self, place: tuple[Any, ...]) -> None:
        house = new_house()
        with pytest.raises(InvalidValue):
            house._chain.prove_storage(house, *place)
