"""Model files in the reference's JSON formats.

The numbers in a file are real. They become what the reference's web client deploys: each is
rounded to units of 1 / ``TO_FLOAT``, halves up. A learning rate that is missing is 0.5, a smoothing
factor 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic.types import AllowInfNan, Strict

from chain.types import IntType
from chain.values import shown
from offchain.fixed_point import (
    DoesNotFit,
    fixed_point,
    fixed_point_factor,
    fixed_point_number,
    real,
)
from offchain.model import INT64, INT80, UINT32, UINT64, Model
from offchain.models import (
    DensePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
)

# What the reference's web client puts in where a file says nothing.
DEFAULT_LEARNING_RATE = 0.5
DEFAULT_SMOOTHING_FACTOR = 1.0


def number(value: Any) -> Any:
    """Refuse what pydantic would take for a whole number; 3.0 is one."""
    if isinstance(value, bool | str):
        raise ValueError("should be a number")
    return value


Real = Annotated[float, Strict(), AllowInfNan(False)]
Whole = Annotated[int, BeforeValidator(number)]
# As Python writes whole numbers, so that no two keys mean the same feature.
Index = Annotated[str, Field(pattern="^(0|[1-9][0-9]{0,19})$")]
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Format(BaseModel):
    """What a part of a file may hold, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class PerceptronFile(Format):
    """Both perceptrons; only the sparse one has `sparse_weights`."""

    type: Literal["perceptron", "dense perceptron", "sparse perceptron"]
    classifications: Names
    weights: list[Real] | None = None
    sparse_weights: dict[Index, Real] | None = Field(None, alias="sparseWeights")
    intercept: Real = Field(validation_alias=AliasChoices("intercept", "bias"))
    learning_rate: Real | None = Field(None, alias="learningRate")
    feature_indices: list[Whole] | None = Field(None, alias="featureIndices")

    def model(self) -> Model:
        row = fixed_point(self.weights or [], INT80, "weights")
        others = by_feature(self.sparse_weights or {}, INT80, "sparseWeights")
        for index in others:
            if index < len(row):
                raise DoesNotFit(f"feature {index} has two weights: keep one of them")
        indices = self.feature_indices or []
        size = len(row) + len(others)
        if self.feature_indices is not None and len(indices) != size:
            raise DoesNotFit(
                f"there are {len(indices)} featureIndices for {size} weights: give one for each"
            )
        rate = DEFAULT_LEARNING_RATE if self.learning_rate is None else self.learning_rate
        shared: dict[str, Any] = {
            "classifications": self.classifications,
            "feature_indices": tuple(indices),
            "intercept": fixed_point_number(self.intercept, INT80, "intercept"),
            "learning_rate": fixed_point_factor(rate, UINT32, "learningRate"),
        }
        if self.type == "sparse perceptron":
            return SparsePerceptronModel(weights={**dict(enumerate(row)), **others}, **shared)
        if others:
            raise DoesNotFit(f"a {self.type} has no sparseWeights: make it a sparse perceptron")
        if self.weights is None:
            raise DoesNotFit(f"a {self.type} has weights: give them")
        return DensePerceptronModel(weights=row, **shared)


class NaiveBayesFile(Format):
    """Multinomial naive Bayes; feature counts are pairs of a feature index and a count."""

    type: Literal["naive bayes"]
    classifications: Names
    class_counts: list[Whole] = Field(alias="classCounts")
    feature_counts: list[list[tuple[Whole, Whole]]] = Field(alias="featureCounts")
    total_num_features: Whole = Field(alias="totalNumFeatures")
    smoothing_factor: Real | None = Field(None, alias="smoothingFactor")

    def model(self) -> Model:
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
            smoothing_factor=fixed_point_factor(smoothing, UINT32, "smoothingFactor"),
        )


class DenseCentroid(Format):
    """The mean of the samples of a class."""

    centroid: list[Real]
    data_count: Whole = Field(alias="dataCount")


class NearestCentroidFile(Format):
    """A centroid for each class, by name."""

    type: Literal["nearest centroid classifier", "dense nearest centroid classifier"]
    centroids: dict[str, DenseCentroid] = Field(
        validation_alias=AliasChoices("centroids", "intents"), min_length=1
    )

    def model(self) -> Model:
        return NearestCentroidModel(
            classifications=tuple(self.centroids),
            centroids=tuple(
                fixed_point(each.centroid, INT64, f"the centroid of {name}")
                for name, each in self.centroids.items()
            ),
            data_counts=tuple(each.data_count for each in self.centroids.values()),
        )


class SparseCentroid(Format):
    """The mean of the samples of a class, by feature index or as a row from feature 0 on."""

    centroid: dict[Index, Real] | list[Real]
    data_count: Whole = Field(alias="dataCount")

    def values(self, name: str) -> dict[int, int]:
        if isinstance(self.centroid, dict):
            return by_feature(self.centroid, UINT64, name)
        return dict(enumerate(fixed_point(self.centroid, UINT64, name)))


class SparseNearestCentroidFile(Format):
    """A centroid for each class, by name; values are never negative."""

    type: Literal["sparse nearest centroid classifier"]
    centroids: dict[str, SparseCentroid] = Field(
        validation_alias=AliasChoices("centroids", "intents"), min_length=1
    )

    def model(self) -> Model:
        return SparseNearestCentroidModel(
            classifications=tuple(self.centroids),
            centroids=tuple(
                each.values(f"the centroid of {name}") for name, each in self.centroids.items()
            ),
            data_counts=tuple(each.data_count for each in self.centroids.values()),
        )


ModelFile = PerceptronFile | NaiveBayesFile | NearestCentroidFile | SparseNearestCentroidFile
FORMATS: TypeAdapter[ModelFile] = TypeAdapter(Annotated[ModelFile, Field(discriminator="type")])


def by_feature(values: Mapping[str, float], kind: IntType, name: str) -> dict[int, int]:
    """Units by feature index; raises DoesNotFit for numbers that `kind` cannot hold."""
    return {
        int(index): fixed_point_number(value, kind, f"{name}[{index}]")
        for index, value in values.items()
    }


def once(pairs: Iterable[tuple[Any, Any]], name: str) -> dict[Any, Any]:
    """`pairs` as a dict; raises DoesNotFit where a key comes twice."""
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DoesNotFit(f"{name} has {key!r} twice: keep one of them")
        found[key] = value
    return found


def from_json(text: str | bytes) -> Model:
    """Read a model from the text of a model file; raises DoesNotFit, saying which value."""
    try:
        content = json.loads(text, object_pairs_hook=lambda pairs: once(pairs, "an object"))
    except (ValueError, RecursionError) as error:
        raise DoesNotFit(f"no model file: {error or 'nested too deeply'}") from None
    try:
        return FORMATS.validate_python(content).model()
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
    if model.feature_indices and not isinstance(
        model, DensePerceptronModel | SparsePerceptronModel
    ):
        raise DoesNotFit("only files of perceptrons say which features were selected")
    match model:
        case DensePerceptronModel():
            content = {
                "type": "dense perceptron",
                **_perceptron(model),
                "weights": [real(weight, "a weight") for weight in model.weights],
            }
        case SparsePerceptronModel():
            row, others = model.split()
            selected = len(model.feature_indices)
            if selected:  # one weight for each, unused ones included
                row = tuple(model.weights.get(index, 0) for index in range(selected))
                others = {index: w for index, w in model.weights.items() if index >= selected}
                if others:
                    raise DoesNotFit(
                        f"feature {min(others)} has a weight, but only {selected} are selected: a "
                        "file has one weight for each"
                    )
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
