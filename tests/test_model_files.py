"""Model files in the reference's formats: onto the chain and back, and what is refused."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from chain import Chain
from chain.errors import ExecutionError, OutOfGas
from chain.testing import reverts
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from incentives.points import Points
from offchain.deployment import deploy_model
from offchain.encoders import SparseEncoder
from offchain.files import from_json, load_model, save_model, to_json
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
        (PERCEPTRON, {"weights": ...}, "a dense perceptron has weights: give them"),
        (PERCEPTRON, {"learning_rate": 1}, "learning_rate is 1: Extra inputs are not permitted"),
        (PERCEPTRON, {"bias": 1}, "bias is 1: Extra inputs are not permitted"),
        (PERCEPTRON, {"learningRate": 1e-10}, "learningRate is 1e-10, which rounds to 0: give 0"),
        (
            PERCEPTRON,
            {"classifications": ["a", "\ud800"]},
            r"a class's name: .* cannot be written as UTF-8",
        ),
        (NAIVE_BAYES, {"totalNumFeatures": True}, "totalNumFeatures is True: .*should be a number"),
        (NAIVE_BAYES, {"classCounts": ["3", 4]}, "classCounts.0 is '3': .*should be a number"),
        (SPARSE_PERCEPTRON, {"sparseWeights": {"07": 1}}, "sparseWeights.07.* is '07'"),
        (SPARSE_PERCEPTRON, {"sparseWeights": {str(2**64): 1}}, "a feature of weights: 18446744"),
        (PERCEPTRON, {"intercept": ...}, "intercept is .*: Field required"),
        (PERCEPTRON, {"intercept": float("inf")}, "intercept is inf: Input should be a finite"),
        (PERCEPTRON, {"learningRate": 4.3}, "learningRate is 4.3, which does not fit into uint32"),
        (PERCEPTRON, {"learningRate": -1}, "learningRate is -1.0, which does not fit into uint32"),
        (PERCEPTRON, {"classifications": []}, "classifications is .*should have at least 1 item"),
        (PERCEPTRON, {"featureIndices": [3]}, "1 featureIndices for 2 weights: give one for each"),
        (
            PERCEPTRON,
            {"featureIndices": [0, 2**32]},
            r"feature_indices\[1\]: 4294967296 is out of range",
        ),
        (PERCEPTRON, {"sparseWeights": {"7": 1}}, "dense perceptron has no sparseWeights"),
        (SPARSE_PERCEPTRON, {"sparseWeights": {"1": 1}}, "feature 1 has two weights"),
        (SPARSE_PERCEPTRON, {"sparseWeights": {"-1": 1}}, "sparseWeights.-1.* is '-1'"),
        (SPARSE_PERCEPTRON, {"sparseWeights": {"2.5": 1}}, "sparseWeights.2.5.* is '2.5'"),
        (NAIVE_BAYES, {"classCounts": [1]}, "1 class_counts for 2 classifications"),
        (NAIVE_BAYES, {"classCounts": [1, 2.5]}, "classCounts.1 is 2.5: .*fractional part"),
        (NAIVE_BAYES, {"classCounts": [1, -1]}, r"class_counts\[1\]: -1 is out of range of uint64"),
        (NAIVE_BAYES, {"featureCounts": [[]]}, "1 feature_counts for 2 classifications"),
        (
            NAIVE_BAYES,
            {"featureCounts": [[[1, 2], [1, 3]], []]},
            r"featureCounts\[0\] has 1 twice: keep one",
        ),
        (NAIVE_BAYES, {"featureCounts": [[[1]], []]}, "featureCounts.0.0.1 is .*: Field required"),
        (
            NAIVE_BAYES,
            {"featureCounts": [[[2**32, 1]], []]},
            r"a feature of feature_counts\[0\]: 4294967296 is out of",
        ),
        (NAIVE_BAYES, {"smoothingFactor": -0.1}, "smoothingFactor is -0.1, which does not fit"),
        (CENTROIDS, {"centroids": {}}, "centroids is {}: .* at least 1 item"),
        (
            CENTROIDS,
            {"centroids": CENTROIDS["centroids"] | {"x": {"centroid": [1], "dataCount": 1}}},
            r"the centroids differ in their numbers of values: \[2, 2, 1\]",
        ),
        (
            CENTROIDS,
            {"centroids": {"a": {"centroid": [1e10], "dataCount": 1}}},
            r"the centroid of a\[0\] is 10000000000.0, which does not fit into int64",
        ),
        (
            SPARSE_CENTROIDS,
            {"centroids": {"a": {"centroid": {"3": -0.5}, "dataCount": 1}}},
            r"the centroid of a\[3\] is -0.5, which does not fit into uint64",
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "naive bayes", "type": "x"}', "an object has 'type' twice: keep one of them"),
        (json.dumps(CENTROIDS).replace("yes", "no"), "an object has 'no' twice"),
        (json.dumps(SPARSE_PERCEPTRON).replace('"7": 2', '"7": 2, "7": 3'), "has '7' twice"),
        ("[" * 100_000, "no model file: "),
        ("1" * 5_000, "no model file: "),
    ],
)
def test_nothing_that_is_said_twice_is_lost(text: str, message: str) -> None:
    with pytest.raises(DoesNotFit, match=message):
        from_json(text)


def test_files_may_be_written_in_any_unicode() -> None:
    text = json.dumps(CENTROIDS)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert from_json(text.encode(encoding)) == from_json(text)


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


def test_what_a_file_cannot_say_is_refused() -> None:
    for formats in (NAIVE_BAYES, CENTROIDS, SPARSE_CENTROIDS):
        selected = replace(from_json(json.dumps(formats)), feature_indices=(3,))
        with pytest.raises(DoesNotFit, match="only files of perceptrons say which features"):
            to_json(selected)
    sparse = SparsePerceptronModel(
        classifications=("no", "yes"),
        weights={0: 1, 1000: 5},
        feature_indices=(3,),
        intercept=0,
        learning_rate=0,
    )
    with pytest.raises(DoesNotFit, match="feature 1000 has a weight, but only 1 are selected"):
        to_json(sparse)


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

    overlapping = [[[0, TO_FLOAT]], []]
    centroids = chain.deploy(
        SparseNearestCentroidClassifier, NAMES, overlapping, [1, 1], sender=owner
    )
    centroids.extend_centroid([[0, TO_FLOAT]], 0, sender=owner)
    with pytest.raises(
        DoesNotFit, match=r"class 0 .* has a squared magnitude of 20000000000000000"
    ):
        read_contract(chain, centroids)
    few = chain.deploy(NearestCentroidClassifier, NAMES, [[1], [2]], [1], sender=owner)
    with pytest.raises(DoesNotFit, match="there are 1 data_counts for 2 classifications"):
        read_contract(chain, few)
    few.extend_centroid([1], 1, sender=owner)
    with pytest.raises(DoesNotFit, match=r"differ in their numbers of values|data_counts for 2"):
        read_contract(chain, few)


def test_a_model_bigger_than_what_a_block_can_read_is_read() -> None:
    chain = Chain(block_gas_limit=4_000_000)
    model = NearestCentroidModel(
        classifications=("no", "yes"),
        centroids=(tuple(range(4_000)), tuple(range(4_000))),
        data_counts=(1, 2),
        feature_indices=tuple(range(4_000)),
    )
    contract = deploy_model(chain, model, sender=chain.accounts[0]).contract
    assert read_contract(chain, contract) == model
    with reverts(OutOfGas):  # a view has a block's gas
        contract.predict([1] * 4_000)


def test_a_contract_is_read_from_the_chain_that_is_asked() -> None:
    """Addresses follow from the sender and nonce, so two chains may have different ones at one."""
    one, other = Chain(), Chain()
    handles = []
    for chain, weights in ((one, [7, 0, 0, 9]), (other, [1])):
        arguments = (SparsePerceptron, NAMES, weights, 0, 3)
        handles.append(chain.deploy(*arguments, sender=chain.accounts[0]))
    assert handles[0].address == handles[1].address
    read = read_contract(one, handles[1])
    assert isinstance(read, SparsePerceptronModel)
    assert read.weights == {0: 7, 3: 9}


def test_centroids_that_learned_are_read_as_precisely_as_they_say() -> None:
    chain = Chain()
    owner = chain.accounts[0]
    model = from_json(json.dumps(SPARSE_CENTROIDS))
    contract = deploy_model(chain, model, sender=owner).contract
    draw = random.Random(1)
    written = 0
    for _ in range(200):
        sample = sorted(draw.sample(range(12), 4))
        contract.update(sample, draw.randrange(2), sender=owner)
        written += len(sample)
    again = deploy_model(chain, read_contract(chain, contract), sender=owner).contract
    for index in range(2):
        drift = contract.squared_magnitude(index) - again.squared_magnitude(index)
        assert 0 <= drift <= written * TO_FLOAT
        assert drift > 0


def test_only_classifiers_are_read() -> None:
    class Better(DensePerceptron):
        """A subclass is what it is made from."""

    chain = Chain()
    owner = chain.accounts[0]
    better = chain.deploy(Better, NAMES, [1], 2, 3, sender=owner)
    assert isinstance(read_contract(chain, better), DensePerceptronModel)
    points = chain.deploy(Points, 1, 2, 3, sender=owner)
    with pytest.raises(DoesNotFit, match="is a Points: models are read from DensePerceptron, "):
        read_contract(chain, points)


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
