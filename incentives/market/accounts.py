"""The market's books: contributions, what is staked on them, and what is owed to whom."""

from __future__ import annotations

from chain.contract import (
    Array,
    Map,
    Struct,
    address,
    external,
    int64,
    int256,
    modifier,
    require,
    uint8,
    uint32,
    uint64,
    uint128,
    uint256,
    view,
)
from contracts_py.classifiers.restorable import Restorable
from incentives.incentive_mechanism import IncentiveMechanism
from incentives.market.phases import (
    COLLECT,
    Closed,
    Collected,
    Contributed,
    NoSuchClass,
    NothingOwed,
    NotProvider,
    SampleTooLong,
    Settled,
)


class Contribution(Struct):
    """A sample, and how many tests the model passed after it, if that ended a run."""

    account: uint32
    correct: uint32
    classification: uint64
    data: Array[int64]


class MarketAccount(Struct):
    """What somebody has staked, and won or lost since.

    `score` is in correct predictions, of the pass; `gain` is that of all passes, each times its
    rounds. So the account is worth exactly ``stake + gain * min_stake / num_tests`` wei.
    """

    owner: address
    left: bool
    score: int64
    stake: uint256
    gain: int256


class Claim(Struct):
    """What can be collected, and since when nothing was added to it, in seconds."""

    amount: uint256
    since_s: uint64


@modifier
def only_provider(self: MarketAccounts) -> None:
    """Let only the provider in."""
    require(self.msg.sender == self.provider, NotProvider())


class MarketAccounts(IncentiveMechanism):
    """Holds all money of the market: `pot` is what the running one has, `owed` what is settled.

    Contributions and accounts are overwritten by those of the next market.
    """

    phase: uint8
    provider: address
    classifier: Restorable
    min_stake: uint256
    longest_sample: uint32
    stakes_all: bool
    groups: bool
    restarts: bool
    pot: uint128
    total_stake: uint128
    num_contributions: uint32
    num_accounts: uint32
    num_active: uint32
    num_tests: uint32
    contributions: Map[uint256, Contribution]
    accounts: Map[uint256, MarketAccount]
    market_number: uint256
    common_account_after: Map[uint256, Map[address, Map[address, uint256]]]
    owed: Map[address, Claim]

    def record(
        self, contributor: address, stake: uint256, data: Array[int64], classification: uint64
    ) -> None:
        """Note a contribution whose stake has arrived."""
        length = len(data)
        longest = self.longest_sample
        require(length <= longest, SampleTooLong(length=length, longest=longest))
        # Of data that the model refuses when it comes to it, the market knows no more than that it
        # improves nothing; a class that does not exist would cost all gas.
        require(
            classification < self.classifier.num_classifications(),
            NoSuchClass(classification=classification),
        )
        index = self.num_contributions
        contribution = self.contributions[index]
        contribution.account = self.account_of(contributor)
        contribution.classification = classification
        contribution.data = data
        account = self.accounts[contribution.account]
        account.stake += stake
        self.num_contributions = index + 1
        self.pot += stake
        self.total_stake += stake
        self.total_submitted += 1
        self.emit(Contributed(contributor=contributor, contribution=index, stake=stake))

    def account_of(self, contributor: address) -> uint256:
        """The contributor's account if all they give has one in common, otherwise a new one."""
        count = self.num_accounts
        if self.groups:
            # Whoever speaks for others must not be able to touch what those gave by themselves.
            common = self.common_account_after[self.market_number][self.msg.sender]
            after = common[contributor]
            if after != 0:
                return after - 1
            common[contributor] = count + 1
        account = self.accounts[count]
        account.owner = contributor
        account.left = False
        account.stake = 0
        account.gain = 0
        self.num_accounts = count + 1
        self.num_active += 1
        return count

    def settle(self, index: uint256, bonus: uint256) -> None:
        """Let an account go with what it is worth, rounded down, and a bonus."""
        account = self.accounts[index]
        amount = account.stake + bonus
        if account.gain != 0:
            amount += account.gain * self.min_stake // self.num_tests
        account.left = True
        self.num_active -= 1
        self.owe(account.owner, amount)
        self.emit(Settled(contributor=account.owner, amount=amount))

    def close(self) -> None:
        """End the market; what is left over goes back to the provider."""
        left = self.pot
        self.owe(self.provider, left)
        self.phase = COLLECT
        self.emit(Closed(amount=left))

    def owe(self, receiver: address, amount: uint256) -> None:
        """Move money from the running market to who may collect it."""
        self.pot -= amount
        claim = self.owed[receiver]
        claim.amount += amount
        claim.since_s = self.block.timestamp

    @view
    def amount_owed(self, contributor: address) -> uint256:
        """Wei that a contributor, or the provider, can collect."""
        return self.owed[contributor].amount

    @external
    def collect(self) -> uint256:
        """Collect what is owed to the sender; raises NothingOwed."""
        return self.pay(self.msg.sender, self.msg.sender)

    @external
    def collect_from(self, contributor: address) -> uint256:
        """Collect what nobody has come for: after the wait anyone may, and keeps it."""
        return self.pay_other(contributor, self.msg.sender)

    def pay_other(self, contributor: address, recipient: address) -> uint256:
        """Pay what was owed to a contributor to somebody else, if the wait is over."""
        self.check_waited(self.owed[contributor].since_s, self.any_address_claim_wait_time_s)
        return self.pay(contributor, recipient)

    def pay(self, contributor: address, recipient: address) -> uint256:
        """Pay what is owed to a contributor."""
        amount = self.owed[contributor].amount
        require(amount > 0, NothingOwed())
        self.owed[contributor].amount = 0
        self.transfer(recipient, amount)
        self.emit(Collected(contributor=contributor, recipient=recipient, amount=amount))
        return amount
