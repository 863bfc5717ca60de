"""Who takes part in a run, with money, a policy, and claims to look after."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace

import numpy as np

from chain import Account
from chain.errors import ChainError
from chain.values import Address
from simulation.policies import Policy


class UnusableWait(ChainError, ValueError):
    """A policy would have its agent come by at once, for ever, or at no whole second."""


@dataclass(slots=True)
class Participant:
    """Somebody with money.

    Attributes
    ----------
    group
        The name of its kind in the experiment.
    start_wei
        What it had at the start, on all of its accounts.
    """

    name: str
    group: str
    accounts: tuple[Account, ...]
    start_wei: int

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Of its accounts."""
        return tuple(account.address for account in self.accounts)


@dataclass(slots=True)
class Agent(Participant):
    """Somebody who comes by, with a policy and claims to look after.

    Attributes
    ----------
    supply
        Which of the world's supplies it takes samples from; None for none.
    cursor
        The first contribution that it has not looked at.
    again
        A heap of contributions to look at again: when, and which.
    """

    policy: Policy
    random: np.random.Generator
    supply: int | None
    cursor: int = 0
    again: list[tuple[int, int]] = field(default_factory=list)
    visits: int = 0
    previous: int = 0

    def next_wait_s(self) -> int:
        """How long until it comes by again, by its policy and luck; raises UnusableWait."""
        wait_s = self.policy.wait_s(self.random.standard_normal())
        if not isinstance(wait_s, int) or wait_s < 1:
            kind = type(self.policy).__name__
            raise UnusableWait(f"{kind}.wait_s gives {wait_s}: return whole seconds, 1 or more")
        return wait_s

    def copied(self) -> Agent:
        """One that goes on from here, and leaves this one as it is."""
        return replace(self, random=copy.deepcopy(self.random), again=list(self.again))
