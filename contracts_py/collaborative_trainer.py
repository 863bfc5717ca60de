"""The one door for users: takes data, trains the model, and settles deposits."""

from __future__ import annotations

from chain.contract import (
    Array,
    Contract,
    Event,
    Indexed,
    address,
    external,
    int64,
    payable,
    uint64,
    uint256,
)
from contracts_py.classifiers.classifier import Classifier
from contracts_py.data_handler import DataHandler
from contracts_py.incentive import Incentive


class AddData(Event):
    """Somebody added a sample; the only place where the data itself is kept."""

    data: Array[int64]
    classification: uint64
    time: uint256
    sender: Indexed[address]
    cost: uint256


class CollaborativeTrainer(Contract):
    """Lets anyone add data to a shared model, and claim deposits afterwards.

    It must own its three parts: transfer their ownership to it after deployment. Anyone may call
    ``classifier.predict`` directly, for free.
    """

    name: str
    description: str
    encoder: str
    data_handler: DataHandler
    incentive_mechanism: Incentive
    classifier: Classifier

    def __init__(
        self,
        name: str,
        description: str,
        encoder: str,
        data_handler: DataHandler,
        incentive_mechanism: Incentive,
        classifier: Classifier,
    ) -> None:
        self.name = name
        self.description = description
        self.encoder = encoder
        self.data_handler = data_handler
        self.incentive_mechanism = incentive_mechanism
        self.classifier = classifier

    @payable
    def add_data(self, data: Array[int64], classification: uint64) -> None:
        """Train the model on a sample; what is sent beyond the cost comes back."""
        sender = self.msg.sender
        value = self.msg.value
        cost = self.incentive_mechanism.handle_add_data(value, data, classification)
        time = self.data_handler.handle_add_data(sender, cost, data, classification)
        self.classifier.update(data, classification)
        if value > cost:
            self.transfer(sender, value - cost)
        self.emit(
            AddData(data=data, classification=classification, time=time, sender=sender, cost=cost)
        )

    @external
    def refund(self, data: Array[int64], classification: uint64, added_time: uint256) -> None:
        """Take back the deposit for a sample that the model agrees with."""
        sender = self.msg.sender
        claimable_amount, claimed_by_submitter, num_claims = self.data_handler.handle_refund(
            sender, data, classification, added_time
        )
        prediction = self.classifier.predict(data)
        refund_amount = self.incentive_mechanism.handle_refund(
            sender,
            data,
            classification,
            added_time,
            claimable_amount,
            claimed_by_submitter,
            prediction,
            num_claims,
        )
        self.transfer(sender, refund_amount)

    @external
    def report(
        self,
        data: Array[int64],
        classification: uint64,
        added_time: uint256,
        original_author: address,
    ) -> None:
        """Take a share of the deposit for a sample that the model disagrees with."""
        sender = self.msg.sender
        initial_deposit, claimable_amount, claimed_by_reporter, num_claims, key = (
            self.data_handler.handle_report(
                sender, data, classification, added_time, original_author
            )
        )
        prediction = self.classifier.predict(data)
        reward_amount = self.incentive_mechanism.handle_report(
            sender,
            data,
            classification,
            added_time,
            original_author,
            initial_deposit,
            claimable_amount,
            claimed_by_reporter,
            prediction,
            num_claims,
        )
        self.data_handler.update_claimable_amount(key, reward_amount)
        self.transfer(sender, reward_amount)
