"""The keys of a map, which a contract cannot list, for those who look from outside the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chain.cells import Column
from chain.contract.fields import follow
from chain.contract.storage import Map
from chain.errors import InvalidValue
from chain.values import shown

if TYPE_CHECKING:
    from chain.contract.contract import Contract


def map_keys(contract: Contract, name: str, path: tuple[Any, ...]) -> list[Any]:
    """Keys, in order, under which a map holds anything but zeros.

    Goes through all that is stored in the field, whichever of its maps it belongs to.

    Parameters
    ----------
    name, path
        The field, and the keys, indices and struct members on the way to the map.

    Raises
    ------
    InvalidValue
        If no map is there.
    """
    found = follow(contract, name, path)
    if not isinstance(found, Map):
        where = "".join(f"[{shown(step)}]" for step in path)
        raise InvalidValue(f"{name}{where} is no map: only a map has keys to list")
    before = _as_tuple(found._keys)
    depth = len(before)
    keys = {
        _as_tuple(held)[depth]
        for cells in found._place.values.families()
        for held, value in cells.items()
        if _as_tuple(held)[:depth] == before
        and (len(value) > 0 if isinstance(value, Column) else value != cells.default)
    }
    return sorted(keys)


def _as_tuple(keys: Any) -> tuple[Any, ...]:
    """Dynamic keys as a tuple; a single one stands for itself."""
    return keys if type(keys) is tuple else (keys,)
