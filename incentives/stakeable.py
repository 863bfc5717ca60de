"""Deposit, refund, take: a deposit goes back to its author if the model agrees, else to others."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    Event,
    address,
    external,
    int64,
    integer_sqrt,
    require,
    uint32,
    uint64,
    uint80,
    uint256,
    view,
)
from chain.units import hours
from contracts_py.ownable import only_owner
from incentives.incentive_mechanism import IncentiveMechanism, ModelAgrees, ModelDisagrees


class OwnerWaitBeforeRefundWait(Error):
    """The owner could claim before the author."""


class AnyWaitBeforeOwnerWait(Error):
    """Anyone could claim before the owner."""


class TimeBeforeLastUpdate(Error):
    """The price is asked for a time before the last contribution."""

    time: uint256
    last_update_time: uint256


class DepositTooLow(Error):
    """Less was sent than the sample costs, in wei."""

    sent: uint256
    required: uint256


class DepositClaimedBySubmitter(Error):
    """The author has claimed this deposit before."""


class DepositClaimedByReporter(Error):
    """The reporter has claimed from this deposit before."""


class NothingLeftToClaim(Error):
    """The deposit is spent."""


class CannotTakeOwnDeposit(Error):
    """Authors get their deposits back by a refund, not by a report."""


class NoGoodDataSent(Error):
    """Only contributors of data that proved good may report this early."""


class Refund(Event):
    """An author got a deposit back."""

    recipient: address
    amount: uint256


class Report(Event):
    """Somebody got a share of another's deposit."""

    recipient: address
    amount: uint256


class Stakeable(IncentiveMechanism):
    """Adding data takes a deposit, the higher the shorter after the last one.

    Once the refund wait is over, the author gets it back if the model agrees with the sample by
    then; if not, those who contributed good data may report it and share it in proportion to their
    good data. Later the owner, and at last anyone, may take what is left.
    """

    cost_weight: uint256
    last_update_time_s: uint256

    def __init__(
        self,
        refund_wait_time_s: uint32,
        owner_claim_wait_time_s: uint32,
        any_address_claim_wait_time_s: uint32,
        cost_weight: uint80,
    ) -> None:
        super().__init__(refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s)
        require(refund_wait_time_s <= owner_claim_wait_time_s, OwnerWaitBeforeRefundWait())
        require(owner_claim_wait_time_s <= any_address_claim_wait_time_s, AnyWaitBeforeOwnerWait())
        self.cost_weight = cost_weight
        self.last_update_time_s = self.block.timestamp

    @view
    def next_add_data_cost(self) -> uint256:
        return self.next_add_data_cost_at(self.block.timestamp)

    @view
    def next_add_data_cost_at(self, time: uint256) -> uint256:
        """`cost_weight` per hour over the root of the seconds since the last contribution."""
        if self.cost_weight == 0:
            return 0
        last_update_time = self.last_update_time_s
        require(
            time >= last_update_time,
            TimeBeforeLastUpdate(time=time, last_update_time=last_update_time),
        )
        elapsed = time - self.last_update_time_s
        divisor = 1 if elapsed == 0 else integer_sqrt(elapsed)
        return self.cost_weight * hours // divisor

    @view
    def next_add_data_cost_for(self, data: Array[int64], classification: uint64) -> uint256:
        return self.next_add_data_cost_at(self.block.timestamp)

    @external
    @only_owner
    def handle_add_data(
        self, msg_value: uint256, data: Array[int64], classification: uint64
    ) -> uint256:
        cost = self.next_add_data_cost()
        require(msg_value >= cost, DepositTooLow(sent=msg_value, required=cost))
        self.last_update_time_s = self.block.timestamp
        self.total_submitted += 1
        return cost

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
        require(not claimed_by_submitter, DepositClaimedBySubmitter())
        require(claimable_amount > 0, NothingLeftToClaim())
        self.check_waited(added_time, self.refund_wait_time_s)
        require(prediction == classification, ModelDisagrees(prediction=prediction))
        self.address_stats[submitter].num_valid += 1
        self.total_good_data_count += 1
        self.emit(Refund(recipient=submitter, amount=claimable_amount))
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
        require(claimable_amount > 0, NothingLeftToClaim())
        elapsed = self.time_since(added_time)
        if elapsed >= self.owner_claim_wait_time_s and reporter == self.owner:
            amount = claimable_amount
        elif elapsed >= self.any_address_claim_wait_time_s:
            amount = claimable_amount
        else:
            require(reporter != original_author, CannotTakeOwnDeposit())
            require(not claimed_by_reporter, DepositClaimedByReporter())
            self.check_waited(added_time, self.refund_wait_time_s)
            require(prediction != classification, ModelAgrees())
            num_valid = self.address_stats[reporter].num_valid
            require(num_valid > 0, NoGoodDataSent())
            amount = initial_deposit * num_valid // self.total_good_data_count
            if amount == 0 or amount > claimable_amount:
                amount = claimable_amount
        self.emit(Report(recipient=reporter, amount=amount))
        return amount
