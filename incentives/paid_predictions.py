"""Predictions that pay the teachers: each payment is shared among those whose data proved good."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    Event,
    Indexed,
    Map,
    address,
    external,
    int64,
    payable,
    require,
    uint32,
    uint64,
    uint80,
    uint128,
    uint256,
    view,
)
from contracts_py.classifiers.classifier import Classifier
from incentives.incentive_mechanism import IncentiveMechanism
from incentives.points import Points
from incentives.stakeable import Stakeable

# Shares are counted in parts of a wei.
PARTS_PER_WEI = 2**64


class PaymentTooLow(Error):
    """Less was sent than a prediction costs, in wei."""

    sent: uint256
    required: uint256


class NobodyToPay(Error):
    """Nobody's data has proved good yet."""


class NothingOwed(Error):
    """There is not one wei to withdraw."""


class PredictionBought(Event):
    """What the model said about a sample, and what was paid for that, in wei."""

    data: Array[int64]
    prediction: uint64
    buyer: Indexed[address]
    price: uint256


class ShareWithdrawn(Event):
    """A contributor took the payments' share, in wei."""

    contributor: Indexed[address]
    amount: uint256


class PaidPredictions(IncentiveMechanism):
    """Adds predictions that can be paid for to a mechanism that stands behind it in the bases.

    What a payment buys is a record: an event in the block that says what the model answered to
    whom, which others can check and refer to; a contract that pays gets the answer as well. It does
    not buy the answer alone: ``classifier.predict`` is free for everyone, contracts included.

    The price is what the deployer says, for good: the mechanism belongs to the trainer, which never
    changes one, and so buyers and teachers know it beforehand. All of it is shared at once in
    proportion to the contributions that had proved good by then, one unit each. There is no loop
    over contributors: what a unit has earned since the beginning is one number that only grows, and
    each contributor has one more, of what counts in it but is not for them. While nobody has a
    unit, payments are refused: kept, they would all go to the first to come, for nothing.

    Shares are counted in 2**64ths of a wei. What does not divide, fewer parts than there are units,
    is kept for the next payment; an owed fraction of a wei stays owed. So the contract holds to the
    last part what it owes and keeps, and of n payments a contributor with u units gets what is due
    within n * u / 2**64 wei, and one wei for the fraction. Numbers stay below 2**256 as long as u
    times all wei ever paid is below 2**192: for 2**48 payments of any price and 2**64 units.

    Units cost what the mechanism asks for good data, and no more: samples that the model knows
    already count like any. Plain money is refused. Only `handle_refund` may count good data.
    """

    classifier: Classifier
    parts_per_unit: uint256
    # These share a slot, which is so never empty, and as cheap to write whatever is kept.
    prediction_price_wei: uint80
    parts_kept: uint128
    # Of `parts_per_unit` times somebody's units: paid before they had them, or withdrawn.
    parts_settled: Map[address, uint256]

    @payable
    def buy_prediction(self, data: Array[int64]) -> uint64:
        """Record what the model says, and pay for it; what is sent beyond the price comes back.

        Raises PaymentTooLow, or NobodyToPay.
        """
        buyer = self.msg.sender
        value = self.msg.value
        price = self.prediction_price_wei
        require(value >= price, PaymentTooLow(sent=value, required=price))
        units = self.total_good_data_count
        require(units > 0, NobodyToPay())
        parts = price * PARTS_PER_WEI + self.parts_kept
        self.parts_per_unit += parts // units
        self.parts_kept = parts % units
        prediction = self.classifier.predict(data)
        if value > price:
            self.transfer(buyer, value - price)
        self.emit(PredictionBought(data=data, prediction=prediction, buyer=buyer, price=price))
        return prediction

    @external
    def withdraw_share(self) -> uint256:
        """Send the caller the wei they are owed, and return how many; raises NothingOwed."""
        contributor = self.msg.sender
        amount = self.owed_wei(contributor)
        require(amount > 0, NothingOwed())
        self.parts_settled[contributor] += amount * PARTS_PER_WEI
        self.transfer(contributor, amount)
        self.emit(ShareWithdrawn(contributor=contributor, amount=amount))
        return amount

    @view
    def owed_wei(self, contributor: address) -> uint256:
        """What a contributor can withdraw."""
        return self.owed_parts(contributor) // PARTS_PER_WEI

    @view
    def owed_parts(self, contributor: address) -> uint256:
        """What a contributor is owed, in 2**64ths of a wei: what is no whole wei has to wait."""
        units = self.address_stats[contributor].num_valid
        return units * self.parts_per_unit - self.parts_settled[contributor]

    @external
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
        """As the mechanism, which also checks the caller, has it; new units start with nothing."""
        units = self.address_stats[submitter].num_valid
        amount = super().handle_refund(
            submitter,
            data,
            classification,
            added_time,
            claimable_amount,
            claimed_by_submitter,
            prediction,
            num_claims,
        )
        gained = self.address_stats[submitter].num_valid - units
        self.parts_settled[submitter] += gained * self.parts_per_unit
        return amount


class PaidStakeable(PaidPredictions, Stakeable):
    """Deposit, refund, take; and those whose data proved good share what predictions pay."""

    def __init__(
        self,
        classifier: Classifier,
        prediction_price_wei: uint80,
        refund_wait_time_s: uint32,
        owner_claim_wait_time_s: uint32,
        any_address_claim_wait_time_s: uint32,
        cost_weight: uint80,
    ) -> None:
        super().__init__(
            refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s, cost_weight
        )
        self.classifier = classifier
        self.prediction_price_wei = prediction_price_wei


class PaidPoints(PaidPredictions, Points):
    """Adding data is free, and each point is a unit: only gas keeps one from gathering many."""

    def __init__(
        self,
        classifier: Classifier,
        prediction_price_wei: uint80,
        refund_wait_time_s: uint32,
        owner_claim_wait_time_s: uint32,
        any_address_claim_wait_time_s: uint32,
    ) -> None:
        super().__init__(refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s)
        self.classifier = classifier
        self.prediction_price_wei = prediction_price_wei
