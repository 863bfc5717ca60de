"""What a mechanism is to simulations: how it is deployed, and what to look at for free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import model_validator

from chain import Account, Chain, Receipt
from chain.units import days, ether
from chain.values import Address
from contracts_py.incentive import Incentive
from offchain.model import Model
from offchain.system import System, deploy_system
from simulation.data.dataset import Part
from simulation.decisions import Claim, Contribution
from simulation.named import Named, Seconds

# What results call an owner that takes part.
PROVIDER = "provider"
# Of the owner, who deploys the model: enough for any that fits.
OWNER_WEI = 10_000 * ether


class Mechanism(Named):
    """What data costs and who is paid; each one says how agents look before they pay.

    To try a contract of your own, name it as `contract_class`, return what its constructor takes
    from `arguments`, and say in `look` what an address can claim; `settled` and `next_look` if
    there is more to a claim than a deposit that is paid out. Where the contract inherits from one
    of ours, so can the mechanism, from ``simulation.mechanisms``, and little is left to say.

    Parameters
    ----------
    refund_wait_s, any_address_claim_wait_s
        From when the data was added: until its author may claim, and until anyone may.
    """

    names: ClassVar[dict[str, type[Named]]] = {}
    contract_class: ClassVar[type[Incentive]]
    sells_predictions: ClassVar[bool] = False
    withdrawal: ClassVar[str | None] = None
    """The contract's method by which an address takes what `owed_wei` says."""
    has_provider: ClassVar[bool] = False
    """Whether the owner takes part, and so has a place in outcomes."""

    refund_wait_s: Seconds = 1 * days
    any_address_claim_wait_s: Seconds = 9 * days

    @model_validator(mode="after")
    def _complete(self) -> Mechanism:
        mine = type(self)
        if mine.deploy is Mechanism.deploy and not hasattr(mine, "contract_class"):
            raise ValueError(f"{mine.__name__} has no contract_class: name the contract to deploy")
        if mine.look is Mechanism.look and mine.settled is Mechanism.settled:
            raise ValueError(
                f"{mine.__name__} has no look(): say what can be claimed, as Deposit and "
                "Reputation in simulation/mechanisms.py do"
            )
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Mechanism:
        if self.refund_wait_s > self.any_address_claim_wait_s:
            raise ValueError(
                "any_address_claim_wait_s is below refund_wait_s: give as much or more"
            )
        return self

    @property
    def owner_wei(self) -> int:
        """What the owner has, before anything is deployed."""
        return OWNER_WEI

    @property
    def hidden_samples(self) -> int:
        """How many samples the owner keeps, which no agent gets."""
        return 0

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

    def begin(self, chain: Chain, system: System, owner: Account, hidden: Part) -> list[Receipt]:
        """Let a provider do what comes before all contributions; return what it sent.

        Parameters
        ----------
        hidden
            The samples that it keeps.
        """
        return []

    def end(self, chain: Chain, system: System, owner: Account, hidden: Part) -> list[Receipt]:
        """Let a provider do what comes after them, and before all withdraw; return what it sent."""
        return []

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

    def sent_wei(self, price_wei: int, ceiling_wei: int) -> int:
        """What an agent sends with a sample, if it pays no more than its ceiling."""
        return price_wei

    def owed_wei(self, system: System, address: Address) -> int:
        """What an address can withdraw now, other than by claims."""
        return 0

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
