"""Traces: who added what when in a run, to be added again, word for word, in other settings.

Agents come by when their luck says, whatever the mechanism is. So a trace names the visits at which
something was added; when it is replayed, the same is added at these visits, and nothing at others.
A run that replays its own trace is the same run, to the state root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from chain.errors import ChainError
from simulation.agents import Agent
from simulation.decisions import Offer
from simulation.events import Event
from simulation.experiment import Description, Experiment
from simulation.state import State


class UnusableTrace(ChainError, ValueError):
    """Contributions that cannot be made again as wanted."""


class Addition(NamedTuple):
    """A contribution: who added what when.

    Attributes
    ----------
    time_s
        When its author came by, in seconds since the start. Its block can be some seconds later:
        several transactions of the same moment take a block each.
    address
        Which of the agent's addresses added it.
    sample
        Position in the training data; that of the copied one for a copy.
    """

    time_s: int
    agent: str
    address: int
    sample: int
    label: int


class Trace(Description):
    """All contributions of a run.

    Attributes
    ----------
    experiment, seed
        The run's.
    end
        The event from which on nothing could be added any more.
    """

    experiment: Experiment
    seed: int
    additions: tuple[Addition, ...]
    end: Event

    def skipped(self, state: State) -> int:
        """How many a run has not made although their time has come."""
        due = sum(each.time_s <= state.now_s for each in self.additions)
        return due - len(state.contributions)


def trace_of(experiment: Experiment, seed: int, state: State) -> Trace:
    """What was added in a run; raises UnusableTrace if more may be."""
    if state.end is None:
        raise UnusableTrace("the run is still adding: let it go on to its end")
    authors = {
        account.address: (agent.name, number)
        for agent in state.agents
        for number, account in enumerate(agent.accounts)
    }
    additions = tuple(
        Addition(each.visit_s, *authors[each.author], each.sample, each.label)
        for each in state.contributions
    )
    return Trace(experiment=experiment, seed=seed, additions=additions, end=state.end)


def check_same(experiment: Experiment, first: Experiment) -> None:
    """Raise UnusableTrace if what was added in a run of `first` makes no sense in the other."""
    there = _fixed(first)
    for field, value in _fixed(experiment).items():
        if value != there[field]:
            raise UnusableTrace(
                f"the same contributions need the same {field}: change other things, such as "
                "mechanism, learner or gas_price_wei, or let agents decide what to add"
            )


def check_settings(experiments: Sequence[Experiment]) -> None:
    """Raise UnusableTrace if some cannot have what is added in the first, whatever that is."""
    first = experiments[0]
    for experiment in experiments:
        check_same(experiment, first)
        hidden = experiment.mechanism.hidden_samples
        if hidden > first.mechanism.hidden_samples:
            raise UnusableTrace(
                f"a provider hides {hidden} samples that agents may add in the first setting: put "
                "the setting first that hides most"
            )


def _fixed(experiment: Experiment) -> dict[str, Any]:
    """What says which samples there are, who comes by when, and when adding ends.

    Samples may take another form: they are the same ones, in the same order.
    """
    data = experiment.data.model_dump(exclude={"dense", "features"})
    return {"agents": experiment.agents, "data": data, "stop": experiment.stop}


def offers(
    trace: Trace,
    experiment: Experiment,
    seed: int,
    agents: Sequence[Agent],
    samples: int,
    classes: int,
) -> dict[tuple[int, str], Offer]:
    """What to add in a run, by time and agent; raises UnusableTrace if that is impossible.

    Parameters
    ----------
    experiment, seed
        The run's.
    samples, classes
        How many there are.
    """
    check_same(experiment, trace.experiment)
    if seed != trace.seed:
        raise UnusableTrace(f"these contributions need the seed {trace.seed}, not {seed}")
    addresses = {agent.name: len(agent.accounts) for agent in agents}
    for each in trace.additions:
        if not (
            0 <= each.address < addresses.get(each.agent, 0)
            and 0 <= each.sample < samples
            and 0 <= each.label < classes
        ):
            raise UnusableTrace(
                f"a run with {samples} samples for {len(addresses)} agents cannot have {each}: "
                "take the contributions of another"
            )
    return {
        (each.time_s, each.agent): Offer(each.sample, each.label, each.address)
        for each in trace.additions
    }
