"""The nearest-centroid classifier against its twin, and the laws of its learning."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chain import Chain
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from tests.twins.drawing import (
    INT64,
    LABELS,
    LENGTHS,
    NAMES,
    Draw,
    dense_sample,
    integers,
    stories,
    story,
    unit_vector,
    vector,
)
from tests.twins.nearest_centroid import COUNT_LIMIT, NearestCentroidTwin
from tests.twins.pair import Pair, deploy, deployed, in_both_orders

VALUES = st.integers(-(10**9), 10**9)
COUNTS = st.integers(0, 20) | integers(0, 2**256 - 1)
USUAL_COUNTS = st.integers(0, 20) | integers(0, COUNT_LIMIT - 1)


def model(draw: Draw) -> list[Any]:
    """Three classes at most; a list is at times one too short or too long."""
    size = draw(st.sampled_from([1, 2, 2, 3, 3, 3]))
    count = size + draw(st.sampled_from([0] * 18 + [1, -1]))
    length = draw(st.sampled_from(LENGTHS))
    values = draw(st.sampled_from([VALUES, VALUES, INT64]))
    centroids = [vector(draw, length, values) for _ in range(count)]
    if centroids and draw(st.sampled_from([False] * 18 + [True])):
        centroids[-1] = [*centroids[-1], 7]
    names = [f"class {index}" for index in range(size)]
    return [names, centroids, draw(st.lists(COUNTS, min_size=size, max_size=size + 1))]


def tell(draw: Draw, pair: Pair) -> None:
    centroids = pair.twin.centroids

    def dimensions() -> int:
        return len(draw(st.sampled_from(centroids)))

    def near() -> list[int]:
        """A centroid, or something next to it: distances that are equal, or differ by little."""
        moved = list(draw(st.sampled_from(centroids)))
        for index in range(len(moved)) if draw(st.booleans()) else ():
            moved[index] = max(-(2**63), min(moved[index] + 31_623 * (index % 3 - 1), 2**63 - 1))
        return moved

    story(
        draw,
        pair,
        {
            "update": lambda: [dense_sample(draw, dimensions()), draw(LABELS)],
            "predict": lambda: [
                near() if draw(st.booleans()) else dense_sample(draw, dimensions())
            ],
            "norm": lambda: [vector(draw, draw(st.sampled_from(LENGTHS)))],
            "extend_centroid": lambda: [draw(st.lists(INT64, max_size=2)), draw(LABELS)],
            "add_class": lambda: [vector(draw, dimensions()), draw(NAMES), draw(COUNTS)],
            "num_samples": lambda: [draw(LABELS)],
            "centroid_value": lambda: [draw(LABELS), draw(st.integers(0, 60) | LABELS)],
        },
    )


@stories
@given(st.data())
def test_agrees_with_its_twin_at_every_step(chain: Chain, data: st.DataObject) -> None:
    draw = data.draw
    pair = deploy(chain, NearestCentroidClassifier, NearestCentroidTwin, *model(draw))
    if pair is not None:
        tell(draw, pair)


def usual(draw: Draw, chain: Chain, counts: st.SearchStrategy[int] = USUAL_COUNTS) -> Pair:
    """A model as training makes one: centroids of one length, a count for each."""
    size = draw(st.integers(1, 3))
    length = draw(st.sampled_from(LENGTHS[1:]))
    values = draw(st.sampled_from([VALUES, VALUES, INT64]))
    arguments = [
        [f"class {index}" for index in range(size)],
        [vector(draw, length, values) for _ in range(size)],
        [draw(counts) for _ in range(size)],
    ]
    return deployed(chain, NearestCentroidClassifier, NearestCentroidTwin, *arguments)


@given(st.data())
def test_valid_samples_never_fail(chain: Chain, data: st.DataObject) -> None:
    """Valid: a class there is, as many numbers as its centroid has, of unit norm."""
    draw = data.draw
    pair = usual(draw, chain)
    size = len(pair.twin.centroids)
    for _ in range(3):
        sample = unit_vector(draw, len(pair.twin.centroids[0]))
        pair.fine("update", sample, draw(st.integers(0, size - 1)))
        assert pair.fine("predict", sample) < size


@given(st.data())
def test_an_update_stays_between_the_centroid_and_the_sample(
    chain: Chain, data: st.DataObject
) -> None:
    """It ends nearest to the mean, on the side of zero; other classes stay where they are."""
    draw = data.draw
    pair = usual(draw, chain)
    contract = pair.contract
    size = len(pair.twin.centroids)
    label = draw(st.integers(0, size - 1))
    sample = unit_vector(draw, len(pair.twin.centroids[0]))
    before = [list(centroid) for centroid in contract.centroids()]
    count = contract.num_samples(label)
    pair.fine("update", sample, label)
    after = contract.centroids()
    assert contract.num_samples(label) == count + 1
    for old, x, new in zip(before[label], sample, after[label], strict=True):
        assert min(old, x) <= new <= max(old, x)
        mean = old * count + x  # times count + 1
        assert abs(new) * (count + 1) <= abs(mean) < (abs(new) + 1) * (count + 1)
        assert new * mean >= 0
    for index in {*range(size)} - {label}:
        assert after[index] == before[index]


@given(st.data())
def test_the_first_sample_of_a_class_is_its_centroid(chain: Chain, data: st.DataObject) -> None:
    pair = usual(data.draw, chain, counts=st.just(0))
    sample = unit_vector(data.draw, len(pair.twin.centroids[0]))
    pair.fine("update", sample, 0)
    assert pair.contract.centroids()[0] == sample
    assert pair.fine("predict", sample) == 0


@given(st.data())
def test_the_order_of_samples_of_two_classes_does_not_matter(
    chain: Chain, data: st.DataObject
) -> None:
    draw = data.draw
    pair = usual(draw, chain)
    pair.fine("add_class", unit_vector(draw, len(pair.twin.centroids[0])), "another", 1)
    last = len(pair.twin.centroids) - 1
    updates = [(unit_vector(draw, len(pair.twin.centroids[0])), label) for label in (0, last)]
    one, other = in_both_orders(pair, updates)
    assert one == other


@given(st.data())
def test_a_centroid_is_of_its_class_or_of_an_earlier_one_as_near(
    chain: Chain, data: st.DataObject
) -> None:
    pair = usual(data.draw, chain)
    for index, centroid in enumerate(pair.contract.centroids()):
        predicted = pair.fine("predict", list(centroid))
        assert predicted <= index
        gaps = zip(centroid, pair.contract.centroids()[predicted], strict=True)
        assert sum((x - c) ** 2 // 10**9 for x, c in gaps) == 0


@given(st.data(), st.sampled_from([COUNT_LIMIT - 1, COUNT_LIMIT, COUNT_LIMIT + 1]))
def test_counts_end_at_their_limit(chain: Chain, data: st.DataObject, count: int) -> None:
    """Up to it a sample counts; from it on the count stays. A class cannot be added with it."""
    pair = usual(data.draw, chain, counts=st.just(count))
    length = len(pair.twin.centroids[0])
    for _ in range(3):
        pair.fine("update", unit_vector(data.draw, length), 0)
        assert pair.contract.num_samples(0) == max(count, COUNT_LIMIT)
    added = pair.call("add_class", [0] * length, "another", count)
    assert added.reason == ("ok" if count < COUNT_LIMIT else "DataCountTooLarge")
