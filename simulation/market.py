"""The prediction market as simulations use it, with its provider."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from chain import Account, Chain, Receipt
from chain.units import ether
from chain.values import Address
from incentives.market.phases import REVEAL_TEST_SET
from offchain.market import MarketRules, Provider, deploy_market, drive
from offchain.model import Model
from offchain.system import System
from simulation.data.dataset import Part
from simulation.decisions import Contribution
from simulation.mechanism import OWNER_WEI, Mechanism
from simulation.named import Wei

# How much of the reward phase the provider does in a step, if a block has the gas.
WORK = 250
# What the salts of commitments are made of; agents do not guess.
SECRET = "the provider's"


class Market(Mechanism):
    """Prediction market: data is paid by how much better it makes the model on hidden tests.

    ``incentives.prediction_market`` has the rules. The owner is its provider, ``provider`` in
    outcomes. It opens the market before the first visit, and ends it when nothing can be added any
    more; then the model learns, and everybody collects. There is nothing to refund or report, and
    so the waits make no difference.

    Parameters
    ----------
    stake_wei
        What a contribution stakes, at least, and what is at stake in a round.
    bounty_wei
        What the provider pays for a perfect improvement; a round for each stake in it.
    provider_wei
        What the provider has, also for gas.
    pieces, piece_size
        Of the test set, in samples. The piece that a block's hash draws is shown to everybody, the
        others score. They are the last training samples, which agents are then not given.
    stakes_all
        Option A: agents stake the most that their policy accepts, and not only the least.
    groups
        Option G: one account and score per address, and not per contribution.
    restarts
        Option R: each pass begins again without those who dropped out. Without it honesty does not
        pay.
    """

    withdrawal = "collect"
    has_provider = True

    stake_wei: Annotated[Wei, Field(gt=0, lt=2**80)] = 10 * ether
    bounty_wei: Annotated[Wei, Field(lt=2**80)] = 1_000 * ether
    provider_wei: Annotated[Wei, Field(lt=2**80)] = OWNER_WEI
    pieces: Annotated[int, Field(ge=2, le=1_000, strict=True)] = 5
    piece_size: Annotated[int, Field(ge=1, le=1_000, strict=True)] = 10
    stakes_all: bool = False
    groups: bool = False
    restarts: bool = True

    @model_validator(mode="after")
    def _pays(self) -> Market:
        if not self.stake_wei <= self.bounty_wei < self.provider_wei:
            raise ValueError(
                "bounty_wei has to be stake_wei or more, which is a round, and below provider_wei"
            )
        return self

    @property
    def owner_wei(self) -> int:
        return self.provider_wei

    @property
    def hidden_samples(self) -> int:
        return self.pieces * self.piece_size

    def deploy(self, chain: Chain, model: Model, owner: Account, name: str, about: str) -> System:
        rules = MarketRules(
            min_stake=self.stake_wei,
            min_time_s=0,  # whoever runs the simulation says when it ends
            any_address_claim_wait_time_s=self.any_address_claim_wait_s,
            stakes_all=self.stakes_all,
            groups=self.groups,
            restarts=self.restarts,
        )
        return deploy_market(chain, model, rules, sender=owner, name=name, description=about)

    def begin(self, chain: Chain, system: System, owner: Account, hidden: Part) -> list[Receipt]:
        return self._provider(chain, system, owner, hidden).open(self.bounty_wei)

    def end(self, chain: Chain, system: System, owner: Account, hidden: Part) -> list[Receipt]:
        market = system.incentive_mechanism
        receipts = [market.end_participation(sender=owner)]
        if market.phase() == REVEAL_TEST_SET:  # not if nobody has added anything
            receipts += self._provider(chain, system, owner, hidden).reveal()
            receipts += drive(chain, market, owner, WORK)
        return receipts

    def _provider(self, chain: Chain, system: System, owner: Account, hidden: Part) -> Provider:
        tests = list(zip(hidden.samples, hidden.labels.tolist(), strict=True))
        size = self.piece_size
        pieces = [tests[start : start + size] for start in range(0, len(tests), size)]
        return Provider(chain, system.incentive_mechanism, owner, pieces, SECRET)

    def sent_wei(self, price_wei: int, ceiling_wei: int) -> int:
        return ceiling_wei if self.stakes_all else price_wei

    def owed_wei(self, system: System, address: Address) -> int:
        owed: int = system.incentive_mechanism.amount_owed(address)
        return owed

    def settled(self, contribution: Contribution) -> bool:
        return True
