"""Reputation without money: data that proves good earns its author a point."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    Event,
    address,
    external,
    int64,
    require,
    uint64,
    uint256,
    view,
)
from contracts_py.ownable import only_owner
from incentives.incentive_mechanism import IncentiveMechanism, ModelAgrees, ModelDisagrees


class AlreadyClaimed(Error):
    """The contribution was refunded or reported before."""


class AlreadyClaimedBySubmitter(Error):
    """The author has claimed this contribution before."""


class AlreadyClaimedByReporter(Error):
    """The reporter has claimed this contribution before."""


class CannotClaimYet(Error):
    """No wait is over yet, in seconds."""

    waited: uint256


class CannotReportSelf(Error):
    """Authors cannot report their own data."""


class Refund(Event):
    """An author's data proved good."""

    recipient: address


class Report(Event):
    """Somebody reported another's bad data."""

    recipient: address


class Points(IncentiveMechanism):
    """Adding data is free. After a wait, the model says once whether a contribution was good.

    Where it agrees, the author may count it as valid by a refund. Where it disagrees, anybody else
    may report it. The first of either closes the contribution.
    """

    @view
    def next_add_data_cost(self) -> uint256:
        return 0

    @view
    def next_add_data_cost_at(self, time: uint256) -> uint256:
        return 0

    @view
    def next_add_data_cost_for(self, data: Array[int64], classification: uint64) -> uint256:
        return 0

    @external
    @only_owner
    def handle_add_data(
        self, msg_value: uint256, data: Array[int64], classification: uint64
    ) -> uint256:
        self.total_submitted += 1
        return 0

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
        require(num_claims == 0, AlreadyClaimed())
        require(not claimed_by_submitter, AlreadyClaimedBySubmitter())
        self.check_waited(added_time, self.refund_wait_time_s)
        require(prediction == classification, ModelDisagrees(prediction=prediction))
        self.address_stats[submitter].num_valid += 1
        self.total_good_data_count += 1
        self.emit(Refund(recipient=submitter))
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
        waited = self.time_since(added_time)
        # The waits need not be in order: the smallest one opens reporting.
        require(
            waited >= self.refund_wait_time_s
            or waited >= self.any_address_claim_wait_time_s
            or (waited >= self.owner_claim_wait_time_s and reporter == self.owner),
            CannotClaimYet(waited=waited),
        )
        require(num_claims == 0, AlreadyClaimed())
        require(reporter != original_author, CannotReportSelf())
        require(not claimed_by_reporter, AlreadyClaimedByReporter())
        require(prediction != classification, ModelAgrees())
        self.emit(Report(recipient=reporter))
        return claimable_amount
