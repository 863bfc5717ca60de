"""Transactions that wait for a block, and the order in which they get into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chain.errors import WrongNonce
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
        self.waiting: list[Transaction] = []

    def add(self, transaction: Transaction) -> None:
        """Queue a transaction; raises WrongNonce if one of its sender has that nonce already."""
        for other in self.waiting:
            if (other.sender, other.nonce) == (transaction.sender, transaction.nonce):
                raise WrongNonce(
                    f"{transaction.sender} has a waiting transaction of nonce {transaction.nonce}"
                )
        self.waiting.append(transaction)

    def count(self, sender: Address) -> int:
        """How many of a sender's transactions wait."""
        return sum(1 for transaction in self.waiting if transaction.sender == sender)

    def take(self, ordering: Ordering) -> list[Transaction]:
        """Empty the pool: all transactions in the policy's order, each sender's by nonce.

        Raises ValueError if the policy loses, doubles or makes up transactions.
        """
        ordered = list(ordering(tuple(self.waiting)))
        if sorted(t.hash for t in ordered) != sorted(t.hash for t in self.waiting):
            raise ValueError(
                "the ordering policy must return the transactions it was given, each once"
            )
        self.waiting = []
        queues: dict[Address, list[Transaction]] = {}
        for transaction in ordered:
            queues.setdefault(transaction.sender, []).append(transaction)
        for queue in queues.values():
            queue.sort(key=lambda transaction: transaction.nonce, reverse=True)
        # A sender's places in the order stay; which of its transactions takes which follows nonces.
        return [queues[transaction.sender].pop() for transaction in ordered]
