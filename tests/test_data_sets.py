"""Data sets of simulations that need no file: what is in them, and how they are prepared."""

import itertools
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import Perceptron
from sklearn.naive_bayes import MultinomialNB
from sklearn.preprocessing import StandardScaler, normalize

from chain import Chain
from contracts_py.classifiers.classifier import TO_FLOAT
from offchain.deployment import deploy_model
from offchain.estimators import from_estimator
from simulation.data.catalogue import CATALOGUE, BuiltIn, load
from simulation.data.dataset import DataError, DataSet, Part, UnknownDataSet, UnusableOption
from simulation.data.generated import LINES, SIMPLE_TEST, SIMPLE_TRAIN, final_boards, won
from simulation.data.preparation import About, Preparation, from_features
from tests.programs import ROOT

BUILT_IN = [name for name, source in CATALOGUE.items() if isinstance(source, BuiltIn)]


def matrix(part: Part, feature_count: int) -> csr_matrix:
    """A row of counts for each sample of present features."""
    lengths = [len(features) for features in part.samples]
    columns = np.concatenate([*part.samples])
    starts = np.cumsum([0, *lengths])
    return csr_matrix((np.ones(len(columns)), columns, starts), (len(lengths), feature_count))


def as_lists(part: Part) -> list[tuple[list[int], int]]:
    return [
        (sample.tolist(), label)
        for sample, label in zip(part.samples, part.labels.tolist(), strict=True)
    ]


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("name", BUILT_IN)
def test_samples_are_what_contracts_take(name: str, dense: bool) -> None:
    loaded = load(name, seed=1, limit=300, dense=dense)
    assert loaded.name == name
    assert loaded.dense == dense
    for part in (loaded.train, loaded.test):
        assert 0 < len(part) <= 300
        assert len(part.samples) == len(part.labels) == len(part)
        assert set(part.labels.tolist()) <= set(range(len(loaded.classes)))
        for sample in part.samples:
            assert sample.dtype == np.int64
            if dense:
                assert len(sample) == loaded.feature_count
                assert abs(sum(value**2 for value in sample.tolist()) - TO_FLOAT**2) < 10**11
            else:
                assert len(sample) > 0
                assert (np.diff(sample) > 0).all()
                assert sample[0] >= 0
                assert sample[-1] < loaded.feature_count


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_same_seed_gives_the_same_and_another_one_does_not(name: str) -> None:
    first, again, other = (load(name, seed=seed, limit=50) for seed in (1, 1, 2))
    assert as_lists(first.train) == as_lists(again.train)
    assert as_lists(first.test) == as_lists(again.test)
    assert as_lists(first.train) != as_lists(other.train)


def test_a_limit_takes_the_first_of_all_samples() -> None:
    everything, some = load("digits", seed=3), load("digits", seed=3, limit=100, dense=None)
    assert (len(everything.train), len(everything.test)) == (1258, 539)
    assert (len(some.train), len(some.test)) == (100, 100)
    assert some.train.labels.tolist() == everything.train.labels[:100].tolist()


@pytest.mark.parametrize("count", [2, 3, 10, 1797])
def test_every_sample_is_either_learned_from_or_tested_with(count: int) -> None:
    train, test = Preparation(seed=5).split(count)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(count))
    assert len(test) == round(0.3 * count)
    train, test = Preparation(seed=5).given(count, 7)
    assert sorted(train.tolist()) == list(range(count))
    assert sorted(test.tolist()) == list(range(count, count + 7))


# Sets inside scikit-learn


def test_measurements_are_standardized_by_training_samples_and_end_with_a_constant() -> None:
    rows, labels = load_breast_cancer(return_X_y=True)
    train, test = Preparation(seed=6).split(len(labels))
    loaded = load("breast-cancer", seed=6)
    scaler = StandardScaler().fit(rows[train])
    for part, indices in [(loaded.train, train), (loaded.test, test)]:
        scaled = scaler.transform(rows[indices])
        expected = normalize(np.column_stack([scaled, np.ones(len(scaled))]))
        assert np.abs(np.array(part.samples) / TO_FLOAT - expected).max() < 1e-9
        assert part.labels.tolist() == labels[indices].tolist()
    # From scikit-learn's description of the set.
    assert loaded.classes == ("malignant", "benign")
    assert Counter(np.concatenate([loaded.train.labels, loaded.test.labels])) == {0: 212, 1: 357}


