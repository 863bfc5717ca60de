"""What if: go back to a block of a run, change one thing, and let it go on."""

from __future__ import annotations

from collections.abc import Mapping

from chain.errors import ChainError
from simulation.experiment import Experiment
from simulation.outcome import Outcome
from simulation.policies import Policy
from simulation.recorder import Recorder
from simulation.run import go_on
from simulation.world import World


class UnusableChange(ChainError, ValueError):
    """A change that cannot be made."""


class Branch:
    """A moment of a run that can be returned to, any number of times.

    Parameters
    ----------
    world
        The run; it must not have been taken back to an earlier moment since.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._state = world.state.copied()
        self._snapshot = world.chain.snapshot()

    def back(self) -> World:
        """Take the run back to the moment, and return it."""
        self.world.chain.revert(self._snapshot)
        self.world.state = self._state.copied()
        return self.world


def change(
    world: World,
    policies: Mapping[str, Policy] | None = None,
    labels: Mapping[int, int | None] | None = None,
) -> None:
    """Change what is to come of a run.

    Parameters
    ----------
    policies
        By agent: what it goes by from now on.
    labels
        By number of a contribution to come, from 0 at the start of the run: what is written under
        it, whatever its author wants; None for it to be left out.

    Raises
    ------
    UnusableChange
        If there is no such agent, class, or contribution to come.
    """
    state = world.state
    agents = {agent.name: agent for agent in state.agents}
    for name, policy in (policies or {}).items():
        if name not in agents:
            raise UnusableChange(f"there is no agent {name!r}: give one of {', '.join(agents)}")
        count = len(agents[name].accounts)
        if policy.addresses != count:
            raise UnusableChange(f"{name} has {count} addresses: its policy must have as many")
        if policy.adds and agents[name].supply is None and world.experiment.data.held == "dealt":
            raise UnusableChange(f"{name} was dealt no samples: its policy must not need any")
    for number, label in (labels or {}).items():
        if number < len(state.contributions):
            raise UnusableChange(
                f"contribution {number} was made already: branch earlier, or give "
                f"{len(state.contributions)} or more"
            )
        if label is not None and not 0 <= label < len(world.data.classes):
            raise UnusableChange(
                f"there is no class {label}: give 0 to {len(world.data.classes) - 1}"
            )
    for name, policy in (policies or {}).items():
        agent = agents[name]
        agent.policy = policy
        if policy.adds and agent.supply is None:
            agent.supply = 0  # what all have in common
    state.labels.update(labels or {})


def counterfactual(
    experiment: Experiment,
    seed: int,
    *,
    at_block: int,
    policies: Mapping[str, Policy] | None = None,
    labels: Mapping[int, int | None] | None = None,
    recorders: tuple[Recorder, Recorder] | None = None,
    with_root: bool = False,
) -> tuple[Outcome, Outcome]:
    """Run an experiment as it is, and once more with a change from some block on.

    Both are the same up to the first visit after the block; after it, every agent has the luck that
    it had.

    Parameters
    ----------
    at_block
        From where on they differ.
    policies, labels
        What to change: see `change`.
    recorders
        For the two runs, from the block on.
    with_root
        Whether the outcomes are to have state roots.

    Returns
    -------
    tuple of Outcome
        As it is, and as it would have been.

    Raises
    ------
    UnusableChange
        If the change cannot be made.
    DataError, DoesNotFit
        As `run` does.
    """
    world = World(experiment, seed)
    go_on(world, until_block=at_block)
    branch = Branch(world)
    change(world, policies, labels)  # what cannot be changed is refused before anything runs
    branch.back()
    outcomes = []
    for number in range(2):
        branch.back()
        if number:
            change(world, policies, labels)
        if recorders is not None:
            world.recorder = recorders[number]
        go_on(world)
        outcomes.append(world.outcome(with_root))
    return outcomes[0], outcomes[1]
