"""What came of a run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class AgentOutcome(BaseModel):
    """What became of an agent.

    Attributes
    ----------
    start_wei, end_wei
        Of all its addresses.
    fees_wei
        Paid for gas.
    added, refunded, reported, bought
        How many contributions, claims and predictions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    group: str
    start_wei: int
    end_wei: int
    fees_wei: int
    added: int
    refunded: int
    reported: int
    bought: int

    @property
    def profit(self) -> float:
        """What it gained, as a share of what it had; -1 if it lost everything."""
        return (self.end_wei - self.start_wei) / self.start_wei if self.start_wei else 0.0


class Outcome(BaseModel):
    """What came of a run.

    Attributes
    ----------
    accuracy_start, accuracy_lowest, accuracy_end
        Of the model, on the test samples.
    contributions, refunds, reports, predictions
        How many succeeded.
    failed
        Transactions that failed: agents look before they pay, so it should be none.
    skipped
        Contributions of the replayed trace that were not made, their author being unable to pay.
    looks
        How often an agent looked, for free, if something could be claimed.
    visits
        How often agents came by.
    days
        From the start to the last event.
    gas
        By action, deployment aside.
    left_wei
        In the trainer and the mechanism at the end.
    created_wei, held_wei
        All the money ever made, and all there is; the same.
    state_root
        Of the newest block, in hexadecimal; None if nobody asked for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment: str
    seed: int
    accuracy_start: float
    accuracy_lowest: float
    accuracy_end: float
    contributions: int
    refunds: int
    reports: int
    predictions: int
    failed: int
    skipped: int = 0
    looks: int
    visits: int
    days: float
    blocks: int
    gas: dict[str, int]
    agents: tuple[AgentOutcome, ...]
    left_wei: int
    created_wei: int
    held_wei: int
    state_root: str | None = None

    def profit(self, group: str) -> float:
        """The mean profit of a group's agents, as a share of what they had."""
        profits = [agent.profit for agent in self.agents if agent.group == group]
        return sum(profits) / len(profits)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return tuple(dict.fromkeys(agent.group for agent in self.agents))
