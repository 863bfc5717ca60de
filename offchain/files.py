"""Model files in the reference's JSON formats.

The numbers in a file are real. They become what the reference's tools deploy: each is rounded to
units of 1 / ``TO_FLOAT``, halves up; a learning rate that is missing is 0.5, a smoothing factor 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError
from pydantic.types import AllowInfNan, Strict

from chain.values import shown
from offchain.fixed_point import DoesNotFit, fixed_point, fixed_point_number, real
from offchain.models import (
    INT64,
    INT80,
    UINT32,
    UINT64,
    DensePerceptronModel,
    Model,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
)

# What the reference's tools put in where a file says nothing.
DEFAULT_LEARNING_RATE = 0.5
DEFAULT_SMOOTHING_FACTOR = 1.0

Real = Annotated[float, Strict(), AllowInfNan(False)]
Uint32 = Annotated[int, Field(ge=0, lt=2**32)]
Uint64 = Annotated[int, Field(ge=0, lt=2**64)]
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class PerceptronFile(BaseModel):
    """Both perceptrons; of the dense one, `sparse_weights` are empty."""

    type: Literal["perceptron", "dense perceptron", "sparse perceptron"]
    classifications: Names
    weights: list[Real] = []
    sparse_weights: dict[Uint64, Real] | None = Field(None, alias="sparseWeights")
    intercept: Real = Field(validation_alias=AliasChoices("intercept", "bias"))
    learning_rate: Real | None = Field(None, alias="learningRate")
    feature_indices: list[Uint32] | None = Field(None, alias="featureIndices")

    def model(self) -> Model:
        weights = dict(enumerate(fixed_point(self.weights, INT80, "weights")))
        sparse = self.sparse_weights or {}
        others = zip(sparse, fixed_point([*sparse.values()], INT80, "sparseWeights"), strict=True)
        for index, weight in others:
            if index in weights:
                raise DoesNotFit(f"feature {index} has two weights: keep one of them")
            weights[index] = weight
        if self.feature_indices is not None and len(self.feature_indices) != len(weights):
            raise DoesNotFit(
                f"there are {len(self.feature_indices)} featureIndices for {len(weights)} weights: "
                "give one for each"
            )
        rate = DEFAULT_LEARNING_RATE if self.learning_rate is None else self.learning_rate
        shared: dict[str, Any] = {
            "classifications": self.classifications,
            "feature_indices": tuple(self.feature_indices or ()),
            "intercept": fixed_point_number(self.intercept, INT80, "intercept"),
            "learning_rate": fixed_point_number(rate, UINT32, "learningRate"),
        }
        if self.type == "sparse perceptron":
            return SparsePerceptronModel(weights=weights, **shared)
        if sparse:
            raise DoesNotFit(f"a {self.type} has no sparseWeights: make it a sparse perceptron")
        return DensePerceptronModel(weights=tuple(weights.values()), **shared)


class NaiveBayesFile(BaseModel):
    """Multinomial naive Bayes; feature counts are pairs of a feature index and a count."""

    type: Literal["naive bayes"]
    classifications: Names
    class_counts: list[Uint64] = Field(alias="classCounts")
    feature_counts: list[list[tuple[Uint32, Uint32]]] = Field(alias="featureCounts")
    total_num_features: Annotated[int, Field(ge=0, lt=2**256)] = Field(alias="totalNumFeatures")
    smoothing_factor: Real | None = Field(None, alias="smoothingFactor")

    def model(self) -> Model:
        size = len(self.classifications)
        for name, given in (
            ("classCounts", self.class_counts),
            ("featureCounts", self.feature_counts),
        ):
            if len(given) != size:
                raise DoesNotFit(f"there are {len(given)} {name} for {size} classifications")
        smoothing = self.smoothing_factor
        if smoothing is None:
            smoothing = DEFAULT_SMOOTHING_FACTOR
        return NaiveBayesModel(
            classifications=self.classifications,
            class_counts=tuple(self.class_counts),
            feature_counts=tuple(
                once(pairs, f"featureCounts[{index}]")
                for index, pairs in enumerate(self.feature_counts)
            ),
            total_num_features=self.total_num_features,
            smoothing_factor=fixed_point_number(smoothing, UINT32, "smoothingFactor"),
        )


class DenseCentroid(BaseModel):
    """The mean of the samples of a class."""

    centroid: list[Real]
    data_count: Annotated[int, Field(ge=0, lt=2**256)] = Field(alias="dataCount")


class NearestCentroidFile(BaseModel):
    """A centroid for each class, by name."""

    type: Literal["nearest centroid classifier", "dense nearest centroid classifier"]
    centroids: dict[str, DenseCentroid] = Field(
        validation_alias=AliasChoices("centroids", "intents"), min_length=1
    )

    def model(self) -> Model:
        sizes = {name: len(each.centroid) for name, each in self.centroids.items()}
        if len(set(sizes.values())) > 1:
            raise DoesNotFit(f"the centroids differ in their numbers of values: {shown(sizes)}")
        return NearestCentroidModel(
            classifications=tuple(self.centroids),
            centroids=tuple(
                fixed_point(each.centroid, INT64, f"the centroid of {name}")
                for name, each in self.centroids.items()
            ),
            data_counts=tuple(each.data_count for each in self.centroids.values()),
        )


class SparseCentroid(BaseModel):
    """The mean of the samples of a class, by feature index or as a row from feature 0 on."""

    centroid: dict[Uint32, Real] | list[Real]
    data_count: Uint64 = Field(alias="dataCount")

    def by_feature(self, name: str) -> dict[int, int]:
        given = self.centroid
        by_feature = given if isinstance(given, dict) else dict(enumerate(given))
        values = fixed_point([*by_feature.values()], UINT64, f"the centroid of {name}")
        return dict(zip(by_feature, values, strict=True))


class SparseNearestCentroidFile(BaseModel):
    """A centroid for each class, by name; values are never negative."""

    type: Literal["sparse nearest centroid classifier"]
    centroids: dict[str, SparseCentroid] = Field(
        validation_alias=AliasChoices("centroids", "intents"), min_length=1
    )

    def model(self) -> Model:
        return SparseNearestCentroidModel(
            classifications=tuple(self.centroids),
            centroids=tuple(each.by_feature(name) for name, each in self.centroids.items()),
            data_counts=tuple(each.data_count for each in self.centroids.values()),
        )


ModelFile = PerceptronFile | NaiveBayesFile | NearestCentroidFile | SparseNearestCentroidFile
FORMATS: TypeAdapter[ModelFile] = TypeAdapter(Annotated[ModelFile, Field(discriminator="type")])


def once(pairs: Iterable[tuple[int, int]], name: str) -> dict[int, int]:
    """`pairs` by feature; raises DoesNotFit where a feature comes twice."""
    found: dict[int, int] = {}
    for feature, value in pairs:
        if feature in found:
            raise DoesNotFit(f"{name} has feature {feature} twice: keep one of them")
        found[feature] = value
    return found


def from_json(text: str | bytes) -> Model:
    """Read a model from the text of a model file; raises DoesNotFit, saying which value."""
    try:
        return FORMATS.validate_json(text).model()
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"]
        if first["loc"]:  # the first part only says which of the formats it is
            where = ".".join(map(str, first["loc"][1:]))
            message = f"{where} is {shown(first['input'])}: {message}"
        raise DoesNotFit(f"no model file: {message}") from None


def load_model(path: Path | str) -> Model:
    """Read a model file; raises DoesNotFit for what is none, and OSError."""
    try:
        return from_json(Path(path).read_bytes())
    except DoesNotFit as error:
        raise DoesNotFit(f"{path}: {error}") from None


def to_json(model: Model) -> str:
    """Write a model as the text of a model file; raises DoesNotFit for numbers too exact for it."""
    match model:
        case DensePerceptronModel():
            content = {
                "type": "dense perceptron",
                **_perceptron(model),
                "weights": [real(weight, "a weight") for weight in model.weights],
            }
        case SparsePerceptronModel():
            # One weight for each feature that was selected, unused ones included.
            size = max(len(model.split()[0]), len(model.feature_indices))
            row = [model.weights.get(index, 0) for index in range(size)]
            others = {index: w for index, w in model.weights.items() if index >= size}
            content = {
                "type": "sparse perceptron",
                **_perceptron(model),
                "weights": [real(weight, "a weight") for weight in row],
                "sparseWeights": _reals(others),
            }
        case NaiveBayesModel():
            content = {
                "type": "naive bayes",
                "classifications": model.classifications,
                "classCounts": model.class_counts,
                "featureCounts": [list(each.items()) for each in model.feature_counts],
                "totalNumFeatures": model.total_num_features,
                "smoothingFactor": real(model.smoothing_factor, "smoothingFactor"),
            }
        case NearestCentroidModel():
            rows = [[real(x, "a value") for x in centroid] for centroid in model.centroids]
            content = {
                "type": "dense nearest centroid classifier",
                "centroids": _centroids(model.classifications, rows, model.data_counts),
            }
        case SparseNearestCentroidModel():
            sparse = [_reals(centroid) for centroid in model.centroids]
            content = {
                "type": "sparse nearest centroid classifier",
                "centroids": _centroids(model.classifications, sparse, model.data_counts),
            }
        case _:
            raise DoesNotFit(f"{type(model).__name__} has no file format")
    return json.dumps(content)


def save_model(model: Model, path: Path | str) -> None:
    """Write a model file; raises DoesNotFit before anything is written, and OSError."""
    text = to_json(model)
    Path(path).write_text(text + "\n", encoding="utf-8")


def _perceptron(model: DensePerceptronModel | SparsePerceptronModel) -> dict[str, Any]:
    indices = {"featureIndices": model.feature_indices} if model.feature_indices else {}
    return {
        "classifications": model.classifications,
        "intercept": real(model.intercept, "intercept"),
        "learningRate": real(model.learning_rate, "learningRate"),
        **indices,
    }


def _reals(values: Mapping[int, int]) -> dict[int, float]:
    return {index: real(value, f"the value of feature {index}") for index, value in values.items()}


def _centroids(
    names: tuple[str, ...], centroids: list[Any], data_counts: tuple[int, ...]
) -> dict[str, Any]:
    if len(set(names)) < len(names):
        raise DoesNotFit(f"two classes have the same name: {shown(names)}; a file needs different")
    return {
        name: {"centroid": centroid, "dataCount": data_count}
        for name, centroid, data_count in zip(names, centroids, data_counts, strict=True)
    }
