"""The reward phase, in steps of any size: train, evaluate, pay rounds, and begin again."""

from __future__ import annotations

from chain.contract import external, require, uint8, uint32, uint256
from incentives.market.commitments import MarketCommitments
from incentives.market.phases import (
    BOUND,
    EVALUATE,
    INITIALIZATION,
    RECOUNT,
    REVEAL_TEST_SET,
    REWARD,
    REWIND,
    SETTLE,
    TRAIN,
    ModelNeedsMoreGas,
    NotAbandoned,
    NothingToDo,
    Paid,
    Scored,
    WrongPhase,
)


class MarketRewards(MarketCommitments):
    """Passes over the contributions, each of which pays as many rounds as all can stake.

    In a round each correct prediction that an account has added, or taken away, is worth the
    minimum stake over the number of tests. Rounds are whole. As many are paid at once as every
    account that loses can cover, then who cannot cover another leaves with what is left. Balances
    are kept as fractions of that one denominator, so nothing is rounded before the end.
    """

    remaining_rounds: uint256
    rounds: uint256
    bonus: uint256
    stage: uint8
    position: uint32
    trained_after: uint32
    tested: uint32
    correct: uint32
    last_correct: uint32
    patience_s: uint32

    def begin_rewards(self) -> None:
        self.remaining_rounds = self.bounty // self.min_stake
        self.bonus = 0
        self.phase = REWARD
        self.moved_s = self.block.timestamp
        if self.restarts:
            self.classifier.checkpoint()
        if self.remaining_rounds == 0:
            self.begin_settling(0)
        else:
            self.begin_pass(TRAIN)

    def begin_pass(self, stage: uint8) -> None:
        self.stage = stage
        self.position = 0
        self.trained_after = 0
        self.tested = 0
        self.correct = 0
        self.last_correct = self.initial_correct

    def begin_bounding(self) -> None:
        self.stage = BOUND
        self.position = 0
        self.rounds = self.remaining_rounds

    def begin_settling(self, rounds: uint256) -> None:
        self.rounds = rounds
        self.remaining_rounds -= rounds
        self.stage = SETTLE
        self.position = 0

    @external
    def step(self, work: uint256) -> None:
        """Go on with the reward phase: anyone may.

        `work` bounds how much is done: each prediction, training, undoing of one, and look at a
        contribution or account counts 1.
        """
        require(work > 0, NothingToDo())
        phase = self.phase
        require(phase == REWARD, WrongPhase(phase=phase))
        while work > 0 and self.phase == REWARD:
            stage = self.stage
            if stage == TRAIN:
                work -= self.train(work)
            elif stage == EVALUATE:
                work -= self.evaluate(work)
            elif stage == RECOUNT:
                work -= self.recount(work)
            elif stage == BOUND:
                work -= self.bound(work)
            elif stage == SETTLE:
                work -= self.settle_some(work)
            else:
                work -= self.rewind(work)
        self.moved_s = self.block.timestamp

    def train(self, work: uint256) -> uint256:
        """Train on contributions, up to where a run has to be evaluated; return the work done."""
        start = self.position
        count = self.num_contributions
        stop = min(start + work, count)
        trained_after = self.trained_after
        position = start
        while position < stop:
            contribution = self.contributions[position]
            index = contribution.account
            if not self.accounts[index].left:
                if trained_after != 0 and self.contributions[trained_after - 1].account != index:
                    break
                sample = [contribution.data.load(), contribution.classification]
                # What the model refuses changes nothing.
                self.check_finished(self.try_call(self.classifier, "update", sample).error)
                trained_after = position + 1
            position += 1
        self.trained_after = trained_after
        self.position = position
        if position < stop or (position == count and trained_after != 0):
            self.stage = EVALUATE
        elif position == count:
            self.begin_bounding()
        return max(position - start, 1)

    def recount(self, work: uint256) -> uint256:
        """Score contributions by what was found in the first pass."""
        start = self.position
        count = self.num_contributions
        stop = min(start + work, count)
        last = self.last_correct
        for position in range(start, stop):
            contribution = self.contributions[position]
            account = self.accounts[contribution.account]
            if not account.left:
                # Within a run none but the last was evaluated. Whatever the others hold counts for
                # the same account, and the last one takes it back.
                account.score += contribution.correct - last
                last = contribution.correct
        self.last_correct = last
        self.position = stop
        if stop == count:
            self.begin_bounding()
        return stop - start

    def check_finished(self, error: str) -> None:
        """Whoever steps could make a call fail by sending too little gas: then nothing counts."""
        require(error != "OutOfGas" and error != "CallDepthExceeded", ModelNeedsMoreGas())

    def evaluate(self, work: uint256) -> uint256:
        """Ask the model for some predictions; after the last one the run has its score."""
        start = self.tested
        count = self.num_tests
        stop = min(start + work, count)
        correct = self.correct
        for index in range(start, stop):
            test = self.tests[index]
            answer = self.try_call(self.classifier, "predict", [test.data.load()])
            self.check_finished(answer.error)
            if answer.value == test.classification:  # None if the model fails
                correct += 1
        if stop < count:
            self.tested = stop
            self.correct = correct
            return stop - start
        position = self.trained_after - 1
        contribution = self.contributions[position]
        contribution.correct = correct
        self.accounts[contribution.account].score += correct - self.last_correct
        self.last_correct = correct
        self.trained_after = 0
        self.tested = 0
        self.correct = 0
        self.stage = TRAIN
        self.emit(Scored(contribution=position, correct=correct))
        return stop - start

    def bound(self, work: uint256) -> uint256:
        """Find the most rounds that all accounts can cover."""
        start = self.position
        stop = min(start + work, self.num_accounts)
        rounds = self.rounds
        tests = self.num_tests
        unit = self.min_stake
        for index in range(start, stop):
            account = self.accounts[index]
            score = account.score
            if score < 0:  # nobody who has left has a score
                worth = account.stake * tests + account.gain * unit
                rounds = min(rounds, worth // (-score * unit))
        self.rounds = rounds
        self.position = stop
        if stop == self.num_accounts:
            self.begin_settling(rounds)
        return stop - start

    def settle_some(self, work: uint256) -> uint256:
        """Pay the rounds to some accounts, and let go who cannot cover another, or all at last."""
        start = self.position
        stop = min(start + work, self.num_accounts)
        rounds = self.rounds
        ends = self.remaining_rounds == 0
        tests = self.num_tests
        unit = self.min_stake
        for index in range(start, stop):
            account = self.accounts[index]
            if not account.left:
                score = account.score
                if score != 0:
                    account.gain += score * rounds
                    account.score = 0
                worth = account.stake * tests + account.gain * unit
                if ends:
                    self.settle(index, self.bonus * account.stake // self.total_stake)
                elif worth + score * unit < 0:
                    self.settle(index, 0)
        self.position = stop
        if stop == self.num_accounts:
            self.end_pass()
        return stop - start

    def end_pass(self) -> None:
        active = self.num_active
        self.emit(Paid(rounds=self.rounds, accounts=active))
        if self.remaining_rounds == 0:
            self.close()
        elif self.restarts:
            self.stage = REWIND
        elif active == 0:
            self.close()
        else:
            self.begin_pass(RECOUNT)

    def rewind(self, work: uint256) -> uint256:
        """Take back some of what the model has learned in this market."""
        if self.classifier.restore(work) == 0:
            if self.num_active == 0:
                self.close()
            else:
                self.begin_pass(TRAIN)
        return work

    @external
    def abandon(self) -> None:
        """End a market in which nothing moves: anyone may, once the wait is over.

        Before participation the provider gets the bounty back. Later the contributors share in
        proportion to their stakes what of it is left, and get back what their accounts are worth.
        """
        phase = self.phase
        stage = self.stage
        # In the other stages there are only this contract's own books to do: anyone can.
        stuck = phase == REWARD and stage in (TRAIN, EVALUATE, REWIND)
        require(phase in (INITIALIZATION, REVEAL_TEST_SET) or stuck, WrongPhase(phase=phase))
        waited = self.block.timestamp - self.moved_s
        required = self.patience_s
        require(waited >= required, NotAbandoned(waited=waited, required=required))
        if phase == INITIALIZATION:
            self.close()
            return
        self.bonus = self.remaining_rounds * self.min_stake if stuck else self.bounty
        self.phase = REWARD
        self.remaining_rounds = 0
        self.begin_settling(0)
