"""Finding events among receipts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chain.contract.records import Event
from chain.errors import InvalidValue
from chain.receipt import Log, Receipt
from chain.values import Address


def find_logs(
    receipts: Iterable[Receipt],
    event: type[Event] | None,
    contract: Address | None,
    indexed: Mapping[str, Any],
) -> list[Log]:
    """Logs of `receipts`, in order, that match all that is given.

    Parameters
    ----------
    event
        Class of events wanted, subclasses included; None for all.
    contract
        Emitter wanted; None for all.
    indexed
        Values wanted of the event's indexed fields, by name.

    Raises
    ------
    InvalidValue
        If a field is not indexed in `event`, or a value not of its type.
    """
    wanted = {}
    for name, value in indexed.items():
        if event is None or name not in event.indexed:
            fields = "no event was given" if event is None else f"it has {sorted(event.indexed)}"
            raise InvalidValue(f"{name} is no indexed field: {fields}; declare it Indexed[...]")
        wanted[name] = event.fields[name].check(value)
    return [
        log
        for receipt in receipts
        if receipt.emitted
        for log in receipt.logs
        if (event is None or isinstance(log.event, event))
        and (contract is None or log.contract == contract)
        and all(getattr(log.event, name) == value for name, value in wanted.items())
    ]
