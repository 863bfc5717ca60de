"""What classifiers refuse, in which order they look, and that nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pytest

from chain import Chain
from chain.contract import Contract
from chain.encoding import encode
from chain.errors import InvalidTransaction, InvalidValue, NotPayable, OutOfRange
from chain.testing import reverts
from chain.transaction import plain
from chain.types import AddressType, ArrayType, IntType, StringType, Type
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.ownable import NotOwner
from tests.strategies import root_from_scratch
from tests.twins.dense_perceptron import DensePerceptronTwin
from tests.twins.naive_bayes import NaiveBayesTwin
from tests.twins.nearest_centroid import NearestCentroidTwin
from tests.twins.pair import Pair, deploy, deployed, storage
from tests.twins.sparse_nearest_centroid import SparseNearestCentroidTwin
from tests.twins.sparse_perceptron import SparsePerceptronTwin

ONE = 10**9
LIMIT = 2**191
UNIT = [ONE, 0]


class Model(NamedTuple):
    """How to deploy a classifier, and a sample that changes it."""

    contract: type[Contract]
    twin: Callable[..., Any]
    arguments: list[Any]
    sample: list[int]
    label: int


MODELS = {
    model.contract.__name__: model
    for model in (
        Model(DensePerceptron, DensePerceptronTwin, [["a", "b"], [5, -7], 3, ONE], UNIT, 0),
        Model(SparsePerceptron, SparsePerceptronTwin, [["a", "b"], [5, -7], 3, ONE], [0, 1], 0),
        Model(
            NaiveBayesClassifier,
            NaiveBayesTwin,
            [["a", "b"], [2, 3], [[[0, 2]], [[1, 3]]], 9, ONE],
            [0, 1],
            0,
        ),
        Model(
            NearestCentroidClassifier,
            NearestCentroidTwin,
            [["a", "b"], [[0, ONE], [ONE, 0]], [2, 3]],
            UNIT,
            0,
        ),
        Model(
            SparseNearestCentroidClassifier,
            SparseNearestCentroidTwin,
            [["a", "b"], [[[0, ONE]], [[1, ONE]]], [2, 3]],
            [0, 1],
            0,
        ),
    )
}


def made(chain: Chain, name: str) -> Pair:
    model = MODELS[name]
    pair = deployed(chain, model.contract, model.twin, *model.arguments)
    before = storage(chain, pair.contract)
    with chain.anchor():  # what is refused here would change something if it were not
        pair.contract.update(model.sample, model.label, sender=pair.owner)
        assert storage(chain, pair.contract) != before
    return pair


@contextmanager
def nothing_stays(chain: Chain, pair: Pair, *, of_a_transaction: bool) -> Iterator[None]:
    """Fail unless the state is as before; after a transaction, but for the nonce and the fee."""
    sender, producer = pair.owner.address, chain.producer.address
    state = chain._ledger.state
    held, leaves, root = storage(chain, pair.contract), state.leaves(), chain.header().state_root
    yield
    assert storage(chain, pair.contract) == held
    pair.check()
    after = state.leaves()
    changed = {path for path in after.keys() | leaves if after.get(path) != leaves.get(path)}
    if of_a_transaction:
        balances = {encode(("balance", who)) for who in (sender, producer)}
        assert changed == balances | {encode(("nonce", sender))}
        assert chain.header().state_root == root_from_scratch(chain) != root
    else:
        assert changed == set()
        assert chain.header().state_root == root


# The owner.


@pytest.mark.parametrize("name", MODELS)
def test_all_that_changes_a_model_is_its_owners(chain: Chain, name: str) -> None:
    """The check comes before all others: the arguments here are wrong, too, where they can be."""
    pair = made(chain, name)
    methods = pair.contract.contract_class.methods
    changing = {key: method for key, method in methods.items() if not method.view}
    assert changing.keys() == pair.twin.OWNER_ONLY
    stranger = chain.accounts[1]
    for key, method in changing.items():
        arguments = [WRONG_BUT_TYPED[type(kind)](kind) for kind in method.kinds]
        outcome = pair.call(key, *arguments, sender=stranger)
        assert outcome.reason == "NotOwner"
        assert outcome.values == {"sender": stranger.address}
        with reverts(NotPayable):  # but money is looked at even before
            getattr(pair.contract, key)(*arguments, sender=stranger, value=1)
    pair.fine("transfer_ownership", str(stranger.address))
    former = chain.accounts[0]
    with reverts(NotOwner(sender=former.address)):
        model = MODELS[name]
        pair.contract.update(model.sample, model.label, sender=former)
    pair.fine("update", MODELS[name].sample, MODELS[name].label)


WRONG_BUT_TYPED: dict[type[Type], Callable[[Any], Any]] = {
    AddressType: lambda _: "0x" + "0" * 40,
    ArrayType: lambda kind: (
        [[]] if isinstance(kind.element, ArrayType) else [-(kind.element.low < 0)]
    ),
    IntType: lambda kind: kind.high,
    StringType: lambda _: "",
}


# Wrong types.

NOT_INTEGERS: list[Any] = [1.0, True, None, "1", b"1", [1], {}, np.float64(1), np.bool_(True)]
NOT_ARRAYS: list[Any] = [None, 1, 1.0, "12", b"12", {1: 2}, {1, 2}, np.int64(3), object()]
NOT_TEXT: list[Any] = [None, 1, b"text", ["text"], "\ud800"]
NOT_ADDRESSES: list[Any] = [None, 1, "0x12", b"\0" * 20, []]


def wrong(kind: Type) -> list[tuple[Any, type[InvalidValue]]]:
    """Values that are not of a type, and the error."""
    if isinstance(kind, IntType):
        beyond = [(kind.low - 1, OutOfRange), (kind.high + 1, OutOfRange), (2**300, OutOfRange)]
        return [*((value, InvalidValue) for value in NOT_INTEGERS), *beyond]
    if isinstance(kind, ArrayType):
        inside: list[tuple[Any, type[InvalidValue]]] = []
        for value, error in wrong(kind.element):
            inside += [([value], error), ([*[0] * 60, value], InvalidValue)]
        if isinstance(kind.element, IntType):
            matrices = (np.array([0.5] * 60), np.array([1.0]), np.array([[1, 2]]))
            inside += [(matrix, InvalidValue) for matrix in matrices]
        return [*((value, InvalidValue) for value in NOT_ARRAYS), *inside]
    if isinstance(kind, StringType):
        return [(value, InvalidValue) for value in NOT_TEXT]
    assert isinstance(kind, AddressType)
    return [(value, InvalidValue) for value in NOT_ADDRESSES]


def valid(kind: Type) -> Any:
    """A value of a type, for the arguments beside a wrong one."""
    if isinstance(kind, AddressType):
        return "0x" + "1" * 40
    return [] if isinstance(kind, ArrayType) else "" if isinstance(kind, StringType) else 0


def mistakes(pair: Pair) -> Iterator[tuple[str, list[Any], type[InvalidValue]]]:
    """Calls of every method with one argument of a wrong type each: name, arguments, error."""
    for name, method in pair.contract.contract_class.methods.items():
        arguments = [valid(kind) for kind in method.kinds]
        for position, kind in enumerate(method.kinds):
            for value, error in wrong(kind):
                yield name, [*arguments[:position], value, *arguments[position + 1 :]], error


def carried(arguments: list[Any]) -> bool:
    """Whether a transaction could carry the arguments, if nobody looked at their types."""
    try:
        return bool([plain(argument) for argument in arguments])
    except (InvalidTransaction, InvalidValue):
        return False


@pytest.mark.parametrize("name", MODELS)
def test_arguments_of_a_wrong_type_are_refused_at_once(chain: Chain, name: str) -> None:
    pair = made(chain, name)
    contract, owner = pair.contract, pair.owner
    number = chain.number
    with nothing_stays(chain, pair, of_a_transaction=False):
        for key, arguments, error in mistakes(pair):
            if carried(arguments) or not contract.contract_class.methods[key].view:
                with reverts(error):
                    getattr(contract, key)(*arguments, sender=owner)
        with reverts(InvalidValue):
            contract.update.simulate([0], True, sender=owner)
        with reverts(InvalidValue):
            contract.update([0], sender=owner)
    assert chain.number == number


@pytest.mark.parametrize("name", MODELS)
def test_views_refuse_what_transactions_refuse(chain: Chain, name: str) -> None:
    pair = made(chain, name)
    for key, arguments, error in mistakes(pair):
        with reverts(error):
            getattr(pair.contract, key)(*arguments, sender=pair.owner)


UNCARRIED: list[list[Any]] = [
    [[0.5], 0],
    [[None], 0],
    [[], 1.0],
    [[], None],
    [np.array([0.5]), 0],
]
UNCHECKED: list[list[Any]] = [
    [[True], 0],
    [["1"], 0],
    [[[1]], 0],
    [[2**63], 0],
    [[0] * 60 + [-(2**63) - 1], 0],
    [1, 0],
    ["", 0],
    [[], -1],
    [[], 2**64],
    [[], True],
    [[], "0"],
    [[], b"0"],
    [[], [0]],
    [[]],
    [[], 0, 0],
    [],
]


@pytest.mark.parametrize("name", MODELS)
def test_a_transaction_with_wrong_types_costs_its_sender_and_does_nothing(
    chain: Chain, name: str
) -> None:
    pair = made(chain, name)

    def update(arguments: list[Any]) -> Any:
        to = pair.contract.address
        transaction = chain.make_transaction(
            "call", pair.owner, to=to, name="update", arguments=arguments, gas_limit=200_000
        )
        return chain.send(transaction)

    for arguments in UNCHECKED:
        with nothing_stays(chain, pair, of_a_transaction=True):
            assert isinstance(update(arguments).error, InvalidValue)
    for uncarried in UNCARRIED:
        with nothing_stays(chain, pair, of_a_transaction=False), pytest.raises(InvalidTransaction):
            update(uncarried)


def test_integers_of_numpy_are_integers(chain: Chain) -> None:
    for name, model in MODELS.items():
        pair = made(chain, name)
        pair.fine("update", np.array(model.sample).tolist(), int(np.uint64(model.label)))
        with chain.anchor():
            pair.contract.update(model.sample, model.label, sender=pair.owner)
            expected = storage(chain, pair.contract)
        for kind in (np.int32, np.int64):
            with chain.anchor():
                told = np.array(model.sample, dtype=kind)
                pair.contract.update(told, np.uint8(model.label), sender=pair.owner)
                assert storage(chain, pair.contract) == expected


# What is of the right type, but wrong: the error, and which comes first.

REFUSALS: dict[str, list[tuple[str, list[Any], str, dict[str, int]]]] = {
    "DensePerceptron": [
        ("predict", [[1]], "WeightsDimensionMismatch", {"given": 1, "expected": 2}),
        ("predict", [[]], "WeightsDimensionMismatch", {"given": 0, "expected": 2}),
        ("update", [[1, 2, 3], 0], "WeightsDimensionMismatch", {"given": 3, "expected": 2}),
        ("update", [[3, 4], 0], "NotUnitNorm", {"squared_norm": 25}),
        # Even where there is nothing to learn.
        ("update", [[3, 4], 1], "NotUnitNorm", {"squared_norm": 25}),
    ],
    "SparsePerceptron": [
        ("predict", [[0, -1]], "NegativeIndex", {}),
        ("update", [[-(2**63)], 1], "NegativeIndex", {}),
        ("initialize_sparse_weights", [[[0, 1], [2**64, 1]]], "FeatureIndexTooLarge", {}),
        ("initialize_sparse_weights", [[[0, 1], [2**64]]], "FeatureIndexTooLarge", {}),
        ("initialize_sparse_weights", [[[0, 1], [5]]], "Panic", {}),
        ("initialize_sparse_weights", [[[]]], "Panic", {}),
        ("evaluate_batch", [[[0] * 60] * 2, [1]], "Panic", {}),
        ("norm", [[]], "NormNotRequired", {}),
    ],
    "NaiveBayesClassifier": [
        ("update", [[], 2], "ClassOutOfBounds", {"classification": 2}),
        ("update", [[2**33], 2], "ClassOutOfBounds", {"classification": 2}),
        ("update", [[0, 2**33], 1], "FeatureIndexTooHigh", {"index": 2**33}),
        ("initialize_counts", [[[0]], 2], "ClassNotAdded", {"classification": 2}),
        ("initialize_counts", [[[1, 1], [0]], 1], "Panic", {}),
        ("add_class", [1, [[1, 1], []], "c"], "Panic", {}),
        ("num_samples", [2], "Panic", {}),
        ("class_total_feature_count", [2**256 - 1], "Panic", {}),
        ("feature_count", [2, 0], "Panic", {}),
        ("norm", [[]], "NormNotRequired", {}),
    ],
    "NearestCentroidClassifier": [
        ("predict", [[1]], "DataLengthMismatch", {"given": 1, "expected": 2}),
        ("update", [[1], 2], "Panic", {}),
        ("update", [UNIT, 2**64 - 1], "Panic", {}),
        ("update", [[1], 1], "CentroidDimensionMismatch", {"given": 1, "expected": 2}),
        ("update", [[3, 4], 1], "NotUnitNorm", {"squared_norm": 25}),
        ("extend_centroid", [[1], 2], "ClassNotAdded", {"classification": 2}),
        ("add_class", [[1], "c", LIMIT], "CentroidDimensionMismatch", {"given": 1, "expected": 2}),
        ("add_class", [UNIT, "c", LIMIT], "DataCountTooLarge", {"given": LIMIT, "limit": LIMIT}),
        ("num_samples", [2], "Panic", {}),
        ("centroid_value", [2, 0], "Panic", {}),
        ("centroid_value", [0, 2], "Panic", {}),
    ],
    "SparseNearestCentroidClassifier": [
        ("update", [[], 2], "ClassNotAdded", {"classification": 2}),
        ("update", [[0, 0], 0], "Arithmetic", {}),
        ("extend_centroid", [[[0]], 2], "ClassNotAdded", {"classification": 2}),
        ("extend_centroid", [[[1, 1], [0]], 1], "Panic", {}),
        ("add_class", [[[1, 1], []], "c", 1], "Panic", {}),
        ("num_samples", [2], "Panic", {}),
        ("squared_magnitude", [2], "Panic", {}),
        ("centroid_value", [2, 0], "Panic", {}),
        ("norm", [[]], "NormNotRequired", {}),
    ],
}


@pytest.mark.parametrize("name", MODELS)
def test_refusals_have_their_errors_and_order(chain: Chain, name: str) -> None:
    pair = made(chain, name)
    methods = pair.contract.contract_class.methods
    for key, arguments, reason, values in REFUSALS[name]:
        sends = not methods[key].view
        with nothing_stays(chain, pair, of_a_transaction=sends):
            outcome = pair.call(key, *arguments)
        assert (outcome.reason, outcome.values) == (reason, values)
        if sends:
            with nothing_stays(chain, pair, of_a_transaction=False), reverts():
                getattr(pair.contract, key).simulate(*arguments, sender=pair.owner)
    with nothing_stays(chain, pair, of_a_transaction=True):
        outcome = pair.call("transfer_ownership", "0x" + "0" * 40)
    assert outcome.reason == "NewOwnerZero"


DEPLOYMENTS: list[tuple[type[Contract], Callable[..., Any], list[Any]]] = [
    (NaiveBayesClassifier, NaiveBayesTwin, [[], [1], [[[0]]], 1, 1]),
    (NaiveBayesClassifier, NaiveBayesTwin, [["a"], [1, 2], [], 1, 1]),
    (NaiveBayesClassifier, NaiveBayesTwin, [["a"], [1], [[], []], 1, 1]),
    (NaiveBayesClassifier, NaiveBayesTwin, [["a"], [1], [[[0]]], 1, 1]),
    (NearestCentroidClassifier, NearestCentroidTwin, [[], [[1]], [1]]),
    (NearestCentroidClassifier, NearestCentroidTwin, [["a"], [[1], [1, 2]], [1]]),
    (NearestCentroidClassifier, NearestCentroidTwin, [["a", "b"], [[1], [1, 2]], [1]]),
    (SparseNearestCentroidClassifier, SparseNearestCentroidTwin, [[], [[[]]], [1]]),
    (SparseNearestCentroidClassifier, SparseNearestCentroidTwin, [["a"], [], []]),
    (SparseNearestCentroidClassifier, SparseNearestCentroidTwin, [["a"], [[]], []]),
    (SparseNearestCentroidClassifier, SparseNearestCentroidTwin, [["a"], [[[5]]], [1]]),
]


def test_models_that_make_no_sense_are_not_deployed(chain: Chain) -> None:
    leaves = chain._ledger.state.leaves()
    for contract, twin, arguments in DEPLOYMENTS:
        with chain.anchor():
            assert deploy(chain, contract, twin, *arguments) is None, arguments
            sender, producer = chain.accounts[0].address, chain.producer.address
            mine = {
                encode((what, who)) for what in ("balance", "nonce") for who in (sender, producer)
            }
            after = chain._ledger.state.leaves()
            assert {path: after[path] for path in after.keys() - mine} == {
                path: leaves[path] for path in leaves.keys() - mine
            }
