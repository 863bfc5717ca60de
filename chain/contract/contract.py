"""The base class of contracts: what a subclass declares becomes fields, methods and references."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any, ClassVar, Self

from chain.cells import Cells
from chain.contract.calling import CallCosts, is_nested
from chain.contract.checker import Checker
from chain.contract.compiler import compiled
from chain.contract.fields import ContractType, FieldCells, build_place, descriptors
from chain.contract.method import (
    CONSTRUCTOR,
    Marks,
    Method,
    argument_check,
    refuse_storage_type,
    result_types,
)
from chain.contract.records import Event, evaluated, field_types
from chain.contract.reference import Reference, reference_class
from chain.contract.rules import HOST_ATTRIBUTES
from chain.contract.size import constructor_size, runtime_size
from chain.contract.source import function_tree, refused_field
from chain.contract.storage import Place
from chain.contract.structs import storage_type
from chain.encoding import encode
from chain.errors import ContractRefused, InvalidValue
from chain.host import IDLE, BlockContext, Host, Message
from chain.types import ADDRESS, UINT256, Type, type_of
from chain.values import Address


@dataclass(frozen=True, slots=True)
class CallResult:
    """What ``self.try_call`` returns: whether it worked, its value or else the error's name."""

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
    _own_trees: ClassVar[dict[str, ast.FunctionDef]] = {}
    _own_abstract: ClassVar[dict[str, bool]] = {}
    _reference_class: ClassVar[type[Reference]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.contract_type = ContractType(cls)
        functions = _own_functions(cls)
        cls._own_fields = field_types(cls, storage_type)
        cls.fields = {
            name: kind
            for base in reversed(cls.__mro__)
            for name, kind in vars(base).get("_own_fields", {}).items()
        }
        _refuse_bad_names(cls, functions)
        for name, descriptor in descriptors(cls.fields).items():
            setattr(cls, name, descriptor)
        _compile_methods(cls, functions)
        _measure(cls, functions)
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


def _own_functions(cls: type[Contract]) -> dict[str, Callable[..., Any]]:
    """The functions of the class body; anything else there is refused, and so are strange bases."""
    for base in cls.__mro__:
        if not issubclass(base, Contract) and base is not object:
            raise refused_field(cls, "", f"the base {base.__name__} is no contract: make it one")
    functions: dict[str, Callable[..., Any]] = {}
    for name, value in list(vars(cls).items()):
        if name == "__init__":
            functions[CONSTRUCTOR] = value
            delattr(cls, name)  # the machine makes instances its own way
        elif isinstance(value, FunctionType):
            functions[name] = value
        elif not name.startswith("__") and name not in Contract.__annotations__:
            raise refused_field(
                cls,
                name,
                f"a {type(value).__name__} in a contract's body: declare fields as name: type, "
                "constants at module level",
            )
    return functions


def _refuse_bad_names(cls: type[Contract], functions: dict[str, Callable[..., Any]]) -> None:
    taken = {name for name in dir(Contract) if not name.startswith("__")}
    declared = [name for base in cls.__mro__[1:] for name in vars(base).get("_own_fields", ())]
    inherited = set(declared)
    for name in inherited:
        if declared.count(name) > 1:
            raise refused_field(cls, name, "two of its bases have a field of that name: rename one")
    if CONSTRUCTOR in functions and functions[CONSTRUCTOR].__name__ != "__init__":
        raise refused_field(cls, CONSTRUCTOR, "call the constructor __init__")
    for name in (*cls._own_fields, *functions):
        why = ""
        if name in taken or name in HOST_ATTRIBUTES or name.startswith("_"):
            why = "the name is taken, or begins with _: undecorated methods are internal already"
        elif name in inherited or (name in functions and name in cls._own_fields):
            why = "there is a field of that name: choose another"
        elif name in cls._own_fields and hasattr(cls, name):
            why = "there is a method of that name: choose another"
        elif (
            name in functions
            and name in _inherited(cls, "methods")
            and not getattr(functions[name], "contract_marks", Marks()).external
        ):
            why = "it overrides an external method: mark it @external or @view, too"
        if why:
            raise refused_field(cls, name, why)


def _compile_methods(cls: type[Contract], functions: dict[str, Callable[..., Any]]) -> None:
    callables = frozenset(functions) | frozenset(_inherited(cls, "_own_abstract"))
    callables -= {CONSTRUCTOR}
    methods = _inherited_methods(cls)
    cls.constructor_method = _inherited_constructor(cls)
    for field in cls.fields:
        methods.pop(field, None)
    written = {}  # whether each method of the body is for a subclass to write
    for name, function in functions.items():
        marks: Marks = getattr(function, "contract_marks", Marks())
        filename = function.__code__.co_filename
        guards = []
        for guard in marks.modifiers:
            checker = Checker(filename, f"{cls.__name__}.{name}", callables, cls.fields)
            checker.filename = guard.function.__code__.co_filename
            guards.append(compiled(checker, guard.function, cls, []))
        checker = Checker(filename, f"{cls.__name__}.{name}", callables, cls.fields)
        body = compiled(checker, function, cls, guards)
        setattr(cls, name, body)
        written[name] = checker.is_abstract
        if marks.external or name == CONSTRUCTOR:
            method = _method(cls, name, function, body, marks)
            if name == CONSTRUCTOR:
                cls.constructor_method = method
            else:
                methods[name] = method
    constructor = cls.constructor_method
    every = [*methods.values()] if constructor is None else [*methods.values(), constructor]
    nested = any(is_nested(kind) for each in every for kind in (*each.kinds, *each.returns))
    candidates = len(methods) + len(cls.fields)
    cls.methods = {
        name: replace(each, costs=CallCosts(each.kinds, each.returns, candidates, nested))
        for name, each in methods.items()
    }
    if constructor is not None:
        costs = CallCosts(constructor.kinds, (), 0, nested)
        cls.constructor_method = replace(constructor, costs=costs)
    cls._own_abstract = written
    everything = _inherited(cls, "_own_abstract") | written
    cls.abstract = frozenset(name for name, is_abstract in everything.items() if is_abstract)


def _measure(cls: type[Contract], functions: dict[str, Callable[..., Any]]) -> None:
    """Estimate the size of the contract's code."""
    cls._own_trees = {name: function_tree(function) for name, function in functions.items()}
    trees = _inherited(cls, "_own_trees") | cls._own_trees
    trees.pop(CONSTRUCTOR, None)
    cls.code_size = runtime_size(trees.values(), cls.methods.values())
    constructors = [
        vars(base)["_own_trees"][CONSTRUCTOR]
        for base in cls.__mro__
        if CONSTRUCTOR in vars(base).get("_own_trees", ())
    ]
    method = cls.constructor_method
    cls.constructor_size = constructor_size(constructors, () if method is None else method.kinds)


def _inherited(cls: type[Contract], attribute: str) -> dict[str, Any]:
    """A class attribute of dicts, merged over the bases, nearest last."""
    merged: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        merged.update(vars(base).get(attribute, {}))
    return merged


def _inherited_methods(cls: type[Contract]) -> dict[str, Method]:
    """The external methods of the bases: of each name the one that Python would find, too."""
    return {
        name: method
        for base in reversed(cls.__mro__[1:])
        for name, method in vars(base).get("methods", {}).items()
        if name in vars(base)
    }


def _inherited_constructor(cls: type[Contract]) -> Method | None:
    """The nearest base's that has one of its own."""
    for base in cls.__mro__[1:]:
        if CONSTRUCTOR in vars(base):
            method: Method | None = vars(base)["constructor_method"]
            return method
    return None


def _method(
    cls: type[Contract],
    name: str,
    function: Callable[..., Any],
    body: Callable[..., Any],
    marks: Marks,
) -> Method:
    """What calls need to know about an external method or the constructor."""
    where = (
        f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}: {cls.__name__}.{name}"
    )
    if marks.view and marks.payable:
        raise ContractRefused(f"{where}: a view takes no money: drop @payable or @view")
    parameters = list(inspect.signature(function).parameters)[1:]
    annotations = function.__annotations__
    kinds: dict[str, Type] = {}
    for parameter in parameters:
        if parameter not in annotations:
            raise ContractRefused(f"{where}: {parameter} has no type: write {parameter}: uint256")
        try:
            kinds[parameter] = type_of(evaluated(annotations[parameter], function, cls))
        except (TypeError, NameError) as error:
            raise ContractRefused(f"{where}: {parameter}: {error}") from None
    try:
        for kind in kinds.values():
            refuse_storage_type(kind)
        returns, check_result = result_types(evaluated(annotations.get("return"), function, cls))
    except (TypeError, NameError) as error:
        raise ContractRefused(f"{where}: result: {error}") from None
    return Method(
        name=name,
        function=body,
        arguments=kinds,
        kinds=tuple(kinds.values()),
        costs=CallCosts((), (), 0, False),  # of the whole class, once it is known
        check_arguments=argument_check(name, kinds),
        returns=returns,
        check_result=check_result,
        returns_heavy=any(kind.dynamic for kind in returns),
        view=marks.view,
        payable=marks.payable,
        reentrant=marks.reentrant,
        references=tuple(
            (index, kind.owner)
            for index, kind in enumerate(kinds.values())
            if isinstance(kind, ContractType)
        ),
    )
