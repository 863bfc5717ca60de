"""A contract and its twin, told the same things and compared after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from chain import Account, Chain, Deployed
from chain.cells import Column
from chain.contract import Contract, Error
from chain.errors import Arithmetic, ExecutionError
from tests.twins.classifier import ClassifierTwin, Failed

OK = "ok"

Storage = dict[tuple[str, ...], dict[Any, Any]]


class Outcome(NamedTuple):
    """What became of an operation.

    Attributes
    ----------
    reason
        Name of the error, or OK.
    values
        What the error says; only errors that contracts declare say anything.
    """

    reason: str = OK
    values: Any = None
    result: Any = None
    events: Any = ()


def storage(chain: Chain, contract: Deployed) -> Storage:
    """Everything a contract has stored, by place and key."""
    found: Storage = {}
    for cells in chain._ledger.contract(contract.address).families():
        found[tuple(cells.path[1:])] = {
            key: list(value.elements) if isinstance(value, Column) else value
            for key, value in cells.items()
            if value != cells.unset(key)
        }
    return found


def in_both_orders(pair: Pair, updates: list[tuple[Any, int]]) -> tuple[Storage, Storage]:
    """What a contract has stored after samples in one order, and in the other."""

    def after(samples: list[tuple[Any, int]]) -> Storage:
        with pair.chain.anchor():
            for sample, label in samples:
                pair.contract.update(sample, label, sender=pair.owner)
            return storage(pair.chain, pair.contract)

    return after(updates), after(updates[::-1])


def of_contract(action: Callable[[], Any]) -> Outcome:
    """What becomes of a view or a transaction."""
    try:
        result = action()
    except Arithmetic:
        return Outcome("Arithmetic", {})
    except ExecutionError as error:
        return Outcome(type(error).__name__, error.values if isinstance(error, Error) else {})
    if not hasattr(result, "emitted"):
        return Outcome(result=result)
    events = tuple((type(event).__name__, event.values) for event in result.events)
    return Outcome(result=result.return_value, events=events)


def of_twin(twin: ClassifierTwin, name: str, arguments: Sequence[Any], sender: str) -> Outcome:
    """What becomes of an operation on a twin, which a failure leaves as it was."""
    before = deepcopy(twin.__dict__)
    try:
        result = twin.call(name, arguments, sender)
    except Failed as failure:
        twin.__dict__.update(before)
        return Outcome(failure.reason, failure.values)
    return Outcome(result=result, events=tuple(twin.events))


class Pair:
    """A deployed contract beside its twin; see `deploy`."""

    def __init__(self, chain: Chain, contract: Deployed, twin: Any) -> None:
        self.chain = chain
        self.contract = contract
        self.twin = twin

    @property
    def owner(self) -> Account:
        """The account that owns both."""
        return next(each for each in self.chain.accounts if each.address == self.twin.owner)

    def call(self, name: str, *arguments: Any, sender: Account | None = None) -> Outcome:
        """Have both do an operation, by their owner unless said otherwise.

        Fails unless result, error, events and everything readable agree, and a failure has left
        the whole storage of the contract as it was.
        """
        sender = sender or self.owner
        before = storage(self.chain, self.contract)
        method = getattr(self.contract, name)
        got = of_contract(lambda: method(*arguments, sender=sender))
        expected = of_twin(self.twin, name, arguments, sender.address)
        assert got == expected, f"{name}{arguments}"
        if got.reason != OK:
            assert storage(self.chain, self.contract) == before
        self.check()
        return got

    def fine(self, name: str, *arguments: Any) -> Any:
        """Have both do an operation that must succeed, and return its result."""
        outcome = self.call(name, *arguments)
        assert outcome.reason == OK, f"{name}{arguments}: {outcome}"
        return outcome.result

    def check(self) -> None:
        """Fail unless all getters answer as the twin does, and nothing else is stored."""
        for name, keys, expected in self.twin.readings():
            got = getattr(self.contract, name)(*keys)
            assert got == expected, f"{name}{keys} is {got}, not {expected}"
        held = storage(self.chain, self.contract)
        for place, keys in self.twin.stored().items():
            assert held[place].keys() == keys, f"keys of {place}"


def deploy(
    chain: Chain, contract: type[Contract], twin: Callable[..., ClassifierTwin], *arguments: Any
) -> Pair | None:
    """Deploy both with the same arguments; None if both refuse, for the same reason."""
    deployer = chain.accounts[0]
    made: list[Any] = []
    got = of_contract(lambda: made.append(chain.deploy(contract, *arguments, sender=deployer)))
    try:
        made.append(twin(str(deployer.address), *arguments))
        expected = Outcome()
    except Failed as failure:
        expected = Outcome(failure.reason, failure.values)
    assert got == expected, f"{contract.__name__}{arguments}"
    if got.reason != OK:
        return None
    pair = Pair(chain, *made)
    pair.check()
    return pair


def deployed(
    chain: Chain, contract: type[Contract], twin: Callable[..., ClassifierTwin], *arguments: Any
) -> Pair:
    """Deploy both with arguments that must be accepted."""
    pair = deploy(chain, contract, twin, *arguments)
    assert pair is not None, f"{contract.__name__}{arguments} was refused"
    return pair
