"""Markets for tests: a model that does as it is told, and everything around it deployed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chain import Account, Chain, Deployed
from chain.contract import (
    Array,
    Error,
    Map,
    external,
    int64,
    int256,
    require,
    uint64,
    uint256,
    view,
)
from contracts_py.classifiers.restorable import Restorable
from contracts_py.ownable import only_owner
from incentives.market.phases import REWARD
from incentives.prediction_market import PredictionMarket
from offchain.market import MarketRules, Provider, deploy_market
from tests.twins.classifier import Failed
from tests.twins.prediction_market import Given, PredictionMarketTwin

SETTINGS = ["", "A", "G", "R", "AG", "AR", "GR", "AGR"]

UNIT = 1_000
BLOCK_GAS = 200_000_000

# What a contribution to a `Script` begins with.
SET, ADD, REFUSE = 0, 1, 2


class Refused(Error):
    """The script says so."""


class Script(Restorable):
    """Predicts 1 for samples below its skill, which contributions set, or add to.

    So of test samples 0, 1, 2, ... of class 1 it gets as many right as its skill says.
    """

    skill: int256
    earlier: Map[uint256, int256]

    @view
    def norm(self, data: Array[int64]) -> uint256:
        return 0

    @view
    def predict(self, data: Array[int64]) -> uint64:
        return 1 if data[0] < self.skill else 0

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        require(data[0] != REFUSE, Refused())
        self.earlier[self.remember()] = self.skill
        self.skill = data[1] if data[0] == SET else self.skill + data[1]

    def undo(self, position: uint256) -> None:
        self.skill = self.earlier[position]


class ScriptTwin:
    """The same off the chain."""

    def __init__(self, skill: int = 0) -> None:
        self.skill = skill

    def predict(self, data: list[int]) -> int:
        return int(data[0] < self.skill)

    def update(self, data: list[int], label: int) -> None:
        if data[0] == REFUSE:
            raise Failed("Refused")
        self.skill = data[1] if data[0] == SET else self.skill + data[1]


def script_tests(size: int) -> list[tuple[list[int], int]]:
    return [([index], 1) for index in range(size)]


@dataclass
class World:
    """A chain with a market on it, and who takes part."""

    chain: Chain
    market: Deployed
    classifier: Deployed
    trainer: Deployed | None
    provider: Provider
    rules: MarketRules

    @property
    def people(self) -> tuple[Account, ...]:
        return self.chain.accounts[1:]

    def add(self, who: int, data: list[int], value: int = UNIT, label: int = 1) -> Any:
        door = self.market if self.trainer is None else self.trainer
        return door.add_data(data, label, sender=self.people[who], value=value)

    def tests(self) -> list[tuple[list[int], int]]:
        """Those that are used for scoring, in the order they are revealed."""
        return [
            (data, label)
            for index, (samples, labels) in enumerate(self.provider.pieces)
            if index != self.provider.shown
            for data, label in zip(samples, labels, strict=True)
        ]

    def finish_participation(self) -> None:
        self.chain.time_travel(seconds=self.rules.min_time_s)
        self.market.end_participation(sender=self.people[8])

    def begin_rewards(self) -> None:
        self.finish_participation()
        self.provider.reveal()

    def step(self, work: int = 1_000) -> None:
        """Play the reward phase to its end."""
        while self.market.phase() == REWARD:
            self.market.step(work, sender=self.people[8])

    def ends_with(self, *who: int) -> list[int]:
        """What some people can collect."""
        return [self.owed(self.people[each]) for each in who]

    def twin(self, bounty: int, model: Any, given: list[Given]) -> PredictionMarketTwin:
        rules = self.rules
        return PredictionMarketTwin(
            bounty,
            rules.min_stake,
            rules.stakes_all,
            rules.groups,
            rules.restarts,
            self.tests(),
            model,
            given,
        )

    def owed(self, who: Account) -> int:
        amount: int = self.market.amount_owed(who)
        return amount


def options(setting: str, **others: Any) -> MarketRules:
    """Rules with the options whose letters are in `setting`."""
    rules = MarketRules(
        min_stake=UNIT,
        stakes_all="A" in setting,
        groups="G" in setting,
        restarts="R" in setting,
        longest_sample=100,
    )
    return replace(rules, **others)


def make_world(
    rules: MarketRules,
    classifier: type[Restorable] | None = None,
    arguments: tuple[Any, ...] = (["no", "yes"],),
    pieces: Sequence[Sequence[tuple[list[int], int]]] = (),
    through_trainer: bool = False,
    block_time_s: int = 12,
) -> World:
    """A market of the first account's; nothing is started."""
    chain = Chain(gas_price=0, block_gas_limit=BLOCK_GAS, block_time_s=block_time_s)
    owner = chain.accounts[0]
    model = chain.deploy(classifier or Script, *arguments, sender=owner)
    trainer = None
    if through_trainer:
        system = deploy_market(chain, model, rules, sender=owner)
        market, trainer = system.incentive_mechanism, system.trainer
    else:
        market = chain.deploy(PredictionMarket, *rules.arguments(model), sender=owner)
        model.transfer_ownership(market, sender=owner)
    provider = Provider(chain, market, owner, pieces or DEFAULT_PIECES, "secret")
    return World(chain, market, model, trainer, provider, rules)


# Ten tests however the draw goes: both pieces are alike.
DEFAULT_PIECES = [script_tests(10)] * 2
