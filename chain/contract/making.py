"""From a class body to a contract class: its functions checked, compiled and measured."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType
from typing import Any

from chain.contract.calling import is_nested, pay_for_money, payment
from chain.contract.checker import Checker
from chain.contract.compiler import compiled
from chain.contract.fields import ContractType
from chain.contract.method import (
    CONSTRUCTOR,
    Marks,
    Method,
    argument_check,
    refuse_storage_type,
    result_types,
)
from chain.contract.records import evaluated
from chain.contract.rules import HOST_ATTRIBUTES
from chain.contract.size import constructor_size, function_size, runtime_size
from chain.contract.source import function_tree, refused_field
from chain.errors import ContractRefused
from chain.types import Type, type_of


def own_functions(cls: type[Any], root: type) -> dict[str, Callable[..., Any]]:
    """The functions of the class body; anything else there is refused, and so are strange bases.

    `root` is the base class of all contracts.
    """
    for base in cls.__mro__:
        if not issubclass(base, root) and base is not object:
            raise refused_field(cls, "", f"the base {base.__name__} is no contract: make it one")
    functions: dict[str, Callable[..., Any]] = {}
    for name, value in list(vars(cls).items()):
        if name == "__init__":
            functions[CONSTRUCTOR] = value
            delattr(cls, name)  # the machine makes instances its own way
        elif isinstance(value, FunctionType):
            functions[name] = value
        elif not name.startswith("__") and name not in root.__annotations__:
            raise refused_field(
                cls,
                name,
                f"a {type(value).__name__} in a contract's body: declare fields as name: type, "
                "constants at module level",
            )
    return functions


def refuse_bad_names(cls: type[Any], functions: dict[str, Callable[..., Any]], root: type) -> None:
    """Raise ContractRefused for a name that is taken, by `root`, the language or a base."""
    taken = {name for name in dir(root) if not name.startswith("__")}
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


def compile_methods(cls: type[Any], functions: dict[str, Callable[..., Any]]) -> None:
    """Compile the functions of the class body, and say what calls from outside may reach."""
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
        name: replace(each, pay=payment(each.kinds, len(each.returns), candidates, nested))
        for name, each in methods.items()
    }
    if "receive" in methods:
        cls.methods["receive"] = replace(methods["receive"], pay=pay_for_money)
    if constructor is not None:
        pay = payment(constructor.kinds, 0, 0, nested)
        cls.constructor_method = replace(constructor, pay=pay)
    cls._own_abstract = written
    everything = _inherited(cls, "_own_abstract") | written
    cls.abstract = frozenset(name for name, is_abstract in everything.items() if is_abstract)


def measure(cls: type[Any], functions: dict[str, Callable[..., Any]]) -> None:
    """Estimate the size of the contract's code."""
    cls._own_sizes = {
        name: function_size(function_tree(function)) for name, function in functions.items()
    }
    sizes = _inherited(cls, "_own_sizes") | cls._own_sizes
    sizes.pop(CONSTRUCTOR, None)
    cls.code_size = runtime_size(sizes.values(), cls.methods.values())
    constructors = [vars(base).get("_own_sizes", {}).get(CONSTRUCTOR, 0) for base in cls.__mro__]
    method = cls.constructor_method
    cls.constructor_size = constructor_size(constructors, () if method is None else method.kinds)


def _inherited(cls: type[Any], attribute: str) -> dict[str, Any]:
    """A class attribute of dicts, merged over the bases, nearest last."""
    merged: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        merged.update(vars(base).get(attribute, {}))
    return merged


def _inherited_methods(cls: type[Any]) -> dict[str, Method]:
    """The external methods of the bases: of each name the one that Python would find, too."""
    return {
        name: method
        for base in reversed(cls.__mro__[1:])
        for name, method in vars(base).get("methods", {}).items()
        if name in vars(base)
    }


def _inherited_constructor(cls: type[Any]) -> Method | None:
    """The nearest base's that has one of its own."""
    for base in cls.__mro__[1:]:
        if CONSTRUCTOR in vars(base):
            method: Method | None = vars(base)["constructor_method"]
            return method
    return None


def _method(
    cls: type[Any],
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
        pay=pay_for_money,  # until the whole class is known, which says what others pay
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
