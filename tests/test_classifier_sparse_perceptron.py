"""The sparse perceptron against its twin, and the laws of its learning."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chain import Chain
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from tests.twins.drawing import (
    FEATURES,
    LABELS,
    LENGTHS,
    Draw,
    chunk,
    integers,
    signed,
    sparse_sample,
    stories,
    story,
    unsigned,
    vector,
)
from tests.twins.pair import Pair, deployed
from tests.twins.sparse_perceptron import SparsePerceptronTwin

INT80 = signed(80)
WEIGHTS = st.integers(-(10**10), 10**10)
# What is refused begins at 2**64; what is negative is not.
ODD_INDICES = (2**64, 2**79 - 1, 2**64 - 1, 2**63, -1, -(2**64), -(2**79))
RATES = st.integers(1, 2**32 - 1)


def model(draw: Draw) -> list[Any]:
    length = draw(st.sampled_from(LENGTHS))
    weights = vector(draw, length, draw(st.sampled_from([WEIGHTS, INT80])))
    return [["no", "yes"], weights, draw(WEIGHTS | INT80), draw(RATES | unsigned(32))]


def tell(draw: Draw, pair: Pair) -> None:
    def batch() -> list[Any]:
        """Rows of 60 features, mostly absent ones, and as many labels or one more or less."""
        absent = [2**24 - 1] * 60
        rows = draw(st.lists(st.lists(FEATURES | unsigned(24), max_size=3), max_size=3))
        count = max(len(rows) + draw(st.sampled_from([0, 0, 1, -1])), 0)
        labels = draw(st.lists(LABELS, min_size=count, max_size=count))
        return [[[*row, *absent][:60] for row in rows], labels]

    def start() -> int:
        chosen: int = draw(st.integers(0, 8) | st.sampled_from([2**32, 2**64 - 2, 2**64 - 1]))
        return chosen

    story(
        draw,
        pair,
        {
            "update": lambda: [sparse_sample(draw), draw(LABELS)],
            "predict": lambda: [sparse_sample(draw)],
            "norm": lambda: [sparse_sample(draw)],
            "evaluate_batch": batch,
            "initialize_weights": lambda: [start(), draw(st.lists(INT80, max_size=4))],
            "initialize_sparse_weights": lambda: [chunk(draw, FEATURES, INT80, ODD_INDICES)],
        },
    )


@stories
@given(st.data())
def test_agrees_with_its_twin_at_every_step(chain: Chain, data: st.DataObject) -> None:
    draw = data.draw
    pair = deployed(chain, SparsePerceptron, SparsePerceptronTwin, *model(draw))
    tell(draw, pair)


@given(st.data())
def test_valid_samples_never_fail(chain: Chain, data: st.DataObject) -> None:
    """Valid: no index below 0; repeated ones, none at all, and any label will do."""
    draw = data.draw
    pair = deployed(chain, SparsePerceptron, SparsePerceptronTwin, *model(draw))
    for _ in range(3):
        sample = draw(st.lists(FEATURES | integers(0, 2**63 - 1), max_size=5))
        pair.fine("update", sample, draw(LABELS))
        assert pair.fine("predict", sample) in (0, 1)


def score(pair: Pair, sample: list[int]) -> int:
    intercept: int = pair.contract.intercept()
    weights: list[int] = [pair.contract.weights(index) for index in sample]
    return intercept + sum(weights)


@given(st.data())
def test_an_update_moves_the_score_toward_the_label(chain: Chain, data: st.DataObject) -> None:
    """By the rate times the sum of the squares of how often each feature is given."""
    draw = data.draw
    weights = vector(draw, draw(st.sampled_from(LENGTHS)), WEIGHTS)
    rate = draw(RATES)
    arguments = [["no", "yes"], weights, draw(WEIGHTS), rate]
    pair = deployed(chain, SparsePerceptron, SparsePerceptronTwin, *arguments)
    sample = sparse_sample(draw, odd=False)
    label = draw(st.sampled_from([0, 1]))
    before = score(pair, sample)
    assert pair.contract.predict(sample) == (before > 0)
    pair.fine("update", sample, label)
    moved = score(pair, sample) - before
    by = rate * sum(count**2 for count in Counter(sample).values())
    if (before > 0) == label:
        assert moved == 0
        assert [pair.contract.weights(index) for index in range(len(weights))] == weights
    else:
        assert moved == (by if label else -by)


@given(st.data())
def test_a_batch_agrees_with_single_predictions(chain: Chain, data: st.DataObject) -> None:
    """As long as scores fit into 80 bits, where batches wrap."""
    draw = data.draw
    weights = vector(draw, 10, WEIGHTS)
    arguments = [["no", "yes"], weights, draw(WEIGHTS), draw(RATES)]
    pair = deployed(chain, SparsePerceptron, SparsePerceptronTwin, *arguments)
    rows = [vector(draw, 60, st.integers(0, 12)) for _ in range(draw(st.integers(0, 3)))]
    labels = draw(st.lists(LABELS, min_size=len(rows), max_size=len(rows) + 1))
    right = [pair.contract.predict(row) == label for row, label in zip(rows, labels, strict=False)]
    assert pair.fine("evaluate_batch", rows, labels) == sum(right)
