"""Addresses, and how values are shown and weighed."""

from __future__ import annotations

import re
import reprlib

from chain.errors import InvalidValue

ADDRESS_FORM = re.compile(r"0x[0-9a-fA-F]{40}")


class Address(str):
    """A checked 20-byte address: ``0x`` and 40 lower-case hexadecimal digits."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Address:
        """Check and normalise `text`; raises InvalidValue if it is no address."""
        if not ADDRESS_FORM.fullmatch(text):
            raise InvalidValue(f"{shown(text)} is not an address: 0x and 40 hexadecimal digits")
        return cls(text.lower())


ZERO_ADDRESS = Address("0x" + "0" * 40)


def shown(value: object) -> str:
    """A representation short enough for an error message."""
    if type(value) is int and value.bit_length() > 300:
        return f"an integer of {value.bit_length()} bits"
    text = _short.repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


# Never looks at all of a long or deep value.
_short = reprlib.Repr()
_short.maxlevel = 2
_short.maxlong = 80
_short.maxstring = 60
_short.maxother = 80


def nonzero_bytes(word: int) -> int:
    """Non-zero bytes of `word` as a 32-byte two's complement integer."""
    if 0 <= word < 256:
        return 1 if word else 0
    return 32 - (word % 2**256).to_bytes(32, "big").count(0)
