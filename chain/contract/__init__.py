"""The contract language: everything a contract's module imports."""

from chain.array import Array
from chain.contract.contract import CallResult, Contract
from chain.contract.kernels import (
    add_at,
    add_scaled,
    dot,
    moving_average,
    squared_distance,
    squared_norm,
    sum_at,
)
from chain.contract.method import external, modifier, payable, reentrant, view
from chain.contract.operations import checked_div, integer_sqrt, truncating_div, wrapping
from chain.contract.records import Error, Event, Indexed, require
from chain.contract.sequences import keccak
from chain.contract.storage import Map
from chain.contract.structs import Struct
from chain.types import (
    address,
    bytes32,
    int8,
    int16,
    int32,
    int64,
    int80,
    int128,
    int160,
    int256,
    uint8,
    uint16,
    uint24,
    uint32,
    uint64,
    uint80,
    uint128,
    uint160,
    uint256,
)
from chain.values import ZERO_ADDRESS

__all__ = [
    "ZERO_ADDRESS",
    "Array",
    "CallResult",
    "Contract",
    "Error",
    "Event",
    "Indexed",
    "Map",
    "Struct",
    "add_at",
    "add_scaled",
    "address",
    "bytes32",
    "checked_div",
    "dot",
    "external",
    "int8",
    "int16",
    "int32",
    "int64",
    "int80",
    "int128",
    "int160",
    "int256",
    "integer_sqrt",
    "keccak",
    "modifier",
    "moving_average",
    "payable",
    "reentrant",
    "require",
    "squared_distance",
    "squared_norm",
    "sum_at",
    "truncating_div",
    "uint8",
    "uint16",
    "uint24",
    "uint32",
    "uint64",
    "uint80",
    "uint128",
    "uint160",
    "uint256",
    "view",
    "wrapping",
]
