"""Random models of every kind, and samples for them: what the tests of `offchain` share."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from contracts_py.classifiers.classifier import TO_FLOAT
from offchain.model import Model
from offchain.models import (
    DensePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
)

# Up to where every unit has a floating-point number of its own.
EXACT = 2**51

NAMES = st.lists(st.text(min_size=1, max_size=5), min_size=2, max_size=4, unique=True).map(tuple)
INDICES = st.integers(0, 40) | st.integers(2**32 - 3, 2**32 - 1)


def sparse(values: st.SearchStrategy[int], indices: st.SearchStrategy[int] = INDICES) -> Any:
    return st.dictionaries(indices, values.filter(bool), max_size=12).map(
        lambda found: dict(sorted(found.items()))
    )


@st.composite
def models(draw: st.DrawFn, largest: int = EXACT) -> Model:
    """Any model that a contract can be read back as; values up to `largest` units."""
    names = draw(NAMES)
    size = len(names)
    signed = st.integers(-largest, largest)
    shared: dict[str, Any] = {"classifications": names}
    perceptron: dict[str, Any] = {
        "classifications": names[:2],
        "intercept": draw(signed),
        "learning_rate": draw(st.integers(0, 2**32 - 1)),
    }
    match draw(st.integers(0, 4)):
        case 0:
            weights = tuple(draw(st.lists(signed, max_size=60)))
            indices = draw(
                st.just(()) | st.lists(st.integers(0, 2**32 - 1)).map(lambda _: range(len(weights)))
            )
            return DensePerceptronModel(
                weights=weights, feature_indices=tuple(indices), **perceptron
            )
        case 1:
            indices_64 = st.integers(0, 40) | st.integers(2**64 - 3, 2**64 - 1)
            return SparsePerceptronModel(weights=draw(sparse(signed, indices_64)), **perceptron)
        case 2:
            by_feature = sparse(st.integers(1, 2**32 - 1))
            return NaiveBayesModel(
                class_counts=tuple(draw(st.integers(0, 2**64 - 1)) for _ in names),
                feature_counts=tuple(draw(by_feature) for _ in names),
                total_num_features=draw(st.integers(0, 60) | st.integers(2**32, 2**256 - 1)),
                smoothing_factor=draw(st.integers(0, 2**32 - 1)),
                **shared,
            )
        case 3:
            values = st.lists(
                st.integers(-largest, largest),
                min_size=(width := draw(st.integers(0, 60))),
                max_size=width,
            )
            return NearestCentroidModel(
                centroids=tuple(tuple(draw(values)) for _ in range(size)),
                data_counts=tuple(draw(st.integers(0, 2**191 - 1)) for _ in names),
                **shared,
            )
        case _:
            return SparseNearestCentroidModel(
                centroids=tuple(draw(sparse(st.integers(1, largest))) for _ in names),
                data_counts=tuple(draw(st.integers(0, 2**64 - 1)) for _ in names),
                **shared,
            )


def sample_for(model: Model, numbers: list[int]) -> list[int]:
    """A sample that the model's contract takes, made of any numbers."""
    match model:
        case DensePerceptronModel():
            size = len(model.weights)
        case NearestCentroidModel():
            size = len(model.centroids[0])
        case _:
            return sorted({abs(number) % 50 for number in numbers})
    return [(numbers[index % len(numbers)] if numbers else TO_FLOAT) for index in range(size)]
