"""The calls a transaction made, as a tree that can be printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chain.errors import ExecutionError
from chain.values import Address, shown

if TYPE_CHECKING:
    from chain.contract.contract import Contract
    from chain.contract.method import Method
    from chain.host import Message


# What the machine notes of each frame, one after another in one flat list: garbage collection looks
# at one object then, not at one per frame.
# Depth, message, contract, method, arguments, gas before, result, error, gas after.
FIELDS = 9
ARGUMENTS, RESULT, ERROR, GAS_END = 4, 6, 7, 8


class Frame(NamedTuple):
    """One call: who called what with which arguments, and how it ended.

    Attributes
    ----------
    depth
        0 for the transaction's own call.
    gas_start, gas_end
        The transaction's gas meter when the frame was entered and left.
    error
        Why the frame failed; None if it did not.
    """

    depth: int
    sender: Address
    contract: Contract
    method: Method
    arguments: tuple[Any, ...]
    value: int
    gas_start: int
    result: Any
    error: ExecutionError | None
    gas_end: int

    @property
    def gas(self) -> int:
        """Gas the frame spent, calls it made included."""
        return self.gas_end - self.gas_start

    def line(self, labels: Mapping[Address, str]) -> str:
        """The call in one line, without its indentation."""
        arguments = ", ".join(
            labels.get(argument, argument) if isinstance(argument, Address) else shown(argument)
            for argument in (getattr(each, "address", each) for each in self.arguments)
        )
        value = f" with {self.value} wei" if self.value else ""
        name = labels.get(self.contract.address, type(self.contract).__name__)
        end = f"! {self.error!r}" if self.error is not None else f"-> {shown(self.result)}"
        return f"{name}.{self.method.name}({arguments}){value} [{self.gas:,} gas] {end}"


def _frame(depth: int, message: Message, contract: Contract, method: Method, *rest: Any) -> Frame:
    """A frame from its notes."""
    arguments, gas_start, result, error, gas_end = rest
    sender, value = message
    return Frame(
        depth, sender, contract, method, arguments, value, gas_start, result, error, gas_end
    )


class Trace(tuple[Frame, ...]):
    """The frames of one transaction, in the order they were entered; prints as a tree."""

    labels: Mapping[Address, str] = {}

    @classmethod
    def of(cls, notes: list[Any], labels: Mapping[Address, str]) -> Trace:
        """Make a trace of the machine's notes; it shows labels in place of addresses."""
        starts = range(0, len(notes), FIELDS)
        trace = cls(_frame(*notes[start : start + FIELDS]) for start in starts)
        trace.labels = labels
        return trace

    def __str__(self) -> str:
        # Depths count calls within a contract too, so indentation follows the nesting seen here.
        lines = []
        open_frames: list[int] = []
        for frame in self:
            while open_frames and open_frames[-1] >= frame.depth:
                open_frames.pop()
            lines.append("  " * len(open_frames) + frame.line(self.labels))
            open_frames.append(frame.depth)
        return "\n".join(lines)
