"""The faults of the reference's prediction market: each is tried here, and nobody profits."""

from __future__ import annotations

import pytest

from chain.contract.records import Event
from chain.errors import InsufficientFunds, TransferFailed
from contracts_py.data_handler import DataKeyConflict
from contracts_py.ownable import NotOwner
from incentives.incentive_mechanism import TooEarly
from incentives.market.phases import (
    COLLECT,
    AlreadyDrawn,
    CommitmentsClosed,
    NotAbandoned,
    NothingOwed,
    Paid,
    Scored,
    StakeTooLow,
    WrongPhase,
    WrongPiece,
)
from tests.markets import ADD, SET, SETTINGS, UNIT, World, make_world, options, script_tests

BOUNTY = 100 * UNIT


def played(setting: str, *sent: tuple[int, list[int], int], bounty: int = BOUNTY) -> World:
    """A market to its end: who, what, and how many wei."""
    world = make_world(options(setting))
    world.provider.open(bounty)
    for who, data, value in sent:
        world.add(who, data, value)
    world.begin_rewards()
    world.step()
    return world


def events(world: World, kind: type[Event]) -> list[tuple[int, ...]]:
    return [tuple(vars(log.event).values()) for log in world.chain.logs(kind)]


def test_1_collecting_for_others_again_and_again_drains_nothing() -> None:
    world = played("", (0, [ADD, 4], UNIT), (1, [ADD, 4], UNIT))
    market, chain = world.market, world.chain
    author, mallory = world.people[0], world.people[5]
    owed, held = world.owed(author), market.balance
    wait = world.rules.any_address_claim_wait_time_s
    with pytest.raises(TooEarly):
        market.collect_from(author, sender=mallory)
    chain.time_travel(seconds=wait)
    before = chain.balance(mallory)
    market.collect_from(author, sender=mallory)
    for _ in range(3):
        with pytest.raises(NothingOwed):
            market.collect_from(author, sender=mallory)
    with pytest.raises(NothingOwed):
        market.collect(sender=author)
    assert chain.balance(mallory) - before == owed == held - market.balance
    assert world.owed(world.people[1]) == owed


@pytest.mark.parametrize("through_trainer", [False, True])
def test_2_strangers_can_collect_what_nobody_comes_for(through_trainer: bool) -> None:
    world = make_world(options(""), through_trainer=through_trainer)
    world.provider.open(BOUNTY)
    added = world.add(0, [ADD, 5])
    world.add(1, [ADD, -5])
    world.begin_rewards()
    world.step()
    stranger, market = world.people[6], world.market
    world.chain.time_travel(seconds=world.rules.any_address_claim_wait_time_s)
    before = world.chain.balance(stranger)
    if through_trainer:
        assert world.trainer is not None
        time = added.events[-1].time
        world.trainer.report([ADD, 5], 1, time, world.people[0], sender=stranger)
    else:
        market.collect_from(world.people[0], sender=stranger)
    with pytest.raises(NothingOwed):  # the loser's balance is 0, never below
        market.collect_from(world.people[1], sender=stranger)
    market.collect_from(world.provider.account, sender=stranger)
    assert world.chain.balance(stranger) - before == BOUNTY + 2 * UNIT
    assert market.balance == 0


@pytest.mark.parametrize("setting", ["", "A", "R", "AR"])
def test_3_who_drops_out_gets_what_is_left_and_who_stays_keeps_what_was_won(setting: str) -> None:
    # Of 10 tests, one contribution gains 4 and the other loses 1: that is 400 and 100 a round. With
    # 1,050 wei the loser can stake ten rounds, and leaves; 90 rounds are left for the other.
    sent = UNIT + (50 if "A" in setting else 0)
    world = played(setting, (0, [ADD, 4], UNIT), (1, [ADD, -1], sent))
    assert events(world, Paid) == [(10, 1), (90, 0)]
    assert world.ends_with(0, 1) == [UNIT + 10 * 400 + 90 * 400, sent - 10 * 100]
    assert world.owed(world.provider.account) == BOUNTY + 10 * 100 - 100 * 400


