"""Each classifier contract learns beside scikit-learn: where they differ, and whether by rounding.

``python -m examples.agreement --help`` says what to expect.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from simulation.terminal import OneLineParser, table, whole_number

try:
    import numpy as np
    from sklearn.datasets import load_breast_cancer, load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import Binarizer, StandardScaler, normalize
    from tqdm import tqdm

    from examples.pairs import (
        DensePerceptronPair,
        Floats,
        Labels,
        NaiveBayesPair,
        NearestCentroidPair,
        Pair,
        Sample,
        SparseNearestCentroidPair,
        SparsePerceptronPair,
    )
    from offchain.encoders import DenseEncoder, SelectFeatures, SparseEncoder
except ModuleNotFoundError as error:
    # A program people run: what to do about it, not a traceback.
    print(f"agreement: {error.name} is missing: pip install -e '.[examples]'", file=sys.stderr)
    raise SystemExit(2) from None

DESCRIPTION = """\
Each classifier contract learns beside the scikit-learn estimator it was made of. The estimator is
fitted on a tenth of a data set, and deployed. Then both get the same samples one by one: both
predict the class, then both learn, the contract in a transaction and in integers, the estimator
in floating point. On a quarter of the samples, held out, their accuracy is measured at the end.

Where they disagree, was it rounding? For each disagreement, the scores of the two classes are
computed in floating point, and so is how far off them the contract's scores can be for all the
rounding it has done so far. If the scores differ by more than that, something else is wrong.
"""

EPILOG = """\
examples:
  python -m examples.agreement                         all samples
  python -m examples.agreement --samples 50 --seed 7   no more than 50, and others

