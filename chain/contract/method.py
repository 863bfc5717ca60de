"""Decorators that say who may call a method, and what the machine knows about each method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_origin

from chain.array import Array
from chain.contract.calling import Payment
from chain.errors import InvalidValue
from chain.types import ADDRESS, BOOL, ArrayType, IntType, Type, type_of
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
        Return the arguments in canonical form, themselves if they are, or raise InvalidValue.
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
    pay
        What a call pays before the method runs (``chain.contract.calling``).
    """

    name: str
    function: Callable[..., Any]
    arguments: dict[str, Type]
    check_arguments: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    returns: tuple[Type, ...]
    check_result: Callable[[Any], Any]
    returns_heavy: bool
    view: bool
    payable: bool
    reentrant: bool
    references: tuple[tuple[int, Any], ...]
    kinds: tuple[Type, ...]
    pay: Payment


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


def argument_check(
    method: str, kinds: dict[str, Type]
) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """The check of all arguments of a method; it runs with every call.

    What passes as it is, as nearly everything does, is found out by one written-out expression.
    """

    def convert(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(arguments) != len(kinds):
            raise InvalidValue(
                f"{method} takes {len(kinds)} arguments ({', '.join(kinds)}), "
                f"{len(arguments)} were given"
            )
        checked = []
        for (name, kind), value in zip(kinds.items(), arguments, strict=True):
            try:
                checked.append(kind.check(value))
            except InvalidValue as error:
                raise type(error)(f"{method}: {name}: {error}") from None
        return tuple(checked)

    names = [f"a{index}" for index in range(len(kinds))]
    scope: dict[str, Any] = {"Address": Address, "Array": Array, "convert": convert}
    passes = ["True"]
    for name, kind in zip(names, kinds.values(), strict=True):
        if isinstance(kind, IntType) and not kind.signed:
            passes.append(f"type({name}) is int and not {name} >> {kind.bits}")  # negatives give -1
        elif isinstance(kind, IntType):
            passes.append(f"type({name}) is int and {kind.low} <= {name} <= {kind.high}")
        elif isinstance(kind, ArrayType):
            scope[f"element_{name}"] = kind.element
            passes.append(f"type({name}) is Array and {name}.checked is element_{name}")
        elif kind is BOOL:
            passes.append(f"type({name}) is bool")
        elif kind.bits == ADDRESS.bits:
            passes.append(f"type({name}) is Address")
        else:
            passes.append("False")
    lines = [
        "def check(arguments):",
        f"    if len(arguments) == {len(kinds)}:",
        f"        [{', '.join(names)}] = arguments",
        f"        if {' and '.join(passes)}: return arguments",
        "    return convert(arguments)",
    ]
    exec("\n".join(lines), scope)
    check: Callable[[tuple[Any, ...]], tuple[Any, ...]] = scope["check"]
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
