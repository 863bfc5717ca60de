"""A visit: what an agent does when it comes by, through transactions like anyone."""

from __future__ import annotations

import heapq
from typing import Any

from chain.errors import ChainError
from contracts_py.collaborative_trainer import AddData
from simulation.agents import Agent, Participant
from simulation.decisions import Contribution, Offer, Visit
from simulation.world import World

# What can be withdrawn is left alone until it is worth so many fees.
WORTHWHILE = 10


class UnusableOffer(ChainError, ValueError):
    """A policy offers what there is not."""


def visit(world: World, agent: Agent) -> None:
    """Let an agent add, claim, buy and withdraw, as its policy says."""
    seen = look_around(world, agent)
    if world.state.adding:
        add(world, agent, seen)
    if agent.policy.makes_claims:
        claim_all(world, agent, seen)
    if world.mechanism.sells_predictions and agent.policy.buys(seen):
        buy(world, agent, seen)
    withdraw(world, agent, WORTHWHILE)
    agent.visits += 1
    agent.previous = seen.now
    world.state.visits += 1


def look_around(world: World, agent: Agent) -> Visit:
    """What the agent sees, and its luck."""
    state = world.state
    sample = None
    if agent.supply is not None:
        supply, used = world.supplies[agent.supply], state.used[agent.supply]
        sample = supply[used] if used < len(supply) else None
    chance, slip = agent.random.random(2).tolist()
    return Visit(
        number=agent.visits,
        now=world.now,
        previous=agent.previous,
        accuracy=state.accuracy,
        sample=sample,
        label=0 if sample is None else world.labels[sample],
        classes=len(world.data.classes),
        contributions=state.contributions,
        addresses=agent.addresses,
        chance=chance,
        slip=slip,
        deposit_luck=agent.random.standard_normal(),
    )


def add(world: World, agent: Agent, seen: Visit) -> None:
    """Add what the policy offers, or a trace wants, if the price and the purse allow it."""
    state = world.state
    offer: Offer | None
    if world.replayed is None:
        offer = agent.policy.offer(seen)
    else:
        offer = world.offers.get((state.now_s, agent.name))
    if offer is None:
        return
    copied = isinstance(offer.sample, Contribution)
    sample = offer.sample.sample if isinstance(offer.sample, Contribution) else offer.sample
    check(world, agent, sample, offer)
    price_wei = world.mechanism.price_wei(world.system)
    ceiling_wei = agent.policy.ceiling_wei(seen)
    if price_wei > ceiling_wei:
        if world.replayed is None:
            return
        ceiling_wei = price_wei
    number = len(state.contributions)
    label = state.labels.get(number, offer.label)
    if label is None:
        del state.labels[number]  # the next one is another
    else:
        account = agent.accounts[offer.address]
        data = world.rest.samples[sample]
        value_wei = world.mechanism.sent_wei(price_wei, ceiling_wei)
        prepared = world.prepare(account, "add_data", data, label, value=value_wei)
        if prepared is None:
            return
        receipt, _ = world.execute(agent, prepared, number, sample, label)
        added = next((each for each in receipt.events if isinstance(each, AddData)), None)
        if added is None:
            return
        contribution = Contribution(
            added.data,
            label,
            sample,
            added.time,
            state.now_s,
            account.address,
            added.cost,
            added.cost,
        )
        contribution.closed = world.mechanism.settled(contribution)
        state.open += not contribution.closed
        state.contributions.append(contribution)
        state.last_addition = added.time
    if not copied and agent.supply is not None:
        state.used[agent.supply] += 1


def check(world: World, agent: Agent, sample: int, offer: Offer) -> None:
    """Raise UnusableOffer if there is no such sample, class or address."""
    for what, given, count in (
        ("sample", sample, len(world.rest)),
        ("class", offer.label, len(world.data.classes)),
        ("address", offer.address, len(agent.accounts)),
    ):
        if given not in range(count):
            raise UnusableOffer(
                f"{agent.name}'s policy {agent.policy.kind()} offers {what} {given!r}: "
                f"there are {count}, from 0"
            )


def claim_all(world: World, agent: Agent, seen: Visit) -> None:
    """Look at every contribution whose time has come."""
    state, again = world.state, agent.again
    newest = seen.now - world.mechanism.refund_wait_s
    contributions = state.contributions
    while agent.cursor < len(contributions) and contributions[agent.cursor].time <= newest:
        look(world, agent, seen, agent.cursor)
        agent.cursor += 1
    while again and again[0][0] <= seen.now:
        look(world, agent, seen, heapq.heappop(again)[1])


def look(world: World, agent: Agent, seen: Visit, number: int) -> None:
    """Look at a contribution, and claim what can be claimed."""
    state, mechanism = world.state, world.mechanism
    contribution = state.contributions[number]
    if contribution.closed:
        return
    state.looks += 1
    for account in agent.accounts:
        claim = mechanism.look(world.system, contribution, account.address, world.now)
        if claim is None:
            continue
        about: tuple[Any, ...] = (contribution.data, contribution.label, contribution.time)
        if claim.action == "report":
            about = (*about, contribution.author)
        prepared = world.prepare(account, claim.action, *about)
        if prepared is None or not agent.policy.claims(seen, claim, prepared.fee_wei):
            continue
        receipt, gained_wei = world.execute(
            agent, prepared, number, contribution.sample, contribution.label
        )
        if receipt.ok:
            contribution.left_wei -= gained_wei
            contribution.claimed_by |= {account.address}
            if mechanism.settled(contribution):
                contribution.closed = True
                state.open -= 1
                return
    later = mechanism.next_look(contribution, seen.addresses, world.now, agent.policy.look_again_s)
    if later is not None:
        heapq.heappush(agent.again, (later, number))


def buy(world: World, agent: Agent, seen: Visit) -> None:
    """Pay for a prediction of a sample that is not in the training data."""
    market = world.system.incentive_mechanism
    if market.total_good_data_count() == 0:  # nobody to pay
        return
    samples = world.data.test.samples
    data = samples[int(seen.slip * len(samples))]
    price_wei = market.prediction_price_wei()
    prepared = world.prepare(agent.accounts[0], "buy_prediction", data, value=price_wei)
    if prepared is not None:
        world.execute(agent, prepared)


def withdraw(world: World, who: Participant, worthwhile: int) -> None:
    """Take what the mechanism owes, if it is worth so many fees."""
    mechanism = world.mechanism
    if mechanism.withdrawal is None:
        return
    for account in who.accounts:
        owed_wei = mechanism.owed_wei(world.system, account.address)
        if owed_wei:
            prepared = world.prepare(account, mechanism.withdrawal)
            if prepared is not None and owed_wei > worthwhile * prepared.fee_wei:
                world.execute(who, prepared)
