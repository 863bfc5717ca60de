"""Contracts beside scikit-learn: every difference is one that rounding can make, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid

from examples import agreement
from examples.agreement import STUDIES, Study
from examples.pairs import (
    FLOAT_ERROR,
    UNIT,
    DensePerceptronPair,
    Floats,
    Labels,
    NaiveBayesPair,
    NearestCentroidPair,
    Pair,
    PerceptronPair,
    Sample,
    SparseNearestCentroidPair,
    SparsePerceptronPair,
)
from offchain.encoders import DenseEncoder, SparseEncoder
from tests.programs import run_without

DENSE_PERCEPTRON, SPARSE_PERCEPTRON, NAIVE_BAYES, NEAREST, SPARSE_NEAREST = STUDIES


def name_of(study: Study) -> str:
    return study.pair.__name__


# An oracle: the scores of a contract from what it holds, in fractions, on the scale of the pair's.


def contract_scores(pair: Pair, sample: Sample) -> list[Fraction]:
    contract, data = pair.contract, sample.encoded.tolist()
    match pair:
        case DensePerceptronPair():
            products = zip(contract.weights(), data, strict=True)
            score = contract.intercept() + sum(w * x for w, x in products)
            return [Fraction(0), Fraction(score, 10**18)]
        case SparsePerceptronPair():
            score = contract.intercept() + sum(contract.weights(index) for index in data)
            return [Fraction(0), Fraction(score, 10**9)]
        case NaiveBayesPair():
            return naive_bayes_scores(contract, data)
        case SparseNearestCentroidPair():
            return [
                -sum(
                    (Fraction(10**9 - 2 * contract.centroid_value(c, f), 10**9) for f in data),
                    Fraction(contract.squared_magnitude(c), 10**18),
                )
                for c in range(contract.num_classifications())
            ]
    return [
        -Fraction(sum((x - c) ** 2 // 10**9 for x, c in zip(data, centroid, strict=True)), 10**9)
        for centroid in contract.centroids()
    ]


def naive_bayes_scores(contract: Any, data: list[int]) -> list[Fraction]:
    rounded, exact = [], []
    for c in range(contract.num_classifications()):
        probability = contract.num_samples(c) * 10**9
        rounded.append(probability)
        exact.append(Fraction(probability))
        for feature in data:
            seen = contract.feature_count(c, feature) + 1
            of = contract.class_total_feature_count(c) + contract.total_num_features()
            rounded[c] = rounded[c] * seen // of
            exact[c] *= Fraction(seen, of)
    return [probability / max(exact) for probability in rounded]


def check_scores(pair: Pair, sample: Sample) -> float:
    """Check the scores against the bounds; returns the largest share of a bound that was used."""
    ours = contract_scores(pair, sample)
    assert pair.contract.predict(sample.encoded) == ours.index(max(ours))
    scores, errors = pair.scores(sample.row[0])
    off = np.abs(np.array([float(o - Fraction(s)) for o, s in zip(ours, scores, strict=True)]))
    assert (off <= errors + FLOAT_ERROR).all()
    return float(max((off / np.maximum(errors, FLOAT_ERROR)), default=0))


# The studies


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("study", STUDIES, ids=name_of)
def test_they_agree_but_for_rounding(study: Study, seed: int) -> None:
    outcome = agreement.run(study, seed, 60)
    assert outcome.streamed == 60
    assert outcome.explained == outcome.disagreements
    assert outcome.agreement >= (0.9 if study is NAIVE_BAYES else 1)
    assert outcome.partings == 0
    assert outcome.estimator_accuracy > 0.5
    assert outcome.accuracy == pytest.approx(outcome.estimator_accuracy, abs=0.03)


@pytest.mark.parametrize("study", STUDIES, ids=name_of)
def test_what_a_contract_alone_was_taught_is_not_explained(study: Study) -> None:
    pair, samples, held_out = agreement.prepare(study, seed=0)
    classes = pair.contract.num_classifications()
    for sample in held_out[:60]:
        pair.contract.update(sample.encoded, (sample.label + 1) % classes, sender=pair.owner)
    outcome = agreement.stream(pair, samples[:60])
    assert outcome.explained < outcome.disagreements


class HastyDense(DensePerceptronPair):
    def __init__(self, rows: Floats, labels: Labels) -> None:
        super().__init__(rows, labels, learning_rate=2 * self.step)


class HastySparse(SparsePerceptronPair):
    def __init__(self, rows: Floats, labels: Labels) -> None:
        super().__init__(rows, labels, learning_rate=2 * self.step)


class Heavy(NearestCentroidPair):
    def __init__(self, rows: Floats, labels: Labels) -> None:
        super().__init__(rows, labels, data_counts=(100 * np.bincount(labels)).tolist())


class SparseHeavy(SparseNearestCentroidPair):
    def __init__(self, rows: Floats, labels: Labels) -> None:
        super().__init__(rows, labels, data_counts=(100 * np.bincount(labels)).tolist())


@pytest.mark.parametrize(
    ("study", "pair"),
    [
        (DENSE_PERCEPTRON, HastyDense),
        (SPARSE_PERCEPTRON, HastySparse),
        (NEAREST, Heavy),
        (SPARSE_NEAREST, SparseHeavy),
    ],
)
def test_a_contract_that_learns_faster_or_slower_is_not_explained(
    study: Study, pair: type[Pair]
) -> None:
    outcome = agreement.run(replace(study, pair=pair), 0, 100)
    assert outcome.explained < outcome.disagreements


@pytest.mark.parametrize(
    ("study", "pair"), [(DENSE_PERCEPTRON, HastyDense), (SPARSE_PERCEPTRON, HastySparse)]
)
def test_partings_that_are_not_due_to_rounding_are_counted_but_excuse_nothing(
    study: Study, pair: type[PerceptronPair]
) -> None:
    hasty, samples, _ = agreement.prepare(replace(study, pair=pair), seed=0)
    outcome = agreement.stream(hasty, samples[:100])
    assert isinstance(hasty, pair)
    assert outcome.partings > 0
    assert not hasty.drift.any()


def test_naive_bayes_without_a_probability_left_is_explained() -> None:
    all_pixels = replace(NAIVE_BAYES, encode=agreement.sparse)
    outcome = agreement.run(all_pixels, 0, 50)
    assert outcome.explained == outcome.disagreements > 25


@pytest.mark.parametrize("study", STUDIES, ids=name_of)
def test_both_are_given_the_same_samples_and_none_of_those_held_out(study: Study) -> None:
    _, samples, held_out = agreement.prepare(study, seed=1)
    number = len(study.load()[1])
    assert len(held_out) == -(-number // 4)  # rounded up
    assert len(samples) + len(held_out) == number - round(number / 10)
    for sample in samples[:50]:
        if study.encode is agreement.dense:
            assert np.abs(sample.encoded - sample.row[0] / UNIT).max() < 0.5 + 1e-6
        else:
            assert sample.encoded.tolist() == np.flatnonzero(sample.row[0]).tolist()
    if study.encode is agreement.dense:  # the others have samples that are alike
        assert not {bytes(s.encoded) for s in samples} & {bytes(s.encoded) for s in held_out}


# The bounds, on streams made for them


def dense(rows: Floats, labels: Iterable[int]) -> list[Sample]:
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    encoded = DenseEncoder().encode(rows)
    return [Sample(e, r[None], c) for e, r, c in zip(encoded, rows, labels, strict=True)]


def sparse(rows: Floats, labels: Iterable[int]) -> list[Sample]:
    encoded = SparseEncoder().encode(rows)
    return [Sample(e, r[None], c) for e, r, c in zip(encoded, rows, labels, strict=True)]


def rows_of(samples: Sequence[Sample]) -> Floats:
    return np.vstack([sample.row for sample in samples])


def random_stream(pair: type[Pair], size: int, seed: int) -> list[Sample]:
    """Two classes that nothing can tell apart well."""
    random = np.random.default_rng(seed)
    labels = [0, 1, *random.integers(0, 2, size - 2).tolist()]
    if pair.sparse or pair is NaiveBayesPair:
        rows = random.integers(0, 2, (size, 6)).astype(float)
        rows[random.random(size) < 0.2] = 1
        return sparse(rows, labels)
    return dense(random.normal(size=(size, 6)), labels)


@pytest.mark.parametrize(
    ("pair_class", "least_used"),
    [
        (DensePerceptronPair, 0.1),
        (SparsePerceptronPair, 0),  # all exact
        (NaiveBayesPair, 0.9),
        (NearestCentroidPair, 0.3),
        (SparseNearestCentroidPair, 0.05),
    ],
)
def test_scores_stay_within_bounds_that_are_not_out_of_proportion(
    pair_class: type[Pair], least_used: float
) -> None:
    samples = random_stream(pair_class, 300, seed=2)
    pair = pair_class(rows_of(samples[:10]), np.array([s.label for s in samples[:10]]))
    used = 0.0
    for sample in samples[10:]:
        share = check_scores(pair, sample)
        if sample.row.all():
            used = max(used, share)
        pair.learn(sample)
    assert used >= least_used


class LargeDense(DensePerceptronPair):
    """Here it is the rounding of samples that counts."""

    def fitted(self, rows: Floats, labels: Labels) -> Any:
        estimator = super().fitted(rows, labels)
        estimator.coef_ *= 1000
        return estimator


class UnevenSparse(SparsePerceptronPair):
    """Weights and an intercept that are no whole numbers of units."""

    def fitted(self, rows: Floats, labels: Labels) -> Any:
        estimator = super().fitted(rows, labels)
        estimator.coef_ += 1 / 3
        estimator.intercept_ += 1 / 3
        return estimator


@pytest.mark.parametrize(
    ("pair_class", "least_used"),
    [(LargeDense, 0.3), (UnevenSparse, 0.5), (SparseNearestCentroidPair, 0.05)],
)
def test_what_is_rounded_at_first_is_within_the_bounds(
    pair_class: type[Pair], least_used: float
) -> None:
    if pair_class is SparseNearestCentroidPair:  # means of sevenths, and all of them asked for
        rows = np.vstack([np.eye(7), np.eye(7)])
        labels = [0] * 7 + [1] * 7
        first, asked = sparse(rows, labels), sparse(np.ones((1, 7)), [0])
    else:
        first = asked = random_stream(pair_class, 50, seed=8)
    pair = pair_class(rows_of(first), np.array([s.label for s in first]))
    assert max(check_scores(pair, sample) for sample in asked) >= least_used


def test_numbers_of_sparse_centroids_are_within_their_bounds() -> None:
    samples = random_stream(SparseNearestCentroidPair, 300, seed=9)
    first = np.array([s.label for s in samples[:10]])
    pair = SparseNearestCentroidPair(rows_of(samples[:10]), first)
    used, magnitude_used = 0.0, 0.0
    for sample in samples[10:]:
        pair.learn(sample)
        if sample.row.all():  # now all of the centroid is written, and nothing is shrunk since
            label = sample.label
            values = [pair.contract.centroid_value(label, feature) for feature in range(6)]
            off = np.abs(np.array(values) * UNIT - pair.estimator.centroids_[label]).max()
            assert off <= pair.errors[label]
            squares = sum(value * value for value in values)
            magnitude_off = abs(pair.contract.squared_magnitude(label) - squares) * UNIT**2
            assert magnitude_off <= pair.magnitude_errors[label]
            used = max(used, off / pair.errors[label])
            magnitude_used = max(magnitude_used, magnitude_off / pair.magnitude_errors[label])
    assert used > 0.2
    assert magnitude_used > 0.2


@pytest.mark.parametrize(
    ("pair_class", "make"),
    [(NaiveBayesPair, sparse), (NearestCentroidPair, dense), (SparseNearestCentroidPair, sparse)],
)
def test_ties_are_broken_by_rounding(pair_class: type[Pair], make: Any) -> None:
    """One class is the other in a mirror, so a sample that reads the same in it is a tie."""
    random = np.random.default_rng(3)

    def drawn(size: int) -> Floats:
        if make is dense:
            return random.normal(size=(size, 6))
        return random.integers(0, 2, (size, 6)).astype(float)

    def mirrored(rows: Floats) -> list[Sample]:
        # In another order, so that contracts round differently.
        return [*make(rows, [0] * len(rows)), *make(rows[::-1, ::-1], [1] * len(rows))]

    first = mirrored(drawn(4))
    pair = pair_class(rows_of(first), np.array([s.label for s in first]))
    disagreements = 0
    for _ in range(20):
        for sample in mirrored(drawn(3)):
            pair.learn(sample)
        halves = drawn(5)[:, :3]
        for tie in make(np.hstack([halves, halves[:, ::-1]]), [0] * 5):
            check_scores(pair, tie)
            contract, estimator = pair.predictions(tie)
            disagreements += contract != estimator
            assert pair.close(tie, 0, 1)
    assert disagreements > 5


def test_dense_perceptrons_part_at_ties_and_what_follows_is_due_to_that() -> None:
    first = random_stream(DensePerceptronPair, 20, seed=4)
    pair = DensePerceptronPair(rows_of(first), np.array([s.label for s in first]))
    random = np.random.default_rng(5)
    outcomes = []
    for _ in range(40):
        weights = pair.estimator.coef_[0]
        rows = random.normal(size=(2, 6))
        rows[0] -= weights * (weights @ rows[0]) / (weights @ weights)
        samples = dense(rows, random.integers(0, 2, 2).tolist())
        for sample in samples:
            check_scores(pair, sample)
        outcomes.append(agreement.stream(pair, samples))
    assert pair.partings == outcomes[-1].partings > 5
    assert pair.drift.any()
    assert sum(outcome.disagreements for outcome in outcomes) > 5
    assert all(outcome.explained == outcome.disagreements for outcome in outcomes)


class Tying(SparsePerceptronPair):
    """Without the intercept that keeps scores away from 0."""

    intercept = 0.0


@pytest.mark.parametrize(("pair_class", "parting"), [(SparsePerceptronPair, False), (Tying, True)])
def test_sparse_perceptrons_never_tie_thanks_to_the_intercept(
    pair_class: type[PerceptronPair], parting: bool
) -> None:
    samples = random_stream(pair_class, 300, seed=6)
    pair = pair_class(rows_of(samples[:10]), np.array([s.label for s in samples[:10]]))
    nearest = 1.0
    for sample in samples[10:]:
        check_scores(pair, sample)
        score = float(pair.estimator.decision_function(sample.row)[0])
        nearest = min(nearest, abs(score))
        outcome = agreement.stream(pair, [sample])
        assert outcome.explained == outcome.disagreements
    assert (pair.partings > 0) is parting
    assert (nearest < pair.step / 2 - 1e-9) is parting


@pytest.mark.parametrize("pair_class", [NearestCentroidPair, SparseNearestCentroidPair])
def test_means_are_those_of_all_samples_so_far(pair_class: type[Pair]) -> None:
    samples = random_stream(pair_class, 100, seed=7)
    labels = np.array([s.label for s in samples])
    pair = pair_class(rows_of(samples[:30]), labels[:30])
    agreement.stream(pair, samples[30:])
    refitted = NearestCentroid().fit(rows_of(samples), labels)
    assert pair.estimator.centroids_ == pytest.approx(refitted.centroids_, abs=1e-14)


# The program


def test_the_program_prints_the_outcomes_of_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    agreement.main(["--samples", "15", "--seed", "3"])
    printed = capsys.readouterr()
    outcomes = [agreement.run(study, 3, 15) for study in STUDIES]
    assert printed.out == agreement.summary(outcomes) + "\n"
    assert printed.err == ""
    for line, outcome in zip(printed.out.splitlines()[2:], outcomes, strict=False):
        assert line.split()[-6:] == [
            "15",
            f"{100 - 100 * outcome.disagreements / 15:.2f}%",
            str(outcome.disagreements),
            str(outcome.explained),
            f"{outcome.accuracy:.2%}",
            f"{outcome.estimator_accuracy:.2%}",
        ]
    assert outcomes[1] != agreement.run(STUDIES[1], 4, 15)


def test_the_summary_counts_what_is_not_explained() -> None:
    outcomes = [agreement.Outcome(10, 4, 4 - i, i) for i in range(5)]
    unexplained, partings = agreement.summary(outcomes).splitlines()[-2:]
    assert unexplained.endswith(": 10.")
    assert partings.endswith(": 10.")


def test_help_names_every_option_and_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        agreement.main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for part in ("--samples", "--seed", "examples:", "rounding"):
        assert part in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--samples", "0"], "whole number from 1 to 10000"),
        (["--seed", "-1"], "whole number from 0 to 4294967295"),
        (["--wat"], "unrecognized arguments: --wat"),
    ],
)
def test_wrong_input_gives_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        agreement.main(arguments)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("agreement: ")
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("package", ["sklearn", "tqdm"])
def test_a_missing_package_gives_one_line_that_says_how_to_get_it(package: str) -> None:
    outcome = run_without(package, "examples.agreement")
    assert outcome.returncode == 2
    expected = f"agreement: {package} is missing: pip install -e '.[examples]'\n"
    assert outcome.stderr == expected
    assert outcome.stdout == ""
