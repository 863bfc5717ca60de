"""A snapshot comes back exactly, however often, wherever it was taken, whatever happened since."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chain import Chain, encode
from chain.contract import Array, Contract, external, uint64
from chain.errors import ExecutionError, UnknownContract, UnknownSnapshot
from chain.units import ether
from tests.strategies import NOBODY, Act, Paid, Purse, World, acts, root_from_scratch
from tests.test_journal import Frame, Storehouse, frames, run


@dataclass(frozen=True)
class Travel:
    """Let time pass."""

    seconds: int


@dataclass(frozen=True)
class Empty:
    """Make empty blocks."""

    count: int


@dataclass(frozen=True)
class Look:
    """Ask for the newest header, which seals all blocks."""


@dataclass(frozen=True)
class Name:
    """Make an account of that label, or a class known."""

    label: str


@dataclass(frozen=True)
class Mark:
    """Take a snapshot."""


@dataclass(frozen=True)
class Return:
    """Go back to one of the snapshots that are left."""

    which: int


@dataclass(frozen=True)
class Anchored:
    """Do all this inside ``chain.anchor()``."""

    moves: tuple[Any, ...]


class Place:
    """A world with a storehouse, and the moves that were made in it and not undone."""

    def __init__(self) -> None:
        self.world = World(Chain(balance=ether, block_gas_limit=2**62))
        self.chain = self.world.chain
        deployer = self.world.people[0]
        self.house = self.chain.deploy(Storehouse, sender=deployer, gas_price=0)
        self.done: list[Any] = []
        self.marks: list[tuple[int, int, dict[str, Any], dict[int, bytes]]] = []

    def make(self, move: Any) -> None:
        """Make one move; everything that changes the chain is noted in `done`."""
        chain = self.chain
        if isinstance(move, Mark):
            self.marks.append((chain.snapshot(), len(self.done), picture(self), sealed(chain)))
        elif isinstance(move, Return):
            if self.marks:
                self.go_back(move.which % len(self.marks))
        elif isinstance(move, Anchored):
            before, hashes = picture(self), sealed(chain)
            done, marks = list(self.done), list(self.marks)
            with chain.anchor():
                for inner in move.moves:
                    if not isinstance(inner, Return):  # which could go further back than the anchor
                        self.make(inner)
            self.done, self.marks = done, marks
            assert picture(self) == before
            assert {number: chain.header(number).hash for number in hashes} == hashes
        else:
            self.done.append(move)
            if isinstance(move, Act):
                self.world.perform(move)
            elif isinstance(move, Travel):
                chain.time_travel(seconds=move.seconds)
            elif isinstance(move, Empty):
                chain.mine(move.count)
            elif isinstance(move, Look):
                chain.header()
            elif isinstance(move, Name):
                chain.account(move.label)
            else:
                with suppress(ExecutionError):
                    run(self.house, move)

    def go_back(self, which: int) -> None:
        snapshot, length, before, hashes = self.marks[which]
        self.chain.revert(snapshot)
        del self.done[length:]
        assert picture(self) == before
        assert {number: self.chain.header(number).hash for number in hashes} == hashes
        for later, *_ in self.marks[which + 1 :]:
            with pytest.raises(UnknownSnapshot):
                self.chain.revert(later)
        del self.marks[which + 1 :]


def picture(place: Place) -> dict[str, Any]:
    """Everything about a chain that somebody could see, without asking for headers."""
    chain = place.chain
    blocks = chain._ledger.blocks
    return {
        "clock": (chain.number, chain.timestamp),
        "state": chain._ledger.state.leaves(),
        "balances": [chain.balance(where) for where in place.world.places],
        "money": (chain.money, chain.total_balance),
        "waiting": chain.waiting,
        "nonces": [chain.make_transaction("call", each).nonce for each in place.world.people],
        "logs": [(log, log.event.values) for log in chain.logs()],
        "labels": dict(chain.labels),
        "classes": dict(chain._ledger.classes),
        "blocks": [(each.number, each.count, each.timestamp, each.gas_used) for each in blocks],
        "receipts": [receipt.encoded() for block in blocks for receipt in block.receipts],
        "dropped": [[str(error) for _, error in block.dropped] for block in blocks],
    }


def sealed(chain: Chain) -> dict[int, bytes]:
    """Hashes of the headers that were asked for."""
    headers = (block.header for block in chain._ledger.blocks)
    return {header.number: header.hash for header in headers if header is not None}


changes = st.one_of(
    acts("deal", "mine"),
    frames,
    st.builds(Travel, st.integers(0, 10_000)),
    st.builds(Empty, st.integers(1, 3)),
    st.builds(Look),
    st.builds(Name, st.sampled_from(("xenia", "yoko"))),
)
returns = st.builds(Return, st.integers(0, 9))
moves = st.one_of(
    changes,
    st.builds(Mark),
    returns,
    st.builds(Anchored, st.lists(st.one_of(changes, st.builds(Mark)), max_size=5).map(tuple)),
)

LONG = ([(10, 0, 3, 1), (25, 0, 3, 1)], 0)  # arrays of 120 elements
SHORT = ([(10, 0, 0, 1), (25, 0, 1, 1)], 0)
ELEMENT: Frame = ([(12, 0, 0, 9), (26, 0, 0, 9)], 0)


@given(sequence=st.lists(moves, max_size=25))
@example(sequence=[Mark(), Empty(1), Look(), Return(0), Empty(2), Look()])
@example(sequence=[Mark(), LONG, Look(), SHORT, Return(0), Look()])
@example(sequence=[LONG, Mark(), Empty(1), Look(), SHORT, Return(0), Look()])
@example(sequence=[LONG, Mark(), LONG, ELEMENT, Look(), Return(0), Look()])
@example(sequence=[SHORT, Mark(), LONG, Look(), Return(0), ELEMENT, Look(), Return(0)])
@example(sequence=[Anchored((Anchored((LONG, Look())), Look(), Mark())), Look()])
def test_what_was_undone_leaves_no_trace(sequence: list[Any]) -> None:
    place = Place()
    for move in [*sequence, Empty(1)]:  # headers of earlier blocks are not made again
        place.make(move)
    # Only what was not undone, on a chain that never went back.
    straight = Place()
    for move in place.done:
        straight.make(move)
    assert picture(place) == picture(straight)
    for block, twin in zip(place.chain._ledger.blocks, straight.chain._ledger.blocks, strict=True):
        assert place.chain.header(block.number) == straight.chain.header(twin.number)
    assert place.chain.header().state_root == root_from_scratch(place.chain)
    place.chain.verify()


@given(sequence=st.lists(changes | st.builds(Mark) | returns, max_size=12))
@example(sequence=[LONG, Mark(), SHORT, Look(), Return(0)])
def test_proofs_hold_after_going_back(sequence: list[Any]) -> None:
    place = Place()
    chain = place.chain
    for move in [Mark(), *sequence, Return(0), *sequence[:2]]:
        place.make(move)
    root = chain.header().state_root
    for where in place.world.places:
        proof = chain.prove_balance(where)
        assert proof.verify(root)
        held = chain.balance(where)
        assert proof.value == (encode(held) if held else None)
    for field, keys in [("total", ()), ("scores", (0,)), ("narrow", (0,)), ("shelves", (0, 0))]:
        assert chain.prove_storage(place.house, field, *keys).verify(root)


class Shelf(Contract):
    """An array, and nothing else."""

    items: Array[uint64]

    @external
    def fill(self, items: Array[uint64]) -> None:
        self.items = items


def test_one_snapshot_many_returns() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    snapshot = chain.snapshot()
    for turn in range(5):
        chain.transfer(alice, bob, 10 + turn)
        chain.time_travel(seconds=turn)
        chain.deploy(Shelf, sender=bob)
        chain.revert(snapshot)
        assert chain.balance(bob) == 10_000 * ether
        assert (chain.number, chain.make_transaction("call", bob).nonce) == (0, 0)
    assert chain.balance(chain.producer) == 0


def test_a_snapshot_survives_a_return_to_an_earlier_one_only_if_it_is_older() -> None:
    chain = Chain()
    first, second, third = chain.snapshot(), chain.snapshot(), chain.snapshot()
    assert len({first, second, third}) == 3
    chain.revert(second)
    chain.revert(first)
    for gone in (second, third):
        with pytest.raises(UnknownSnapshot, match=f"no snapshot {gone}"):
            chain.revert(gone)
    fresh = chain.snapshot()
    assert fresh not in (first, second, third), "an id is never used twice"
    chain.revert(first)


@pytest.mark.parametrize("unknown", [0, -1, 7, "1", None])
def test_unknown_snapshots_are_refused_and_nothing_changes(unknown: Any) -> None:
    chain = Chain()
    chain.snapshot()
    chain.mine(3)
    with pytest.raises(UnknownSnapshot):
        chain.revert(unknown)
    assert chain.number == 3


def test_a_snapshot_brings_back_the_mempool_and_the_clock() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    chain.submit(chain.make_transaction("transfer", alice, to=bob.address, value=1))
    chain.time_travel(seconds=100)
    time, snapshot = chain.timestamp, chain.snapshot()
    chain.mine()
    chain.submit(chain.make_transaction("transfer", bob, to=alice.address, value=2))
    assert chain.make_transaction("call", bob).nonce == 1
    chain.revert(snapshot)
    assert [waiting.value for waiting in chain.waiting] == [1]
    assert chain.timestamp == time
    assert [chain.make_transaction("call", each).nonce for each in (alice, bob)] == [1, 0]
    chain.mine()
    assert chain.balance(bob) == 10_000 * ether + 1


def test_a_snapshot_brings_back_logs_labels_and_classes() -> None:
    chain = Chain()
    alice = chain.accounts[0]
    purse = chain.deploy(Purse, sender=alice, label="the first")
    snapshot = chain.snapshot()
    logs = chain.logs()
    assert len(logs) == 1
    purse.pay(NOBODY, 0, sender=alice)
    other = chain.deploy(Shelf, sender=alice, label="the second")
    chain.at(purse, label="renamed")
    chain.account("zoe")
    assert len(chain.logs()) == 2
    chain.revert(snapshot)
    assert chain.logs() == chain.logs(Paid) == logs
    assert chain.labels[purse.address] == "the first"
    assert other.address not in chain.labels
    assert "zoe" not in chain.labels.values()
    with pytest.raises(UnknownContract):
        chain.send(chain.make_transaction("deploy", alice, name="Shelf"))


def test_the_same_address_can_hold_another_contract_after_a_return() -> None:
    chain = Chain()
    alice = chain.accounts[0]
    snapshot = chain.snapshot()
    shelf = chain.deploy(Shelf, sender=alice)
    shelf.fill(list(range(200)), sender=alice)
    chain.header()
    chain.revert(snapshot)
    purse = chain.deploy(Purse, sender=alice, value=1)
    assert purse.address == shelf.address
    assert chain.header().state_root == root_from_scratch(chain)
    again = chain.snapshot()
    chain.revert(again)
    assert (purse.balance, purse.paid()) == (1, 0)


def test_an_anchor_undoes_even_when_the_block_raises() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    anchored = chain.anchor()
    anchored.__enter__()
    chain.transfer(alice, bob, 1)
    assert not anchored.__exit__(ValueError, ValueError("of the test"), None)
    assert (chain.number, chain.balance(bob)) == (0, 10_000 * ether)
    with pytest.raises(UnknownSnapshot), chain.anchor():
        chain.revert(10**6)
    assert chain.number == 0


def test_returning_to_before_an_anchor_from_inside_it() -> None:
    chain = Chain()
    chain.mine(1)
    snapshot = chain.snapshot()
    chain.mine(1)
    with chain.anchor():
        chain.mine(1)
        chain.revert(snapshot)
        assert chain.number == 1
    assert chain.number == 1, "what is undone already need not be undone again"


def test_all_or_nothing_stays_unless_it_raises() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    with chain.all_or_nothing():
        chain.transfer(alice, bob, 1)
    assert chain.balance(bob) == 10_000 * ether + 1
    root = chain.header().state_root

    def fail(error: type[BaseException]) -> None:
        with chain.all_or_nothing(), chain.all_or_nothing():
            chain.time_travel(seconds=5)
            chain.transfer(alice, bob, 1)
            raise error

    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error):
            fail(error)
        assert (chain.number, chain.balance(bob)) == (1, 10_000 * ether + 1)
        assert chain.header().state_root == root
    assert not chain._ledger._snapshots, "the journal would be kept for them"


def test_returning_to_before_all_or_nothing_from_inside_it() -> None:
    chain = Chain()
    snapshot = chain.snapshot()
    chain.mine(1)
    with chain.all_or_nothing():
        chain.mine(1)
        chain.revert(snapshot)
    assert chain.number == 0

    def fail() -> None:
        with chain.all_or_nothing():
            chain.revert(snapshot)
            chain.mine(3)
            raise ValueError("of the test")

    with pytest.raises(ValueError, match="of the test"):
        fail()
    assert chain.number == 3, "what it started from is gone"


def test_a_handle_to_a_contract_that_is_gone_says_so() -> None:
    chain = Chain()
    snapshot = chain.snapshot()
    purse = chain.deploy(Purse, sender=chain.accounts[0])
    chain.revert(snapshot)
    uses = (purse.paid, purse.peek_and_write, lambda: chain.prove_storage(purse, "paid"))
    for use in uses:
        with pytest.raises(Exception, match="no contract at"):
            use()
