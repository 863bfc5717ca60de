"""What the trainer asks of an incentive mechanism."""

from __future__ import annotations

from chain.contract import Array, Contract, address, external, int64, uint64, uint256


class Incentive(Contract):
    """Decides what adding data costs and who may claim deposits; see ``incentives``."""

    @external
    def handle_add_data(
        self, msg_value: uint256, data: Array[int64], classification: uint64
    ) -> uint256:
        """Return the wei that adding this sample costs; raises if `msg_value` does not cover it."""
        ...

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
        """Return the wei to pay back to the author; raises if there is no right to any."""
        ...

    @external
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
        """Return the wei to pay to the reporter; raises if there is no right to any."""
        ...