def test_3_who_can_just_cover_another_round_stays_for_it() -> None:
    # 100 a round from 1,100 and from 1,000: after ten rounds one has exactly 100 left.
    world = played("AR", (0, [ADD, 4], UNIT), (1, [ADD, -1], UNIT), (2, [ADD, -1], UNIT + 100))
    assert events(world, Paid) == [(10, 2), (1, 1), (89, 0)]
    assert world.ends_with(1, 2) == [0, 0]


@pytest.mark.parametrize("setting", ["AG", "AGR"])
def test_4_the_first_balance_to_run_out_bounds_the_rounds_not_the_worst_score(setting: str) -> None:
    # 300 a round from 9,000 lasts 30 rounds, but 100 from 1,000 only 10.
    world = played(setting, (0, [ADD, 9], UNIT), (1, [ADD, -3], 9 * UNIT), (2, [ADD, -1], UNIT))
    assert events(world, Paid)[0] == (10, 2)
    assert world.ends_with(2) == [0]
    # Then 300 a round from the 6,000 that are left.
    assert events(world, Paid)[1:] == [(20, 1), (70, 0)]
    assert world.ends_with(1) == [0]
    assert world.ends_with(0) == [UNIT + 100 * 900]
    assert world.market.balance == BOUNTY + 11 * UNIT


def test_5_every_pass_scores_the_first_contribution_against_the_model_before_the_market() -> None:
    world = played("R", (0, [SET, 4], UNIT), (1, [ADD, -1], UNIT))
    assert events(world, Scored) == [(0, 4), (1, 3), (0, 4)]
    # +4 in both passes, although the first one has left a model that is right 3 times.
    assert world.ends_with(0) == [UNIT + 100 * 400]


def test_6_commitments_tell_any_two_test_sets_apart() -> None:
    world = make_world(options(""))
    commitment = world.market.commitment
    salt, long = bytes(31) + b"\1", list(range(1_001))
    pieces = [
        ([long, [5]], [1, 0]),
        ([long, [6]], [1, 0]),
        ([long, [5]], [0, 1]),
        ([[5], long], [1, 0]),
        ([[*long, 5], []], [1, 0]),
        ([[], [*long, 5]], [1, 0]),
        ([long, [5], []], [1, 0, 0]),
        *(([[*long[:at], 7_777, *long[at + 1 :]], [5]], [1, 0]) for at in (0, 3, 500, 997, 1_000)),
    ]
    hashes = [commitment(salt, *piece) for piece in pieces]
    assert len(set(hashes)) == len(pieces)
    assert commitment(bytes(32), *pieces[0]) not in hashes
    # A hash on the way is no salt for the rest.
    on_the_way = commitment(salt, [long], [1])
    assert commitment(on_the_way, [[5]], [0]) != hashes[0]
    world.provider.open(BOUNTY)
    world.add(0, [ADD, 1])
    world.finish_participation()
    world.provider.pieces = [([[0]], [0])] * 2
    with pytest.raises(WrongPiece):
        world.provider.reveal()


def test_7_the_draw_cannot_be_rolled_again() -> None:
    world = make_world(options(""), pieces=[script_tests(2)] * 7)
    chain, market, provider = world.chain, world.market, world.provider
    owner = provider.account
    market.start(provider.commitments[:3], sender=owner, value=BOUNTY)
    market.add_commitments(provider.commitments[3:], sender=owner)
    market.close_commitments(sender=owner)
    with pytest.raises(CommitmentsClosed):
        market.add_commitments([bytes(32)], sender=owner)
    with pytest.raises(CommitmentsClosed):
        market.close_commitments(sender=owner)
    decided_by = chain.number - 1
    assert market.drawing_block() == decided_by
    drawn = int.from_bytes(chain.header(decided_by).hash, "big") % 7
    for _ in range(5):
        chain.mine()
        with pytest.raises(CommitmentsClosed):
            market.add_commitments([bytes(32)], sender=owner)
        with pytest.raises(WrongPhase):
            market.start(provider.commitments, sender=owner, value=BOUNTY)
        assert market.draw.simulate(sender=owner).return_value == drawn
    assert market.draw(sender=world.people[3]).return_value == drawn
    with pytest.raises(AlreadyDrawn):
        market.draw(sender=owner)
    # Who does not like it can only give up the market, after a week with the bounty in it.
    with pytest.raises(NotAbandoned):
        market.abandon(sender=owner)
    assert market.balance == BOUNTY


