"""The provider's side: commitments to the test set, the draw, and the reveal."""

from __future__ import annotations

from chain.contract import (
    Array,
    Map,
    Struct,
    bytes32,
    external,
    int64,
    keccak,
    payable,
    require,
    uint32,
    uint64,
    uint256,
    view,
)
from incentives.market.accounts import MarketAccounts, only_provider
from incentives.market.phases import (
    COLLECT,
    INITIALIZATION,
    PARTICIPATION,
    REVEAL_TEST_SET,
    AlreadyDrawn,
    CommitmentsClosed,
    CommitmentsOpen,
    DrawMissed,
    Drawn,
    DrawTooEarly,
    MalformedPiece,
    NoSuchPiece,
    NotDrawn,
    Revealed,
    Started,
    TooFewPieces,
    WrongPhase,
    WrongPiece,
)

UNKNOWN_HASH = bytes(32)


class Piece(Struct):
    """What the provider has committed to."""

    commitment: bytes32
    open: bool


class Test(Struct):
    """A sample to score the model with."""

    classification: uint64
    data: Array[int64]


class MarketCommitments(MarketAccounts):
    """Pieces of a test set, committed to by salted hashes, one of which is shown in advance.

    Which one, the hash of the block after the commitments have become final decides. Nobody can
    know it before that, and nothing can be added afterwards. Who lets the draw pass, or does not
    show the piece, can only wait until the market may be abandoned, and start another.
    """

    bounty: uint256
    drawing_block: uint64
    moved_s: uint64
    drawn_after: uint32
    num_pieces: uint32
    num_closed_pieces: uint32
    initial_correct: uint32
    pieces: Map[uint256, Piece]
    tests: Map[uint256, Test]

    @payable
    @only_provider
    def start(self, commitments: Array[bytes32]) -> None:
        """Begin a market; what is sent is the bounty. The market must own the classifier."""
        self.check_phase(COLLECT)
        # Changes nothing, and only the owner may.
        self.classifier.transfer_ownership(self.address)
        self.market_number += 1
        bounty = self.msg.value
        self.bounty = bounty
        self.pot = bounty
        self.total_stake = 0
        self.num_contributions = 0
        self.num_accounts = 0
        self.num_tests = 0
        self.drawing_block = 0
        self.drawn_after = 0
        self.num_pieces = 0
        self.initial_correct = 0
        self.moved_s = self.block.timestamp
        self.phase = INITIALIZATION
        self.emit(Started(bounty=bounty))
        self.add(commitments)

    @external
    @only_provider
    def add_commitments(self, commitments: Array[bytes32]) -> None:
        """Commit to more pieces."""
        self.check_phase(INITIALIZATION)
        require(self.drawing_block == 0, CommitmentsClosed())
        self.add(commitments)

    def add(self, commitments: Array[bytes32]) -> None:
        count = self.num_pieces
        for commitment in commitments:
            piece = self.pieces[count]
            piece.commitment = commitment
            piece.open = False
            count += 1
        self.num_pieces = count

    @external
    @only_provider
    def close_commitments(self) -> None:
        """Make the commitments final; the hash of the next block draws the piece to be shown."""
        self.check_phase(INITIALIZATION)
        require(self.drawing_block == 0, CommitmentsClosed())
        pieces = self.num_pieces
        require(pieces >= 2, TooFewPieces(pieces=pieces))
        self.drawing_block = self.block.number + 1
        self.num_closed_pieces = pieces
        self.moved_s = self.block.timestamp

    @external
    def draw(self) -> uint256:
        """Decide which piece is shown: anyone may, while the hash can be asked for."""
        self.check_phase(INITIALIZATION)
        require(self.drawn_after == 0, AlreadyDrawn())
        decided_by = self.drawing_block
        require(decided_by != 0, CommitmentsOpen())
        require(self.block.number > decided_by, DrawTooEarly(decided_by=decided_by))
        seed = self.block_hash(decided_by)
        require(seed != UNKNOWN_HASH, DrawMissed())
        number = 0
        for byte in seed:
            number = number * 256 + byte
        piece = number % self.num_pieces
        self.drawn_after = piece + 1
        self.emit(Drawn(piece=piece))
        return piece

    @external
    def show(
        self,
        piece: uint256,
        salt: bytes32,
        data: Array[Array[int64]],
        classifications: Array[uint64],
    ) -> None:
        """Reveal the piece that was drawn, and open the market. It is never used for scoring."""
        self.check_phase(INITIALIZATION)
        require(piece + 1 == self.drawn_after, NotDrawn(piece=piece))
        self.open_piece(piece, salt, data, classifications)
        self.moved_s = self.block.timestamp
        self.phase = PARTICIPATION

    @external
    def reveal(
        self,
        piece: uint256,
        salt: bytes32,
        data: Array[Array[int64]],
        classifications: Array[uint64],
    ) -> None:
        """Reveal one of the other pieces; after the last one the reward phase begins.

        Raises what the model has against a sample: the test set has to be one it can predict.
        """
        self.check_phase(REVEAL_TEST_SET)
        self.open_piece(piece, salt, data, classifications)
        count = self.num_tests
        correct = 0
        for index, sample in enumerate(data):
            classification = classifications[index]
            test = self.tests[count]
            test.classification = classification
            test.data = sample
            count += 1
            if self.classifier.predict(sample) == classification:
                correct += 1
        self.num_tests = count
        # The model is still as it was before the market.
        self.initial_correct += correct
        if self.num_closed_pieces == 0:
            self.begin_rewards()

    def open_piece(
        self,
        piece: uint256,
        salt: bytes32,
        data: Array[Array[int64]],
        classifications: Array[uint64],
    ) -> None:
        committed = self.pieces[piece]
        require(piece < self.num_pieces and not committed.open, NoSuchPiece(piece=piece))
        given = self.commitment(salt, data, classifications)
        require(committed.commitment == given, WrongPiece(piece=piece))
        committed.open = True
        self.num_closed_pieces -= 1
        self.emit(Revealed(piece=piece))

    def begin_rewards(self) -> None:
        """Go on to the reward phase."""
        ...

    @view
    def commitment(
        self, salt: bytes32, data: Array[Array[int64]], classifications: Array[uint64]
    ) -> bytes32:
        """What to commit to a piece with; ask your own node only, the answer knows the samples.

        Salt, number of samples, then sample and class one after another, each hashed with all that
        came before: no two pieces have the same.
        """
        size = len(data)
        require(size > 0 and len(classifications) == size, MalformedPiece())
        commitment = keccak(salt, size)
        for index, sample in enumerate(data):
            commitment = keccak(commitment, sample, classifications[index])
        return commitment

    def check_phase(self, expected: uint256) -> None:
        phase = self.phase
        require(phase == expected, WrongPhase(phase=phase))
