"""The base class of contracts: what a subclass declares becomes fields, methods and references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from chain.cells import Cells
from chain.contract.fields import ContractType, FieldCells, build_place, descriptors
from chain.contract.making import compile_methods, measure, own_functions, refuse_bad_names
from chain.contract.method import Method
from chain.contract.records import Event, field_types
from chain.contract.reference import Reference, reference_class
from chain.contract.storage import Place
from chain.contract.structs import storage_type
from chain.encoding import encode
from chain.errors import InvalidValue
from chain.host import IDLE, BlockContext, Host, Message
from chain.types import ADDRESS, UINT256, Type
from chain.values import Address


@dataclass(frozen=True, slots=True, eq=False)
class CallResult:
    """What ``self.try_call`` returns: whether it worked, its value or else the error's name.

    Two are equal if they are one: comparing long values would have to be paid for.
    """

    ok: bool
    value: Any
    error: str


class Contract:
    """Base of all contracts. A subclass declares storage as annotated fields and writes methods.

    ::

        class Counter(Contract):
            count: uint256

            @external
            def increase(self, by: uint256) -> uint256:
                self.count += by
                return self.count

    ``__init__`` runs once, at deployment; a method named ``receive`` and ``@payable``
    runs when plain money arrives (without it, plain money is refused). The class is checked and
    compiled when it is made: raises ContractRefused, with file and line, for what a contract may
    not say.
    """

    contract_type: ClassVar[Type]
    methods: ClassVar[dict[str, Method]] = {}
    fields: ClassVar[dict[str, Type]] = {}
    abstract: ClassVar[frozenset[str]] = frozenset()
    constructor_method: ClassVar[Method | None] = None
    code_size: ClassVar[int] = 0
    constructor_size: ClassVar[int] = 0
    _own_fields: ClassVar[dict[str, Type]] = {}
    _own_sizes: ClassVar[dict[str, int]] = {}
    _own_abstract: ClassVar[dict[str, bool]] = {}
    _reference_class: ClassVar[type[Reference]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.contract_type = ContractType(cls)
        functions = own_functions(cls, Contract)
        cls._own_fields = field_types(cls, storage_type)
        cls.fields = {
            name: kind
            for base in reversed(cls.__mro__)
            for name, kind in vars(base).get("_own_fields", {}).items()
        }
        refuse_bad_names(cls, functions, Contract)
        for name, descriptor in descriptors(cls.fields).items():
            setattr(cls, name, descriptor)
        compile_methods(cls, functions)
        measure(cls, functions)
        cls._reference_class = reference_class(cls.__name__, cls.methods)

    def __init__(self, host: Host, address: Address) -> None:
        self._host = host
        self._meter = host.meter
        self._cells = FieldCells(address, self.fields)
        self._places: dict[str, Place] = {
            name: build_place(host, kind, (address, name))
            for name, kind in self.fields.items()
            if not kind.bits
        }
        self._references: dict[Address, Reference] = {}  # those it had last
        self.address = address
        self.msg: Message = IDLE

    def encoded(self) -> str:
        """What the state tree holds for the contract itself: its class."""
        return type(self).__qualname__

    def families(self) -> Iterator[Cells]:
        """All cells of the contract's storage."""
        yield self._cells
        for place in self._places.values():
            yield from place.families()

    def leaf_path(self, field: str, keys: tuple[Any, ...]) -> bytes:
        """Name in the state tree of a field, or of what it holds at keys; raises InvalidValue."""
        if field in self._places:
            return encode(self._places[field].leaf((), keys))
        if field not in self.fields or keys:
            raise InvalidValue(
                f"{field}{list(keys)} is no place of {type(self).__name__}, which has the fields "
                f"{', '.join(self.fields)}; only maps, arrays and structs take keys"
            )
        return encode((self.address, field))

    @property
    def block(self) -> BlockContext:
        """The block this runs in: number, timestamp in seconds, producer, gas limit."""
        return self._host.block

    @property
    def balance(self) -> int:
        """Wei this contract has."""
        self._meter.work(self._host.schedule.own_balance)
        return self._host.state.balance(self.address)

    def block_hash(self, number: int) -> bytes:
        """Hash of one of the last 256 blocks; 32 zeros for any other, as on the EVM.

        Not even who makes the running block knows its own hash. A run of empty blocks mined at once
        has one hash.
        """
        self._meter.work(self._host.schedule.block_hash)
        return self._host.hash_of(UINT256.check(number))

    def emit(self, event: Event) -> None:
        """Log an event; raises WriteInView inside a view."""
        self._host.emit(self, event)

    def transfer(self, recipient: str, amount: int) -> None:
        """Send `amount` wei; the frame fails if there is less, or if the recipient refuses."""
        self._host.send(self.address, ADDRESS.check(recipient), UINT256.check(amount))

    def paying(self, amount: int) -> Self:
        """On a reference to another contract: send `amount` wei along with the next call."""
        raise TypeError("paying(...) belongs before a call to another contract")

    def try_call(self, target: Contract, method: str, arguments: list[Any]) -> CallResult:
        """Call another contract, and go on if that fails: its changes are undone, yours stay."""
        result: CallResult = self._host.attempt(self.address, target, method, tuple(arguments))
        return result

    @classmethod
    def _reference(cls, caller: Contract, target: Address) -> Reference:
        """A reference to the contract of this class at `target`, for `caller` to call through."""
        found = caller._references.get(target)
        if type(found) is not cls._reference_class:  # also if another class was expected there
            found = caller._references[target] = cls._reference_class(
                caller._host, Message(caller.address, 0), target
            )
        return found
