"""Another contract, as a running contract sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chain.contract.method import Method
from chain.contract.sequences import weigh_for
from chain.host import Host
from chain.types import UINT256
from chain.values import Address


class Reference:
    """Another contract, as a running contract sees it: its external methods, and its address."""

    __slots__ = ("_address", "_caller", "_host", "_value")

    def __init__(self, host: Host, caller: Address, address: Address, value: int) -> None:
        self._host = host
        self._caller = caller
        self._address = address
        self._value = value

    @property
    def address(self) -> Address:
        """Where the contract is."""
        return self._address

    def paying(self, amount: int) -> Reference:
        """Send `amount` wei along with the next call."""
        return type(self)(self._host, self._caller, self._address, UINT256.check(amount))

    def __eq__(self, other: object) -> bool:
        return self._address == getattr(other, "address", other)

    def __hash__(self) -> int:
        return hash(self._address)


def reference_class(name: str, methods: Mapping[str, Method]) -> type[Reference]:
    """Make the class of references to contracts that have these methods."""

    def forwarding(name: str, method: Method) -> Callable[..., Any]:
        returns = method.returns
        # Only arrays and text are looked at element by element.
        heavy = [(index, kind) for index, kind in enumerate(method.kinds) if kind.dynamic]

        def call(self: Reference, *arguments: Any) -> Any:
            host = self._host
            for index, kind in heavy:
                if index < len(arguments):
                    weigh_for(host.meter, kind, arguments[index])
            result = host.call(self._caller, self._address, name, arguments, self._value)
            # What was called may be another contract than its address promised.
            result = method.check_result(result)
            if len(returns) == 1 and returns[0].refers:
                return returns[0].reference(host, self._caller, result)
            return result

        return call

    calls = {each: forwarding(each, method) for each, method in methods.items()}
    return type(f"{name}Reference", (Reference,), {"__slots__": (), **calls})
