"""Experiments ready to run: the reference's, and some to learn from."""

from __future__ import annotations

from chain.units import hours
from simulation.experiment import Data, Experiment, Group, Stop
from simulation.mechanisms import PaidDeposit, Reputation
from simulation.policies import Buyer, Claimer, Copier, Flipping, Honest, Sybil
from simulation.training import Learner

GOOD = Group(name="good", policy=Honest())
BAD = Group(name="bad", policy=Flipping())

# As in the reference: accuracy is measured every 200,000 seconds.
REFERENCE_MEASURES_S = 200_000


def reference(name: str, data: Data, learner: Learner) -> Experiment:
    """Return the reference's good and bad agent with deposit, refund, take.

    One of its coins is an ether here, and gas, which is free there, costs one gwei.
    """
    return Experiment(
        name=name,
        data=data,
        learner=learner,
        agents=(GOOD, BAD),
        measure_every_s=REFERENCE_MEASURES_S,
    )


IMDB_SIZED = reference("imdb-sized", Data(name="imdb-sized"), Learner())

SCENARIOS = {
    experiment.name: experiment
    for experiment in [
        IMDB_SIZED,
    ]
}
