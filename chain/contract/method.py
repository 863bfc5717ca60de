"""Decorators that say who may call a method, and what the machine knows about each method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_origin

from chain.array import Array
from chain.errors import InvalidValue
from chain.types import ADDRESS, ArrayType, IntType, Type, type_of
from chain.values import Address, shown

F = TypeVar("F", bound=Callable[..., Any])

CONSTRUCTOR = "constructor"


@dataclass(slots=True)
class Marks:
    """What decorators said about a function."""

    external: bool = False
    view: bool = False
    payable: bool = False
    reentrant: bool = False
    modifiers: list[Modifier] = field(default_factory=list)


def marks_of(function: Callable[..., Any]) -> Marks:
    """The function's marks, made on first use."""
    marks: Marks | None = getattr(function, "contract_marks", None)
    if marks is None:
        marks = Marks()
        function.contract_marks = marks  # type: ignore[attr-defined]
    return marks


def external(function: F) -> F:
    """Let anyone call the method in a transaction, and other contracts call it."""
    marks_of(function).external = True
    return function


def view(function: F) -> F:
    """Let anyone call the method for free; it can read everything and write nothing."""
    marks = marks_of(function)
    marks.external = marks.view = True
    return function


def payable(function: F) -> F:
    """Let the method receive wei with the call; on its own it also makes the method external."""
    marks = marks_of(function)
    marks.external = marks.payable = True
    return function


def reentrant(function: F) -> F:
    """Let the method be entered while its contract is running. Think twice."""
    marks_of(function).reentrant = True
    return function


class Modifier:
    """A check that runs before a method's body, used as a decorator.

    ::

        @modifier
        def only_owner(self: Ownable) -> None:
            require(self.msg.sender == self.owner, NotOwner())
    """

    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function

    def __call__(self, function: F) -> F:
        # Decorators apply from the bottom up, and the topmost check is to run first.
        marks_of(function).modifiers.insert(0, self)
        return function


def modifier(function: Callable[[Any], None]) -> Modifier:
    """Make a check, written as a method without arguments, into a decorator for methods."""
    return Modifier(function)


@dataclass(frozen=True, slots=True)
class Method:
    """A compiled method of one contract class, as calls see it.

    Attributes
    ----------
    function
        Metered; takes the contract and checked arguments.
    arguments
        Types by parameter name.
    check_arguments
        Return as many arguments as there are types in canonical form, or raise InvalidValue.
    returns
        Types of the result: none, one, or the parts of a tuple.
    check_result
        Return the result in canonical form, or raise InvalidValue.
    returns_heavy
        Whether that looks at every element of an array or text.
    references
        Position and class of arguments that are contracts, which arrive as references.
    kinds
        The values of `arguments`.
    """

    name: str
    function: Callable[..., Any]
    arguments: dict[str, Type]
    check_arguments: Callable[[Sequence[Any]], list[Any]]
    returns: tuple[Type, ...]
    check_result: Callable[[Any], Any]
    returns_heavy: bool
    view: bool
    payable: bool
    reentrant: bool
    references: tuple[tuple[int, Any], ...]
    kinds: tuple[Type, ...]


def refuse_storage_type(kind: Type) -> Type:
    """Return a type that calls can carry; raises TypeError for one that only storage holds."""
    if not kind.passes:
        raise TypeError(f"a {kind} lives in storage: pass its members")
    return kind


def result_types(annotation: Any) -> tuple[tuple[Type, ...], Callable[[Any], Any]]:
    """Types of a return annotation, and the check of a result."""
    if annotation is None or annotation is type(None):
        return (), _check_nothing
    if get_origin(annotation) is tuple:
        kinds = tuple(refuse_storage_type(type_of(part)) for part in get_args(annotation))
        return kinds, _tuple_check(kinds)
    kind = refuse_storage_type(type_of(annotation))
    return (kind,), kind.check


def argument_check(kinds: Sequence[Type]) -> Callable[[Sequence[Any]], list[Any]]:
    """The check of all arguments of a method, written out: it runs with every call."""
    names = [f"a{index}" for index in range(len(kinds))]
    scope: dict[str, Any] = {"Address": Address, "Array": Array}
    lines = ["def check(arguments):"]
    if names:
        lines.append(f"    {', '.join(names)}, = arguments")
    for name, kind in zip(names, kinds, strict=True):
        scope[f"check_{name}"] = kind.check
        passes = "False"
        if isinstance(kind, IntType):
            passes = f"type({name}) is int and {kind.low} <= {name} <= {kind.high}"
        elif isinstance(kind, ArrayType):
            scope[f"element_{name}"] = kind.element
            passes = f"type({name}) is Array and {name}.checked is element_{name}"
        elif kind.bits == ADDRESS.bits:
            passes = f"type({name}) is Address"
        lines.append(f"    if not ({passes}): {name} = check_{name}({name})")
    lines.append(f"    return [{', '.join(names)}]")
    exec("\n".join(lines), scope)
    check: Callable[[Sequence[Any]], list[Any]] = scope["check"]
    return check


def _check_nothing(result: Any) -> None:
    if result is not None:
        raise InvalidValue(f"{shown(result)} is returned, but nothing is declared")


def _tuple_check(kinds: tuple[Type, ...]) -> Callable[[Any], Any]:
    checks = [kind.check for kind in kinds]

    def check(result: Any) -> tuple[Any, ...]:
        if type(result) is not tuple or len(result) != len(checks):
            raise InvalidValue(f"{shown(result)} is returned, not a tuple of {len(checks)} values")
        return tuple([check(value) for check, value in zip(checks, result)])  # noqa: B905

    return check