def test_measurements_become_thirds() -> None:
    rows, _ = load_breast_cancer(return_X_y=True)
    train, _ = Preparation(seed=6).split(len(rows))
    loaded = load("breast-cancer", seed=6, dense=False)
    assert loaded.feature_count == 90
    cuts = [np.quantile(column, [1 / 3, 2 / 3]) for column in rows[train].T]
    expected = [
        [3 * place + sum(value > cut for cut in cuts[place]) for place, value in enumerate(row)]
        for row in rows[train]
    ]
    assert [sample.tolist() for sample in loaded.train.samples] == expected
    counts = np.bincount(np.concatenate(expected))
    assert (abs(counts - len(train) / 3) < 0.05 * len(train)).all()


def test_pixels_are_set_above_the_middle_and_a_digit_is_even_or_odd() -> None:
    rows, labels = load_digits(return_X_y=True)
    train, _ = Preparation(seed=7).split(len(labels))
    tens = load("digits", seed=7, dense=False)
    parity = load("digits-parity", seed=7, dense=False)
    expected = [[place for place, value in enumerate(row) if value > 8] for row in rows[train]]
    for loaded in (tens, parity):
        assert [sample.tolist() for sample in loaded.train.samples] == expected
    assert tens.train.labels.tolist() == labels[train].tolist()
    assert parity.train.labels.tolist() == (labels[train] % 2).tolist()


@pytest.mark.parametrize(
    ("name", "dense", "lowest"),
    [
        ("breast-cancer", True, 0.93),
        ("breast-cancer", False, 0.9),
        ("digits", True, 0.85),
        ("digits", False, 0.8),
        ("digits-parity", False, 0.8),
        ("iris", False, 0.7),
        ("wine", True, 0.9),
        ("tic-tac-toe", False, 0.9),
        ("simple", False, 1.0),
    ],
)
def test_a_perceptron_learns_it(name: str, dense: bool, lowest: float) -> None:
    loaded = load(name, seed=8, dense=dense)
    train, test = (
        np.array(part.samples) / TO_FLOAT if dense else matrix(part, loaded.feature_count)
        for part in (loaded.train, loaded.test)
    )
    model = Perceptron(random_state=0).fit(train, loaded.train.labels)
    assert model.score(test, loaded.test.labels) >= lowest


# Generated sets


def test_tic_tac_toe_has_every_end_of_a_game_and_no_other_position() -> None:
    expected = set()
    for board in itertools.product(range(3), repeat=9):
        crosses, noughts = board.count(1), board.count(2)
        lines = {board[a] for a, b, c in LINES if board[a] == board[b] == board[c]} - {0}
        ended = (
            (lines == {1} and crosses == noughts + 1)
            or (lines == {2} and crosses == noughts)
            or (not lines and crosses == 5 and noughts == 4)
        )
        if ended:
            expected.add(board)
    boards = final_boards()
    assert set(boards) == expected
    # As in the data set at UCI.
    assert len(boards) == 958
    assert sum(won(board, 1) for board in boards) == 626
    assert len(LINES) == 8