The same seed gives the same numbers. Naive Bayes is the one to watch: the contract rounds the
probability of a class down at each feature that is present, until nothing is left of it.
"""

# Shares of all samples: what accuracy is measured on, and what estimators are fitted on first.
TEST_SHARE = 0.25
FIRST_SHARE = 0.1

# Pixels are 0 to 16; those above this are set.
THRESHOLD = 8
# Naive Bayes looks at this many pixels, of which some six are set in a digit. Of 16, eight are, and
# for one digit in four the contract rounds the probabilities of all classes down to 0.
NAIVE_BAYES_PIXELS = 11


def dense(samples: Floats, first: Floats) -> tuple[Any, Floats]:
    """Vectors of unit length."""
    scaler = StandardScaler().fit(first)
    return DenseEncoder(scaler).encode(samples), normalize(scaler.transform(samples))


def sparse(samples: Floats, _first: Floats) -> tuple[Any, Floats]:
    """Pixels that are set."""
    binarizer = Binarizer(threshold=THRESHOLD)
    return SparseEncoder(binarizer).encode(samples), binarizer.transform(samples)


def few(samples: Floats, first: Floats) -> tuple[Any, Floats]:
    """Of the pixels that vary most, those that are set."""
    most_varied = np.argsort(-first.var(axis=0), kind="stable")[:NAIVE_BAYES_PIXELS]
    return sparse(SelectFeatures(most_varied.tolist()).transform(samples), first)


def breast_cancer() -> tuple[Floats, Labels]:
    """Measurements of tumours: malignant or benign."""
    samples, labels = load_breast_cancer(return_X_y=True)
    return samples, labels


def digits() -> tuple[Floats, Labels]:
    """Digits written by hand, 64 pixels: which one."""
    samples, labels = load_digits(return_X_y=True)
    return samples, labels


def odd_digits() -> tuple[Floats, Labels]:
    """The same digits: even or odd."""
    samples, labels = digits()
    return samples, labels % 2


@dataclass(frozen=True)
class Study:
    """A classifier and the data it learns.

    Attributes
    ----------
    encode
        Takes all samples, and those that come first, for what an encoder learns from data. Returns
        all as contracts take them, and as estimators do.
    """

    pair: type[Pair]
    data: str
    load: Callable[[], tuple[Floats, Labels]]
    encode: Callable[[Floats, Floats], tuple[Any, Floats]]


STUDIES = [
    Study(DensePerceptronPair, "breast cancer", breast_cancer, dense),
    Study(SparsePerceptronPair, "digits, even or odd", odd_digits, sparse),
    Study(NaiveBayesPair, f"digits, {NAIVE_BAYES_PIXELS} pixels", digits, few),
    Study(NearestCentroidPair, "digits", digits, dense),
    Study(SparseNearestCentroidPair, "digits", digits, sparse),
]


@dataclass
class Outcome:
    """What came of a study.

    Attributes
    ----------
    explained
        How many of the disagreements may be due to rounding.
    partings
        From how many samples only one of the two learned.
    accuracy, estimator_accuracy
        Of the contract and the estimator, on the samples held out.
    """

    streamed: int = 0
    disagreements: int = 0
    explained: int = 0
    partings: int = 0
    accuracy: float = 0.0
    estimator_accuracy: float = 0.0

    @property
    def agreement(self) -> float:
        """On how large a share of the samples both predicted the same."""
        return 1 - self.disagreements / self.streamed


def prepare(study: Study, seed: int) -> tuple[Pair, list[Sample], list[Sample]]:
    """Fit on the first samples and deploy; return also those to stream, and those held out."""
    samples, labels = study.load()
    # Stratified, so that no part lacks a class.
    rest, held_out = train_test_split(
        np.arange(len(labels)), test_size=TEST_SHARE, stratify=labels, random_state=seed
    )
    first, streamed = train_test_split(
        rest, train_size=round(FIRST_SHARE * len(labels)), stratify=labels[rest], random_state=seed
    )
    encoded, rows = study.encode(samples, samples[first])

    def chosen(indices: Labels) -> list[Sample]:
        return [Sample(encoded[index], rows[[index]], int(labels[index])) for index in indices]

    return study.pair(rows[first], labels[first]), chosen(streamed), chosen(held_out)


def stream(pair: Pair, samples: Iterable[Sample]) -> Outcome:
    """Have both predict each sample, and then learn from it."""
    outcome = Outcome()
    for sample in samples:
        contract, estimator = pair.predictions(sample)
        outcome.streamed += 1
        if contract != estimator:
            outcome.disagreements += 1
            outcome.explained += pair.close(sample, contract, estimator)
        pair.learn(sample)
    outcome.partings = pair.partings
    return outcome


def run(study: Study, seed: int, most: int | None = None) -> Outcome:
    """Do a study with no more than `most` samples to learn and to hold out."""
    pair, streamed, held_out = prepare(study, seed)
    outcome = stream(pair, streamed[:most])
    right = [np.equal(pair.predictions(sample), sample.label) for sample in held_out[:most]]
    outcome.accuracy, outcome.estimator_accuracy = np.mean(right, axis=0).tolist()
    return outcome


def summary(outcomes: Sequence[Outcome]) -> str:
    """All that is printed, one outcome for each of ``STUDIES``."""
    header = "Contract|data|streamed|agreement|disagreements|by rounding|accuracy|scikit-learn"
    rows = [
        [
            study.pair.__name__.removesuffix("Pair"),
            study.data,
            str(outcome.streamed),
            f"{outcome.agreement:.2%}",
            str(outcome.disagreements),
            str(outcome.explained),
            f"{outcome.accuracy:.2%}",
            f"{outcome.estimator_accuracy:.2%}",
        ]
        for study, outcome in zip(STUDIES, outcomes, strict=True)
    ]
    unexplained = sum(outcome.disagreements - outcome.explained for outcome in outcomes)
    partings = sum(outcome.partings for outcome in outcomes)
    return (
        f"{table(header.split('|'), rows)}\n"
        f"Disagreements that rounding does not explain: {unexplained}.\n"
        f"Samples from which only one of a pair of perceptrons learned: {partings}."
    )


def make_parser() -> OneLineParser:
    """Return the parser of the command line."""
    parser = OneLineParser("python -m examples.agreement", DESCRIPTION, EPILOG)
    parser.add_argument(
        "--samples",
        type=whole_number(1, 10_000),
        help="stream and hold out no more than this many each (default: all there are)",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, 2**32 - 1),
        default=0,
        help="of which samples come first, and which are held out (default: %(default)s)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; exits with status 2 and one line on standard error if it cannot."""
    options = make_parser().parse_args(arguments)
    # None shows the bar on a terminal only.
    studies = tqdm(STUDIES, unit=" classifiers", disable=None)
    print(summary([run(study, options.seed, options.samples) for study in studies]))


if __name__ == "__main__":
    main()
