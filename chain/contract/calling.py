"""What a call costs beside what it does: finding the method, and its arguments' ABI encoding.

Arguments arrive as bytes on a real chain and are decoded into the frame's memory. solc 0.6 copies
arrays of words in one go, unless the contract's source takes arrays of arrays or of texts somewhere
(``pragma experimental ABIEncoderV2``): then it checks every element on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from chain import compute
from chain.gas import Meter
from chain.types import ArrayType, Type

Payment = Callable[[Meter, Sequence[Any], bool], None]

# Words of memory that solc keeps to itself at the start of every frame.
RESERVED_WORDS = 4
# Copying a word of calldata, in all forks (yellow paper, appendix G).
COPY_WORD = 3


def is_nested(kind: Type) -> bool:
    """Whether a type is an array of arrays or of texts."""
    return isinstance(kind, ArrayType) and kind.element.dynamic


@cache
def payment(kinds: tuple[Type, ...], results: int, candidates: int, nested: bool) -> Payment:
    """Make what a call of a method runs first: it begins the frame's memory, and pays for the call.

    Parameters
    ----------
    kinds
        Types of the method's arguments.
    results
        How many values it returns.
    candidates
        How many methods and getters the contract has, among which this one has to be found.
    nested
        Whether any of them takes or returns arrays of arrays or of texts.

    Returns
    -------
    Payment
        ``pay(meter, arguments, inner)``; `inner` says that another contract calls, and pays for the
        encoding.
    """
    arrays = [
        index
        for index, kind in enumerate(kinds)
        if isinstance(kind, ArrayType) and kind.element.bits
    ]
    others = [
        (index, kind) for index, kind in enumerate(kinds) if kind.dynamic and index not in arrays
    ]
    item = compute.DECODE_ITEM if nested else COPY_WORD
    entry = (
        compute.FRAME
        + compute.DISPATCH * candidates.bit_length()
        + (compute.CHECKED_WORD if nested else compute.DECODE_WORD) * len(kinds)
        + (compute.CHECKED_ARRAY if nested else compute.DECODE_ARRAY) * len(arrays)
        + compute.ENCODE_RESULT * results
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
    deeper = "gas, words = deeper(others, item, arguments)" if others else ""
    gas, words = ("gas + ", " + words") if others else ("", "")
    code = f"""def pay(meter, arguments, inner):
    items = {items}
    {deeper}
    kept = {RESERVED_WORDS + len(arrays)} + items{words}
    memory = 3 * kept + kept * kept // 512  # as Meter.grow has it
    used = meter.used
    if inner:
        gas = {gas}{passed} + {item + compute.ENCODE_ITEM} * items
        end = meter.allocated + {1 + len(kinds) - RESERVED_WORDS} + kept
        reached = meter.reached
        if end > reached:
            growth = 3 * (end - reached) + end * end // 512 - reached * reached // 512
            if used + growth > meter.limit:
                meter.grow(end)  # which raises the error
            memory += growth
    else:
        gas = {gas}{entry} + {item} * items
    meter.memory += memory
    meter.used = used + gas + memory
    meter.allocated = meter.reached = kept
"""
    scope: dict[str, Any] = {"deeper": _deeper, "others": others, "item": item}
    exec(code, scope)  # every call between contracts pays: written out, it takes half as long
    pay: Payment = scope["pay"]
    return pay


def _deeper(others: list[tuple[int, Type]], item: int, arguments: Sequence[Any]) -> tuple[int, int]:
    """Gas of decoding texts and arrays of arrays, and words of memory that they take."""
    gas = words = 0
    pending = [(kind, arguments[index]) for index, kind in others]
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
            gas += item * len(value)
        else:
            pending.extend((kind.element, inner) for inner in value)
    return gas, words


def pay_for_money(meter: Meter, _arguments: Sequence[Any], _inner: bool) -> None:
    """Pay for running ``receive``, on plain money: no method to find, and no arguments."""
    meter.used += compute.RECEIVE
    meter.allocated = RESERVED_WORDS
    meter.reached = 0
    meter.grow(RESERVED_WORDS)
