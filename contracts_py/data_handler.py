"""Meta-data of every contribution: who gave it, when, for which deposit, and who claimed it.

The data itself is not stored; the trainer's ``AddData`` event carries it.
"""

from __future__ import annotations

from chain.contract import (
    ZERO_ADDRESS,
    Array,
    Error,
    Map,
    Struct,
    address,
    bytes32,
    external,
    int64,
    keccak,
    require,
    uint64,
    uint256,
    view,
)
from contracts_py.ownable import Ownable, only_owner


class DataKeyConflict(Error):
    """The same contribution was added in the same second and still has a deposit."""

    key: bytes32


class DataNotFound(Error):
    """There is no such contribution."""

    key: bytes32


class ClassNotEqual(Error):
    """The contribution has another class."""

    stored: uint64
    given: uint64


class TimeNotEqual(Error):
    """The contribution was added at another time."""

    stored: uint256
    given: uint256


class AuthorNotEqual(Error):
    """The contribution is somebody else's."""

    stored: address
    given: address


class StoredData(Struct):
    """What is kept of a contribution."""

    classification: uint64
    time: uint256
    sender: address
    initial_deposit: uint256
    claimable_amount: uint256
    num_claims: uint256
    claimed_by: Map[address, bool]


class DataHandler(Ownable):
    """Keeps the record of each contribution under a hash of all that identifies it."""

    added_data: Map[bytes32, StoredData]

    @external
    @only_owner
    def handle_add_data(
        self, sender: address, cost: uint256, data: Array[int64], classification: uint64
    ) -> uint256:
        """Record a contribution and return the time it was added at, in seconds.

        A record with nothing left to claim is overwritten, and so is one of nobody's; who claimed
        it stays known.
        """
        time = self.block.timestamp
        key = self.key_of(data, classification, time, sender)
        record = self.added_data[key]
        require(
            record.sender == ZERO_ADDRESS or record.claimable_amount == 0, DataKeyConflict(key=key)
        )
        record.classification = classification
        record.time = time
        record.sender = sender
        record.initial_deposit = cost
        record.claimable_amount = cost
        record.num_claims = 0
        return time

    @external
    @only_owner
    def handle_refund(
        self, submitter: address, data: Array[int64], classification: uint64, added_time: uint256
    ) -> tuple[uint256, bool, uint256]:
        """Close a contribution for its author.

        Returns what was claimable, whether the author had claimed, and the number of claims, all
        as they were before.
        """
        key = self.key_of(data, classification, added_time, submitter)
        record = self.added_data[key]
        require(record.sender != ZERO_ADDRESS, DataNotFound(key=key))
        self.check_equal(record, classification, added_time, submitter)
        claimable_amount = record.claimable_amount
        claimed_by_submitter = record.claimed_by[submitter]
        num_claims = record.num_claims
        record.claimable_amount = 0
        record.claimed_by[submitter] = True
        record.num_claims = num_claims + 1
        return claimable_amount, claimed_by_submitter, num_claims

    @external
    @only_owner
    def handle_report(
        self,
        reporter: address,
        data: Array[int64],
        classification: uint64,
        added_time: uint256,
        original_author: address,
    ) -> tuple[uint256, uint256, bool, uint256, bytes32]:
        """Note a report of a contribution.

        Returns the deposit it began with, what was claimable, whether the reporter had claimed, the
        number of claims, all as they were before, and the contribution's key.
        """
        key = self.key_of(data, classification, added_time, original_author)
        record = self.added_data[key]
        require(record.sender != ZERO_ADDRESS, DataNotFound(key=key))
        self.check_equal(record, classification, added_time, original_author)
        initial_deposit = record.initial_deposit
        claimable_amount = record.claimable_amount
        claimed_by_reporter = record.claimed_by[reporter]
        num_claims = record.num_claims
        record.claimed_by[reporter] = True
        record.num_claims = num_claims + 1
        return initial_deposit, claimable_amount, claimed_by_reporter, num_claims, key

    @external
    @only_owner
    def update_claimable_amount(self, key: bytes32, reward_amount: uint256) -> None:
        """Take what was paid off what can be claimed; raises Arithmetic if that is less."""
        self.added_data[key].claimable_amount -= reward_amount

    @view
    def claimable_amount(
        self, data: Array[int64], classification: uint64, added_time: uint256, author: address
    ) -> uint256:
        """Wei of the deposit that can still be claimed."""
        record = self.added_data[self.key_of(data, classification, added_time, author)]
        self.check_equal(record, classification, added_time, author)
        return record.claimable_amount

    @view
    def initial_deposit(
        self, data: Array[int64], classification: uint64, added_time: uint256, author: address
    ) -> uint256:
        """Wei deposited with a contribution."""
        record = self.added_data[self.key_of(data, classification, added_time, author)]
        self.check_equal(record, classification, added_time, author)
        return record.initial_deposit

    @view
    def num_claims(
        self, data: Array[int64], classification: uint64, added_time: uint256, author: address
    ) -> uint256:
        """How often a contribution was refunded or reported."""
        record = self.added_data[self.key_of(data, classification, added_time, author)]
        self.check_equal(record, classification, added_time, author)
        return record.num_claims

    @view
    def has_claimed(
        self,
        data: Array[int64],
        classification: uint64,
        added_time: uint256,
        author: address,
        claimer: address,
    ) -> bool:
        """Whether `claimer` has refunded or reported a contribution."""
        record = self.added_data[self.key_of(data, classification, added_time, author)]
        self.check_equal(record, classification, added_time, author)
        return record.claimed_by[claimer]

    @view
    def is_data_equal(self, data1: Array[int64], data2: Array[int64]) -> bool:
        """Whether two samples are the same."""
        return data1 == data2

    def key_of(
        self, data: Array[int64], classification: uint64, added_time: uint256, author: address
    ) -> bytes32:
        return keccak(data, classification, added_time, author)

    def check_equal(
        self, record: StoredData, classification: uint64, added_time: uint256, author: address
    ) -> None:
        stored_class = record.classification
        require(
            stored_class == classification, ClassNotEqual(stored=stored_class, given=classification)
        )
        stored_time = record.time
        require(stored_time == added_time, TimeNotEqual(stored=stored_time, given=added_time))
        stored_author = record.sender
        require(stored_author == author, AuthorNotEqual(stored=stored_author, given=author))
