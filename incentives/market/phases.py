"""Where a market stands, and what it says about it: phases, errors and events."""

from __future__ import annotations

from chain.contract import Error, Event, Indexed, address, uint64, uint256

# Nothing runs: what is owed is collected, and the provider may start a market.
COLLECT = 0
# The provider commits to the test set, one piece is drawn, and shown.
INITIALIZATION = 1
PARTICIPATION = 2
REVEAL_TEST_SET = 3
REWARD = 4

# What the next step of the reward phase does.
TRAIN = 0  # on contributions, up to the end of a run by one account
EVALUATE = 1  # the model that the run has left
RECOUNT = 2  # what was evaluated in the first pass, for those who are still there
BOUND = 3  # find out how many rounds every account can stake
SETTLE = 4  # pay so many rounds, and let go who cannot go on
REWIND = 5  # take the model back to how it was before the market


class WrongPhase(Error):
    """That is not what the market is doing now."""

    phase: uint256


class NotProvider(Error):
    """Only who provides the bounty and the test set may do that."""


class ZeroStake(Error):
    """The minimum stake is 1 wei or more."""


class CommitmentsClosed(Error):
    """The commitments are final."""


class CommitmentsOpen(Error):
    """The commitments are not final yet."""


class TooFewPieces(Error):
    """One piece is for all to see, so there have to be two or more."""

    pieces: uint256


class AlreadyDrawn(Error):
    """A piece was drawn before."""


class DrawTooEarly(Error):
    """The block that decides is not there yet."""

    decided_by: uint256


class DrawMissed(Error):
    """The hash that decided can no longer be asked for: abandon the market, and start again."""


class NotDrawn(Error):
    """That piece is not the one to be shown."""

    piece: uint256


class NoSuchPiece(Error):
    """There is no such piece, or it was revealed before."""

    piece: uint256


class MalformedPiece(Error):
    """A piece has one sample or more, and as many classes as samples."""


class WrongPiece(Error):
    """That is not what the provider has committed to."""

    piece: uint256


class StakeTooLow(Error):
    """Less was sent than the minimum stake, in wei."""

    sent: uint256
    required: uint256


class SampleTooLong(Error):
    """A contribution has more numbers than the market takes."""

    length: uint256
    longest: uint256


class NoSuchClass(Error):
    """The model knows no such class."""

    classification: uint64


class EndsTooEarly(Error):
    """The market has neither run long enough nor enough contributions."""

    waited: uint256
    contributions: uint256


class NothingToDo(Error):
    """A step does one thing or more."""


class ModelNeedsMoreGas(Error):
    """The model could not finish: take a smaller step, or send more gas."""


class NotAbandoned(Error):
    """The wait is not over, in seconds."""

    waited: uint256
    required: uint256


class NothingOwed(Error):
    """The market owes that address nothing now."""


class NeedsMarketTrainer(Error):
    """Data comes with its stake, through a ``MarketTrainer`` or by ``add_data``."""


class Started(Event):
    """A market has begun."""

    bounty: uint256


class Drawn(Event):
    """The piece that is to be shown is decided."""

    piece: uint256


class Revealed(Event):
    """A piece was revealed; its samples are in the transaction's call."""

    piece: uint256


class Contributed(Event):
    """Somebody staked on a sample."""

    contributor: Indexed[address]
    contribution: uint256
    stake: uint256


class Ended(Event):
    """No more contributions are taken."""

    contributions: uint256


class Scored(Event):
    """The model after a contribution predicts so many samples of the test set correctly."""

    contribution: uint256
    correct: uint256


class Paid(Event):
    """A pass is over, and so many rounds are paid; this many accounts go on."""

    rounds: uint256
    accounts: uint256


class Settled(Event):
    """A contributor leaves the market with so many wei to collect."""

    contributor: Indexed[address]
    amount: uint256


class Closed(Event):
    """The market has ended, and this much went back to the provider."""

    amount: uint256


class Collected(Event):
    """What was owed to a contributor was paid."""

    contributor: Indexed[address]
    recipient: Indexed[address]
    amount: uint256