@pytest.mark.parametrize("setting", SETTINGS)
def test_8_a_bounty_that_nobody_wins_goes_back_and_so_do_the_stakes(setting: str) -> None:
    empty = make_world(options(setting))
    empty.provider.open(BOUNTY)
    empty.finish_participation()
    assert empty.market.phase() == COLLECT
    assert empty.owed(empty.provider.account) == BOUNTY
    for bounty in (0, 1, UNIT - 1):
        world = played(setting, (0, [ADD, 3], UNIT), (1, [ADD, -3], UNIT), bounty=bounty)
        assert world.ends_with(0, 1) == [UNIT, UNIT]
        assert world.owed(world.provider.account) == bounty
        assert world.classifier.skill() == 0, "who pays nothing gets nothing"
    useless = played(setting, (0, [ADD, 0], UNIT), (1, [ADD, 0], UNIT))
    assert useless.ends_with(0, 1) == [UNIT, UNIT]
    assert useless.owed(useless.provider.account) == BOUNTY


@pytest.mark.parametrize("through_trainer", [False, True])
def test_9_nobody_stakes_on_credit(through_trainer: bool) -> None:
    world = make_world(options("A"), through_trainer=through_trainer)
    chain = world.chain
    world.provider.open(BOUNTY)
    pauper = chain.account("pauper", balance=UNIT)
    door = world.market if world.trainer is None else world.trainer
    with pytest.raises(InsufficientFunds):
        door.add_data([ADD, 1], 1, sender=pauper, value=UNIT + 1)
    for value in (0, UNIT - 1):
        with pytest.raises(StakeTooLow):
            door.add_data([ADD, 1], 1, sender=pauper, value=value)
    door.add_data([ADD, 1], 1, sender=pauper, value=UNIT)
    assert world.market.accounts(0)[3] == UNIT == world.market.pot() - BOUNTY
    # Nobody but the owner speaks for others, and the owner pays, too.
    with pytest.raises(NotOwner):
        world.market.handle_contribution(pauper, [ADD, 1], 1, sender=world.people[4])
    owner = chain.impersonate(world.market.owner())
    with pytest.raises((StakeTooLow, TransferFailed)):
        world.market.handle_contribution(pauper, [ADD, 1], 1, sender=owner)


@pytest.mark.parametrize("setting", SETTINGS)
def test_10_the_model_that_is_left_is_the_one_that_has_learned(setting: str) -> None:
    world = played(setting, (0, [ADD, 4], UNIT), (1, [ADD, -1], UNIT), (0, [ADD, 2], UNIT))
    # Each pass of option R begins again with those who are left.
    assert world.classifier.skill() == (6 if "R" in setting else 5)
    right = sum(world.classifier.predict([index]) for index in range(10))
    assert right == world.classifier.skill()


@pytest.mark.parametrize("setting", SETTINGS)
def test_10_with_restarts_a_model_that_all_have_left_is_as_before(setting: str) -> None:
    world = make_world(options(setting))
    world.provider.open(BOUNTY)
    world.add(0, [ADD, 5])
    world.begin_rewards()
    world.step()
    world.provider.open(BOUNTY)
    world.add(1, [ADD, -2])
    world.begin_rewards()
    world.step()
    assert world.ends_with(1) == [0]
    assert events(world, Paid)[-1] == (5, 0), "1,000 wei last five rounds at 200"
    assert world.classifier.skill() == (5 if "R" in setting else 3)


def test_11_a_duplicate_that_is_refused_is_not_credited() -> None:
    world = make_world(options("A"), through_trainer=True, block_time_s=0)
    world.provider.open(BOUNTY)
    world.add(0, [ADD, 1])
    before = world.chain.balance(world.people[0])
    with pytest.raises(DataKeyConflict):
        world.add(0, [ADD, 1], 500 * UNIT)
    assert world.chain.balance(world.people[0]) == before
    assert world.market.num_contributions() == 1
    assert world.market.pot() == world.market.balance == BOUNTY + UNIT
