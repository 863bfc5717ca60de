"""A chain with a shared model, and the agents around it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chain import Account, Chain, Receipt, Transaction
from chain.deployed import ExternalMethod
from chain.errors import InvalidTransaction
from chain.units import days, ether
from simulation.agents import Agent, Offer
from simulation.data.dataset import DataSet
from simulation.evaluation import Evaluation
from simulation.events import MEASURING, VISITING, Event
from simulation.experiment import Experiment
from simulation.outcome import AgentOutcome, Outcome
from simulation.recorder import Nothing, Recorder
from simulation.state import State
from simulation.traces import Trace, offers

# Of the owner, who deploys the model: enough for any that fits.
OWNER_WEI = 10_000 * ether
# Who cannot pay for so many times the gas that an action took last time leaves it.
SPARE_GAS = 2


class Prepared(NamedTuple):
    """A transaction that can be paid for, and what it will cost in gas."""

    action: str
    transaction: Transaction
    fee_wei: int


class World:
    """A run of an experiment, from its beginning.

    Parameters
    ----------
    experiment, seed
        All that happens follows from these.
    recorder
        Keeps what is to be kept.
    trace
        What is to be added; None for agents to decide.

    Raises
    ------
    DataError
        If the data cannot be had.
    DoesNotFit
        If no contract can hold the model.
    UnusableTrace
        If the trace is not of such a run.
    """

    def __init__(
        self,
        experiment: Experiment,
        seed: int,
        recorder: Recorder | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.experiment = experiment
        self.mechanism = experiment.mechanism
        self.seed = seed
        self.recorder = recorder or Nothing()
        self.data: DataSet = experiment.data.load(experiment.learner, seed)
        initial, self.rest = self.data.split(experiment.data.first())
        self.labels: list[int] = self.rest.labels.tolist()
        self.evaluation = Evaluation(self.data.test)
        self.gas_price = experiment.gas_price_wei
        self.chain = Chain(
            balance=0, gas_price=self.gas_price, block_time_s=experiment.block_time_s
        )
        self.system = self.mechanism.deploy(
            self.chain,
            experiment.learner.learn(self.data, initial),
            self.chain.account("owner", balance=OWNER_WEI),
            experiment.name,
            self.data.origin,
        )
        agents, self.supplies = self._make_agents()
        self.start = self.chain.timestamp
        accuracy = self.evaluation.accuracy(self.chain, self.system.classifier)
        self.state = State(
            agents, [0] * len(self.supplies), accuracy, accuracy, accuracy, self.start
        )
        self.state.queue.add(Event(0, MEASURING, 0))
        for position, agent in enumerate(agents):
            agent.previous = self.start
            wait_s = agent.policy.wait_s(agent.random.standard_normal())
            self.state.queue.add(Event(wait_s, VISITING, position))
        self.trace = trace
        self.offers: dict[tuple[int, str], Offer] = {} if trace is None else offers(trace, self)

    def _make_agents(self) -> tuple[list[Agent], list[range]]:
        """Deal money and samples; each agent draws random numbers of its own."""
        places = [(group, name) for group in self.experiment.agents for name in group.members()]
        seeds = np.random.SeedSequence(self.seed).spawn(len(places))
        supplies = [range(len(self.rest))]
        if dealt := self.experiment.data.held == "dealt":
            adders = sum(group.policy.adds for group, _ in places)
            supplies = [range(first, len(self.rest), adders) for first in range(adders)]
        agents: list[Agent] = []
        taken = 0
        for (group, name), seed in zip(places, seeds, strict=True):
            policy, random = group.policy, np.random.default_rng(seed)
            accounts = self._make_accounts(name, policy.balance_wei, policy.addresses)
            supply = None
            if policy.adds:
                supply = taken if dealt else 0
                taken += 1
            agents.append(Agent(name, group.name, policy, accounts, random, supply))
        return agents, supplies

    def _make_accounts(self, name: str, balance_wei: int, count: int) -> tuple[Account, ...]:
        """As many as wanted, with the money in equal parts; the first gets what does not divide."""
        share, rest = divmod(balance_wei, count)
        accounts = []
        for number in range(count):
            label = f"{name}'s address {number}" if number else name
            account = self.chain.account(f"agent {label}")
            self.chain.deal(account, share + (0 if number else rest))
            accounts.append(account)
        return tuple(accounts)

    @property
    def now(self) -> int:
        """The timestamp of the next block."""
        return self.chain.timestamp

    def balance_wei(self, agent: Agent) -> int:
        """What an agent has, on all of its addresses."""
        return sum(map(self.chain.balance, agent.accounts))

    def prepare(
        self, account: Account, action: str, *arguments: Any, value: int = 0
    ) -> Prepared | None:
        """Make a transaction; None if the account cannot pay for it, or it would fail.

        Parameters
        ----------
        action
            A method of the trainer, or else of the mechanism.
        """
        state, chain = self.state, self.chain
        spendable = chain.balance(account) - value
        gas = state.typical_gas.get(action)
        if spendable < (gas or 0) * self.gas_price * SPARE_GAS:
            return None
        method: ExternalMethod = getattr(self.contract_with(action), action)
        try:
            transaction = method.transaction(*arguments, sender=account, value=value)
            if gas is None:
                tried = chain.simulate(transaction)
                gas = tried.gas_used
                if not tried.ok or spendable < gas * self.gas_price * SPARE_GAS:
                    return None
        except InvalidTransaction:
            return None
        return Prepared(action, transaction, gas * self.gas_price)

    def contract_with(self, action: str) -> Any:
        """The contract that has a method."""
        trainer = self.system.trainer
        has = action in trainer.contract_class.methods
        return trainer if has else self.system.incentive_mechanism

    def execute(
        self,
        agent: Agent,
        prepared: Prepared,
        number: int | None = None,
        sample: int | None = None,
        label: int | None = None,
    ) -> Receipt:
        """Send a transaction and book what it cost.

        Parameters
        ----------
        number, sample, label
            Which contribution it is about, for the record; None if none.
        """
        state = self.state
        action = prepared.action
        receipt = self.chain.send(prepared.transaction)
        gas = receipt.gas_used
        state.typical_gas[action] = gas
        state.gas[action] += gas
        state.transactions[action] += 1
        state.fees[agent.name] += receipt.fee
        if receipt.ok:
            state.counts[agent.name, action] += 1
        else:
            state.failed += 1
        if self.recorder.wants("events"):
            self.recorder.write(
                "events",
                self.now - self.start,
                receipt.block_number,
                agent.name,
                action,
                number,
                sample,
                label,
                sum(getattr(event, "amount", 0) for event in receipt.events)
                or prepared.transaction.value,
                gas,
                None if receipt.ok else type(receipt.error).__name__,
            )
        return receipt

    def measure(self) -> None:
        """Measure accuracy, if it can have changed, and record what is wanted."""
        state, recorder = self.state, self.recorder
        if state.measured != len(state.contributions):
            state.measured = len(state.contributions)
            state.accuracy = self.evaluation.accuracy(self.chain, self.system.classifier)
            state.lowest = min(state.lowest, state.accuracy)
        now_s, block = self.now - self.start, self.chain.number
        if recorder.wants("accuracy"):
            recorder.write("accuracy", now_s, block, state.measured, state.accuracy)
        if recorder.wants("balances"):
            for agent in state.agents:
                balance_wei = self.balance_wei(agent)
                recorder.write("balances", now_s, block, agent.name, agent.group, balance_wei)
        if recorder.wants("gas"):
            for action, gas in sorted(state.gas.items()):
                recorder.write("gas", now_s, block, action, state.transactions[action], gas)

    def outcome(self, with_root: bool = False) -> Outcome:
        """What came of it, so far.

        Parameters
        ----------
        with_root
            Whether to make all headers, for the state root; that takes time for each block.
        """
        state, chain, system = self.state, self.chain, self.system
        counts = state.counts

        def total(action: str) -> int:
            return sum(counts[agent.name, action] for agent in state.agents)

        return Outcome(
            experiment=self.experiment.name,
            seed=self.seed,
            accuracy_start=state.first,
            accuracy_lowest=state.lowest,
            accuracy_end=state.accuracy,
            contributions=len(state.contributions),
            refunds=total("refund"),
            reports=total("report"),
            predictions=total("buy_prediction"),
            failed=state.failed,
            skipped=0 if self.trace is None else self.trace.skipped(state),
            looks=state.looks,
            visits=state.visits,
            days=(self.now - self.start) / days,
            blocks=chain.number,
            gas=dict(sorted(state.gas.items())),
            agents=tuple(
                AgentOutcome(
                    name=agent.name,
                    group=agent.group,
                    start_wei=agent.policy.balance_wei,
                    end_wei=self.balance_wei(agent),
                    fees_wei=state.fees[agent.name],
                    added=counts[agent.name, "add_data"],
                    refunded=counts[agent.name, "refund"],
                    reported=counts[agent.name, "report"],
                    bought=counts[agent.name, "buy_prediction"],
                )
                for agent in state.agents
            ),
            left_wei=system.trainer.balance + system.incentive_mechanism.balance,
            created_wei=chain.money,
            held_wei=chain.total_balance,
            state_root=chain.header().state_root.hex() if with_root else None,
        )
