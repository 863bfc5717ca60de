"""What an attacker of the fast paths found: each was wrong once."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from chain import Chain, Deployed, Reason
from chain.contract import (
    Array,
    Contract,
    Map,
    Struct,
    add_at,
    external,
    sum_at,
    uint8,
    uint64,
    uint256,
    view,
)
from chain.contract import address as address_type
from chain.errors import ContractRefused, InvalidValue, OutOfGas
from chain.testing import reverts


class Counter(Contract):
    """Adds to a map in odd ways."""

    counts: Map[uint64, uint64]
    keys: Array[uint64]

    def __init__(self, keys: Array[uint64]) -> None:
        self.keys = keys

    @external
    def put(self, key: uint64, value: uint64) -> None:
        self.counts[key] = value

    @external
    def add_twice(self, key: uint64) -> None:
        self.counts[key + 1] = 0
        add_at(self.counts, [key, key], 1)

    @external
    def add_each(self, keys: Array[uint64]) -> None:
        add_at(self.counts, keys, 1)

    @external
    def add_stored(self) -> None:
        add_at(self.counts, self.keys, 1)

    @external
    def add_to_signs(self, number: uint64) -> None:
        add_at(self.counts, [number > 3], 1)

    @external
    def add_up_to(self, end: uint64) -> None:
        add_at(self.counts, range(end), 1)

    @view
    def sum_up_to(self, end: uint64) -> uint256:
        return sum_at(self.counts, range(end))

    @view
    def sum_of_signs(self, number: uint64) -> uint256:
        return sum_at(self.counts, [number > 3])


@pytest.fixture
def counter(chain: Chain) -> Deployed:
    return chain.deploy(Counter, [4, 5, 6], sender=chain.accounts[0])


def test_every_write_leaves_more_than_a_stipend(chain: Chain, counter: Deployed) -> None:
    # EIP-2200: the last of the writes, of a slot that is dirty, begins with 100 gas left.
    alice = chain.accounts[0]
    counter.put(4, 7, sender=alice)
    used = counter.add_twice.simulate(4, sender=alice).gas_used
    for too_little in (0, 2_199):
        with reverts(OutOfGas):
            counter.add_twice(4, sender=alice, gas_limit=used + too_little)
        assert counter.counts(4) == 7
    counter.add_twice(4, sender=alice, gas_limit=used + 2_201)
    assert counter.counts(4) == 9


def test_keys_in_storage_cost_the_same_whatever_they_lead_to(
    chain: Chain, counter: Deployed
) -> None:
    alice = chain.accounts[0]
    extra = set()
    for _ in range(2):  # slots that were empty, and slots that were not
        stored = counter.add_stored.simulate(sender=alice).gas_by_reason
        given = counter.add_each.simulate([4, 5, 6], sender=alice).gas_by_reason
        assert stored[Reason.STORAGE_WRITE] == given[Reason.STORAGE_WRITE]
        extra.add(stored[Reason.STORAGE_READ] - given[Reason.STORAGE_READ])
        counter.add_each([4, 5, 6], sender=alice)
    # Each of three elements, which share a slot and are copied to memory first.
    assert extra == {2_100 + 2 * 100}


def test_truth_is_no_key(chain: Chain, counter: Deployed) -> None:
    for method in (counter.add_to_signs.simulate, counter.sum_of_signs):
        with reverts(InvalidValue):
            method(5, sender=chain.accounts[0])


def test_a_range_of_keys_is_paid_before_it_is_walked(chain: Chain, counter: Deployed) -> None:
    alice = chain.accounts[0]
    counter.add_up_to(3, sender=alice)
    assert counter.sum_up_to(9) == 3
    for method in (counter.add_up_to.simulate, counter.sum_up_to):
        with reverts(OutOfGas):
            method(2**40, sender=alice)


def test_a_chain_can_be_copied(chain: Chain, counter: Deployed) -> None:
    alice = chain.accounts[0]
    other = copy.deepcopy(chain)
    twin = other.at(counter.address)
    twin.put(1, 5, sender=other.accounts[0])
    counter.put(1, 7, sender=alice)
    assert (twin.counts(1), counter.counts(1)) == (5, 7)
    other.verify()


@pytest.mark.parametrize("value", [np.array([1, 2]), np.array([1]), np.array(1.0)])
def test_an_array_is_no_integer(chain: Chain, counter: Deployed, value: Any) -> None:
    with reverts(InvalidValue):
        counter.put(value, 1, sender=chain.accounts[0])


def test_a_struct_does_not_pass_for_an_address() -> None:
    with pytest.raises(ContractRefused, match="the struct would pass for one"):

        class Entry(Struct):
            low: uint8
            address: address_type


class Left(Contract):
    """One base."""

    shared: uint8


class Right(Contract):
    """Another, which declares the same name."""

    shared: uint256


def test_two_bases_do_not_declare_one_field() -> None:
    with pytest.raises(ContractRefused, match="two of its bases have a field of that name"):

        class Both(Left, Right):
            """Nobody knows what it would hold."""
