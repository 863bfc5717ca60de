"""Replays one scenario on a chain of its own and compares every step."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chain.account import Account
from chain.chain import Chain
from chain.contract import ZERO_ADDRESS, Array, Contract, Event, uint256
from chain.contract.storage import MapType
from chain.deployed import Deployed
from chain.errors import ExecutionError
from chain.receipt import Receipt
from chain.transaction import Transaction
from chain.types import ArrayType, Type, type_of
from chain.values import Address
from contracts_py.data_handler import DataHandler, DataNotFound
from tests.replay.keys import Contribution
from tests.replay.naming import contract_class, error_code, member
from tests.replay.recording import Models, RecordingError, Scenario, Step
from tests.replay.translation import Translation

# Recorded under 8,995,000 for each transaction; ours charges other amounts, and none ran out.
GAS_LIMIT = 10**12

INDEX = type_of(uint256)


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect of a step in which ours is not the reference; both in the recording's terms."""

    aspect: str
    expected: Any
    got: Any


@dataclass(frozen=True, slots=True)
class Divergence:
    """A step that came out differently, with the traceback where our code has a bug."""

    seed: int
    number: int
    step: Step
    differences: list[Difference]
    traceback: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did here; `error` is a code, and BUG where our code broke."""

    error: str | None = None
    value: Any = None
    emitted: Sequence[tuple[Contract, Event]] = ()
    traceback: str = ""


class Replay:
    """One scenario, and the chain that it runs on, under the rules of `fork`.

    Attributes
    ----------
    receipts
        Of the transactions so far, by number of the step.
    """

    def __init__(self, scenario: Scenario, models: Models, fork: str) -> None:
        self.scenario = scenario
        self.chain = Chain(
            balance=0,
            gas_price=0,
            block_gas_limit=GAS_LIMIT,
            block_time_s=0,
            genesis_time_s=scenario.steps[0].t,
            fork=fork,
        )
        self.translation = Translation(scenario, models, self._our_key)
        self.contracts: dict[str, Deployed] = {}
        self.accounts: dict[str, Account] = {}
        self.receipts: dict[int, Receipt] = {}
        self._number = 0
        for name in scenario.actors:
            account = self.chain.account(name, scenario.initial_balance)
            self.accounts[name] = account
            self.translation.name(name, account.address)

    def run(self) -> Iterator[Divergence]:
        """Take every step; yield those that differ. Raises RecordingError."""
        for number, step in enumerate(self.scenario.steps):
            self._number = number
            self.chain.time_travel(seconds=step.t - self.chain.timestamp)
            try:
                arguments = [self.translation.resolved(argument) for argument in step.a]
                outcome = self._outcome(step, arguments)
                differences = list(self._differences(step, arguments, outcome))
            except RecordingError as error:
                raise type(error)(f"seed {self.scenario.seed}, step {number}: {error}") from None
            if differences:
                yield Divergence(self.scenario.seed, number, step, differences, outcome.traceback)

    # What a step does

    def _outcome(self, step: Step, arguments: list[Any]) -> Outcome:
        sender = self.accounts.get(step.by)
        if sender is None:
            raise RecordingError(f"{step.by!r} is no account of the scenario: fix the name")
        try:
            if step.deploy:
                return self._deploy(step, step.deploy, arguments, sender)
            target = self.contracts.get(step.on)
            if target is None:
                return Outcome(error=f"{step.on} is not deployed")
            return self._call(step, target, arguments, sender)
        except RecordingError:
            raise
        except ExecutionError as error:
            return Outcome(error=error_code(error))
        except Exception:  # a bug of ours: shown as a divergence, and the next steps may tell more
            return Outcome(error="BUG", traceback=traceback.format_exc())

    def _deploy(self, step: Step, name: str, arguments: list[Any], sender: Account) -> Outcome:
        owner = contract_class(step.contract)
        if owner is None:
            raise RecordingError(f"no contract of ours stands for {step.contract}: see naming.py")
        method = owner.constructor_method
        transaction = self.chain.make_transaction(
            "deploy",
            sender,
            name=self.chain.register(owner),
            arguments=self.translation.decoded(method.kinds if method else (), arguments),
            value=step.v,
        )
        outcome, address = self._send(transaction)
        if address is not None:
            self.contracts[name] = self.chain.at(address, name)
            self.translation.name(name, address)
        return outcome

    def _call(self, step: Step, target: Deployed, arguments: list[Any], sender: Account) -> Outcome:
        name = member(step.f, len(arguments))
        method = target.contract_class.methods.get(name)
        if method is None:
            kinds, options = _getter_keys(target.contract_class.fields.get(name)), {}
        else:
            kinds, options = method.kinds, {"sender": sender}
        decoded = self.translation.decoded(kinds, arguments)
        if step.view:
            return Outcome(value=getattr(target, name)(*decoded, **options))
        self._note(step, decoded)
        transaction = self.chain.make_transaction(
            "call", sender, to=target.address, name=name, arguments=decoded, value=step.v
        )
        return self._send(transaction)[0]

    def _send(self, transaction: Transaction) -> tuple[Outcome, Address | None]:
        """The outcome, and where a deployment that succeeded put the contract."""
        receipt = self.receipts[self._number] = self.chain.send(transaction)
        if receipt.error is not None:
            return Outcome(error=error_code(receipt.error)), None
        outcome = Outcome(value=receipt.return_value, emitted=receipt.emitted)
        return outcome, receipt.contract_address

    # Data keys

    def _note(self, step: Step, decoded: list[Any]) -> None:
        """Remember what may be a new contribution: its data key may be used later."""
        match step.f, decoded:
            case "addData", [data, classification]:
                author = step.by
            case "handleAddData", [address, _, data, classification]:
                author = self.translation.encoded(address)
            case _:
                return
        self.translation.keys.note(Contribution(data, classification, step.t, author))

    def _our_key(self, contribution: Contribution) -> bytes:
        """Ask one of our data handlers, as its owner."""
        handler = next(
            contract
            for contract in self.contracts.values()
            if contract.contract_class is DataHandler
        )
        arguments = (
            ZERO_ADDRESS,
            contribution.data,
            contribution.classification,
            contribution.time_s,
            self.translation.address(contribution.author),
        )
        owner = self.chain.impersonate(handler.owner())
        try:
            key: bytes = handler.handle_report.simulate(*arguments, sender=owner).return_value[-1]
        except DataNotFound as error:
            return error.key
        return key

    # The comparison

    def _differences(
        self, step: Step, arguments: list[Any], outcome: Outcome
    ) -> Iterator[Difference]:
        if outcome.error != step.err:
            yield Difference("outcome", step.err or "ok", outcome.error or "ok")
        elif outcome.error is None:
            self._learn_keys(outcome.value, step.ret)
            value = self.translation.encoded(outcome.value)
            if not agrees(value, step.ret):
                yield Difference("result", step.ret, value)
        expected = [
            [contract, event, {key: _filled(value, arguments) for key, value in fields.items()}]
            for contract, event, fields in step.ev
        ]
        events = [
            self.translation.encoded_event(contract.address, event)
            for contract, event in outcome.emitted
        ]
        if not agrees(events, expected):
            yield Difference("events", expected, events)
        if step.bal is not None:
            addresses = self.translation.addresses
            known = [name for name in self.scenario.accounts if name in addresses]
            balances = [self.chain.balance(addresses[name]) for name in known]
            if balances != step.bal:
                yield Difference("balances", step.bal, balances)

    def _learn_keys(self, value: Any, recorded: Any) -> None:
        """Take note of the data keys in a result, ours and the recorded one."""
        if isinstance(value, tuple) and isinstance(recorded, list):
            for part, recorded_part in zip(value, recorded, strict=False):
                if isinstance(part, bytes):
                    self.translation.keys.learn(recorded_part, part)


def _getter_keys(kind: Type | None) -> tuple[Type, ...]:
    """Types of what the getter of a field takes: the keys of maps and indices of arrays within."""
    keys: tuple[Type, ...] = ()
    while isinstance(kind, MapType | ArrayType):
        if isinstance(kind, MapType):
            keys += (kind.key,)
            kind = kind.value
        else:
            keys += (INDEX,)
            kind = kind.element
    return keys


def _filled(value: Any, arguments: list[Any]) -> Any:
    """An event field, or the argument that it says it equals."""
    if isinstance(value, str) and value.startswith("$"):
        return arguments[int(value[1:])]
    return value


def agrees(got: Any, recorded: Any) -> bool:
    """Whether a value is the recorded one, in which big integers are decimal strings."""
    if type(got) is int:
        return type(recorded) in (int, str) and str(got) == str(recorded)
    if isinstance(got, list):
        return (
            isinstance(recorded, list | Array)
            and len(got) == len(recorded)
            and all(map(agrees, got, recorded))
        )
    if isinstance(got, dict):
        return (
            isinstance(recorded, dict)
            and got.keys() == recorded.keys()
            and all(agrees(value, recorded[key]) for key, value in got.items())
        )
    return type(got) is type(recorded) and got == recorded
