"""Small classes with typed fields: events, errors and storage structs.

::

    class AddData(Event):
        data: Array[int64]
        sender: Indexed[address]
        cost: uint256

    class DepositTooLow(Error):
        sent: uint256
        required: uint256

    class Record(Struct):
        sender: address
        claimable: uint256
        claimed_by: Map[address, bool]

Fields are given by name, checked against their types, and read-only afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import (
    Annotated,
    Any,
    ClassVar,
    Self,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
)

from chain.contract.method import argument_check
from chain.contract.source import refused_field
from chain.errors import InvalidValue, Revert
from chain.types import Type, type_of
from chain.values import shown

T = TypeVar("T")


class _IndexedMark:
    """Marks an event field that logs can be searched by."""


Indexed = Annotated[T, _IndexedMark]


def evaluated(annotation: Any, function: Callable[..., Any], owner: type) -> Any:
    """An annotation of a method, read in the method's module if it is still text."""
    if not isinstance(annotation, str):
        return annotation
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    enclosing = {name: cell.cell_contents for name, cell in cells if name != "__class__"}
    return eval(annotation, {**function.__globals__, **enclosing, owner.__name__: owner})


def annotations_of(owner: type) -> dict[str, Any]:
    """Return the annotations a class body declares itself, evaluated, class variables left out.

    Raises ContractRefused where a name cannot be found: with ``from __future__ import annotations``
    only what the module defines can be named.
    """
    found: dict[str, Any] = {}
    scope = {**vars(sys.modules[owner.__module__]), **vars(owner), owner.__name__: owner}
    for name, annotation in vars(owner).get("__annotations__", {}).items():
        if isinstance(annotation, str):
            try:
                annotation = eval(annotation, scope)  # the class's own source, as Python reads it
            except NameError as error:
                raise refused_field(
                    owner,
                    name,
                    f"{error}: define it at module level, or drop "
                    "'from __future__ import annotations'",
                ) from None
        if get_origin(annotation) is not ClassVar:
            found[name] = annotation
    return found


def field_types(owner: type, resolve: Callable[[Any], Type]) -> dict[str, Type]:
    """Types of the fields a class body declares itself; raises ContractRefused for what is none."""
    found = {}
    for name, annotation in annotations_of(owner).items():
        try:
            found[name] = resolve(annotation)
        except TypeError as error:
            raise refused_field(owner, name, str(error)) from None
    return found


def is_indexed(annotation: Any) -> bool:
    """Whether an event field was declared ``Indexed[...]``."""
    return get_origin(annotation) is Annotated and _IndexedMark in get_args(annotation)[1:]


class Record:
    """Base of what has typed, named, read-only fields."""

    contract_record: ClassVar[bool] = True  # contracts may name it
    fields: ClassVar[dict[str, Type]] = {}
    heavy: ClassVar[dict[str, Type]] = {}  # those that are looked at element by element
    heavy_at: ClassVar[tuple[tuple[int, Type, Any], ...]] = ()  # where, and what is in an array
    _names: ClassVar[tuple[str, ...]] = ()
    _check: ClassVar[Callable[[tuple[Any, ...]], tuple[Any, ...]]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.fields = cls.fields | field_types(cls, type_of)
        cls.heavy = {name: kind for name, kind in cls.fields.items() if kind.dynamic}
        cls.heavy_at = tuple(
            (index, kind, getattr(kind, "element", None))
            for index, kind in enumerate(cls.fields.values())
            if kind.dynamic
        )
        cls._names = tuple(cls.fields)
        cls._check = staticmethod(argument_check(cls.__name__, cls.fields))

    def __init__(self, **values: Any) -> None:
        owner = type(self)
        if tuple(values) == owner._names:  # all of them, in order, and mostly right
            try:
                checked = owner._check(tuple(values.values()))
                self.__dict__.update(zip(owner._names, checked))  # noqa: B905 (hot path)
                return
            except InvalidValue:
                pass  # which one is said below
        kinds = owner.fields
        if len(values) != len(kinds):
            missing = [name for name in kinds if name not in values]
            if missing:
                raise TypeError(f"{type(self).__name__} lacks {', '.join(missing)}")
        state = self.__dict__
        for name, value in values.items():
            kind = kinds.get(name)
            if kind is None:
                raise TypeError(f"{type(self).__name__} has no field {name!r}, only {list(kinds)}")
            try:
                state[name] = kind.check(value)
            except InvalidValue as error:
                raise type(error)(f"{type(self).__name__}.{name}: {error}") from None

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> Self:
        """Make one of all its values in order, as contracts do all the time."""
        try:
            checked = cls._check(values)
        except InvalidValue:
            return cls(**dict(zip(cls._names, values, strict=True)))  # says which
        made = cls.__new__(cls)
        made.__dict__.update(zip(cls._names, checked))  # noqa: B905 (hot path)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).fields:
            raise AttributeError(f"{type(self).__name__} is read-only")
        super().__setattr__(name, value)

    @property
    def values(self) -> dict[str, Any]:
        """Field values by name, in declaration order."""
        state = self.__dict__
        return {name: state[name] for name in type(self).fields}

    def encoded(self) -> tuple[Any, ...]:
        """Name and values, for hashing (``chain.encoding``)."""
        state, owner = self.__dict__, type(self)
        return (owner.__name__, *[state[name] for name in owner._names])

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.values == other.values

    def __hash__(self) -> int:
        return hash((type(self), *self.values.values()))

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={shown(value)}" for name, value in self.values.items())
        return f"{type(self).__name__}({inner})"


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Event(Record):
    """Something a contract tells the world with ``self.emit(...)``.

    Attributes
    ----------
    indexed
        Names of the fields that logs can be searched by.
    logged
        Types of the others, which the log's data holds.
    tails
        Of those, the ones that the ABI encodes behind an offset.
    """

    indexed: ClassVar[frozenset[str]] = frozenset()
    logged: ClassVar[dict[str, Type]] = {}
    tails: ClassVar[dict[str, Type]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared = annotations_of(cls)
        cls.indexed = cls.indexed | {name for name in declared if is_indexed(declared[name])}
        cls.logged = {name: kind for name, kind in cls.fields.items() if name not in cls.indexed}
        cls.tails = {name: kind for name, kind in cls.logged.items() if kind.dynamic}


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Error(Record, Revert):
    """A reason a contract gives up; raised by ``require(condition, Error(...))`` or ``raise``."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in cls.fields:
            if hasattr(Error, name):
                raise refused_field(cls, name, "exceptions of Python have that already: rename it")

    def __init__(self, **values: Any) -> None:
        Record.__init__(self, **values)

    def __str__(self) -> str:
        return repr(self)

    # Two errors are the same only if they are one object: exceptions are compared by identity.
    __eq__ = Revert.__eq__
    __hash__ = Revert.__hash__


def require(condition: bool, error: Exception) -> None:  # noqa: ARG001 (the compiler reads them)
    """Give up with `error` unless `condition` holds; the error is made only if it does not.

    In a contract only. The frame's changes are undone, and unused gas goes back.
    """
    raise TypeError("require(...) works inside contract methods")
