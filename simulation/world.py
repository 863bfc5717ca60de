"""A chain with a shared model, and the agents around it."""

from __future__ import annotations

from typing import Any, NamedTuple

from chain import Account, Chain, Receipt, Transaction
from chain.deployed import ExternalMethod
from chain.errors import InvalidTransaction
from chain.units import days
from simulation.agents import Participant
from simulation.data.dataset import DataSet, Part, UnusableOption
from simulation.dealing import deal
from simulation.decisions import Offer
from simulation.evaluation import Evaluation
from simulation.events import MEASURING, OPENING, VISITING, Event
from simulation.experiment import Experiment
from simulation.mechanism import PROVIDER
from simulation.outcome import AgentOutcome, Outcome
from simulation.recorder import Nothing, Recorder
from simulation.state import State
from simulation.traces import Trace, offers, trace_of

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
        initial, rest = self.data.split(experiment.data.first())
        self.rest, self.hidden = self._hide(rest)
        self.labels: list[int] = self.rest.labels.tolist()
        self.evaluation = Evaluation(self.data.test)
        self.gas_price = experiment.gas_price_wei
        self.chain = Chain(
            balance=0, gas_price=self.gas_price, block_time_s=experiment.block_time_s
        )
        self.owner = self.chain.account("owner", balance=self.mechanism.owner_wei)
        self.system = self.mechanism.deploy(
            self.chain,
            experiment.learner.learn(self.data, initial),
            self.owner,
            experiment.name,
            self.data.origin,
        )
        start_wei = self.chain.balance(self.owner)
        self.provider = Participant(PROVIDER, PROVIDER, (self.owner,), start_wei)
        agents, self.supplies = deal(self.chain, experiment, seed, len(self.rest))
        self.start = self.chain.timestamp
        accuracy = self.evaluation.accuracy(self.chain, self.system.classifier)
        self.state = State(
            agents, [0] * len(self.supplies), accuracy, accuracy, accuracy, self.start
        )
        self.state.queue.add(Event(0, MEASURING, 0))
        self.state.queue.add(Event(0, OPENING, 0))
        for position, agent in enumerate(agents):
            agent.previous = self.start
            self.state.queue.add(Event(agent.next_wait_s(), VISITING, position))
        self.replayed = trace
        self.offers: dict[tuple[int, str], Offer] = {}
        if trace is not None:
            sizes = len(self.rest), len(self.data.classes)
            self.offers = offers(trace, experiment, seed, agents, *sizes)

    def _hide(self, rest: Part) -> tuple[Part, Part]:
        """What agents can add, and what the provider keeps: the last samples, whatever the seed."""
        left = len(rest) - self.mechanism.hidden_samples
        if left < 1:
            raise UnusableOption(
                f"{self.data.name} has {len(rest)} samples besides the initial ones, and the "
                f"provider hides {self.mechanism.hidden_samples}: give more data, or fewer or "
                "smaller pieces"
            )
        return rest.between(0, left), rest.between(left, len(rest))

    @property
    def now(self) -> int:
        """The timestamp of the next block."""
        return self.chain.timestamp

    @property
    def everyone(self) -> list[Participant]:
        """Agents, and the provider if there is one."""
        return [*self.state.agents, *[self.provider] * self.mechanism.has_provider]

    def balance_wei(self, who: Participant) -> int:
        """What somebody has, on all of their addresses."""
        return sum(map(self.chain.balance, who.accounts))

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
        who: Participant,
        prepared: Prepared,
        number: int | None = None,
        sample: int | None = None,
        label: int | None = None,
    ) -> tuple[Receipt, int]:
        """Send a transaction and book what it cost; return its receipt, and the wei it brought.

        Parameters
        ----------
        number, sample, label
            Which contribution it is about, for the record; None if none.
        """
        sender = prepared.transaction.sender
        before_wei = self.chain.balance(sender)
        receipt = self.chain.send(prepared.transaction)
        self.state.typical_gas[prepared.action] = receipt.gas_used
        # Not what events say: mechanisms of the user's can call that as they like.
        gained_wei = max(0, self.chain.balance(sender) - before_wei + receipt.fee)
        self.book(who, receipt, gained_wei, number, sample, label)
        return receipt, gained_wei

    def book(self, who: Participant, receipt: Receipt, gained_wei: int = 0, *about: Any) -> None:
        """Book what a transaction cost.

        Parameters
        ----------
        gained_wei
            What the sender got; if nothing, what it sent is recorded.
        about
            For the record, as `execute` takes it.
        """
        state, recorder = self.state, self.recorder
        action, gas = receipt.transaction.name, receipt.gas_used
        state.gas[action] += gas
        state.transactions[action] += 1
        state.fees[who.name] += receipt.fee
        if receipt.ok:
            state.counts[who.name, action] += 1
        else:
            state.failed += 1
        if recorder.wants("events"):
            recorder.write(
                "events",
                self.chain.block(receipt.block_number).timestamp - self.start,
                receipt.block_number,
                who.name,
                action,
                *(about or (None, None, None)),
                gained_wei or receipt.transaction.value,
                gas,
                None if receipt.ok else type(receipt.error).__name__,
            )

    def begin(self) -> None:
        """Let the provider open what agents come for."""
        for receipt in self.mechanism.begin(self.chain, self.system, self.owner, self.hidden):
            self.book(self.provider, receipt)

    def end(self) -> None:
        """Let the provider end it."""
        for receipt in self.mechanism.end(self.chain, self.system, self.owner, self.hidden):
            self.book(self.provider, receipt)

    def measure(self, learned: bool = False) -> None:
        """Measure accuracy, if it can have changed, and record what is wanted.

        Parameters
        ----------
        learned
            Whether the model may have learned although nothing was added.
        """
        state, recorder = self.state, self.recorder
        if learned or state.measured != len(state.contributions):
            state.measured = len(state.contributions)
            state.accuracy = self.evaluation.accuracy(self.chain, self.system.classifier)
            state.lowest = min(state.lowest, state.accuracy)
        now_s, block = self.now - self.start, self.chain.number
        if recorder.wants("accuracy"):
            recorder.write("accuracy", now_s, block, state.measured, state.accuracy)
        if recorder.wants("balances"):
            for who in self.everyone:
                balance_wei = self.balance_wei(who)
                recorder.write("balances", now_s, block, who.name, who.group, balance_wei)
        if recorder.wants("gas"):
            for action, gas in sorted(state.gas.items()):
                recorder.write("gas", now_s, block, action, state.transactions[action], gas)

    def trace(self) -> Trace:
        """What was added; raises UnusableTrace if more may be."""
        return trace_of(self.experiment, self.seed, self.state)

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
            skipped=0 if self.replayed is None else self.replayed.skipped(state),
            looks=state.looks,
            visits=state.visits,
            days=(self.now - self.start) / days,
            blocks=chain.number,
            gas=dict(sorted(state.gas.items())),
            agents=tuple(
                AgentOutcome(
                    name=who.name,
                    group=who.group,
                    start_wei=who.start_wei,
                    end_wei=self.balance_wei(who),
                    fees_wei=state.fees[who.name],
                    added=counts[who.name, "add_data"],
                    refunded=counts[who.name, "refund"],
                    reported=counts[who.name, "report"],
                    bought=counts[who.name, "buy_prediction"],
                )
                for who in self.everyone
            ),
            left_wei=system.trainer.balance + system.incentive_mechanism.balance,
            created_wei=chain.money,
            held_wei=chain.total_balance,
            state_root=chain.header().state_root.hex() if with_root else None,
        )
