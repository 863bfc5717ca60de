"""Contracts that contribute data and want more than their share, or do not take it."""

from __future__ import annotations

from chain.contract import (
    Array,
    Contract,
    Error,
    address,
    external,
    int64,
    payable,
    reentrant,
    require,
    uint64,
    uint256,
)
from contracts_py.collaborative_trainer import CollaborativeTrainer
from incentives.paid_predictions import PaidPoints, PaidPredictions


class Refused(Error):
    """The contract does not want this money now."""


class Contributor(Contract):
    """Adds data and withdraws its share like anyone, but for what happens when money arrives."""

    trainer: CollaborativeTrainer
    mechanism: PaidPredictions

    def __init__(self, trainer: CollaborativeTrainer, mechanism: PaidPredictions) -> None:
        self.trainer = trainer
        self.mechanism = mechanism

    @external
    def contribute(self, data: Array[int64], classification: uint64) -> None:
        self.trainer.add_data(data, classification)

    @external
    def claim(self, data: Array[int64], classification: uint64, added_time: uint256) -> None:
        self.trainer.refund(data, classification, added_time)

    @payable
    @reentrant
    def receive(self) -> None:
        pass


class Sulker(Contributor):
    """Refuses money while it sulks, but not a refund of nothing."""

    content: bool

    @external
    def cheer_up(self) -> None:
        self.content = True

    @payable
    @reentrant
    def receive(self) -> None:
        require(self.content or self.msg.value == 0, Refused())


class Leech(Contributor):
    """Withdraws again while it is being paid, and swallows what goes wrong."""

    @payable
    @reentrant
    def receive(self) -> None:
        if self.msg.value > 0:
            self.try_call(self.mechanism, "withdraw_share", [])


class UnlockedPoints(PaidPoints):
    """The lock taken off, to see that the books are in order without it."""

    @external
    @reentrant
    def withdraw_share(self) -> uint256:
        return super().withdraw_share()


class Gate(Contract):
    """A user of predictions: it pays for one, and acts on it."""

    mechanism: PaidPredictions
    opened_for: address

    def __init__(self, mechanism: PaidPredictions) -> None:
        self.mechanism = mechanism

    @payable
    def knock(self, data: Array[int64]) -> None:
        if self.mechanism.paying(self.msg.value).buy_prediction(data) == 1:
            self.opened_for = self.msg.sender
