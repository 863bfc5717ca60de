"""A prediction market: data is paid by how much it improves the model on a hidden test set."""

from __future__ import annotations

from chain.contract import (
    Array,
    address,
    external,
    int64,
    payable,
    require,
    uint32,
    uint64,
    uint256,
    view,
)
from contracts_py.classifiers.restorable import Restorable
from contracts_py.ownable import only_owner
from incentives.market.phases import (
    PARTICIPATION,
    REVEAL_TEST_SET,
    Ended,
    EndsTooEarly,
    NeedsMarketTrainer,
    StakeTooLow,
    ZeroStake,
)
from incentives.market.rewards import MarketRewards


class PredictionMarket(MarketRewards):
    """Whoever deploys it provides bounties and test sets, one market after another.

    The life of a market::

        start (provider, with the bounty), add_commitments, close_commitments
        draw (anyone), show                  one piece of the test set is there for all to see
        add_data (contributors)              stakes; the model learns nothing yet
        end_participation (anyone)           after the minimum time or number of contributions
        reveal (each of the other pieces)
        step, step, ... (anyone)             trains, evaluates and pays, until nothing is left to do
        collect (contributors, provider)     and start again

    All money is in this contract, and nowhere else: it only counts what has arrived. It must own
    the classifier, which nobody else can train from then on. On its own, contributors call
    ``add_data``. Through a ``MarketTrainer``, which then owns the market and the records, they call
    the trainer's; refunds through the trainer collect what is owed to the sender, and reports what
    is owed to the author once the wait for anyone is over.

    After the market the classifier has learned, in order, from all contributions: each once. If
    passes restart, it has learned from those of the last pass alone, and if nobody is left it is as
    before the market. So it is too if no round is paid, or the provider never reveals.

    A provider who does not reveal within `patience_s` loses the bounty to the contributors: who has
    seen the data cannot take it for nothing. The same goes for a reward phase that gets stuck for
    so long because the model needs more gas for a contribution than a block has.

    Parameters
    ----------
    classifier
        What learns. One that can be restored if passes are to restart.
    min_stake
        Wei; also what is at stake in a round. A bounty below it pays nothing.
    min_time_s, min_contributions
        Participation can be ended when one of them is reached.
    patience_s
        How long nothing may move, in seconds, until anyone may abandon the market.
    any_address_claim_wait_time_s
        How long what is owed is kept for its owner, until anyone may take it.
    longest_sample
        Numbers that a contribution may have at most: few enough for the model to learn from them
        in one block.
    stakes_all
        Option A: the whole value sent is staked, and not only the minimum.
    groups
        Option G: one account and score per contributor, and not per contribution.
    restarts
        Option R: each pass begins again with the model as it was before the market.
    """

    min_time_s: uint32
    min_contributions: uint32

    def __init__(
        self,
        classifier: Restorable,
        min_stake: uint256,
        min_time_s: uint32,
        min_contributions: uint32,
        patience_s: uint32,
        any_address_claim_wait_time_s: uint32,
        longest_sample: uint32,
        stakes_all: bool,
        groups: bool,
        restarts: bool,
    ) -> None:
        super().__init__(0, any_address_claim_wait_time_s, any_address_claim_wait_time_s)
        require(min_stake > 0, ZeroStake())
        self.provider = self.msg.sender
        self.classifier = classifier
        self.min_stake = min_stake
        self.min_time_s = min_time_s
        self.min_contributions = min_contributions
        self.patience_s = patience_s
        self.longest_sample = longest_sample
        self.stakes_all = stakes_all
        self.groups = groups
        self.restarts = restarts

    @payable
    def add_data(self, data: Array[int64], classification: uint64) -> uint256:
        """Stake on a sample; returns the stake, and what is sent beyond it comes back."""
        return self.contribute(self.msg.sender, data, classification)

    @payable
    @only_owner
    def handle_contribution(
        self, contributor: address, data: Array[int64], classification: uint64
    ) -> uint256:
        """Do what ``add_data`` does, for a contributor whose money the owner passes on."""
        return self.contribute(contributor, data, classification)

    def contribute(
        self, contributor: address, data: Array[int64], classification: uint64
    ) -> uint256:
        self.check_phase(PARTICIPATION)
        sent = self.msg.value
        required = self.min_stake
        require(sent >= required, StakeTooLow(sent=sent, required=required))
        stake = sent if self.stakes_all else required
        self.record(contributor, stake, data, classification)
        if sent > stake:
            self.transfer(contributor, sent - stake)
        return stake

    @external
    def end_participation(self) -> None:
        """Take no more contributions: anyone may, after the minimum time or number."""
        self.check_phase(PARTICIPATION)
        waited = self.block.timestamp - self.moved_s
        contributions = self.num_contributions
        require(
            waited >= self.min_time_s or contributions >= self.min_contributions,
            EndsTooEarly(waited=waited, contributions=contributions),
        )
        self.emit(Ended(contributions=contributions))
        if contributions == 0:
            self.close()
            return
        self.moved_s = self.block.timestamp
        self.phase = REVEAL_TEST_SET

    @view
    def next_add_data_cost(self) -> uint256:
        return self.min_stake

    @view
    def next_add_data_cost_at(self, time: uint256) -> uint256:
        return self.min_stake

    @view
    def next_add_data_cost_for(self, data: Array[int64], classification: uint64) -> uint256:
        return self.min_stake

    @external
    @only_owner
    def handle_add_data(
        self, msg_value: uint256, data: Array[int64], classification: uint64
    ) -> uint256:
        """Refuse a trainer that would keep the money and train at once."""
        raise NeedsMarketTrainer()

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
        """Pay the author all that is owed to them; the trainer has nothing to pay."""
        self.pay(submitter, submitter)
        return 0

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
        """Pay the reporter what its author has not come for in time; the trainer pays nothing."""
        self.pay_other(original_author, reporter)
        return 0
