"""What all incentive mechanisms share: counts of good data, and how long claims have to wait."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    Map,
    Struct,
    address,
    int64,
    int256,
    require,
    uint32,
    uint64,
    uint128,
    uint256,
    view,
    wrapping,
)
from contracts_py.incentive import Incentive
from contracts_py.ownable import Ownable


class TooEarly(Error):
    """The wait is not over, in seconds."""

    waited: uint256
    required: uint256


class ModelDisagrees(Error):
    """The model predicts another class than the author gave."""

    prediction: uint64


class ModelAgrees(Error):
    """The model predicts the class that was reported as wrong."""


class AddressStats(Struct):
    """What is known of a contributor."""

    num_valid: uint128
    num_submitted: uint128


class IncentiveMechanism(Ownable, Incentive):
    """Base of mechanisms: a subclass prices data and decides on claims.

    Waits are in seconds, from when the data was added: `refund_wait_time_s` until the author may
    claim, `owner_claim_wait_time_s` until the mechanism's owner may take what is left, and
    `any_address_claim_wait_time_s` until anyone may.
    """

    address_stats: Map[address, AddressStats]
    total_submitted: uint256
    total_good_data_count: uint256
    refund_wait_time_s: uint32
    owner_claim_wait_time_s: uint32
    any_address_claim_wait_time_s: uint32

    def __init__(
        self,
        refund_wait_time_s: uint32,
        owner_claim_wait_time_s: uint32,
        any_address_claim_wait_time_s: uint32,
    ) -> None:
        super().__init__()
        self.total_submitted = 0
        self.total_good_data_count = 0
        self.refund_wait_time_s = refund_wait_time_s
        self.owner_claim_wait_time_s = owner_claim_wait_time_s
        self.any_address_claim_wait_time_s = any_address_claim_wait_time_s

    @view
    def next_add_data_cost(self) -> uint256:
        """Wei that adding data costs now."""
        ...

    @view
    def next_add_data_cost_at(self, time: uint256) -> uint256:
        """Wei that adding data will cost at a time (seconds), if nothing is added before."""
        ...

    @view
    def next_add_data_cost_for(self, data: Array[int64], classification: uint64) -> uint256:
        """Wei that adding this very sample costs now."""
        ...

    @view
    def num_valid_for_address(self, contributor: address) -> uint128:
        """How many samples of a contributor proved good."""
        return self.address_stats[contributor].num_valid

    def time_since(self, added_time: uint256) -> uint256:
        # Unchecked, as in the reference: a time in the future counts as long ago.
        return wrapping(uint256, self.block.timestamp - wrapping(int256, added_time))

    def check_waited(self, added_time: uint256, wait: uint256) -> None:
        waited = self.time_since(added_time)
        require(waited >= wait, TooEarly(waited=waited, required=wait))
