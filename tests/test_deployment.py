"""Models onto the chain in chunks that fit into blocks, and whole systems in one call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Perceptron

from chain import Chain
from chain.contract import Error, require, uint256
from chain.errors import InsufficientFunds, OutOfGas
from chain.units import days, ether, gwei
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.data_handler import DataHandler
from contracts_py.ownable import NotOwner
from incentives.points import Points
from incentives.stakeable import Stakeable
from offchain.deployment import deploy_model
from offchain.fixed_point import DoesNotFit
from offchain.model import Model
from offchain.models import (
    DensePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
    read_contract,
)
from offchain.system import System, deploy_system

NAMES = ("no", "yes")
PERCEPTRON: dict[str, Any] = {"classifications": NAMES, "intercept": 3, "learning_rate": 5}

BIG: dict[str, Model] = {
    "dense perceptron": DensePerceptronModel(
        weights=tuple(range(1, 2_001)), feature_indices=tuple(range(2_000)), **PERCEPTRON
    ),
    "sparse perceptron": SparsePerceptronModel(
        weights={index: -1 - index for index in range(500)}
        | {10**9 + index * 1000: index + 1 for index in range(500)},
        **PERCEPTRON,
    ),
    "naive bayes": NaiveBayesModel(
        classifications=(*NAMES, "maybe"),
        class_counts=(1, 2, 3),
        feature_counts=(
            {index: index + 1 for index in range(600)},
            {},
            {index * 7: 1 for index in range(300)},
        ),
        total_num_features=9_000,
        smoothing_factor=7,
    ),
    "dense centroid": NearestCentroidModel(
        classifications=(*NAMES, "maybe"),
        centroids=tuple(tuple(range(-k, 900 - k)) for k in range(3)),
        data_counts=(1, 2, 3),
    ),
    "sparse centroid": SparseNearestCentroidModel(
        classifications=NAMES,
        centroids=({index: index + 1 for index in range(400)}, {7: 7}),
        data_counts=(1, 2),
    ),
}


@pytest.mark.parametrize("name", BIG)
@pytest.mark.parametrize("block_gas_limit", [3_000_000, 6_000_000, 500_000_000])
def test_a_model_arrives_whole_whatever_fits_into_a_block(name: str, block_gas_limit: int) -> None:
    chain = Chain(block_gas_limit=block_gas_limit)
    seen: list[tuple[int, int]] = []
    deployment = deploy_model(
        chain,
        BIG[name],
        sender=chain.accounts[0],
        progress=lambda done, total: seen.append((done, total)),
    )
    assert read_contract(chain, deployment.contract) == BIG[name]
    receipts = deployment.receipts
    assert receipts == tuple(chain.receipts())
    assert all(receipt.ok and receipt.gas_used <= block_gas_limit for receipt in receipts)
    assert deployment.gas_used == sum(receipt.gas_used for receipt in receipts)
    assert deployment.fee == deployment.gas_used * gwei
    done = [each for each, _ in seen]
    assert len(seen) == len(receipts)
    assert done == sorted(set(done))
    assert {total for _, total in seen} == {done[-1]}
    if block_gas_limit == 500_000_000:
        # Feature indices and weights by index are not for the constructor.
        assert len(receipts) == 1 + (name in ("dense perceptron", "sparse perceptron"))


@pytest.mark.parametrize("name", BIG)
def test_no_block_is_left_half_empty(name: str) -> None:
    chain = Chain(block_gas_limit=3_000_000)
    deployment = deploy_model(chain, BIG[name], sender=chain.accounts[0])
    by_call: dict[Any, list[int]] = {}
    for receipt in deployment.receipts[1:]:
        kind = (receipt.transaction.name, receipt.transaction.arguments[1:][-1:])
        if receipt.transaction.name == "initialize_weights":
            kind = ("initialize_weights", ())
        by_call.setdefault(kind, []).append(receipt.gas_used)
    assert sum(len(chunks) for chunks in by_call.values()) > 3
    for chunks in by_call.values():
        assert all(gas > 0.9 * 3_000_000 for gas in chunks[:-1])


@given(
    st.integers(3_000_000, 5_000_000),
    st.lists(st.integers(-(2**79), 2**79 - 1) | st.just(0), max_size=200),
)
def test_any_weights_arrive_in_any_blocks(block_gas_limit: int, weights: list[int]) -> None:
    chain = Chain(block_gas_limit=block_gas_limit)
    model = DensePerceptronModel(weights=tuple(weights), **PERCEPTRON)
    assert read_contract(chain, deploy_model(chain, model, sender=chain.accounts[0]).contract) == (
        model
    )


def test_chunks_grow_again_where_values_are_small() -> None:
    chain = Chain(block_gas_limit=8_000_000)
    model = DensePerceptronModel(weights=(*[2**78] * 3_000, *[0] * 30_000), **PERCEPTRON)
    receipts = deploy_model(chain, model, sender=chain.accounts[0]).receipts
    filled = [receipt.gas_used / 8_000_000 for receipt in receipts[1:-1]]
    assert sum(share < 0.75 for share in filled) <= 1, "where small values begin"


def fingerprint(chain: Chain) -> tuple[Any, ...]:
    return chain.number, chain.timestamp, chain.header().hash, chain.total_balance


def test_a_block_too_small_for_anything_is_said_and_nothing_is_left() -> None:
    chain = Chain(block_gas_limit=1_000_000)
    before = fingerprint(chain)
    with pytest.raises(OutOfGas):
        deploy_model(chain, BIG["dense perceptron"], sender=chain.accounts[0])
    assert fingerprint(chain) == before


def test_a_sender_who_runs_out_of_money_is_told_and_gets_it_back() -> None:
    chain = Chain(block_gas_limit=3_000_000)
    poor = chain.account("poor", balance=5 * 10**6 * gwei)
    before = fingerprint(chain)
    with pytest.raises((OutOfGas, InsufficientFunds)):
        deploy_model(chain, BIG["dense perceptron"], sender=poor)
    assert fingerprint(chain) == before
    deploy_model(chain, BIG["dense perceptron"], sender=poor, gas_price=0)


def test_what_is_no_model_is_refused() -> None:
    chain = Chain()
    for deploy in (
        lambda: deploy_model(chain, Perceptron(), sender=chain.accounts[0]),
        lambda: deploy_system(chain, Perceptron(), Points, 1, 2, 3, sender=chain.accounts[0]),
    ):
        with pytest.raises(DoesNotFit, match=r"Perceptron\(\) is no model: make one with from_est"):
            deploy()
    assert chain.number == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": (*range(9), 2**79)}, r"weights\[9\]: 6044\d+ is out of range of int80"),
        ({"weights": (1.5,)}, r"weights\[0\]: 1.5 is a float, not a int80: pass an int"),
        ({"weights": "7"}, "weights: '7' is a str, not a int80"),
        ({"intercept": True}, "intercept: True is a bool"),
        ({"learning_rate": -1}, "learning_rate: -1 is out of range of uint32"),
        ({"feature_indices": (2**32,)}, r"feature_indices\[0\]: 4294967296 is out of range"),
        ({"classifications": ("a", 2)}, "a class's name: 2 is a int"),
    ],
)
def test_a_model_holds_integers_of_its_types(changes: dict[str, Any], message: str) -> None:
    fields: dict[str, Any] = {"weights": (1,), **PERCEPTRON, **changes}
    with pytest.raises(DoesNotFit, match=message):
        DensePerceptronModel(**fields)


def test_models_keep_what_they_are_given_as_it_was() -> None:
    weights = np.arange(3)
    model = DensePerceptronModel(weights=weights, **PERCEPTRON)  # type: ignore[arg-type]
    weights[0] = 9
    assert model.weights == (0, 1, 2)
    assert type(model.weights[0]) is int
    numbers: dict[Any, int] = {3: 0, np.uint64(2**64 - 1): 5}
    sparse = SparsePerceptronModel(weights=numbers, **PERCEPTRON)
    assert sparse.weights == {2**64 - 1: 5}
    for index in (-1, 2**64):
        with pytest.raises(DoesNotFit, match=f"a feature of weights: {index} is out of range"):
            SparsePerceptronModel(weights={index: 1}, **PERCEPTRON)


def test_who_interrupts_finds_the_chain_as_it_was() -> None:
    chain = Chain(block_gas_limit=3_000_000)
    before = fingerprint(chain)

    def interrupt(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy_model(chain, BIG["dense perceptron"], sender=chain.accounts[0], progress=interrupt)
    assert fingerprint(chain) == before


def test_a_deployment_keeps_no_snapshot() -> None:
    chain = Chain()
    before = chain.snapshot()
    chain.revert(before)
    deploy_model(chain, BIG["naive bayes"], sender=chain.accounts[0])
    # The next snapshot is the second that is kept.
    assert len(chain._ledger._snapshots) == 1


# Systems


def small() -> Model:
    return DensePerceptronModel(weights=(10**9, 0), **PERCEPTRON)


def check_wired(system: System) -> None:
    trainer = system.trainer
    for part, held in [
        (system.data_handler, trainer.data_handler()),
        (system.incentive_mechanism, trainer.incentive_mechanism()),
        (system.classifier, trainer.classifier()),
    ]:
        assert held == part.address
        assert part.owner() == trainer.address


def test_a_system_is_deployed_and_wired_in_one_call() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    system = deploy_system(
        chain,
        small(),
        Stakeable,
        1 * days,
        2 * days,
        9 * days,
        ether // 100,
        sender=alice,
        name="hot dogs",
        description="Is it one?",
        encoder="none",
        gas_price=2 * gwei,
    )
    check_wired(system)
    assert system.trainer.name() == "hot dogs"
    assert system.trainer.description() == "Is it one?"
    assert system.trainer.encoder() == "none"
    assert system.incentive_mechanism.any_address_claim_wait_time_s() == 9 * days
    assert system.receipts == tuple(chain.receipts())
    assert system.gas_used * 2 * gwei == 10_000 * ether - chain.balance(alice)
    added = system.trainer.add_data([10**9, 0], 1, sender=bob, value=10 * ether)
    chain.time_travel(seconds=1 * days)
    system.trainer.refund([10**9, 0], 1, added.events[0].time, sender=bob)
    assert system.trainer.balance == 0


def test_a_classifier_that_is_there_already_becomes_part_of_a_system() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]
    mine = chain.deploy(DensePerceptron, list(NAMES), [10**9], 0, 1, sender=alice)
    first = chain.number + 1
    system = deploy_system(chain, mine, Points, 1, 2, 3, sender=alice)
    check_wired(system)
    assert system.classifier == mine
    assert system.receipts == tuple(chain.receipts(first))
    before = fingerprint(chain)
    with pytest.raises(NotOwner):
        deploy_system(chain, mine, Points, 1, 2, 3, sender=bob)
    assert fingerprint(chain) == before


class Refusal(Error):
    """Of `Picky`."""


class Picky(Points):
    """A mechanism whose constructor may refuse."""

    def __init__(self, answer: uint256) -> None:
        super().__init__(1, 2, 3)
        require(answer == 42, Refusal())


def test_only_a_classifier_becomes_the_classifier_of_a_system() -> None:
    chain = Chain()
    alice = chain.accounts[0]
    handler = chain.deploy(DataHandler, sender=alice)
    before = fingerprint(chain)
    with pytest.raises(DoesNotFit, match=r"<DataHandler at 0x.*> is no classifier: give one, or"):
        deploy_system(chain, handler, Points, 1, 2, 3, sender=alice)
    assert fingerprint(chain) == before


def test_a_handle_of_another_chain_stands_for_what_is_there_on_this_one() -> None:
    one, other = Chain(), Chain()
    alice = one.accounts[0]
    for chain in (one, other):
        handle = chain.deploy(DensePerceptron, list(NAMES), [10**9], 0, 1, sender=alice)
    check_wired(deploy_system(one, handle, Points, 1, 2, 3, sender=alice))
    assert handle.owner() == alice.address, "the other chain's is as it was"


def test_what_others_send_meanwhile_is_not_counted() -> None:
    chain = Chain()
    alice, bob = chain.accounts[:2]

    def interfere(_done: int, _total: int) -> None:
        chain.transfer(bob, alice, 1)

    system = deploy_system(chain, small(), Points, 1, 2, 3, sender=alice, progress=interfere)
    assert {receipt.transaction.sender for receipt in system.receipts} == {alice.address}
    assert len(system.receipts) == 7


def test_a_mechanism_that_refuses_leaves_nothing_behind() -> None:
    chain = Chain()
    alice = chain.accounts[0]
    before = fingerprint(chain)
    with pytest.raises(Refusal):
        deploy_system(chain, small(), Picky, 41, sender=alice)
    assert fingerprint(chain) == before
    check_wired(deploy_system(chain, small(), Picky, 42, sender=alice))
