"""What agents do: each policy is a few decisions, and everything else is the same for all.

To write one, inherit from `Policy` and override what differs::

    class Sloth(Policy):
        mean_wait_s: float = 30 * days

        def label(self, visit: Visit) -> int | None:
            return 0 if visit.chance < 0.5 else None  # None: add nothing this time
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from chain.units import days, ether, hours, minutes
from simulation.decisions import Claim, Offer, Visit
from simulation.named import Named, Seconds, Wei

Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, lt=2**32)]


class Policy(Named):
    """Adds every sample it holds as it is, and makes every claim that pays.

    Parameters
    ----------
    balance_wei
        What it starts with, divided among its addresses.
    addresses
        How many it has.
    mean_wait_s, wait_deviation_s
        From a visit to the next: normally distributed, one second at least.
    mean_deposit_wei, deposit_deviation_wei
        The highest deposit it accepts: normally distributed, one wei at least. What is locked is
        the mechanism's price.
    look_again_s
        When to look again at a contribution that could not be claimed.
    """

    names: ClassVar[dict[str, type[Named]]] = {}
    adds: ClassVar[bool] = True
    """Whether it needs samples of its own."""
    makes_claims: ClassVar[bool] = True
    """Whether it looks after deposits at all."""

    balance_wei: Wei = 10_000 * ether
    addresses: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    mean_wait_s: Positive = 10 * minutes
    wait_deviation_s: Annotated[float, Field(ge=0, lt=2**32)] = 1
    mean_deposit_wei: Wei = 50 * ether
    deposit_deviation_wei: Wei = 10 * ether
    look_again_s: Annotated[Seconds, Field(gt=0)] = 1 * days

    def wait_s(self, luck: float) -> int:
        """Seconds until the next visit, 1 or more; `luck` is normally distributed around 0."""
        return max(1, int(self.mean_wait_s + luck * self.wait_deviation_s))

    def ceiling_wei(self, visit: Visit) -> int:
        """The highest deposit it accepts this time."""
        deviation = int(visit.deposit_luck * 10**9) * self.deposit_deviation_wei // 10**9
        return max(1, self.mean_deposit_wei + deviation)

    def offer(self, visit: Visit) -> Offer | None:
        """What to add: by default the next sample it holds, from its first address."""
        if visit.sample is None:
            return None
        label = self.label(visit)
        return None if label is None else Offer(visit.sample, label)

    def label(self, visit: Visit) -> int | None:
        """What to write under the sample; None to add nothing this time."""
        return visit.label

    def claims(self, visit: Visit, claim: Claim, fee_wei: int) -> bool:
        """Whether to make a claim: by default if it brings more than its gas, or good standing."""
        return claim.gain_wei > fee_wei or claim.proves_good

    def buys(self, visit: Visit) -> bool:
        """Whether to pay for a prediction, where that can be done."""
        return False


class Honest(Policy):
    """Adds true labels but for rare mistakes, and less often while the model is bad.

    Parameters
    ----------
    mistake_probability
        Of a wrong label.
    margin
        It adds with the probability of the model's accuracy and this.
    """

    mistake_probability: Probability = 0.0001
    margin: Probability = 0.15

    def label(self, visit: Visit) -> int | None:
        if visit.chance >= visit.accuracy + self.margin:
            return None
        wrong = visit.slip < self.mistake_probability
        return another_label(visit) if wrong else visit.label


class Careless(Honest):
    """Means well, and is often wrong."""

    mistake_probability: Probability = 0.3


class Flipping(Policy):
    """Writes a wrong label under each sample."""

    mean_wait_s: Positive = 1 * hours
    mean_deposit_wei: Wei = 100 * ether
    deposit_deviation_wei: Wei = 3 * ether

    def label(self, visit: Visit) -> int | None:
        return another_label(visit)


class Copier(Policy):
    """Has no data: adds what somebody else has just added, once more."""

    adds = False

    def offer(self, visit: Visit) -> Offer | None:
        for contribution in reversed(visit.contributions):
            if contribution.time <= visit.previous:
                break
            if contribution.author not in visit.addresses:
                return Offer(contribution, contribution.label)
        return None


class Sybil(Policy):
    """Adds false labels from all of its addresses but the first, whose labels are true.

    So the first one earns the right to report, and takes back what the others lose.
    """

    addresses: Annotated[int, Field(ge=2, le=1000, strict=True)] = 5

    def offer(self, visit: Visit) -> Offer | None:
        if visit.sample is None:
            return None
        address = visit.number % self.addresses
        label = another_label(visit) if address else visit.label
        return Offer(visit.sample, label, address)


class Claimer(Policy):
    """Adds nothing, and takes what others left or lost."""

    adds = False
    mean_wait_s: Positive = 6 * hours

    def offer(self, visit: Visit) -> Offer | None:
        return None


class Buyer(Policy):
    """Pays for predictions, the more often the better the model is."""

    adds = False
    makes_claims = False
    balance_wei: Wei = 30_000 * ether
    mean_wait_s: Positive = 2 * hours

    def offer(self, visit: Visit) -> Offer | None:
        return None

    def buys(self, visit: Visit) -> bool:
        return visit.chance < visit.accuracy


def another_label(visit: Visit) -> int:
    """A wrong one."""
    return (visit.label + 1) % visit.classes


Policy.names.update(
    {
        "plain": Policy,
        "honest": Honest,
        "careless": Careless,
        "flipping": Flipping,
        "copier": Copier,
        "sybil": Sybil,
        "claimer": Claimer,
        "buyer": Buyer,
    }
)
