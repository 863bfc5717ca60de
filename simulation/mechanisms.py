"""Incentive mechanisms as simulations use them: how to deploy one, and what to look at for free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from chain import Account, Chain
from chain.units import days, ether
from chain.values import Address
from contracts_py.incentive import Incentive
from incentives.paid_predictions import PaidPoints, PaidStakeable
from incentives.points import Points
from incentives.stakeable import Stakeable
from offchain.model import Model
from offchain.system import System, deploy_system
from simulation.agents import Claim, Contribution
from simulation.named import Named, Seconds, Wei


class Mechanism(Named):
    """What data costs and who is paid; each one says how agents look before they pay.

    Parameters
    ----------
    refund_wait_s, any_address_claim_wait_s
        From when the data was added: until its author may claim, and until anyone may.
    """

    names: ClassVar[dict[str, type[Named]]] = {}
    contract_class: ClassVar[type[Incentive]]
    sells_predictions: ClassVar[bool] = False

    refund_wait_s: Seconds = 1 * days
    any_address_claim_wait_s: Seconds = 9 * days

    @model_validator(mode="after")
    def _in_order(self) -> Mechanism:
        if self.refund_wait_s > self.any_address_claim_wait_s:
            raise ValueError(
                "any_address_claim_wait_s is below refund_wait_s: give as much or more"
            )
        return self

    def deploy(self, chain: Chain, model: Model, owner: Account, name: str, about: str) -> System:
        """Deploy the whole system; a mechanism with a trainer of its own does so in its way."""
        return deploy_system(
            chain,
            model,
            self.contract_class,
            *self.arguments(),
            sender=owner,
            name=name,
            description=about,
        )

    def arguments(self) -> tuple[Any, ...]:
        """What the contract's constructor takes, but for what ``deploy_system`` adds."""
        return self.waits()

    def waits(self) -> tuple[int, int, int]:
        """Of authors, of the owner (the trainer, which never claims), and of everyone."""
        return (
            self.refund_wait_s,
            self.any_address_claim_wait_s,
            self.any_address_claim_wait_s,
        )

    def price_wei(self, system: System) -> int:
        """What adding a sample costs now."""
        price: int = system.incentive_mechanism.next_add_data_cost()
        return price

    def look(
        self, system: System, contribution: Contribution, claimer: Address, now: int
    ) -> Claim | None:
        """What an address can claim of a contribution now; None if nothing."""
        raise NotImplementedError

    def next_look(
        self, contribution: Contribution, claimers: Sequence[Address], now: int, look_again_s: int
    ) -> int | None:
        """When somebody is to look again at a contribution that is still open; None for never."""
        last = contribution.time + self.any_address_claim_wait_s
        if now >= last:
            return None
        if contribution.claimed_by.issuperset(claimers):
            return last
        return min(now + look_again_s, last)

    def settled(self, contribution: Contribution) -> bool:
        """Whether nothing is left to claim, for anybody."""
        return contribution.left_wei == 0


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

    prediction_price_wei: Annotated[Wei, Field(lt=2**80)] = 50 * ether

    def arguments(self) -> tuple[Any, ...]:
        return (self.prediction_price_wei, *super().arguments())


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
    }
)
