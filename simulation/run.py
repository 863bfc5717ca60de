"""The loop: events one after another, until nothing is left to add or to claim."""

from __future__ import annotations

from collections.abc import Callable

from chain.garbage import uncollected
from chain.units import days
from simulation.events import MEASURING, OPENING, VISITING, Event
from simulation.experiment import Experiment
from simulation.outcome import Outcome
from simulation.recorder import Recorder
from simulation.traces import Trace
from simulation.visits import visit, withdraw
from simulation.world import World

# After the last claim opens, so long for everybody to come by.
GRACE_S = 2 * days

Progress = Callable[[World], None]


def run(
    experiment: Experiment,
    seed: int,
    *,
    trace: Trace | None = None,
    recorder: Recorder | None = None,
    progress: Progress | None = None,
    with_root: bool = False,
) -> Outcome:
    """Run an experiment to its end.

    Parameters
    ----------
    seed
        Of everything random: the same seed leads to the same state root.
    trace
        Of a run of the same data and agents with the same seed: exactly its contributions are made,
        whatever they cost, as long as their authors can pay. By default agents decide.
    recorder
        Keeps what is wanted while it runs.
    progress
        Called with the world after every event.
    with_root
        Whether the outcome is to have the state root, which takes time for each block.

    Raises
    ------
    DataError
        If the data cannot be had.
    DoesNotFit
        If no contract can hold the model.
    UnusableTrace
        If the trace is not of such a run.
    """
    world = World(experiment, seed, recorder, trace)
    go_on(world, progress=progress)
    return world.outcome(with_root)


def go_on(
    world: World, *, until_block: int | None = None, progress: Progress | None = None
) -> None:
    """Let a run go on: to its end, or until there are that many blocks."""
    with uncollected():  # a run keeps what it makes; looking for garbage would take a sixth longer
        while not world.state.done and (until_block is None or world.chain.number < until_block):
            happen(world)
            if progress is not None:
                progress(world)


def happen(world: World) -> None:
    """Let the next event happen."""
    state = world.state
    event = state.queue.next()
    state.now_s = event.time_s
    ahead_s = world.start + event.time_s - world.now
    if ahead_s > 0:
        world.chain.time_travel(seconds=ahead_s)
    if event.priority == MEASURING:
        world.measure()
        later_s = event.time_s + world.experiment.measure_every_s
        state.queue.add(Event(later_s, MEASURING, 0))
    elif event.priority == OPENING:
        world.begin()
    else:
        agent = state.agents[event.identity]
        visit(world, agent)
        state.queue.add(Event(event.time_s + agent.next_wait_s(), VISITING, event.identity))
    check_end(world, event)
    if state.done:
        finish(world)


def check_end(world: World, event: Event) -> None:
    """Note when nothing can be added any more, and when nothing is left to claim."""
    state = world.state
    if state.adding and nothing_to_add(world, event):
        state.adding, state.end = False, event
    if not state.adding:
        last_s = world.mechanism.any_address_claim_wait_s + GRACE_S
        state.done = state.open == 0 or world.now > state.last_addition + last_s


def nothing_to_add(world: World, event: Event) -> bool:
    """Whether nothing can be added from this event on."""
    state, stop = world.state, world.experiment.stop
    if world.replayed is not None:
        return event >= world.replayed.end
    added, idle_s = len(state.contributions), world.now - state.last_addition
    return (
        all(used >= len(supply) for used, supply in zip(state.used, world.supplies, strict=True))
        or (stop.contributions is not None and added >= stop.contributions)
        or (stop.days is not None and state.now_s >= stop.days * days)
        or idle_s > stop.idle_days * days
    )


def finish(world: World) -> None:
    """Let a provider end what it has begun and everybody withdraw, and measure once more."""
    world.end()
    for who in world.everyone:
        withdraw(world, who, 1)
    world.measure(learned=True)
