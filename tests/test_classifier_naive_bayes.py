"""Naive Bayes against its twin, and the laws of its learning."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chain import Chain
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from tests.twins.drawing import (
    FEATURES,
    LABELS,
    NAMES,
    ODD_FEATURES,
    Draw,
    chunk,
    integers,
    sparse_sample,
    stories,
    story,
    unsigned,
)
from tests.twins.naive_bayes import NaiveBayesTwin
from tests.twins.pair import Pair, deploy, deployed, in_both_orders

UINT32 = unsigned(32)
ODD_KEYS = (0, 1, 2**32 - 1)
# Numbers of samples and of features as they are, and what goes wrong with others.
COUNTS = st.integers(1, 50) | unsigned(64)
SIZES = st.integers(1, 1000) | st.sampled_from([0, 1, 2**255, 2**256 - 10**9, 2**256 - 1])
SMOOTHING = st.sampled_from([10**9, 10**9, 0, 1, 2, 2**32 - 1]) | UINT32


def model(draw: Draw) -> list[Any]:
    """Three classes at most; a list is at times one too short or too long."""
    size = draw(st.sampled_from([1, 2, 2, 3, 3, 3]))
    names = [f"class {index}" for index in range(size)]
    lengths = [size + draw(st.sampled_from([0] * 18 + [1, -1])) for _ in range(2)]
    counts = [draw(COUNTS) for _ in range(lengths[0])]
    features = [
        chunk(draw, FEATURES, FEATURES | UINT32, ODD_KEYS, odd_lengths=False)
        for _ in range(lengths[1])
    ]
    return [names, counts, features, draw(SIZES), draw(SMOOTHING)]


def tell(draw: Draw, pair: Pair) -> None:
    def entries() -> list[Any]:
        return chunk(draw, FEATURES, FEATURES | UINT32, ODD_KEYS)

    story(
        draw,
        pair,
        {
            "update": lambda: [sparse_sample(draw), draw(LABELS)],
            "predict": lambda: [sparse_sample(draw)],
            "norm": lambda: [sparse_sample(draw)],
            "initialize_counts": lambda: [entries(), draw(LABELS)],
            "add_class": lambda: [draw(COUNTS), entries(), draw(NAMES)],
            "num_samples": lambda: [draw(LABELS)],
            "class_total_feature_count": lambda: [draw(LABELS)],
            "feature_count": lambda: [draw(LABELS), draw(FEATURES | UINT32)],
        },
    )


@stories
@given(st.data())
def test_agrees_with_its_twin_at_every_step(chain: Chain, data: st.DataObject) -> None:
    draw = data.draw
    pair = deploy(chain, NaiveBayesClassifier, NaiveBayesTwin, *model(draw))
    if pair is not None:
        tell(draw, pair)


def usual(draw: Draw, chain: Chain) -> Pair:
    """A model as training makes one: something to count, and features that exist."""
    size = draw(st.integers(1, 3))
    entries = st.dictionaries(FEATURES, st.integers(0, 1000), max_size=5)
    counts = draw(st.lists(entries, min_size=size, max_size=size))
    arguments = [
        [f"class {index}" for index in range(size)],
        draw(st.lists(st.integers(0, 2**64 - 10), min_size=size, max_size=size)),
        [[list(entry) for entry in each.items()] for each in counts],
        draw(st.integers(1, 10**9)),
        draw(st.integers(1, 2**32 - 1)),
    ]
    return deployed(chain, NaiveBayesClassifier, NaiveBayesTwin, *arguments)


VALID_FEATURES = FEATURES | ODD_FEATURES.filter(lambda index: index < 2**33)


@given(st.data())
def test_valid_samples_never_fail(chain: Chain, data: st.DataObject) -> None:
    """Valid: a class there is, with room to count one more, and features below 2**33.

    The model has one feature or more and smooths, so that no factor of a probability is above 1
    or divides by 0.
    """
    draw = data.draw
    pair = usual(draw, chain)
    size = len(pair.twin.classes)
    for _ in range(3):
        sample = draw(st.lists(VALID_FEATURES, max_size=5)) * draw(st.sampled_from([1, 1, 12]))
        pair.fine("update", sample, draw(st.integers(0, size - 1)))
        assert pair.fine("predict", sample) < size


@given(st.data())
def test_an_update_counts_its_sample_and_nothing_else(chain: Chain, data: st.DataObject) -> None:
    draw = data.draw
    pair = usual(draw, chain)
    contract = pair.contract
    size = len(pair.twin.classes)
    label = draw(st.integers(0, size - 1))
    sample = draw(st.lists(FEATURES | st.integers(0, 100), max_size=60))

    def counted() -> list[Any]:
        features = range(101)
        return [
            (
                contract.num_samples(index),
                contract.class_total_feature_count(index),
                [contract.feature_count(index, feature) for feature in features],
            )
            for index in range(size)
        ]

    before = counted()
    pair.fine("update", sample, label)
    given_times = Counter(sample)
    samples, total, counts = before[label]
    before[label] = (
        samples + 1,
        total + len(sample),
        [count + given_times[feature] for feature, count in enumerate(counts)],
    )
    assert counted() == before


@given(st.data())
def test_the_order_of_samples_does_not_matter(chain: Chain, data: st.DataObject) -> None:
    """Of one class or of two: counts only add up."""
    draw = data.draw
    pair = usual(draw, chain)
    labels = st.integers(0, len(pair.twin.classes) - 1)
    updates = [(draw(st.lists(VALID_FEATURES, max_size=5)), draw(labels)) for _ in range(3)]
    one, other = in_both_orders(pair, updates)
    assert one == other


@given(st.data())
def test_an_empty_sample_is_of_the_first_of_the_biggest_classes(
    chain: Chain, data: st.DataObject
) -> None:
    pair = usual(data.draw, chain)
    sizes = [pair.contract.num_samples(index) for index in range(len(pair.twin.classes))]
    assert pair.fine("predict", []) == sizes.index(max(sizes))


@given(st.data(), integers(0, 2**256 - 1), UINT32)
def test_what_is_never_seen_anywhere_depends_on_the_smoothing_alone(
    chain: Chain, data: st.DataObject, features: int, smoothing: int
) -> None:
    """With no counts, p becomes ``p * s // (s * features)``, or an error if that is undefined."""
    arguments = [["a", "b"], [1, 2], [[], []], features, smoothing]
    pair = deployed(chain, NaiveBayesClassifier, NaiveBayesTwin, *arguments)
    outcome = pair.call("predict", [data.draw(FEATURES)])
    divisor = smoothing * features
    if divisor == 0 or divisor >= 2**256:
        assert outcome.reason == "Arithmetic"
    else:
        first, second = (count * 10**9 // features for count in (1, 2))
        assert outcome.result == (second > first)
