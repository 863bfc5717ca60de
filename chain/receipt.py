"""What became of a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chain.contract.records import Event
from chain.encoding import encode
from chain.errors import ExecutionError
from chain.gas import Reason
from chain.trace import Trace
from chain.transaction import Transaction
from chain.values import Address

if TYPE_CHECKING:
    from chain.contract.contract import Contract


@dataclass(frozen=True, slots=True)
class Log:
    """One event, with where it comes from."""

    contract: Address
    event: Event
    block_number: int
    transaction_index: int
    log_index: int


class Receipt:
    """Result of a transaction in a block.

    Logs, trace and gas split are put together when first asked for.

    Attributes
    ----------
    gas_used
        Gas paid for, refunds taken off.
    gas_refund
        Gas taken off for cleared storage.
    error
        Why it failed; None if it did not.
    return_value
        What the method returned; None if it failed.
    emitted
        Events with the contracts that emitted them, as the machine left them.
    contract_address
        Where a deployment put the contract; None otherwise.
    """

    __slots__ = (
        "_by_reason",
        "_frames",
        "_labels",
        "block_number",
        "contract_address",
        "emitted",
        "error",
        "gas_refund",
        "gas_used",
        "index",
        "return_value",
        "transaction",
    )

    def __init__(
        self,
        transaction: Transaction,
        block_number: int,
        index: int,
        gas_used: int,
        gas_refund: int,
        error: ExecutionError | None,
        return_value: Any,
        contract_address: Address | None,
        emitted: list[tuple[Contract, Event]],
        frames: list[Any],
        by_reason: tuple[int, ...],
        labels: Mapping[Address, str],
    ) -> None:
        self.transaction = transaction
        self.block_number = block_number
        self.index = index
        self.gas_used = gas_used
        self.gas_refund = gas_refund
        self.error = error
        self.return_value = return_value
        self.contract_address = contract_address
        self.emitted = emitted
        self._frames = frames
        self._by_reason = by_reason
        self._labels = labels

    @property
    def ok(self) -> bool:
        """Whether the transaction succeeded."""
        return self.error is None

    @property
    def fee(self) -> int:
        """Wei paid to the block's producer."""
        return self.gas_used * self.transaction.gas_price

    @property
    def logs(self) -> list[Log]:
        """Events in the order they were emitted, none if the transaction failed."""
        return [
            Log(contract.address, event, self.block_number, self.index, position)
            for position, (contract, event) in enumerate(self.emitted)
        ]

    @property
    def events(self) -> list[Event]:
        """The events alone."""
        return [event for _, event in self.emitted]

    @property
    def trace(self) -> Trace:
        """The calls it made; prints as a tree."""
        return Trace.of(self._frames, self._labels)

    @property
    def gas_by_reason(self) -> dict[Reason, int]:
        """Gas before refunds, by what it was spent on."""
        spent = {reason: self._by_reason[reason] for reason in Reason}
        compute = self.gas_used + self.gas_refund - sum(self._by_reason)
        # These are held against the limit a little later: what is beyond it was not paid.
        unpaid = max(-compute, 0)
        for reason in (Reason.MEMORY, Reason.STORAGE_READ):
            paid = max(spent[reason] - unpaid, 0)
            unpaid -= spent[reason] - paid
            spent[reason] = paid
        spent[Reason.COMPUTE] = max(compute, 0)
        return spent

    def encoded(self) -> bytes:
        """Canonical bytes, for the receipts root."""
        error = None if self.error is None else type(self.error).__name__
        logs = tuple((contract.address, event.encoded()) for contract, event in self.emitted)
        return encode((self.transaction.hash, error, self.gas_used, self.contract_address, logs))

    def __repr__(self) -> str:
        outcome = "ok" if self.error is None else f"failed: {self.error!r}"
        sender = self._labels.get(self.transaction.sender, self.transaction.sender)
        return (
            f"<Receipt of {self.transaction.kind} {self.transaction.name} by {sender} in block "
            f"{self.block_number}: {outcome}, {self.gas_used:,} gas>"
        )
