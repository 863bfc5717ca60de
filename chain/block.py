"""Blocks: what was executed together, and the header that commits to it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from chain.crypto import sha3
from chain.encoding import encode
from chain.errors import InvalidTransaction
from chain.receipt import Receipt
from chain.transaction import Transaction
from chain.values import Address


@dataclass(frozen=True, slots=True)
class Header:
    """Commitment to a block and, through `parent_hash`, to everything before it.

    Attributes
    ----------
    number
        The block's number; of a run of empty blocks, the last one's.
    count
        How many blocks the header stands for: 1, or the length of a run of empty blocks that were
        mined at once. A run is one link of the chain, so that a million cost as much as one.
    timestamp
        Seconds; virtual.
    transactions_root, receipts_root
        Merkle roots over the block's transactions and receipts, in order.
    state_root
        Merkle root over all balances, nonces, contracts and storage after the block.
    """

    number: int
    count: int
    parent_hash: bytes
    timestamp: int
    producer: str
    gas_limit: int
    gas_used: int
    transactions_root: bytes
    receipts_root: bytes
    state_root: bytes

    @property
    def hash(self) -> bytes:
        """32 bytes that name the block."""
        return sha3(encode([getattr(self, name) for name in _FIELDS]))


_FIELDS = tuple(field.name for field in fields(Header))


class Block:
    """Transactions executed together, with their receipts.

    Attributes
    ----------
    number, count, timestamp
        As in the header.
    dropped
        Transactions of the mempool that had become invalid when the block was made, and why.
    mark
        The journal's position after the block.
    header
        None until somebody asks the chain for it.
    """

    __slots__ = (
        "count",
        "dropped",
        "gas_limit",
        "gas_used",
        "header",
        "mark",
        "number",
        "producer",
        "receipts",
        "timestamp",
    )

    def __init__(
        self,
        number: int,
        count: int,
        timestamp: int,
        producer: Address,
        gas_limit: int,
        receipts: list[Receipt],
        mark: int,
    ) -> None:
        self.number = number
        self.count = count
        self.timestamp = timestamp
        self.producer = producer
        self.gas_limit = gas_limit
        self.gas_used = sum([receipt.gas_used for receipt in receipts])
        self.receipts = receipts
        self.mark = mark
        self.dropped: tuple[tuple[Transaction, InvalidTransaction], ...] = ()
        self.header: Header | None = None

    @property
    def transactions(self) -> list[Transaction]:
        """The transactions, in the order they were executed."""
        return [receipt.transaction for receipt in self.receipts]

    def __repr__(self) -> str:
        size = f"{len(self.receipts)} transactions, {self.gas_used:,} gas"
        return f"<Block {self.number} at {self.timestamp} s: {size}>"
