"""What writing several members of a struct costs, as a function made for just these members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Pricing = Callable[..., tuple[tuple[Any, ...], int, int]]

# ``Schedule.write``, with a member's index for I and with comparisons of slots for what says alike.
_WRITE = """
    if mI == vI:
        cost += slot_warm
    elif {o_is_m}:
        if {m_is_z}:
            cost += schedule.slot_set
        else:
            cost += schedule.slot_reset
            if {n_is_z}: refund += schedule.clear_refund
    else:
        cost += slot_warm
        if {o_is_z}:
            if {o_is_n}: refund += schedule.slot_set - slot_warm
        else:
            if {m_is_z}: refund -= schedule.clear_refund
            elif {n_is_z}: refund += schedule.clear_refund
            if {o_is_n}: refund += schedule.slot_reset - slot_warm
    mI = vI
"""
_COMPARISONS = ("o_is_m", "m_is_z", "n_is_z", "o_is_z", "o_is_n")


def pricing(defaults: tuple[Any, ...], writes: Sequence[tuple[int, tuple[int, ...]]]) -> Pricing:
    """Write out ``Schedule.write`` for one member after another: this is the hot path.

    Parameters
    ----------
    defaults
        What all packed members read as when unset.
    writes
        Of each member that is written: its index among those, and the indices in its slot.

    Returns
    -------
    Pricing
        ``price(schedule, original, current, values)``: all packed members afterwards, and price and
        refund of the writes.
    """
    every = range(len(defaults))
    lines = [
        "def price(schedule, original, current, values):",
        f"    [{_names('o', every)}] = original",
        f"    [{_names('m', every)}] = current",
        f"    [{_names('v', (index for index, _ in writes))}] = values",
        "    slot_warm = schedule.slot_warm",
        "    cost = refund = 0",
    ]
    for index, slot in writes:
        alike = {each: _alike(each[0], each[-1], index, slot) for each in _COMPARISONS}
        lines.append(_WRITE.replace("I", str(index)).format(**alike))
    lines.append(f"    return ({_names('m', every)},), cost, refund")
    scope = {f"z{index}": default for index, default in enumerate(defaults)}
    exec("\n".join(lines), scope)
    price: Pricing = scope["price"]
    return price


def _names(letter: str, indices: Iterable[int]) -> str:
    return ", ".join(f"{letter}{index}" for index in indices)


def _alike(first: str, second: str, written: int, slot: Iterable[int]) -> str:
    """That a slot is the same in two forms: o when the transaction began, m now, z unset, n to be.

    That is m, with the value v of the written member.
    """

    def name(letter: str, index: int) -> str:
        return f"{letter if letter != 'n' else 'v' if index == written else 'm'}{index}"

    return " and ".join(f"{name(first, index)} == {name(second, index)}" for index in slot)
