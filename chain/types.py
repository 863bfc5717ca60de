"""The types that storage, arguments, results, events and errors can hold.

``uint8`` ... ``uint256``, ``int8`` ... ``int256``, ``address``, ``bytes32``, ``bool``, ``str`` and
``Array[...]`` are what a contract writes as annotations. To a type checker they are ``int``,
``str`` and ``bytes``; at run time :func:`type_of` finds the range behind them.

Each :class:`Type` knows how to check a value, what an unset one reads as, how many bits it takes in
a 32-byte storage slot, and what its Solidity ABI encoding would weigh (for calldata and log gas).
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Sequence
from typing import Annotated, Any, cast, get_args, get_origin

import numpy as np

from chain.array import INT64_MAX, INT64_MIN, VECTOR_LENGTH, Array
from chain.errors import InvalidValue, OutOfRange
from chain.values import ZERO_ADDRESS, Address, nonzero_bytes, shown

SLOT_BITS = 256


class Type:
    """What values a place can hold.

    Attributes
    ----------
    name
        As a contract writes it.
    bits
        Width in a storage slot; ``SLOT_BITS`` or less packs as Solidity does, 0 takes whole slots.
    dynamic
        Whether the ABI encodes it behind an offset.
    default
        What an unset storage place reads as.
    refers
        Whether values are addresses of contracts, to be seen as references.
    passes
        Whether calls, events and errors can carry it; storage alone holds the others.
    """

    name: str
    bits: int = 0
    dynamic: bool = False
    default: Any = None

    refers: bool = False
    passes: bool = True

    def check(self, value: Any) -> Any:
        """Return `value` in its canonical form; raises InvalidValue if it is not of this type."""
        raise NotImplementedError

    def reference(self, host: Any, caller: Any, value: Any) -> Any:
        """What the contract at `caller` gets for a value that refers to another contract."""
        raise NotImplementedError

    def abi_nonzero(self, value: Any) -> int:
        """Non-zero bytes of the single ABI word of a static value."""
        raise NotImplementedError

    def abi_tail(self, value: Any) -> tuple[int, int]:
        """Words and non-zero bytes of the ABI tail of a dynamic value."""
        raise NotImplementedError

    def abi_tail_words(self, value: Any) -> int:
        """Words of the ABI tail of a dynamic value."""
        return self.abi_tail(value)[0]

    def __repr__(self) -> str:
        return self.name


class IntType(Type):
    """A signed or unsigned integer of 8 to 256 bits."""

    default = 0

    def __init__(self, bits: int, signed: bool) -> None:
        self.name = f"{'int' if signed else 'uint'}{bits}"
        self.bits = bits
        self.signed = signed
        self.low = -(2 ** (bits - 1)) if signed else 0
        self.high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1

    def check(self, value: Any) -> int:
        if type(value) is int:
            if self.low <= value <= self.high:
                return value
        elif isinstance(value, np.integer):
            return self.check(int(value))
        elif isinstance(value, bool | np.ndarray) or not hasattr(value, "__index__"):
            raise InvalidValue(
                f"{shown(value)} is a {type(value).__name__}, not a {self.name}: pass an int"
            )
        else:
            return self.check(operator.index(value))
        raise OutOfRange(f"{shown(value)} is out of range of {self.name}: {self.low}..{self.high}")

    def wrap(self, value: int) -> int:
        """Keep the low bits, as a cast between EVM integers does."""
        value &= 2**self.bits - 1
        return value - 2**self.bits if value > self.high else value

    def abi_nonzero(self, value: int) -> int:
        return nonzero_bytes(value)


class BoolType(Type):
    """True or false."""

    name = "bool"
    bits = 8
    default = False

    def check(self, value: Any) -> bool:
        if value is True or value is False:
            return value
        if isinstance(value, np.bool_):
            return bool(value)
        raise InvalidValue(f"{shown(value)} is a {type(value).__name__}, not a bool")

    def abi_nonzero(self, value: bool) -> int:
        return int(value)


class AddressType(Type):
    """A 20-byte address; takes anything with an ``address`` (an account, a contract)."""

    name = "address"
    bits = 160
    default = ZERO_ADDRESS

    def check(self, value: Any) -> Address:
        if type(value) is Address:
            return value
        if isinstance(value, str):
            return Address.parse(value)
        held = getattr(value, "address", None)
        if type(held) is Address:
            return held
        raise InvalidValue(f"{shown(value)} is a {type(value).__name__}, not an address")

    def abi_nonzero(self, value: Address) -> int:
        return 20 - bytes.fromhex(value[2:]).count(0)


class Bytes32Type(Type):
    """Exactly 32 bytes."""

    name = "bytes32"
    bits = 256
    default = bytes(32)

    def check(self, value: Any) -> bytes:
        if type(value) is bytes and len(value) == 32:
            return value
        raise InvalidValue(f"{shown(value)} is not a bytes32: pass bytes of length 32")

    def abi_nonzero(self, value: bytes) -> int:
        return 32 - value.count(0)


class StringType(Type):
    """Text, of any length."""

    name = "str"
    dynamic = True
    default = ""

    def check(self, value: Any) -> str:
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise InvalidValue(f"{shown(value)} cannot be written as UTF-8: {error}") from None
            return str(value)
        raise InvalidValue(f"{shown(value)} is a {type(value).__name__}, not a str")

    def abi_tail(self, value: str) -> tuple[int, int]:
        data = value.encode()
        return 1 + -(-len(data) // 32), nonzero_bytes(len(data)) + len(data) - data.count(0)


class ArrayType(Type):
    """A sequence of values of one type, of any length."""

    dynamic = True

    def __init__(self, element: Type) -> None:
        self.name = f"Array[{element.name}]"
        self.element = element
        self.default = Array(())
        self._integers = isinstance(element, IntType)
        # Arrays already checked against an equal or narrower type pass without another look.
        self._int64 = (
            isinstance(element, IntType) and element.low <= INT64_MIN and element.high >= INT64_MAX
        )

    def check(self, value: Any) -> Array[Any]:
        if type(value) is Array:
            if value.checked is self.element:
                return value
            values: Any = value.values
        elif isinstance(value, np.ndarray):
            if value.ndim != 1 and self._integers:
                raise InvalidValue(
                    f"an array of {value.ndim} dimensions is not a {self.name}: pass one row"
                )
            if self._int64 and value.dtype == np.int64:
                return Array.of_int64(value.copy(), self.element)
            values = list(value)
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
            values = value
        else:
            raise InvalidValue(f"{shown(value)} is a {type(value).__name__}, not an {self.name}")
        if self._int64 and len(values) >= VECTOR_LENGTH and set(map(type, values)) == {int}:
            try:
                return Array.of_int64(np.array(values, dtype=np.int64), self.element)
            except OverflowError:
                pass  # found, and named, below
        return Array(self._checked(values), self.element)

    def _checked(self, values: Sequence[Any]) -> Sequence[Any]:
        element = self.element
        if self._integers and values and set(map(type, values)) == {int}:
            number = cast(IntType, element)
            if number.low <= min(values) and max(values) <= number.high:
                return values
        check = element.check
        try:
            return [check(v) for v in values]
        except InvalidValue:
            for index, item in enumerate(values):
                try:
                    check(item)
                except InvalidValue as error:
                    raise type(error)(f"element {index}: {error}") from None
            raise

    def abi_tail_words(self, value: Array[Any]) -> int:
        return 1 + value._size if self._integers else self.abi_tail(value)[0]

    def abi_tail(self, value: Array[Any]) -> tuple[int, int]:
        count = value._size
        if self._integers:
            return 1 + count, nonzero_bytes(count) + value.nonzero_bytes
        words, nonzero = abi_size([self.element] * count, value.values)
        return 1 + words, nonzero_bytes(count) + nonzero


def abi_size(types: Collection[Type], values: Sequence[Any]) -> tuple[int, int]:
    """Words and non-zero bytes of the ABI encoding of `values` as a tuple of `types`."""
    words = len(types)
    nonzero = 0
    for kind, value in zip(types, values, strict=True):
        if kind.dynamic:
            nonzero += nonzero_bytes(32 * words)
            tail_words, tail_nonzero = kind.abi_tail(value)
            words += tail_words
            nonzero += tail_nonzero
        else:
            nonzero += kind.abi_nonzero(value)
    return words, nonzero


BOOL = BoolType()
ADDRESS = AddressType()
BYTES32 = Bytes32Type()
STRING = StringType()

address = Annotated[str, ADDRESS]
bytes32 = Annotated[bytes, BYTES32]

uint8 = Annotated[int, IntType(8, False)]
uint16 = Annotated[int, IntType(16, False)]
uint24 = Annotated[int, IntType(24, False)]
uint32 = Annotated[int, IntType(32, False)]
uint64 = Annotated[int, IntType(64, False)]
uint80 = Annotated[int, IntType(80, False)]
uint128 = Annotated[int, IntType(128, False)]
uint160 = Annotated[int, IntType(160, False)]
uint256 = Annotated[int, IntType(256, False)]
int8 = Annotated[int, IntType(8, True)]
int16 = Annotated[int, IntType(16, True)]
int32 = Annotated[int, IntType(32, True)]
int64 = Annotated[int, IntType(64, True)]
int80 = Annotated[int, IntType(80, True)]
int128 = Annotated[int, IntType(128, True)]
int160 = Annotated[int, IntType(160, True)]
int256 = Annotated[int, IntType(256, True)]

UINT256 = IntType(256, signed=False)

_array_types: dict[Type, ArrayType] = {}


def type_of(annotation: Any) -> Type:
    """Return the type behind an annotation.

    Raises
    ------
    TypeError
        If it is none that contracts can hold (a bare ``int`` has no width).
    """
    if annotation is bool:
        return BOOL
    if annotation is str:
        return STRING
    if get_origin(annotation) is Annotated:
        for extra in get_args(annotation)[1:]:
            if isinstance(extra, Type):
                return extra
    if get_origin(annotation) is Array:
        element = type_of(get_args(annotation)[0])
        return _array_types.setdefault(element, ArrayType(element))
    own = getattr(annotation, "contract_type", None)
    if isinstance(own, Type):
        return own
    if annotation is int:
        raise TypeError("a bare int has no width: write uint256, int64, ...")
    raise TypeError(
        f"{annotation!r} is no type that a contract can hold: use uint8..uint256, int8..int256, "
        "address, bytes32, bool, str, Array[...], a Struct or a Contract"
    )
