"""What a call costs beside what it does: finding the method, and its arguments' ABI encoding.

Arguments arrive as bytes on a real chain and are decoded into the frame's memory. solc 0.6 copies
arrays of words in one go, unless the contract's source takes arrays of arrays or of texts somewhere
(``pragma experimental ABIEncoderV2``): then it checks every element on the way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    """

    __slots__ = (
        "_arrays",
        "_entry",
        "_item",
        "_kept",
        "_others",
        "_passed",
        "_passed_item",
        "_sent",
    )

    def __init__(
        self, kinds: Collection[Type], returns: Collection[Type], candidates: int, nested: bool
    ) -> None:
        arrays = [
            index
            for index, kind in enumerate(kinds)
            if isinstance(kind, ArrayType) and kind.element.bits
        ]
        self._arrays = tuple(arrays)
        self._others = tuple(
            (index, kind)
            for index, kind in enumerate(kinds)
            if kind.dynamic and index not in arrays
        )
        self._item = compute.DECODE_ITEM if nested else COPY_WORD
        self._passed_item = self._item + compute.ENCODE_ITEM
        self._entry = (
            compute.FRAME
            + compute.DISPATCH * candidates.bit_length()
            + (compute.CHECKED_WORD if nested else compute.DECODE_WORD) * len(kinds)
            + (compute.CHECKED_ARRAY if nested else compute.DECODE_ARRAY) * len(arrays)
            + compute.ENCODE_RESULT * len(returns)
        )
        self._passed = (
            self._entry
            + compute.ENCODE_CALL
            + compute.ENCODE_WORD * len(kinds)
            + compute.ENCODE_ARRAY * len(arrays)
        )
        # Words in memory: of the arguments as they are sent, with a selector, beyond those they
        # are kept in, and of what is kept.
        self._sent = 1 + len(kinds) - RESERVED_WORDS
        self._kept = RESERVED_WORDS + len(arrays)

    def pay(self, meter: Meter, arguments: Sequence[Any], inner: bool) -> None:
        """Begin the memory of the method's frame, and pay for the call.

        `inner` says that another contract calls, and pays for the encoding.
        """
        items = 0
        for index in self._arrays:
            items += len(arguments[index])
        kept = self._kept + items
        gas = 0
        if self._others:
            gas, words = self._deeper(arguments)
            kept += words
        if inner:
            gas += self._passed + items * self._passed_item
            end = meter.allocated + self._sent + kept
            if end > meter.reached:
                meter.grow(end)
        else:
            gas += self._entry + items * self._item
        memory = 3 * kept + kept * kept // 512  # as Meter.grow has it
        meter.memory += memory
        meter.used += gas + memory
        meter.allocated = meter.reached = kept

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

    def pay(self, meter: Meter, arguments: Sequence[Any], inner: bool) -> None:
        meter.used += compute.RECEIVE
        meter.allocated = RESERVED_WORDS
        meter.reached = 0
        meter.grow(RESERVED_WORDS)
