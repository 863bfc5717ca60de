"""A trainer for a prediction market: the model learns later, and the stakes go elsewhere."""

from __future__ import annotations

from chain.contract import Array, int64, payable, uint64
from contracts_py.classifiers.classifier import Classifier
from contracts_py.collaborative_trainer import AddData, CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from incentives.prediction_market import PredictionMarket


class MarketTrainer(CollaborativeTrainer):
    """Passes data and money on to the market, and keeps neither.

    It must own the market and the data handler; the market must own the classifier. Refunds and
    reports are those of every trainer: the market pays them itself.
    """

    market: PredictionMarket

    def __init__(
        self,
        name: str,
        description: str,
        encoder: str,
        data_handler: DataHandler,
        market: PredictionMarket,
        classifier: Classifier,
    ) -> None:
        super().__init__(name, description, encoder, data_handler, market, classifier)
        self.market = market

    @payable
    def add_data(self, data: Array[int64], classification: uint64) -> None:
        """Stake on a sample; what is sent beyond the stake comes back."""
        sender = self.msg.sender
        market = self.market.paying(self.msg.value)
        cost = market.handle_contribution(sender, data, classification)
        time = self.data_handler.handle_add_data(sender, cost, data, classification)
        self.emit(
            AddData(data=data, classification=classification, time=time, sender=sender, cost=cost)
        )
