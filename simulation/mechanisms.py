"""The incentive mechanisms that simulations know by name."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from chain.units import ether
from chain.values import Address
from contracts_py.incentive import Incentive
from incentives.paid_predictions import PaidPoints, PaidStakeable
from incentives.points import Points
from incentives.stakeable import Stakeable
from offchain.system import System
from simulation.decisions import Claim, Contribution
from simulation.market import Market
from simulation.mechanism import Mechanism
from simulation.named import Wei


def agrees(system: System, contribution: Contribution) -> bool:
    """Whether the model says what the contribution does."""
    prediction: int = system.classifier.predict(contribution.data)
    return prediction == contribution.label


class Deposit(Mechanism):
    """Deposit, refund, take: ``incentives.stakeable``.

    Parameters
    ----------
    cost_weight_wei
        A deposit is this much per hour over the root of the seconds since the last contribution.
    """

    contract_class: ClassVar[type[Incentive]] = Stakeable

    cost_weight_wei: Annotated[Wei, Field(lt=2**80)] = ether // 60

    def arguments(self) -> tuple[Any, ...]:
        return (*self.waits(), self.cost_weight_wei)

    def look(
        self, system: System, contribution: Contribution, claimer: Address, now: int
    ) -> Claim | None:
        if now - contribution.time >= self.any_address_claim_wait_s:
            return Claim("report", contribution.left_wei, False)
        if claimer == contribution.author:
            if agrees(system, contribution):
                return Claim("refund", contribution.left_wei, True)
            return None
        if claimer in contribution.claimed_by or agrees(system, contribution):
            return None
        stakes = system.incentive_mechanism
        good = stakes.num_valid_for_address(claimer)
        if good == 0:
            return None
        share = contribution.deposit_wei * good // stakes.total_good_data_count()
        left = contribution.left_wei
        return Claim("report", share if 0 < share <= left else left, False)


class Reputation(Mechanism):
    """Points: ``incentives.points``. Data is free, and what proves good earns its author one."""

    contract_class: ClassVar[type[Incentive]] = Points

    def look(
        self, system: System, contribution: Contribution, claimer: Address, now: int
    ) -> Claim | None:
        if agrees(system, contribution) and claimer == contribution.author:
            return Claim("refund", 0, True)
        return None  # to report others costs gas and brings nothing

    def settled(self, contribution: Contribution) -> bool:
        return bool(contribution.claimed_by)


class SellsPredictions(Mechanism):
    """Predictions are sold for those whose data proved good.

    Parameters
    ----------
    prediction_price_wei
        Of each.
    """

    sells_predictions = True
    withdrawal = "withdraw_share"

    prediction_price_wei: Annotated[Wei, Field(lt=2**80)] = 50 * ether

    def arguments(self) -> tuple[Any, ...]:
        return (self.prediction_price_wei, *super().arguments())

    def owed_wei(self, system: System, address: Address) -> int:
        owed: int = system.incentive_mechanism.owed_wei(address)
        return owed


class PaidDeposit(SellsPredictions, Deposit):
    """Deposit, refund, take; and predictions are sold for those whose data proved good."""

    contract_class = PaidStakeable


class PaidReputation(SellsPredictions, Reputation):
    """Points; and predictions are sold for those whose data proved good."""

    contract_class = PaidPoints


Mechanism.names.update(
    {
        "deposit": Deposit,
        "points": Reputation,
        "paid-deposit": PaidDeposit,
        "paid-points": PaidReputation,
        "market": Market,
    }
)
