"""What policies decide on, and what they can decide: of what everybody sees when they come by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chain.values import Address


@dataclass(slots=True)
class Contribution:
    """What was added, and what has become of it, as anyone can tell from the chain's events.

    Attributes
    ----------
    data
        The sample as the chain holds it.
    sample
        Its position in the training data, for tables; that of the copied one for a copy.
    time
        The timestamp of its block, in seconds.
    visit_s
        When its author came by, in seconds since the start.
    deposit_wei, left_wei
        What was locked, and what is left of that.
    claimed_by
        Addresses that refunded or reported it.
    """

    data: Any
    label: int
    sample: int
    time: int
    visit_s: int
    author: Address
    deposit_wei: int
    left_wei: int
    closed: bool = False
    claimed_by: frozenset[Address] = frozenset()


class Offer(NamedTuple):
    """What an agent wants to add.

    Attributes
    ----------
    sample
        Position in the training data; or the contribution to copy.
    address
        Which of the agent's addresses adds it.
    """

    sample: int | Contribution
    label: int
    address: int = 0


class Claim(NamedTuple):
    """What can be claimed, as far as free views tell.

    Attributes
    ----------
    action
        The trainer's method: ``refund`` or ``report``.
    gain_wei
        What it brings.
    proves_good
        Whether it makes the contribution count as good data.
    """

    action: str
    gain_wei: int
    proves_good: bool


@dataclass(slots=True)
class Visit:
    """What a policy decides on: what can be seen for free, and the agent's luck.

    The luck is drawn anew at each visit, the same number of draws whatever is decided. So the nth
    visit of an agent is equally lucky under every mechanism, and differences between mechanisms
    are not drowned in chance.

    Attributes
    ----------
    number
        How many visits the agent made before.
    now, previous
        Timestamps of this visit and of the one before, in seconds.
    accuracy
        Of the model, when it was last measured.
    sample, label
        The next training sample the agent holds, and its true class; None if there is no more.
    classes
        How many classes there are.
    contributions
        All that were ever added, oldest first.
    addresses
        The agent's own.
    chance, slip
        Between 0 and 1: whether to do something, and whether to do it wrongly.
    deposit_luck
        Normally distributed, around 0 with deviation 1.
    """

    number: int
    now: int
    previous: int
    accuracy: float
    sample: int | None
    label: int
    classes: int
    contributions: Sequence[Contribution]
    addresses: tuple[Address, ...]
    chance: float
    slip: float
    deposit_luck: float
