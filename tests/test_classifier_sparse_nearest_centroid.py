"""The sparse nearest-centroid classifier against its twin, and the laws of its learning."""

from __future__ import annotations

from copy import deepcopy
from fractions import Fraction
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from chain import Chain
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from tests.twins.drawing import (
    FEATURES,
    LABELS,
    NAMES,
    ODD_FEATURES,
    Draw,
    chunk,
    sparse_sample,
    stories,
    story,
    unsigned,
)
from tests.twins.pair import Pair, deploy, deployed, in_both_orders
from tests.twins.sparse_nearest_centroid import SparseNearestCentroidTwin

ONE = 10**9
ODD_KEYS = (2**32 - 1, 2**32, 2**32 + 1, 2**33 + 1, 2**64 - 1)
VALUES = st.integers(0, ONE) | st.sampled_from([ONE, ONE // 2]) | unsigned(64)
# Where products of two counts, and of a count and a value, reach 64 bits, and where counts end.
COUNTS = (
    st.integers(0, 20)
    | st.sampled_from(
        [2**32 - 3, 2**32 - 2, 2**32 - 1, 2**32, 2**33 + 5, 2**34, 2**35, 2**64 - 3, 2**64 - 1]
    )
    | unsigned(64)
)
TRAINED_COUNTS = st.integers(1, 4) | st.integers(1, 2**32 - 20)
SETS = st.sets(st.integers(0, 5), max_size=4).map(sorted)
# Of so few features that values become exact and nothing else is there: updates fail by rounding.
FEW = st.sampled_from([[], [0], [1], [0, 1]])


def model(draw: Draw) -> list[Any]:
    """Three classes at most; a list is at times one too short or too long."""
    size = draw(st.sampled_from([1, 2, 2, 3, 3, 3]))
    lengths = [size + draw(st.sampled_from([0] * 18 + [1, -1])) for _ in range(2)]
    centroids = [
        chunk(draw, FEATURES, VALUES, ODD_KEYS, odd_lengths=False) for _ in range(lengths[0])
    ]
    counts = [draw(COUNTS) for _ in range(lengths[1])]
    return [[f"class {index}" for index in range(size)], centroids, counts]


def tell(draw: Draw, pair: Pair) -> None:
    def entries() -> list[Any]:
        return chunk(draw, FEATURES, VALUES, ODD_KEYS)

    story(
        draw,
        pair,
        {
            "update": lambda: [sparse_sample(draw), draw(LABELS)],
            "predict": lambda: [sparse_sample(draw)],
            "norm": lambda: [sparse_sample(draw)],
            "extend_centroid": lambda: [entries(), draw(LABELS)],
            "add_class": lambda: [entries(), draw(NAMES), draw(COUNTS)],
            "num_samples": lambda: [draw(LABELS)],
            "squared_magnitude": lambda: [draw(LABELS)],
            "centroid_value": lambda: [draw(LABELS), draw(FEATURES | unsigned(32))],
        },
    )


@stories
@given(st.data())
def test_agrees_with_its_twin_at_every_step(chain: Chain, data: st.DataObject) -> None:
    draw = data.draw
    pair = deploy(chain, SparseNearestCentroidClassifier, SparseNearestCentroidTwin, *model(draw))
    if pair is not None:
        tell(draw, pair)


@stories
@given(st.data())
def test_agrees_with_its_twin_as_it_is_trained(chain: Chain, data: st.DataObject) -> None:
    """Long training of few classes, where values shrink, are written again, and round down."""
    draw = data.draw
    pair = trained(draw, chain)
    samples = draw(st.sampled_from([FEW, SETS]))
    for _ in range(draw(st.integers(1, 10))):
        pair.call("update", draw(samples), 0)
        pair.fine("predict", draw(SETS))


def trained(draw: Draw, chain: Chain, counts: st.SearchStrategy[int] = TRAINED_COUNTS) -> Pair:
    """A model as training makes one: a class of one sample or more, and another."""
    values = st.dictionaries(st.integers(0, 5), st.integers(0, ONE) | st.just(ONE), max_size=3)
    centroids = st.just({0: ONE}) | values
    arguments = [
        ["a", "b"],
        [[list(entry) for entry in draw(centroids).items()] for _ in range(2)],
        [draw(counts) for _ in range(2)],
    ]
    return deployed(chain, SparseNearestCentroidClassifier, SparseNearestCentroidTwin, *arguments)


def real_values(pair: Pair) -> dict[int, Fraction]:
    """Every value of the first class as it shrinks without rounding, by feature."""
    held = pair.twin.classes[0]
    return {
        feature: Fraction(value * count, held.num_samples)
        for feature, (value, count) in held.written.items()
    }


@given(st.data())
def test_valid_samples_fail_only_where_the_magnitude_is_too_small(
    chain: Chain, data: st.DataObject
) -> None:
    """Exactly when the values of the sample's features have more squares than the magnitude.

    Valid: a class of 1 to 2**32 - 2 samples; distinct features. Against the squares of the real
    values, the magnitude loses less than 1 with each update, and gains what a value that is written
    again loses, less than 1 of 10**9. So an update fails only if the features that it does not
    touch have less than the number of updates between them.
    """
    draw = data.draw
    pair = trained(draw, chain)
    contract = pair.contract
    samples = draw(st.sampled_from([FEW, SETS]))
    updates = writes = 0
    for _ in range(8):
        sample = draw(samples)
        real = real_values(pair)
        magnitude = contract.squared_magnitude(0)
        assert -2 * ONE * writes <= sum(v**2 for v in real.values()) - magnitude <= updates
        touched = sum(contract.centroid_value(0, feature) ** 2 for feature in sample)
        outcome = pair.call("update", sample, 0)
        assert outcome.reason == ("Arithmetic" if touched > magnitude else "ok")
        if outcome.reason == "ok":
            updates += 1
            writes += len(sample)
        else:
            untouched = real.keys() - {*sample}
            assert sum(real[feature] ** 2 for feature in untouched) < updates
        pair.fine("predict", sample)


def test_every_short_training_on_two_features(chain: Chain) -> None:
    """All sequences of four samples, for classes of 1 to 4 samples of feature 0 alone.

    Some updates fail, as ordinary as they are: what they touch is all there is, and exact, and the
    magnitude is less by 1. One sample of something else more, and the same update succeeds.
    """
    failures: list[tuple[int, list[list[int]]]] = []

    def train(pair: Pair, count: int, samples: list[list[int]]) -> None:
        for sample in ([], [0], [1], [0, 1]):
            twin = deepcopy(pair.twin)
            with chain.anchor():
                outcome = pair.call("update", sample, 0)
                told = [*samples, sample]
                if outcome.reason != "ok":
                    failures.append((count, told))
                    values = [pair.contract.centroid_value(0, feature) for feature in sample]
                    assert outcome.reason == "Arithmetic"
                    assert sum(v**2 for v in values) == pair.contract.squared_magnitude(0) + 1
                    pair.fine("update", [9], 0)
                    pair.fine("update", sample, 0)
                elif len(told) < 4:
                    train(pair, count, told)
            pair.twin = twin

    for count in range(1, 5):
        arguments = [["a"], [[[0, ONE]]], [count]]
        train(
            deployed(chain, SparseNearestCentroidClassifier, SparseNearestCentroidTwin, *arguments),
            count,
            [],
        )
    assert [failure for failure in failures if len(failure[1]) < 4] == [
        (2, [[], [], [0]]),
        (2, [[], [], [0, 1]]),
        (2, [[], [1], [0, 1]]),
        (2, [[1], [1], [0, 1]]),
    ]
    assert len(failures) == 26


@given(st.lists(st.sets(st.integers(0, 4), max_size=4).map(sorted), max_size=20))
@example([[0]] * 20)
@example([[1]] * 20)
def test_values_are_the_means_of_binary_samples(chain: Chain, samples: list[list[int]]) -> None:
    """Below the mean by less than 2 units for each time the value was written, and 1 to read it.

    Of a class that began with one sample of feature 0, and of those updates that succeed.
    """
    arguments = [["a"], [[[0, ONE]]], [1]]
    pair = deployed(chain, SparseNearestCentroidClassifier, SparseNearestCentroidTwin, *arguments)
    seen = [[0]]
    for sample in samples:
        if pair.call("update", sample, 0).reason == "ok":
            seen.append(sample)
        for feature in range(5):
            times = sum(feature in each for each in seen)
            mean = Fraction(times * ONE, len(seen))
            value = pair.contract.centroid_value(0, feature)
            assert value <= mean
            assert mean - value < 2 * times + 1
    assert pair.contract.num_samples(0) == len(seen)


@given(st.data())
def test_an_update_stays_between_the_centroid_and_the_sample(
    chain: Chain, data: st.DataObject
) -> None:
    """Present features rise and absent ones fall; with less than one unit more for rounding."""
    draw = data.draw
    pair = trained(draw, chain)
    contract = pair.contract
    sample = draw(SETS)

    def values() -> list[int]:
        return [contract.centroid_value(0, feature) for feature in range(6)]

    before, other = values(), contract.squared_magnitude(1)
    if pair.call("update", sample, 0).reason != "ok":
        return
    for feature, (old, new) in enumerate(zip(before, values(), strict=True)):
        if feature in sample:
            assert old <= new <= ONE
        else:
            assert 0 <= new <= old
    assert contract.squared_magnitude(1) == other


@given(st.data())
def test_the_order_of_samples_of_two_classes_does_not_matter(
    chain: Chain, data: st.DataObject
) -> None:
    draw = data.draw
    pair = trained(draw, chain, counts=st.integers(1, 20))
    updates = [(draw(SETS), 0), (draw(SETS), 1)]
    one, other = in_both_orders(pair, updates)
    assert one == other


@given(st.data())
def test_predicts_the_class_of_the_nearest_real_centroid(chain: Chain, data: st.DataObject) -> None:
    """Unless two are so close that rounding decides: 10**9 of some 10**18 for each value."""
    draw = data.draw
    pair = trained(draw, chain, counts=st.integers(1, 20))
    samples = draw(st.lists(SETS, max_size=4))
    for seen in samples:
        pair.call("update", seen, draw(st.integers(0, 1)))
    sample = draw(SETS | st.sets(st.integers(0, 8)).map(sorted))
    distances = []
    for held in pair.twin.classes:
        real = {f: Fraction(v * n, held.num_samples) for f, (v, n) in held.written.items()}
        features = {*sample, *real}
        distances.append(sum((ONE * (f in sample) - real.get(f, 0)) ** 2 for f in features))
    # A value that is read or written again is less than 1 too small: 2 * 10**9 in the square.
    rounding = 2 * ONE * (len(sample) + sum(map(len, samples)) + 1)
    predicted = pair.fine("predict", sample)
    assert distances[predicted] <= min(distances) + rounding


@given(ODD_FEATURES, FEATURES)
def test_only_the_low_32_bits_of_a_feature_count(chain: Chain, odd: int, other: int) -> None:
    arguments = [["a", "b"], [[[odd % 2**64, ONE]], []], [1, 1]]
    pair = deployed(chain, SparseNearestCentroidClassifier, SparseNearestCentroidTwin, *arguments)
    assert pair.contract.centroid_value(0, odd % 2**32) == ONE
    pair.fine("update", [odd], 0)
    assert pair.contract.centroid_value(0, odd % 2**32) == ONE
    assert pair.fine("predict", [odd % 2**32]) == 0
    pair.fine("predict", [other, odd])
