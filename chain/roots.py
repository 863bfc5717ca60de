"""Headers and the state root, brought up to date when somebody looks.

Executing a block only writes to the journal. Sealing walks the journal: back to the last sealed
block, then forward block by block, updating the Merkle tree with just the cells each block wrote.
"""

from __future__ import annotations

from typing import Any

from chain.block import Block, Header
from chain.cells import Cells, Column, Leaves, leaf_key
from chain.journal import ABSENT, Journal, restore
from chain.merkle import MerkleTree, merkle_root
from chain.proof import Proof


class Roots:
    """The state tree as of the last sealed block, and the means to move it.

    Attributes
    ----------
    sealed
        How many of the chain's blocks have a header.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.tree = MerkleTree()
        self.sealed = 0
        self._mark = 0
        self._last_hash = bytes(32)

    def seal(self, blocks: list[Block]) -> None:
        """Give every block its header."""
        if self.sealed == len(blocks):
            return
        journal = self.journal
        entries = journal.entries
        start = self._mark - journal.dropped
        later: list[Any] = []
        for index in range(len(entries) - 3, start - 1, -3):
            container, key, before = entries[index : index + 3]
            later.append(container.get(key, ABSENT))
            restore(container, key, before)
        for block in blocks[self.sealed :]:
            stop = block.mark - journal.dropped
            touched: dict[tuple[int, Any], tuple[Any, Any, Any]] = {}
            for index in range(start, stop, 3):
                container, key, before = entries[index : index + 3]
                restore(container, key, later.pop())
                touched.setdefault((id(container), key), (container, key, before))
            found: Leaves = {}
            for container, key, before in touched.values():
                container.add_leaves(found, key, before)
            self._update(found)
            start = stop
            block.header = self._header(block)
            self._last_hash = block.header.hash
        # What a running transaction has changed so far, when it asks for a hash.
        for index in range(start, len(entries), 3):
            restore(entries[index], entries[index + 1], later.pop())
        self.sealed = len(blocks)
        self._mark = blocks[-1].mark

    def forget(self, oldest_snapshot: int | None) -> None:
        """Let the journal drop what neither sealing nor a snapshot needs any more."""
        self.journal.forget(
            self._mark if oldest_snapshot is None else min(oldest_snapshot, self._mark)
        )

    def rollback(self, mark: int, blocks: list[Block]) -> None:
        """Roll the journal back to `mark`, and the tree with it; `blocks` are those that stay."""
        journal = self.journal
        if len(blocks) >= self.sealed:
            journal.rollback(mark)
            return
        entries = journal.entries
        touched: dict[tuple[int, Any], tuple[Any, Any]] = {}
        stale: Leaves = {}
        # Also what is not sealed yet: an array that the tree has may have been replaced since.
        for index in range(mark - journal.dropped, len(entries), 3):
            container, key, before = entries[index : index + 3]
            touched[id(container), key] = (container, key)
            for value in (before, container.get(key)):
                if isinstance(container, Cells) and isinstance(value, Column):
                    stale.update(dict.fromkeys(value.paths()))
        journal.rollback(mark)
        for container, key in touched.values():
            container.add_leaves(stale, key, None)
        self._update(stale)
        self.sealed = len(blocks)
        self._mark = mark
        header = blocks[-1].header
        assert header is not None, "blocks before a sealed one are sealed"
        self._last_hash = header.hash

    def prove(self, path: bytes) -> Proof:
        """Prove what the cell named `path` holds, or that it holds nothing."""
        return self.tree.prove(leaf_key(path))

    def _update(self, leaves: Leaves) -> None:
        for path, value in leaves.items():
            self.tree.update(leaf_key(path), value)

    def _header(self, block: Block) -> Header:
        return Header(
            number=block.number,
            count=block.count,
            parent_hash=self._last_hash,
            timestamp=block.timestamp,
            producer=block.producer,
            gas_limit=block.gas_limit,
            gas_used=block.gas_used,
            transactions_root=merkle_root([receipt.transaction.hash for receipt in block.receipts]),
            receipts_root=merkle_root([receipt.encoded() for receipt in block.receipts]),
            state_root=self.tree.root(),
        )
