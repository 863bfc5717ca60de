"""All that changes in a run, the chain aside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from simulation.agents import Agent
from simulation.decisions import Contribution
from simulation.events import Event, Queue


@dataclass
class State:
    """What a copy of a run must have of its own.

    Attributes
    ----------
    used
        How many samples of each supply are gone.
    accuracy, lowest, first
        Of the model: when last measured, at worst, and at the start.
    measured
        How many contributions there were when it was measured.
    adding
        Whether anything may still be added.
    end
        The event from which on nothing could be added any more; None while it can.
    last_addition
        The timestamp of the newest contribution, or of the start.
    open
        How many contributions are not settled.
    labels
        By number of a contribution to come: what to write under it instead; None to skip it.
    counts, fees
        What agents did how often, and paid for gas, by name.
    gas, transactions, typical_gas
        By action: all of it, of how many, and of the last one.
    failed, looks, visits
        Transactions that failed, free looks at contributions, and visits of all agents.
    """

    agents: list[Agent]
    used: list[int]
    accuracy: float
    lowest: float
    first: float
    last_addition: int
    queue: Queue = field(default_factory=lambda: Queue([]))
    contributions: list[Contribution] = field(default_factory=list)
    measured: int = 0
    adding: bool = True
    end: Event | None = None
    done: bool = False
    open: int = 0
    now_s: int = 0
    labels: dict[int, int | None] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    fees: Counter[str] = field(default_factory=Counter)
    gas: Counter[str] = field(default_factory=Counter)
    transactions: Counter[str] = field(default_factory=Counter)
    typical_gas: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    looks: int = 0
    visits: int = 0

    def copied(self) -> State:
        """One that goes on from here, and leaves this one as it is."""
        return replace(
            self,
            agents=[agent.copied() for agent in self.agents],
            used=list(self.used),
            queue=self.queue.copied(),
            contributions=[replace(each) for each in self.contributions],
            labels=dict(self.labels),
            counts=Counter(self.counts),
            fees=Counter(self.fees),
            gas=Counter(self.gas),
            transactions=Counter(self.transactions),
            typical_gas=dict(self.typical_gas),
        )
