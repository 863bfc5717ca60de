"""Agents with their money and their shares of the samples."""

from __future__ import annotations

import numpy as np

from chain import Account, Chain
from simulation.agents import Agent
from simulation.experiment import Experiment


def deal(
    chain: Chain, experiment: Experiment, seed: int, samples: int
) -> tuple[list[Agent], list[range]]:
    """Deal money and samples; each agent draws random numbers of its own.

    Parameters
    ----------
    samples
        How many there are for all.

    Returns
    -------
    tuple of list
        The agents; and the supplies that they take samples from.
    """
    places = [(group, name) for group in experiment.agents for name in group.members()]
    seeds = np.random.SeedSequence(seed).spawn(len(places))
    supplies = [range(samples)]
    if dealt := experiment.data.held == "dealt":
        adders = sum(group.policy.adds for group, _ in places)
        supplies = [range(first, samples, adders) for first in range(adders)]
    agents: list[Agent] = []
    taken = 0
    for (group, name), own in zip(places, seeds, strict=True):
        policy, random = group.policy, np.random.default_rng(own)
        accounts = _accounts(chain, name, policy.balance_wei, policy.addresses)
        supply = None
        if policy.adds:
            supply = taken if dealt else 0
            taken += 1
        agents.append(Agent(name, group.name, accounts, policy.balance_wei, policy, random, supply))
    return agents, supplies


def _accounts(chain: Chain, name: str, balance_wei: int, count: int) -> tuple[Account, ...]:
    """As many as wanted, with the money in equal parts; the first gets what does not divide."""
    share, rest = divmod(balance_wei, count)
    accounts = []
    for number in range(count):
        label = f"{name}'s address {number}" if number else name
        account = chain.account(f"agent {label}")
        chain.deal(account, share + (0 if number else rest))
        accounts.append(account)
    return tuple(accounts)