def test_tic_tac_toe_says_what_is_in_each_cell() -> None:
    loaded = load("tic-tac-toe", seed=9)
    found = set()
    for sample, label in as_lists(loaded.train) + as_lists(loaded.test):
        assert [feature // 3 for feature in sample] == list(range(9))
        board = tuple(feature % 3 for feature in sample)
        assert label == won(board, 1)
        found.add(board)
    assert sorted(found) == final_boards()


def test_the_simple_set_is_decided_by_counting_words() -> None:
    loaded = load("simple", seed=10)
    offering = {"prize", "free", "winner"}
    words = ["prize", "free", "winner", "meeting", "report", "lunch"]
    for part, messages in [(loaded.train, SIMPLE_TRAIN), (loaded.test, SIMPLE_TEST)]:
        expected = []
        for message in messages:
            present = message.split()
            offers = sum(word in offering for word in present)
            expected.append((sorted(map(words.index, present)), int(2 * offers > len(present))))
        assert sorted(as_lists(part)) == sorted(expected)
    texts = [frozenset(message.split()) for message in [*SIMPLE_TRAIN, *SIMPLE_TEST]]
    assert len(set(texts)) == len(texts)


def test_the_set_of_the_size_of_imdb_is_learnable_to_some_eighty_percent() -> None:
    loaded = load("imdb-sized", seed=11)
    assert (len(loaded.train), len(loaded.test), loaded.feature_count) == (25_000, 25_000, 1_000)
    present = np.array(loaded.train.samples)
    assert present.shape == (25_000, 20)
    assert (np.diff(present, axis=1) > 0).all()
    # Every feature as probable as any: six standard deviations of a binomial count.
    assert (abs(np.bincount(present.ravel()) - 500) < 6 * np.sqrt(500 * 0.98)).all()
    assert abs(loaded.train.labels.mean() - 0.5) < 0.02
    train, test = (matrix(part, 1_000) for part in (loaded.train, loaded.test))
    once = Perceptron(max_iter=1, tol=None, shuffle=False).fit(train, loaded.train.labels)
    assert 0.77 < once.score(test, loaded.test.labels) < 0.85
    # It is the features that say so.
    shuffled = np.random.default_rng(0).permutation(loaded.train.labels)
    chance = Perceptron(max_iter=1, tol=None, shuffle=False).fit(train, shuffled)
    assert chance.score(test, loaded.test.labels) < 0.55


# Preparing


def test_the_first_samples_are_for_the_model_and_the_others_to_add() -> None:
    loaded = load("digits-parity", seed=12)
    everything = as_lists(loaded.train)
    for initial, count in [(100, 100), (0.08, 101), (1257, 1257)]:
        first, rest = loaded.split(initial)
        assert as_lists(first) == everything[:count]
        assert as_lists(rest) == everything[count:]


@pytest.mark.parametrize("initial", [0, -1, 1258, 2000, 0.0, 1.0, 1e-9, -0.1, float("nan"), True])
def test_an_impossible_number_of_first_samples_is_refused(initial: float) -> None:
    with pytest.raises(UnusableOption, match=r"will not do: give"):
        load("digits", seed=12).split(initial)


def test_first_samples_without_one_of_the_classes_are_refused() -> None:
    with pytest.raises(UnusableOption, match=r"the first 5 samples have none of class '\d'"):
        load("digits", seed=12).split(5)


def test_features_that_tell_the_classes_apart_are_kept() -> None:
    everything = load("tic-tac-toe", seed=13)
    some = load("tic-tac-toe", seed=13, features=5)
    rows = matrix(everything.train, 27).toarray()
    wins = everything.train.labels == 1
    differences = abs(rows[wins].mean(axis=0) - rows[~wins].mean(axis=0))
    kept = sorted(sorted(range(27), key=lambda feature: -differences[feature])[:5])
    assert some.feature_count == 5
    for part in ("train", "test"):
        for full, few in zip(
            getattr(everything, part).samples, getattr(some, part).samples, strict=True
        ):
            assert [kept[feature] for feature in few] == [
                feature for feature in full.tolist() if feature in kept
            ]


def test_measurements_that_tell_the_classes_apart_are_kept_before_they_become_thirds() -> None:
    rows, labels = load_breast_cancer(return_X_y=True)
    train, _ = Preparation(seed=13).split(len(labels))
    scaled = StandardScaler().fit_transform(rows[train])
    benign = labels[train] == 1
    differences = abs(scaled[benign].mean(axis=0) - scaled[~benign].mean(axis=0))
    kept = sorted(sorted(range(30), key=lambda place: -differences[place])[:4])
    thirds = load("breast-cancer", seed=13, dense=False).train.samples
    some = load("breast-cancer", seed=13, dense=False, features=4)
    assert some.feature_count == 12
    for full, few in zip(thirds, some.train.samples, strict=True):
        assert [3 * kept[feature // 3] + feature % 3 for feature in few.tolist()] == [
            feature for feature in full.tolist() if feature // 3 in kept
        ]
    dense = load("breast-cancer", seed=13, features=4)
    expected = normalize(np.column_stack([scaled[:, kept], np.ones(len(train))]))
    assert dense.feature_count == 5
    assert np.abs(np.array(dense.train.samples) / TO_FLOAT - expected).max() < 1e-9


def test_a_sample_without_features_stays_one_and_gets_a_constant_if_dense() -> None:
    present = [np.array([0]), np.array([], np.int64), np.array([1, 1])]
    about = About("small", ("a", "b"), "here")
    parts = (np.array([0, 1]), np.array([1, 2]))
    labels = np.array([0, 1, 1])
    sparse, dense = (
        from_features(about, present, labels, 2, parts, Preparation(seed=0, dense=dense))
        for dense in (None, True)
    )
    assert as_lists(sparse.train) == [([0], 0), ([], 1)]
    assert as_lists(sparse.test) == [([], 1), ([1, 1], 1)]
    unit = TO_FLOAT
    root = round(unit * 0.5**0.5)
    assert as_lists(dense.train) == [([root, 0, root], 0), ([0, 0, unit], 1)]
    assert as_lists(dense.test)[1] == ([0, round(unit * 0.8**0.5), round(unit * 0.2**0.5)], 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed=-1 will not do: give a whole number, 0 or more"),
        ({"seed": None}, "seed=None will not do"),
        ({"seed": 1.5}, "seed=1.5 will not do"),
        ({"seed": True}, "seed=True will not do"),
        ({"seed": 0, "limit": 0}, "limit=0 will not do: give a whole number, 1 or more"),
        ({"seed": 0, "features": -3}, "features=-3 will not do"),
        ({"seed": 0, "features": 65}, "features=65 will not do: digits has 64, give that or less"),
        ({"seed": 0, "limit": 2}, "digits: its training samples have none of class"),
        ({"seed": 0, "path": "digits.csv"}, "digits needs no file: leave the path out"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UnusableOption) as refused:
        load("digits", **options)  # type: ignore[arg-type]
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_an_unknown_data_set_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(UnknownDataSet) as refused:
        load("minst", seed=0)
    assert str(refused.value).startswith("there is no data set 'minst': give one of breast-cancer,")
    assert all(name in str(refused.value) for name in CATALOGUE)
    assert "\n" not in str(refused.value)


def test_every_data_set_says_what_it_is_in_one_short_line() -> None:
    for source in CATALOGUE.values():
        assert 0 < len(source.description) <= 80
        assert "\n" not in source.description


@pytest.mark.parametrize("package", ["sklearn", "scipy"])
def test_without_scikit_learn_some_sets_load_and_others_name_the_extra(package: str) -> None:
    program = f"""
import sys
sys.modules[{package!r}] = None
from simulation.data.catalogue import load
from simulation.data.dataset import MissingPackage
print(len(load("tic-tac-toe", seed=0).train), len(load("imdb-sized", seed=0).train))
try:
    load("iris", seed=0)
except MissingPackage as error:
    print(error)
"""
    outcome = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    expected = f"{package} is missing: pip install -e '.[sklearn]'"
    assert outcome.stdout.splitlines() == ["671 25000", expected]


# On the contracts


def deployed_accuracy(loaded: DataSet, estimator: object, *, sparse: bool) -> tuple[float, float]:
    """Accuracy of a contract and of the estimator it was made of, on 60 samples."""
    first, _ = loaded.split(0.5)
    tested = loaded.test.between(0, 60)

    def rows(part: Part) -> object:
        if sparse:
            return matrix(part, loaded.feature_count)
        return np.array(part.samples) / TO_FLOAT

    fitted = estimator.fit(rows(first), first.labels)  # type: ignore[attr-defined]
    chain = Chain()
    owner = chain.accounts[0]
    model = from_estimator(fitted, sparse=sparse, classifications=loaded.classes)
    contract = deploy_model(chain, model, sender=owner).contract
    right = [
        contract.predict(sample) == label
        for sample, label in zip(tested.samples, tested.labels, strict=True)
    ]
    return float(np.mean(right)), fitted.score(rows(tested), tested.labels)


def test_contracts_predict_what_the_estimators_do() -> None:
    perceptron = Perceptron(fit_intercept=False, random_state=0)
    for name, dense in [("breast-cancer", True), ("tic-tac-toe", False)]:
        loaded = load(name, seed=14, dense=dense)
        ours, theirs = deployed_accuracy(loaded, perceptron, sparse=not dense)
        assert ours == theirs > 0.8


def test_naive_bayes_can_use_few_features() -> None:
    few = load("breast-cancer", seed=15, dense=False, features=4)
    ours, theirs = deployed_accuracy(few, MultinomialNB(), sparse=True)
    assert ours >= theirs - 0.05
    assert ours > 0.85
    everything = load("breast-cancer", seed=15, dense=False)
    ours, theirs = deployed_accuracy(everything, MultinomialNB(), sparse=True)
    assert theirs > 0.85
    assert ours < 0.6  # the contract rounds all probabilities down to 0


def test_errors_are_one_family() -> None:
    assert issubclass(UnknownDataSet, DataError)
    assert issubclass(DataError, ValueError)
