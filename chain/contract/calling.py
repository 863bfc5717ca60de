"""What a call costs beside what it does: finding the method, and its arguments' ABI encoding.

Arguments arrive as bytes on a real chain and are decoded into the frame's memory. solc 0.6 copies
arrays of words in one go, unless the contract's source takes arrays of arrays or of texts somewhere
(``pragma experimental ABIEncoderV2``): then it checks every element on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from chain import compute
from chain.gas import Meter
from chain.types import ArrayType, Type

# Words of memory that solc keeps to itself at the start of every frame.
RESERVED_WORDS = 4
# Copying a word of calldata, in all forks (yellow paper, appendix G).
COPY_WORD = 3


def is_nested(kind: Type) -> bool:
    """Whether a type is an array of arrays or of texts."""
    return isinstance(kind, ArrayType) and kind.element.dynamic


class CallCosts:
    """The costs of calling one method.

    Parameters
    ----------
    kinds, returns
        Types of its arguments and results.
    candidates
        How many methods and getters the contract has, among which this one has to be found.
    nested
        Whether any of them takes or returns arrays of arrays or of texts.

    Attributes
    ----------
    pay
        ``pay(meter, arguments, inner)`` begins the memory of the method's frame, and pays for the
        call. `inner` says that another contract calls, and pays for the encoding.
    """

    __slots__ = ("_item", "_others", "pay")

    def __init__(
        self, kinds: Collection[Type], returns: Collection[Type], candidates: int, nested: bool
    ) -> None:
        arrays = [
            index
            for index, kind in enumerate(kinds)
            if isinstance(kind, ArrayType) and kind.element.bits
        ]
        self._others = tuple(
            (index, kind)
            for index, kind in enumerate(kinds)
            if kind.dynamic and index not in arrays
        )
        self._item = compute.DECODE_ITEM if nested else COPY_WORD
        entry = (
            compute.FRAME
            + compute.DISPATCH * candidates.bit_length()
            + (compute.CHECKED_WORD if nested else compute.DECODE_WORD) * len(kinds)
            + (compute.CHECKED_ARRAY if nested else compute.DECODE_ARRAY) * len(arrays)
            + compute.ENCODE_RESULT * len(returns)
        )
        passed = (
            entry
            + compute.ENCODE_CALL
            + compute.ENCODE_WORD * len(kinds)
            + compute.ENCODE_ARRAY * len(arrays)
        )
        # Words in memory: of what is kept, and of the arguments as they are sent, with a selector,
        # beyond those they are kept in.
        items = " + ".join(f"arguments[{index}]._size" for index in arrays) or "0"
        deeper = "gas, words = deeper(arguments)" if self._others else ""
        gas, words = ("gas + ", " + words") if self._others else ("", "")
        code = f"""def pay(meter, arguments, inner):
    items = {items}
    {deeper}
    kept = {RESERVED_WORDS + len(arrays)} + items{words}
    memory = 3 * kept + kept * kept // 512  # as Meter.grow has it
    used = meter.used
    if inner:
        gas = {gas}{passed} + {self._item + compute.ENCODE_ITEM} * items
        end = meter.allocated + {1 + len(kinds) - RESERVED_WORDS} + kept
        reached = meter.reached
        if end > reached:
            growth = 3 * (end - reached) + end * end // 512 - reached * reached // 512
            if used + growth > meter.limit:
                meter.grow(end)  # which raises the error
            memory += growth
    else:
        gas = {gas}{entry} + {self._item} * items
    meter.memory += memory
    meter.used = used + gas + memory
    meter.allocated = meter.reached = kept
"""
        scope: dict[str, Any] = {"deeper": self._deeper}
        exec(code, scope)  # every call between contracts pays: written out, it takes half as long
        self.pay: Callable[[Meter, Sequence[Any], bool], None] = scope["pay"]

    def _deeper(self, arguments: Sequence[Any]) -> tuple[int, int]:
        """Gas of decoding texts and arrays of arrays, and words of memory that they take."""
        gas = words = 0
        pending = [(kind, arguments[index]) for index, kind in self._others]
        while pending:
            kind, value = pending.pop()
            words += 1
            if not isinstance(kind, ArrayType):
                gas += compute.DECODE_TEXT
                words += -(-len(value.encode()) // 32)
                continue
            gas += compute.CHECKED_ARRAY
            words += len(value)
            if kind.element.bits:
                gas += self._item * len(value)
            else:
                pending.extend((kind.element, inner) for inner in value)
        return gas, words


class PlainMoneyCosts(CallCosts):
    """The costs of ``receive``, which plain money runs: no method to find, and no arguments."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__((), (), 0, nested=False)
        self.pay = _pay_for_money


def _pay_for_money(meter: Meter, _arguments: Sequence[Any], _inner: bool) -> None:
    meter.used += compute.RECEIVE
    meter.allocated = RESERVED_WORDS
    meter.reached = 0
    meter.grow(RESERVED_WORDS)
