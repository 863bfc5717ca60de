"""How far our gas is from the recorded one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chain.receipt import Receipt
from tests.replay.recording import Step

# Of the two builds that were recorded, the reference's own.
OWN_BUILD = 0


@dataclass(frozen=True, slots=True)
class GasDifference:
    """The gas of one transaction beside the recorded one."""

    place: str
    step: Step
    receipt: Receipt
    recorded: int

    @property
    def percent(self) -> float:
        """How much more ours is, in percent of the recorded."""
        return 100 * (self.receipt.gas_used - self.recorded) / self.recorded

    def __str__(self) -> str:
        name = (
            f"deploy {self.step.contract}" if self.step.deploy else f"{self.step.on}.{self.step.f}"
        )
        split = ", ".join(
            f"{reason.name.lower().replace('_', ' ')} {gas:,}"
            for reason, gas in self.receipt.gas_by_reason.items()
            if gas
        )
        refund = f", refund -{self.receipt.gas_refund:,}" if self.receipt.gas_refund else ""
        outcome = f" ({self.step.err})" if self.step.err else ""
        return (
            f"{self.percent:+.1f} %  {self.place}: {name}{outcome}\n"
            f"    recorded {self.recorded:,}, ours {self.receipt.gas_used:,}: {split}{refund}"
        )


def compared(place: str, step: Step, receipt: Receipt) -> GasDifference | None:
    """A transaction's gas beside the recorded one; None where that depends on the gas limit."""
    if step.gas is None or step.err == "PANIC":
        return None
    return GasDifference(place, step, receipt, step.gas[OWN_BUILD])


def summary(differences: Sequence[GasDifference]) -> str:
    """Median, 95th percentile and maximum of the absolute differences, in percent."""
    ordered = sorted(abs(each.percent) for each in differences)
    if not ordered:
        return "gas_median=- gas_p95=- gas_max=-"
    return (
        f"gas_median={_quantile(ordered, 50):.2f}% gas_p95={_quantile(ordered, 95):.2f}% "
        f"gas_max={ordered[-1]:.2f}%"
    )


def _quantile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` of all do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1]
