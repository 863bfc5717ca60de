"""A mechanism that is none of ours: its contract, and what simulations have to know of it."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from chain.contract import (
    Array,
    Error,
    address,
    external,
    int64,
    require,
    uint64,
    uint80,
    uint256,
    view,
)
from chain.errors import ChainError
from chain.units import ether
from chain.values import Address
from contracts_py.incentive import Incentive
from contracts_py.ownable import Ownable, only_owner
from offchain.system import System
from simulation.decisions import Claim, Contribution
from simulation.experiment import Experiment
from simulation.mechanism import Mechanism
from simulation.mechanisms import agrees
from simulation.named import Wei
from simulation.recorder import InMemory
from simulation.run import run
from simulation.scenarios import SCENARIOS


class NotNow(Error):
    """Too little, or no right to it."""


class Bond(Ownable, Incentive):
    """The same bond for everybody, back to the author or to the first who reports; no event."""

    bond: uint256

    def __init__(self, bond: uint80) -> None:
        super().__init__()
        self.bond = bond

    @view
    def next_add_data_cost(self) -> uint256:
        return self.bond

    @external
    @only_owner
    def handle_add_data(
        self, msg_value: uint256, data: Array[int64], classification: uint64
    ) -> uint256:
        require(msg_value >= self.bond, NotNow())
        return self.bond

    @external
    @only_owner
    def handle_refund(
        self,
        submitter: address,
        data: Array[int64],
        classification: uint64,
        added_time: uint256,
        claimable_amount: uint256,
        claimed_by_submitter: bool,
        prediction: uint64,
        num_claims: uint256,
    ) -> uint256:
        require(prediction == classification, NotNow())
        return claimable_amount

    @external
    @only_owner
    def handle_report(
        self,
        reporter: address,
        data: Array[int64],
        classification: uint64,
        added_time: uint256,
        original_author: address,
        initial_deposit: uint256,
        claimable_amount: uint256,
        claimed_by_reporter: bool,
        prediction: uint64,
        num_claims: uint256,
    ) -> uint256:
        require(prediction != classification, NotNow())
        return claimable_amount


class Bonds(Mechanism):
    """A bond."""

    contract_class: ClassVar[type[Incentive]] = Bond

    bond_wei: Wei = 3 * ether

    def arguments(self) -> tuple[Any, ...]:
        return (self.bond_wei,)

    def look(
        self, system: System, contribution: Contribution, claimer: Address, now: int
    ) -> Claim | None:
        good, own = agrees(system, contribution), claimer == contribution.author
        if good == own:
            return Claim("refund" if own else "report", contribution.left_wei, good)
        return None


class Misfit(Bonds):
    """Gives the constructor more than it takes."""

    def arguments(self) -> tuple[Any, ...]:
        return self.waits()


def with_mechanism(kind: str, **fields: Any) -> Experiment:
    changes = {f"mechanism.{name}": value for name, value in fields.items()}
    return SCENARIOS["simple"].changed({"mechanism": f"{__name__}:{kind}", **changes})


def test_what_is_paid_is_known_without_its_events() -> None:
    recorder = InMemory(["events"])
    outcome = run(with_mechanism("Bonds", bond_wei=7 * ether), 0, recorder=recorder)
    assert outcome.contributions == 14
    assert outcome.failed == outcome.left_wei == 0
    assert outcome.refunds + outcome.reports == 14  # each is paid out once
    assert outcome.refunds > 0
    assert outcome.reports > 0
    actions = [row[3] for row in recorder.rows["events"]]
    assert sorted(actions) == sorted(
        ["add_data"] * 14 + ["refund"] * outcome.refunds + ["report"] * outcome.reports
    )
    assert {row[7] for row in recorder.rows["events"]} == {7 * ether}
    good, bad = outcome.agents
    won = good.reported - (good.added - good.refunded)
    assert good.end_wei == good.start_wei - good.fees_wei + won * 7 * ether
    assert bad.end_wei == bad.start_wei - bad.fees_wei - won * 7 * ether


def test_a_contract_that_does_not_fit_is_refused_at_once() -> None:
    with pytest.raises(ChainError, match=r"constructor takes 1 arguments \(bond\), 3 were given"):
        run(with_mechanism("Misfit"), 0)
