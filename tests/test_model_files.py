"""Model files in the reference's formats: onto the chain and back, and what is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from chain import Chain
from chain.errors import ExecutionError
from chain.testing import reverts
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from offchain.deployment import deploy_model
from offchain.encoders import SparseEncoder
from offchain.files import from_json, load_model, save_model, to_json
from offchain.fixed_point import DoesNotFit
from offchain.models import (
    DensePerceptronModel,
    Model,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
    read_contract,
)
from tests.offchain_models import models, sample_for

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
NAMES = ["no", "yes"]
PERCEPTRON: dict[str, Any] = {
    "type": "dense perceptron",
    "classifications": NAMES,
    "weights": [1, -0.25],
    "intercept": 0.5,
    "learningRate": 0.1,
}
SPARSE_PERCEPTRON = PERCEPTRON | {"type": "sparse perceptron", "sparseWeights": {"7": 2}}
NAIVE_BAYES: dict[str, Any] = {
    "type": "naive bayes",
    "classifications": NAMES,
    "classCounts": [3, 4],
    "featureCounts": [[[0, 2], [5, 1]], [[8, 1]]],
    "totalNumFeatures": 9,
    "smoothingFactor": 0.5,
}
CENTROIDS: dict[str, Any] = {
    "type": "nearest centroid classifier",
    "centroids": {
        "no": {"centroid": [0.6, -0.8], "dataCount": 2},
        "yes": {"centroid": [0, 1], "dataCount": 3},
    },
}
SPARSE_CENTROIDS: dict[str, Any] = {
    "type": "sparse nearest centroid classifier",
    "centroids": {
        "no": {"centroid": {"0": 0.5, "7": 1}, "dataCount": 2},
        "yes": {"centroid": [0, 0.25], "dataCount": 3},
    },
}


def test_every_format_is_read() -> None:
    half = TO_FLOAT // 2
    assert from_json(json.dumps(PERCEPTRON)) == DensePerceptronModel(
        classifications=("no", "yes"),
        weights=(TO_FLOAT, -TO_FLOAT // 4),
        intercept=half,
        learning_rate=TO_FLOAT // 10,
    )
    assert from_json(json.dumps(SPARSE_PERCEPTRON)) == SparsePerceptronModel(
        classifications=("no", "yes"),
        weights={0: TO_FLOAT, 1: -TO_FLOAT // 4, 7: 2 * TO_FLOAT},
        intercept=half,
        learning_rate=TO_FLOAT // 10,
    )
    assert from_json(json.dumps(NAIVE_BAYES)) == NaiveBayesModel(
        classifications=("no", "yes"),
        class_counts=(3, 4),
        feature_counts=({0: 2, 5: 1}, {8: 1}),
        total_num_features=9,
        smoothing_factor=half,
    )
    assert from_json(json.dumps(CENTROIDS)) == NearestCentroidModel(
        classifications=("no", "yes"),
        centroids=((600_000_000, -800_000_000), (0, TO_FLOAT)),
        data_counts=(2, 3),
    )
    assert from_json(json.dumps(SPARSE_CENTROIDS)) == SparseNearestCentroidModel(
        classifications=("no", "yes"),
        centroids=({0: half, 7: TO_FLOAT}, {0: 0, 1: TO_FLOAT // 4}),
        data_counts=(2, 3),
    )


def test_other_spellings_mean_the_same() -> None:
    intercept = PERCEPTRON["intercept"]
    bias = {key: value for key, value in PERCEPTRON.items() if key != "intercept"}
    assert from_json(json.dumps(bias | {"bias": intercept})) == from_json(json.dumps(PERCEPTRON))
    short = PERCEPTRON | {"type": "perceptron"}
    assert from_json(json.dumps(short)) == from_json(json.dumps(PERCEPTRON))
    dense = CENTROIDS | {"type": "dense nearest centroid classifier"}
    assert from_json(json.dumps(dense)) == from_json(json.dumps(CENTROIDS))
    for formats in (CENTROIDS, SPARSE_CENTROIDS):
        intents = {"type": formats["type"], "intents": formats["centroids"]}
        assert from_json(json.dumps(intents)) == from_json(json.dumps(formats))


def test_what_is_missing_has_the_default_of_the_references_tools() -> None:
    for name, default, file in [
        ("learningRate", 0.5, PERCEPTRON),
        ("smoothingFactor", 1.0, NAIVE_BAYES),
    ]:
        without = {key: value for key, value in file.items() if key != name}
        given_default = json.dumps(file | {name: default})
        assert from_json(json.dumps(without)) == from_json(given_default)
        assert from_json(json.dumps(file | {name: None})) == from_json(given_default)
        # 0 is not missing.
        assert from_json(json.dumps(file | {name: 0})) != from_json(given_default)


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        (
            PERCEPTRON,
            {"type": "random forest"},
            "Input tag 'random forest' found using 'type' does",
        ),
        (PERCEPTRON, {"type": ...}, "Unable to extract tag"),
        (PERCEPTRON, {"weights": [1, "a"]}, "weights.1 is 'a': Input should be a valid number"),
        (PERCEPTRON, {"weights": [1, True]}, "weights.1 is True: Input should be a valid number"),
        (PERCEPTRON, {"weights": [0, float("nan")]}, "weights.1 is nan: Input should be a finite"),
        (PERCEPTRON, {"weights": [1e20]}, r"weights\[0\] is 1e\+20, which does not fit into int80"),
        (PERCEPTRON, {"intercept": ...}, "intercept is .*: Field required"),
        (PERCEPTRON, {"intercept": float("inf")}, "intercept is inf: Input should be a finite"),
        (PERCEPTRON, {"learningRate": 4.3}, "learningRate is 4.3, which does not fit into uint32"),
        (PERCEPTRON, {"learningRate": -1}, "learningRate is -1.0, which does not fit into uint32"),
        (PERCEPTRON, {"classifications": []}, "classifications is .*should have at least 1 item"),
        (PERCEPTRON, {"featureIndices": [3]}, "1 featureIndices for 2 weights: give one for each"),
        (
            PERCEPTRON,
            {"featureIndices": [0, 2**32]},
            "featureIndices.1 is 4294967296: Input should",
        ),
        (PERCEPTRON, {"sparseWeights": {"7": 1}}, "dense perceptron has no sparseWeights"),
        (SPARSE_PERCEPTRON, {"sparseWeights": {"1": 1}}, "feature 1 has two weights"),
        (SPARSE_PERCEPTRON, {"sparseWeights": {"-1": 1}}, "sparseWeights.-1.* is '-1'"),
        (SPARSE_PERCEPTRON, {"sparseWeights": {"2.5": 1}}, "sparseWeights.2.5.* is '2.5'"),
        (NAIVE_BAYES, {"classCounts": [1]}, "1 classCounts for 2 classifications"),
        (NAIVE_BAYES, {"classCounts": [1, 2.5]}, "classCounts.1 is 2.5: .*fractional part"),
        (NAIVE_BAYES, {"classCounts": [1, -1]}, "classCounts.1 is -1: .*greater than or equal"),
        (NAIVE_BAYES, {"featureCounts": [[]]}, "1 featureCounts for 2 classifications"),
        (NAIVE_BAYES, {"featureCounts": [[[1, 2], [1, 3]], []]}, r"\[0\] has feature 1 twice"),
        (NAIVE_BAYES, {"featureCounts": [[[1]], []]}, "featureCounts.0.0.1 is .*: Field required"),
        (NAIVE_BAYES, {"featureCounts": [[[2**32, 1]], []]}, "featureCounts.0.0.0 is 4294967296"),
        (NAIVE_BAYES, {"smoothingFactor": -0.1}, "smoothingFactor is -0.1, which does not fit"),
        (CENTROIDS, {"centroids": {}}, "centroids is {}: .* at least 1 item"),
        (
            CENTROIDS,
            {"centroids": CENTROIDS["centroids"] | {"x": {"centroid": [1], "dataCount": 1}}},
            "the centroids differ in their numbers of values: {'no': 2, 'x': 1, 'yes': 2}",
        ),
        (
            CENTROIDS,
            {"centroids": {"a": {"centroid": [1e10], "dataCount": 1}}},
            r"the centroid of a\[0\] is 10000000000.0, which does not fit into int64",
        ),
        (
            SPARSE_CENTROIDS,
            {"centroids": {"a": {"centroid": {"3": -0.5}, "dataCount": 1}}},
            r"the centroid of a\[0\] is -0.5, which does not fit into uint64",
        ),
        (SPARSE_CENTROIDS, {"centroids": {"a": {"centroid": {}}}}, "a.dataCount is .*: Field req"),
    ],
)
def test_what_does_not_fit_is_named(
    file: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    changed = {key: value for key, value in (file | changes).items() if value is not ...}
    with pytest.raises(DoesNotFit, match=message):
        from_json(json.dumps(changed))


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    for text in ("", "{", "[]", "3", "\xff"):
        path = tmp_path / "model.json"
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(DoesNotFit, match=r"model\.json: no model file: "):
            load_model(path)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "nothing.json")


# Round trips


@given(models())
def test_models_survive_the_way_through_a_file(model: Model) -> None:
    assert from_json(to_json(model)) == model


@given(models(), st.lists(st.integers(-(2**40), 2**40), max_size=8))
def test_models_survive_the_way_over_the_chain(model: Model, numbers: list[int]) -> None:
    chain = Chain()
    owner = chain.accounts[0]
    contract = deploy_model(chain, model, sender=owner).contract
    found = read_contract(chain, contract)
    assert found == model
    again = deploy_model(chain, found, sender=owner).contract
    sample = sample_for(model, numbers)
    try:
        prediction = contract.predict(sample)
    except ExecutionError as error:  # both can fail, then in the same way
        with reverts(type(error)):
            again.predict(sample)
    else:
        assert again.predict(sample) == prediction


def test_files_are_written_and_read(tmp_path: Path) -> None:
    for file in (PERCEPTRON, SPARSE_PERCEPTRON, NAIVE_BAYES, CENTROIDS, SPARSE_CENTROIDS):
        model = from_json(json.dumps(file))
        save_model(model, tmp_path / "model.json")
        assert load_model(tmp_path / "model.json") == model


def test_a_model_that_is_too_exact_for_a_file_leaves_none(tmp_path: Path) -> None:
    model = DensePerceptronModel(
        classifications=("no", "yes"), weights=(2**60 + 1,), intercept=0, learning_rate=0
    )
    with pytest.raises(DoesNotFit, match="a weight is 1152921504606846977 units"):
        save_model(model, tmp_path / "model.json")
    same_names = NearestCentroidModel(
        classifications=("a", "a"), centroids=((), ()), data_counts=(1, 1)
    )
    with pytest.raises(DoesNotFit, match="two classes have the same name"):
        save_model(same_names, tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


def test_features_that_were_selected_but_have_no_weight_stay_in_the_file() -> None:
    chain = Chain()
    file = SPARSE_PERCEPTRON | {"sparseWeights": {}, "featureIndices": [9, 4, 5]}
    file["weights"] = [1, 0, 0]
    contract = deploy_model(chain, from_json(json.dumps(file)), sender=chain.accounts[0]).contract
    written = to_json(read_contract(chain, contract))
    assert json.loads(written)["weights"] == [1, 0, 0]
    assert from_json(written).feature_indices == (9, 4, 5)


# Reading contracts


def test_a_contract_that_learned_is_read_as_it_is_now() -> None:
    chain = Chain()
    owner = chain.accounts[0]
    perceptron = chain.deploy(SparsePerceptron, NAMES, [5], 0, 3, sender=owner)
    perceptron.update([0, 2**40], 0, sender=owner)
    read = read_contract(chain, perceptron)
    assert isinstance(read, SparsePerceptronModel)
    assert read.weights == {0: 2, 2**40: -3}
    perceptron.update([2**40], 1, sender=owner)  # a weight of 0 is none
    read = read_contract(chain, perceptron)
    assert isinstance(read, SparsePerceptronModel)
    assert read.weights == {0: 2}
    bayes = chain.deploy(NaiveBayesClassifier, NAMES, [1, 1], [[[3, 1]], []], 9, 1, sender=owner)
    bayes.update([3, 3, 8], 0, sender=owner)
    read = read_contract(chain, bayes)
    assert isinstance(read, NaiveBayesModel)
    assert read.feature_counts == ({3: 3, 8: 1}, {})
    assert read.class_counts == (2, 1)


def test_what_only_a_contract_can_hold_is_not_read() -> None:
    chain = Chain()
    owner = chain.accounts[0]
    twice = [[[3, 1], [3, 2]]]
    bayes = chain.deploy(NaiveBayesClassifier, ["a"], [1], twice, 9, 1, sender=owner)
    with pytest.raises(DoesNotFit, match="counts 3 features in total, but 2 one by one"):
        read_contract(chain, bayes)


def test_only_classifiers_are_read() -> None:
    class Better(DensePerceptron):
        """A subclass is what it is made from."""

    chain = Chain()
    owner = chain.accounts[0]
    better = chain.deploy(Better, NAMES, [1], 2, 3, sender=owner)
    assert isinstance(read_contract(chain, better), DensePerceptronModel)


# The reference's own files

FILES = [
    "classifier-perceptron-400.json",
    "imdb-sentiment-model.json",
    "vpa-classifier-centroids.json",
]


@pytest.mark.skipif(not DATA.exists(), reason="the reference's model files are not here")
@pytest.mark.parametrize("block_gas_limit", [30_000_000, 8_900_000])
@pytest.mark.parametrize("name", FILES)
def test_the_references_models_deploy_and_predict(name: str, block_gas_limit: int) -> None:
    chain = Chain(block_gas_limit=block_gas_limit)
    model = load_model(DATA / name)
    contract = deploy_model(chain, model, sender=chain.accounts[0]).contract
    back = read_contract(chain, contract)
    assert back == model
    assert from_json(to_json(back)) == model
    content = json.loads((DATA / name).read_text())
    draw = random.Random(name)
    answers = set()
    for _ in range(200):
        if "centroids" in name:
            size = len(next(iter(content["intents"].values()))["centroid"])
            values = [draw.uniform(-1, 1) for _ in range(size)]
            sample = [round(value * TO_FLOAT) for value in values]
            distances = [
                sum((x - c) ** 2 for x, c in zip(values, each["centroid"], strict=True))
                for each in content["intents"].values()
            ]
            expected = distances.index(min(distances))
        elif "400" in name:
            values = [draw.uniform(-1, 1) for _ in content["weights"]]
            sample = [round(value * TO_FLOAT) for value in values]
            products = [w * x for w, x in zip(content["weights"], values, strict=True)]
            expected = int(sum(products) + content["bias"] > 0)
        else:
            sample = draw.sample(range(1000), 20)
            score = content["intercept"] + sum(content["weights"][index] for index in sample)
            expected = int(score > 0)
        assert contract.predict(sample) == expected
        answers.add(expected)
    assert answers == {0, 1}


@pytest.mark.skipif(not DATA.exists(), reason="the reference's model files are not here")
def test_the_references_model_of_film_reviews_understands_some() -> None:
    chain = Chain()
    model = load_model(DATA / "imdb-sentiment-model.json")
    contract = deploy_model(chain, model, sender=chain.accounts[0]).contract
    vocabulary = json.loads((DATA / "imdb-vocabulary.json").read_text())
    encoder = SparseEncoder(CountVectorizer(vocabulary=vocabulary))
    reviews = [
        "A wonderful film, the best acting I have seen, truly great and enjoyable.",
        "The worst movie ever: boring, awful plot, a waste of time.",
    ]
    answers = [contract.predict(sample) for sample in encoder.encode(reviews)]
    assert [contract.classifications(answer) for answer in answers] == ["Positive", "Negative"]
