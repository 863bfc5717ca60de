"""The dense perceptron against its twin, and the laws of its learning."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chain import Chain
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from tests.twins.dense_perceptron import DensePerceptronTwin
from tests.twins.drawing import (
    INT64,
    LABELS,
    LENGTHS,
    Draw,
    dense_sample,
    signed,
    stories,
    story,
    unit_vector,
    unsigned,
    vector,
)
from tests.twins.pair import Pair, deploy, deployed

INT80 = signed(80)
# Weights and rates as trained models have them: some ones, in fixed point.
WEIGHTS = st.integers(-(10**10), 10**10)
RATES = st.integers(1, 2**32 - 1) | st.sampled_from([1, 5 * 10**8, 10**9, 2**32 - 1])


def model(draw: Draw) -> list[Any]:
    length = draw(st.sampled_from(LENGTHS))
    weights = vector(draw, length, draw(st.sampled_from([WEIGHTS, INT80])))
    # With a unit vector, a product is some 10**18: intercepts of that order turn it around.
    intercept = draw(INT80 | st.integers(-(10**19), 10**19))
    return [["no", "yes"], weights, intercept, draw(RATES | unsigned(32))]


def opposed(draw: Draw, twin: DensePerceptronTwin) -> list[int]:
    """A sample of whatever norm whose score is next to 0, if the intercept lets it."""
    data = [0] * len(twin.weights)
    if data and twin.weights[0]:
        found = -twin.intercept // twin.weights[0] + draw(st.integers(-1, 1))
        data[0] = max(-(2**63), min(found, 2**63 - 1))
    return data


def tell(draw: Draw, pair: Pair) -> None:
    twin = pair.twin

    def sample() -> list[int]:
        return dense_sample(draw, len(twin.weights))

    story(
        draw,
        pair,
        {
            "update": lambda: [sample(), draw(LABELS)],
            "predict": lambda: [opposed(draw, twin) if draw(st.booleans()) else sample()],
            "norm": lambda: [vector(draw, draw(st.sampled_from(LENGTHS)))],
            "initialize_weights": lambda: [draw(st.lists(INT80, max_size=3))],
        },
    )


@stories
@given(st.data())
def test_agrees_with_its_twin_at_every_step(chain: Chain, data: st.DataObject) -> None:
    draw = data.draw
    pair = deploy(chain, DensePerceptron, DensePerceptronTwin, *model(draw))
    assert pair is not None, "every model is accepted"
    tell(draw, pair)


@given(st.data())
def test_valid_samples_never_fail(chain: Chain, data: st.DataObject) -> None:
    """Valid: as many numbers as weights, one at least, and of unit norm; any label."""
    draw = data.draw
    pair = deployed(chain, DensePerceptron, DensePerceptronTwin, *model(draw))
    pair.fine("initialize_weights", draw(st.lists(INT80, min_size=1, max_size=2)))
    for _ in range(3):
        sample = unit_vector(draw, len(pair.twin.weights))
        pair.fine("update", sample, draw(LABELS))
        assert pair.fine("predict", sample) in (0, 1)


def score(pair: Pair, sample: list[int]) -> int:
    weights: list[int] = list(pair.contract.weights())
    intercept: int = pair.contract.intercept()
    return intercept + sum(w * x for w, x in zip(weights, sample, strict=True))


@given(st.data())
def test_an_update_moves_the_score_toward_the_label(chain: Chain, data: st.DataObject) -> None:
    """By the sum of ``x * trunc(x * rate)``, which is never negative; a right one moves nothing."""
    draw = data.draw
    weights = vector(draw, draw(st.sampled_from(LENGTHS[1:])), WEIGHTS)
    rate = draw(RATES)
    arguments = [["no", "yes"], weights, draw(st.integers(-(10**19), 10**19)), rate]
    pair = deployed(chain, DensePerceptron, DensePerceptronTwin, *arguments)
    sample = unit_vector(draw, len(weights))
    label = draw(st.sampled_from([0, 1]))
    before = score(pair, sample)
    assert pair.contract.predict(sample) == (before > 0)
    pair.fine("update", sample, label)
    moved = score(pair, sample) - before
    if (before > 0) == label:
        assert moved == 0
        assert pair.contract.weights() == weights
    else:
        by = sum(abs(x) * (abs(x) * rate // 10**9) for x in sample)
        assert moved == (by if label else -by)


@given(st.data(), INT64)
def test_the_intercept_alone_decides_on_a_sample_of_zeros(
    chain: Chain, data: st.DataObject, intercept: int
) -> None:
    weights = vector(data.draw, data.draw(st.sampled_from(LENGTHS)), INT80)
    arguments = [["no", "yes"], weights, intercept, 1]
    pair = deployed(chain, DensePerceptron, DensePerceptronTwin, *arguments)
    assert pair.contract.predict([0] * len(weights)) == (intercept > 0)
