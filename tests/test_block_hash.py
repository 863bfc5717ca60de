"""Contracts can ask for the hashes of recent blocks: true ones, at no cost to who does not ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain, Deployed
from chain.compute import ADD, CALL, CONSTANT, CONTEXT
from chain.contract import (
    Array,
    Contract,
    Error,
    Map,
    bytes32,
    external,
    int64,
    require,
    uint256,
    view,
)
from chain.errors import OutOfGas, OutOfRange
from tests.strategies import root_from_scratch

NO_HASH = bytes(32)


class Regret(Error):
    """Given up on purpose."""


class Asker(Contract):
    """Asks for hashes in the middle of all kinds of writes."""

    seen: bytes32
    total: uint256
    counts: Map[uint256, uint256]
    items: Array[int64]
    three: Array[int64]
    names: Array[str]

    def __init__(self) -> None:
        for each in range(3):
            self.three.append(each)

    @view
    def hash_of(self, number: uint256) -> bytes32:
        return self.block_hash(number)

    @view
    def own_hash(self) -> bytes32:
        return self.block_hash(self.block.number)

    @external
    def keep(self, number: uint256) -> bytes32:
        self.seen = self.block_hash(number)
        return self.seen

    @external
    def write(self, key: uint256, asks: bool, fails: bool) -> None:
        self.total += 1
        self.counts[key] += 1
        self.items.append(key)
        if key % 3 == 0:
            self.items = self.three.load()
        if asks:
            self.block_hash(self.block.number - 1)
        self.names.append("x")
        self.items[0] += key
        require(not fails, Regret())

    @external
    def attempt(self, other: Asker, key: uint256, fails: bool, asks: bool) -> None:
        self.write(key, False, False)
        self.try_call(other, "write", [key, True, fails])
        self.write(key, asks, False)


@pytest.fixture
def asker() -> tuple[Chain, Deployed]:
    chain = Chain(gas_price=0)
    return chain, chain.deploy(Asker, sender=chain.accounts[0])


def test_hashes_are_those_of_the_headers(asker: tuple[Chain, Deployed]) -> None:
    chain, contract = asker
    for _ in range(3):
        chain.transfer(chain.accounts[0], chain.accounts[1], 1)
    number = chain.number
    kept = contract.keep(number, sender=chain.accounts[0]).return_value
    assert kept == contract.seen() == chain.header(number).hash != NO_HASH
    assert [contract.hash_of(each) for each in range(number + 1)] == [
        chain.header(each).hash for each in range(number + 1)
    ]
    chain.verify()


def test_only_the_last_256_blocks_have_hashes(asker: tuple[Chain, Deployed]) -> None:
    chain, contract = asker
    for _ in range(300):
        chain.mine()
    running = chain.number + 1
    assert contract.own_hash() == NO_HASH
    for number in (running - 1, running - 2, running - 256):
        assert contract.hash_of(number) == chain.header(number).hash
    for number in (running, running + 1, running - 257, 0, 2**256 - 1):
        assert contract.hash_of(number) == NO_HASH
    with pytest.raises(OutOfRange):
        contract.hash_of(-1)


def test_a_run_of_empty_blocks_has_one_hash(asker: tuple[Chain, Deployed]) -> None:
    chain, contract = asker
    first = chain.number + 1
    chain.mine(1_000_000)
    assert contract.hash_of(first) == NO_HASH, "too long ago"
    held = chain.header(chain.number).hash
    assert contract.hash_of(chain.number) == contract.hash_of(chain.number - 9) == held
    contract.keep(chain.number - 3, sender=chain.accounts[0])
    chain.verify()


def test_who_does_not_ask_makes_no_headers(asker: tuple[Chain, Deployed]) -> None:
    chain, contract = asker
    for key in range(5):
        contract.write(key, False, False, sender=chain.accounts[0])
    assert all(chain.block(number).header is None for number in range(chain.number + 1))
    contract.keep(1, sender=chain.accounts[0])
    assert chain.block(chain.number - 1).header is not None
    assert chain.block(chain.number).header is None


def test_it_costs_20_gas_and_is_paid_for(asker: tuple[Chain, Deployed]) -> None:
    chain, contract = asker
    asking = contract.write.simulate(1, True, False, sender=chain.accounts[0]).gas_used
    quiet = contract.write.simulate(1, False, False, sender=chain.accounts[0]).gas_used
    # Calldata that says so, the call, its argument (a number less 1), and the instruction itself.
    assert asking - quiet == (16 - 4) + CALL + (CONTEXT + ADD + CONSTANT) + 20
    with pytest.raises(OutOfGas):
        contract.write(1, True, False, sender=chain.accounts[0], gas_limit=30_000)


calls = st.tuples(
    st.sampled_from(("write", "attempt", "simulate", "view", "snapshot", "revert", "header")),
    st.integers(0, 7),
    st.booleans(),
    st.booleans(),
)


def perform(chain: Chain, contracts: list[Deployed], sequence: list[tuple[str, int, bool, bool]],
            asks: bool) -> None:  # fmt: skip
    """Do all calls, and ask for hashes along the way, or not."""
    one, two = contracts
    alice = chain.accounts[0]
    snapshots = [chain.snapshot()]
    for what, key, fails, also in sequence:
        if what == "write":
            transaction = one.write.transaction(key, asks, fails, sender=alice, gas_limit=10**6)
            chain.send(transaction)
        elif what == "attempt":
            one.attempt(two, key, fails, asks and also, sender=alice, gas_limit=10**6)
        elif what == "simulate" and asks:
            one.attempt.simulate(two, key, fails, also, sender=alice)
        elif what == "view" and asks:
            one.hash_of(chain.number)
        elif what == "snapshot":
            snapshots.append(chain.snapshot())
        elif what == "revert":
            while len(snapshots) > 1 + key % 2:
                snapshots.pop()
            chain.revert(snapshots[-1])
        elif what == "header" and also:
            chain.header()


@given(sequence=st.lists(calls, max_size=20))
def test_asking_changes_nothing_that_is_stored(
    sequence: list[tuple[str, int, bool, bool]],
) -> None:
    chains = []
    for asks in (True, False):
        chain = Chain(gas_price=0)
        contracts = [chain.deploy(Asker, sender=chain.accounts[0]) for _ in range(2)]
        perform(chain, contracts, sequence, asks)
        chains.append(chain)
    asking, quiet = chains
    assert asking.header().state_root == quiet.header().state_root == root_from_scratch(asking)
    asking.verify()
