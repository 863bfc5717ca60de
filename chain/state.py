"""Accounts: balances, nonces and the contracts that live at addresses.

Storage of a contract is made of the same cells (``chain.contract.storage``).
"""

from __future__ import annotations

from typing import Any

from chain.cells import Cells, Leaves
from chain.errors import TransferFailed
from chain.journal import ABSENT, Journal
from chain.values import Address


class State:
    """All that a block can change, behind one journal."""

    __slots__ = ("balances", "contracts", "journal", "nonces")

    def __init__(self) -> None:
        self.journal = Journal()
        self.balances = Cells(("balance",), 0)
        self.nonces = Cells(("nonce",), 0)
        self.contracts = Cells(("contract",))

    def balance(self, owner: Address) -> int:
        """Wei that `owner` has."""
        return self.balances.get(owner, 0)  # type: ignore[no-any-return]

    def add_balance(self, owner: Address, amount: int) -> None:
        """Add `amount` wei (negative to take away)."""
        balances = self.balances
        before: Any = balances.get(owner, ABSENT)
        after = amount if before is ABSENT else before + amount
        assert after >= 0, f"the balance of {owner} would be negative"
        self.journal.entries.extend((balances, owner, before))
        balances[owner] = after

    def transfer(self, sender: Address, recipient: Address, amount: int) -> None:
        """Move `amount` wei; raises TransferFailed if `sender` has less."""
        held = self.balances.get(sender, 0)
        if held < amount:
            raise TransferFailed(f"{sender} has {held} wei, less than the {amount} to send")
        self.add_balance(sender, -amount)
        self.add_balance(recipient, amount)

    def total_balance(self) -> int:
        """Sum of all balances, in wei."""
        return sum(self.balances.values())

    def leaves(self) -> dict[bytes, bytes]:
        """Every leaf of the state tree, collected anew from all cells: slow, for checking."""
        families = [self.balances, self.nonces, self.contracts]
        for contract in self.contracts.values():
            families.extend(contract.families())
        found: Leaves = {}
        for cells in families:
            for key in cells:
                cells.add_leaves(found, key, None)
        return {path: value for path, value in found.items() if value is not None}
