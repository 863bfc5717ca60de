"""Another contract, as a running contract sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chain.array import Array
from chain.contract.method import Method
from chain.contract.sequences import weigh_for
from chain.host import Host, Message
from chain.types import UINT256
from chain.values import Address


class Reference:
    """Another contract, as a running contract sees it: its external methods, and its address."""

    __slots__ = ("_address", "_host", "_message")

    def __init__(self, host: Host, message: Message, address: Address) -> None:
        self._host = host
        self._message = message
        self._address = address

    @property
    def address(self) -> Address:
        """Where the contract is."""
        return self._address

    def paying(self, amount: int) -> Reference:
        """Send `amount` wei along with the next call."""
        message = Message(self._message.sender, UINT256.check(amount))
        return type(self)(self._host, message, self._address)

    def __eq__(self, other: object) -> bool:
        return self._address == getattr(other, "address", other)

    def __hash__(self) -> int:
        return hash(self._address)


def reference_class(name: str, methods: Mapping[str, Method]) -> type[Reference]:
    """Make the class of references to contracts that have these methods."""

    def forwarding(method: Method) -> Callable[..., Any]:
        returns = method.returns
        refers = len(returns) == 1 and returns[0].refers
        # Only arrays and text are looked at element by element.
        heavy = [
            (index, kind, getattr(kind, "element", None))
            for index, kind in enumerate(method.kinds)
            if kind.dynamic
        ]

        def call(self: Reference, *arguments: Any) -> Any:
            host = self._host
            for index, kind, element in heavy:
                if index < len(arguments):
                    value = arguments[index]
                    if type(value) is not Array or value.checked is not element:
                        weigh_for(host.meter, kind, value)
            result = host.call(self._message, self._address, method, arguments)
            return returns[0].reference(host, self._message.sender, result) if refers else result

        return call

    calls = {name: forwarding(method) for name, method in methods.items()}
    return type(f"{name}Reference", (Reference,), {"__slots__": (), **calls})
