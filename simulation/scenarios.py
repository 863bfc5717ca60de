"""Experiments ready to run: those of the reference and the papers, and some to learn from."""

from __future__ import annotations

from chain.units import ether, hours, minutes
from simulation.experiment import Data, Experiment, Group, Stop
from simulation.market import Market
from simulation.mechanism import Mechanism
from simulation.mechanisms import Deposit, PaidDeposit, Reputation
from simulation.policies import Buyer, Careless, Claimer, Copier, Flipping, Honest, Sybil
from simulation.training import Kind, Learner

# The reference's; one of its coins is an ether here, and gas, free there, costs one gwei.
GOOD = Group(name="good", policy=Honest())
BAD = Group(name="bad", policy=Flipping())
CALLER = Group(name="caller", policy=Buyer())
# Accuracy is measured as often as in the reference.
REFERENCE_MEASURES_S = 200_000

# All of a small set is added before the first deposit opens, so a step must do little harm: with
# 0.1 a perceptron of tumours ends at 82 % accuracy, with this at 90 %.
SMALL_LEARNING_RATE = 0.03
# So that few data last for weeks: a crowd comes by less often than the reference's two.
CROWD_WAIT_S = 2.0 * hours
CROWD_DEVIATION_S = 30.0 * minutes
CROWD_WEI = 1_000 * ether
# A lie that the model agrees with counts as good data, too. With rich buyers and 50 ether for each
# prediction, what that brings is more than what the other lies cost.
CROWD_PRICE_WEI = 2 * ether


def reference(
    name: str,
    data: Data,
    kind: Kind = "perceptron",
    mechanism: Mechanism | None = None,
    *others: Group,
) -> Experiment:
    """Make an experiment with the reference's good and bad agent."""
    return Experiment(
        name=name,
        data=data,
        learner=Learner(kind=kind),
        mechanism=mechanism or Deposit(),
        agents=(GOOD, BAD, *others),
        measure_every_s=REFERENCE_MEASURES_S,
    )


def small(
    name: str, data: Data, kind: Kind, mechanism: Mechanism | None = None, *others: Group
) -> Experiment:
    """Make the same of a small data set, which lasts for days: accuracy is measured each hour."""
    made = reference(name, data, kind, mechanism, *others)
    learner = Learner(kind=kind, learning_rate=SMALL_LEARNING_RATE)
    return made.model_copy(update={"measure_every_s": 1 * hours, "learner": learner})


# Naive Bayes can use few features, rounding probabilities down at each as the reference's does.
CANCER: dict[Kind, Data] = {
    "perceptron": Data(name="breast-cancer"),
    "naive-bayes": Data(name="breast-cancer", dense=False, features=6),
    "centroid": Data(name="breast-cancer"),
}
DIGITS: dict[Kind, Data] = {
    "perceptron": Data(name="digits-parity", dense=False),
    "naive-bayes": Data(name="digits-parity", dense=False, features=11),
    "centroid": Data(name="digits-parity", dense=False),
}

CROWD = Experiment(
    name="crowd",
    data=Data(name="digits-parity", dense=False),
    learner=Learner(learning_rate=SMALL_LEARNING_RATE),
    mechanism=PaidDeposit(prediction_price_wei=CROWD_PRICE_WEI),
    agents=(
        *[
            Group(
                name=name,
                count=count,
                policy=kind(
                    balance_wei=CROWD_WEI,
                    mean_wait_s=CROWD_WAIT_S,
                    wait_deviation_s=CROWD_DEVIATION_S,
                ),
            )
            for name, count, kind in [
                ("honest", 5, Honest),
                ("careless", 1, Careless),
                ("flipping", 1, Flipping),
                ("copier", 1, Copier),
                ("sybil", 1, Sybil),
                ("claimer", 1, Claimer),
                ("buyer", 2, Buyer),
            ]
        ],
    ),
    measure_every_s=6 * hours,
    stop=Stop(days=60),
)

SCENARIOS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in [
        small("simple", Data(name="simple", initial=6, seed=0), "perceptron"),
        *[small(f"cancer-{kind}", data, kind) for kind, data in CANCER.items()],
        *[small(f"digits-{kind}", data, kind) for kind, data in DIGITS.items()],
        small("tic-tac-toe", Data(name="tic-tac-toe"), "perceptron"),
        *[small(f"points-{kind}", data, kind, Reputation()) for kind, data in CANCER.items()],
        small("paid-predictions", CANCER["perceptron"], "perceptron", PaidDeposit(), CALLER),
        *[small(f"market-{kind}", data, kind, Market()) for kind, data in CANCER.items()],
        CROWD,
        reference("imdb-sized", Data(name="imdb-sized")),
        *[reference(f"imdb-{kind}", Data(name="imdb"), kind) for kind in CANCER],
        *[reference(f"fake-news-{kind}", Data(name="fake-news"), kind) for kind in CANCER],
        *[reference(f"fitness-{kind}", Data(name="fitness"), kind) for kind in CANCER],
    ]
}
IMDB_SIZED = SCENARIOS["imdb-sized"]

ABOUT: dict[str, str] = {
    "simple": "28 messages, for a look in a second",
    "cancer-": "real tumours; the reference's good and bad agent, deposit-refund-take",
    "digits-": "real digits, even or odd; the same agents",
    "tic-tac-toe": "ends of games; the same agents",
    "points-": "tumours, and points instead of deposits",
    "paid-predictions": "tumours, deposits, and a caller who pays the teachers",
    "market-": "tumours, and a prediction market: a provider pays for accuracy on hidden tests",
    "crowd": "digits, all kinds of agents, deposits and paid predictions",
    "imdb-sized": "23,000 additions, as large as the reference's largest run",
    "imdb-": "film reviews of the papers; needs --path",
    "fake-news-": "articles of the papers; needs --path",
    "fitness-": "workouts of the papers; needs --path",
}


def about(name: str) -> str:
    """What a scenario is, in a line."""
    if name in ABOUT:
        return ABOUT[name]
    return next(text for start, text in ABOUT.items() if name.startswith(start))
