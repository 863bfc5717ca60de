"""Our contracts on our chain, as the benchmark's table calls them."""

from __future__ import annotations

from benchmarks.cases import (
    ANY_ADDRESS_CLAIM_WAIT_S,
    COST_WEIGHT_WEI,
    OWNER_CLAIM_WAIT_S,
    REFUND_WAIT_S,
    START_TIME_S,
    VALUE_WEI,
    Case,
    Sample,
    Stream,
)
from chain import Chain, Deployed, Receipt
from chain.array import Array
from chain.contract import int64
from chain.types import type_of
from contracts_py.collaborative_trainer import AddData, CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from incentives.stakeable import Stakeable

_SAMPLE = type_of(Array[int64])


class OurPeer:
    """The whole of ours: a checked transaction in a block of its own, with fee and receipt.

    What is encoded beforehand for the peers is made into an array beforehand here.
    """

    name = "ours"
    chain: Chain
    trainer: Deployed
    classifier: Deployed
    receipt: Receipt

    def deploy(self, case: Case, stream: Stream) -> None:
        """Put the contracts on an empty chain, and the model's initial state into its contract."""
        self.chain = Chain(genesis_time_s=START_TIME_S, block_time_s=0)
        owner, self.user = self.chain.accounts[:2]

        def deploy(contract: type, *arguments: object) -> Deployed:
            return self.chain.deploy(contract, *arguments, sender=owner)

        handler = deploy(DataHandler)
        incentive = deploy(
            Stakeable, REFUND_WAIT_S, OWNER_CLAIM_WAIT_S, ANY_ADDRESS_CLAIM_WAIT_S, COST_WEIGHT_WEI
        )
        model = stream.initial
        self.classifier = deploy(model.contract, *model.our_arguments())
        for call in model.initial_calls():
            getattr(self.classifier, call.name)(*call.arguments, sender=owner)
        self.trainer = deploy(CollaborativeTrainer, "", "", "", handler, incentive, self.classifier)
        for part in (handler, incentive, self.classifier):
            part.transfer_ownership(self.trainer, sender=owner)

    def prepare(self, sample: Sample) -> tuple[Array[int], int]:
        """Set the time, and make the sample an array."""
        self.chain.time_travel(seconds=sample.time_s - self.chain.timestamp)
        return self.encode(sample.data, sample.label)

    def encode(self, data: list[int], label: int) -> tuple[Array[int], int]:
        """Make a contribution what `add_data` takes."""
        return _SAMPLE.check(list(data)), label

    def add_data(self, call: tuple[Array[int], int]) -> None:
        """Run one addData with `VALUE_WEI` as a transaction."""
        self.receipt = self.trainer.add_data(*call, sender=self.user, value=VALUE_WEI)

    def last_gas(self) -> int:
        """Return the gas of the last `add_data`."""
        return self.receipt.gas_used

    def check_sample(self, sample: Sample) -> None:
        """Raise RuntimeError if the last `add_data` made other events than its own."""
        expected = AddData(
            data=Array(sample.data),
            classification=sample.label,
            time=sample.time_s,
            sender=self.user.address,
            cost=sample.cost_wei,
        )
        if self.receipt.events != [expected]:
            raise RuntimeError(f"{self.receipt.events} instead of {expected}")

    def check_end(self, case: Case, stream: Stream) -> None:
        """Raise RuntimeError if the model or money is not those of the simulation."""
        for call, expected in stream.final_checks():
            found = getattr(self.classifier, call.name)(*call.arguments)
            if found != expected:
                raise RuntimeError(f"{case.name}: {found} instead of {expected} for {call}")
        if self.trainer.balance != sum(sample.cost_wei for sample in stream.samples):
            raise RuntimeError("the trainer does not hold the deposits")
        if self.chain.total_balance != self.chain.money:
            raise RuntimeError("money is not conserved")
