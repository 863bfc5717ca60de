"""Between a recording's terms and ours: names for addresses, references for samples, other keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chain.contract import ZERO_ADDRESS, Array, Event
from chain.contract.fields import ContractType
from chain.errors import InvalidValue
from chain.types import AddressType, ArrayType, Bytes32Type, IntType, Type
from chain.values import Address
from tests.replay.keys import Contribution, Keys
from tests.replay.naming import EVENT_FIELDS
from tests.replay.recording import Models, RecordingError, Scenario

NOBODY = "0x0"


class Translation:
    """What a scenario's names, references and keys stand for on our chain.

    Parameters
    ----------
    our_key
        Our data key of a contribution.

    Attributes
    ----------
    addresses
        Of what exists so far, by name.
    """

    def __init__(
        self, scenario: Scenario, models: Models, our_key: Callable[[Contribution], bytes]
    ) -> None:
        self.recorded_addresses = {**scenario.addresses, NOBODY: ZERO_ADDRESS}
        self.models = models
        self.keys = Keys(lambda name: self.recorded_addresses.get(name, name), our_key)
        self.samples = {f"@{k}": Array(values) for k, values in enumerate(scenario.data)}
        self.addresses: dict[str, Address] = {}
        self._names: dict[Address, str] = {}
        self.name(NOBODY, ZERO_ADDRESS)

    def name(self, name: str, address: Address) -> None:
        """Let `name` stand for `address` from now on."""
        self.addresses[name] = address
        self._names[address] = name

    def resolved(self, argument: Any) -> Any:
        """An argument with what it refers to in its place; raises RecordingError."""
        if isinstance(argument, str):
            return self.samples.get(argument, argument)
        if isinstance(argument, dict):
            return self.models.slice(argument)
        if isinstance(argument, list):
            return [self.resolved(element) for element in argument]
        return argument

    def decoded(self, kinds: Sequence[Type], arguments: list[Any]) -> list[Any]:
        """Our arguments of these types; raises RecordingError."""
        if len(kinds) != len(arguments):
            return arguments  # for our contract to refuse
        try:
            return [self._decoded(kind, a) for kind, a in zip(kinds, arguments, strict=True)]
        except (TypeError, ValueError, InvalidValue) as error:
            raise RecordingError(f"an argument is not of its type ({error}): fix it") from None

    def _decoded(self, kind: Type, value: Any) -> Any:
        if isinstance(kind, IntType):
            return int(value)
        if isinstance(kind, ArrayType):
            if isinstance(value, Array):
                return value
            return Array([self._decoded(kind.element, element) for element in value])
        if isinstance(kind, AddressType | ContractType):
            return self.address(value)
        if isinstance(kind, Bytes32Type):
            return self.keys.ours(value)
        return value

    def address(self, name: str) -> Address:
        """The address of a name; one that is written out, or not there yet, stands for itself."""
        found = self.addresses.get(name)
        return Address.parse(self.recorded_addresses.get(name, name)) if found is None else found

    def encoded(self, value: Any) -> Any:
        """One of our values in the recording's terms."""
        if isinstance(value, Address):
            return self._names.get(value, str(value))
        if isinstance(value, bytes):
            return self.keys.recorded(value)
        if isinstance(value, tuple | Array):
            return [self.encoded(element) for element in value]
        return value

    def encoded_event(self, contract: Address, event: Event) -> list[Any]:
        """An event in the recording's terms: contract, name, fields."""
        name = type(event).__name__
        short = EVENT_FIELDS.get(name, {})
        fields = {short.get(key, key): self.encoded(value) for key, value in event.values.items()}
        return [self.encoded(contract), name, fields]
