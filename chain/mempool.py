"""Transactions that wait for a block, and the order in which they get into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chain.errors import UnknownTransaction
from chain.transaction import Transaction
from chain.values import Address

# Sorts waiting transactions, given in order of arrival; a sender's own keep the order of nonces.
Ordering = Callable[[Sequence[Transaction]], Sequence[Transaction]]


def by_price(waiting: Sequence[Transaction]) -> Sequence[Transaction]:
    """Highest gas price first, then first come."""
    return sorted(waiting, key=lambda transaction: -transaction.gas_price)


class Mempool:
    """Waiting transactions, in order of arrival."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Address, int], Transaction] = {}
        self._counts: dict[Address, int] = {}

    @property
    def waiting(self) -> tuple[Transaction, ...]:
        """The transactions, in order of arrival."""
        return tuple(self._waiting.values())

    def replace(self, waiting: Sequence[Transaction]) -> None:
        """Make these the waiting ones."""
        self._waiting = {}
        self._counts = {}
        for transaction in waiting:
            self.add(transaction)

    def add(self, transaction: Transaction) -> None:
        """Queue a transaction, whose nonce is the sender's next one."""
        sender = transaction.sender
        self._waiting[sender, transaction.nonce] = transaction
        self._counts[sender] = self._counts.get(sender, 0) + 1

    def count(self, sender: Address) -> int:
        """How many of a sender's transactions wait."""
        return self._counts.get(sender, 0)

    def withdraw(self, transaction: Transaction) -> None:
        """Take back a transaction, and the sender's later ones, which cannot do without it.

        Raises UnknownTransaction if it does not wait.
        """
        if self._waiting.get((transaction.sender, transaction.nonce)) != transaction:
            raise UnknownTransaction(f"{transaction!r} does not wait: it was mined, or never sent")
        self.replace(
            [
                other
                for other in self.waiting
                if other.sender != transaction.sender or other.nonce < transaction.nonce
            ]
        )

    def take(self, ordering: Ordering) -> list[Transaction]:
        """Empty the pool: all transactions in the policy's order, each sender's by nonce.

        Raises ValueError if the policy loses, doubles or makes up transactions.
        """
        ordered = list(ordering(self.waiting))
        if sorted(t.hash for t in ordered) != sorted(t.hash for t in self.waiting):
            raise ValueError(
                "the ordering policy must return the transactions it was given, each once"
            )
        self.replace([])
        queues: dict[Address, list[Transaction]] = {}
        for transaction in ordered:
            queues.setdefault(transaction.sender, []).append(transaction)
        for queue in queues.values():
            queue.sort(key=lambda transaction: transaction.nonce, reverse=True)
        # A sender's places in the order stay; which of its transactions takes which follows nonces.
        return [queues[transaction.sender].pop() for transaction in ordered]
