"""The reference's names, and ours for the same things."""

from __future__ import annotations

import re
from functools import cache

from chain.contract import Contract
from chain.errors import ExecutionError
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.collaborative_trainer import CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from contracts_py.ownable import Ownable
from incentives.points import Points
from incentives.stakeable import Stakeable

CONTRACTS: dict[str, type[Contract]] = {
    contract.__name__: contract
    for contract in (
        CollaborativeTrainer,
        DataHandler,
        DensePerceptron,
        NaiveBayesClassifier,
        NearestCentroidClassifier,
        Ownable,
        Points,
        SparseNearestCentroidClassifier,
        SparsePerceptron,
        Stakeable,
    )
}

# What solc tells apart by its arguments has a name of its own here.
OVERLOADS = {
    ("next_add_data_cost", 1): "next_add_data_cost_at",
    ("next_add_data_cost", 2): "next_add_data_cost_for",
}

# What recordings abbreviate.
EVENT_FIELDS = {"AddData": {"data": "d", "classification": "c", "time": "t"}}

# The engine's own errors; contracts' errors are named alike on both sides.
ENGINE_ERRORS = {
    "InvalidValue": "REVERT_EMPTY",
    "NotAContract": "REVERT_EMPTY",
    "OutOfRange": "ARITHMETIC",
    "ReentrantCall": "REVERT_EMPTY",
    "TransferFailed": "REVERT_EMPTY",
    "UnknownMethod": "REVERT_EMPTY",
}


@cache
def snake_case(name: str) -> str:
    """``addedData`` and ``AddedData`` are added_data; ``UINT256_MAX`` is uint256_max."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@cache
def member(function: str, arguments: int) -> str:
    """Our name of a function or public field, by the number of arguments given."""
    name = snake_case(function).removeprefix("get_")
    return OVERLOADS.get((name, arguments), name)


def contract_class(name: str) -> type[Contract] | None:
    """Our contract for the reference's, which may end in 64; None if there is none."""
    return CONTRACTS.get(name.removesuffix("64"))


def error_code(error: ExecutionError) -> str:
    """The recorded code for one of our errors."""
    name = type(error).__name__
    return ENGINE_ERRORS.get(name) or snake_case(name).upper()
