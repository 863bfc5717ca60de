"""The market's phases, one after another and no other way; its limits, to the second and wei."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chain import Chain, Deployed
from chain.encoding import encode
from chain.errors import ExecutionError, InvalidValue, OutOfGas, UnknownMethod
from chain.testing import reverts
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.classifiers.dense_perceptron import (
    DensePerceptron,
    WeightsDimensionMismatch,
)
from contracts_py.classifiers.restorable import RestorableDensePerceptron
from contracts_py.collaborative_trainer import AddData, CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from contracts_py.ownable import NotOwner
from incentives.incentive_mechanism import TooEarly
from incentives.market.phases import (
    BOUND,
    COLLECT,
    EVALUATE,
    INITIALIZATION,
    PARTICIPATION,
    RECOUNT,
    REVEAL_TEST_SET,
    REWARD,
    REWIND,
    SETTLE,
    TRAIN,
    CommitmentsOpen,
    DrawMissed,
    DrawTooEarly,
    EndsTooEarly,
    MalformedPiece,
    ModelNeedsMoreGas,
    NeedsMarketTrainer,
    NoSuchClass,
    NoSuchPiece,
    NotAbandoned,
    NotDrawn,
    NothingOwed,
    NothingToDo,
    NotProvider,
    SampleTooLong,
    Scored,
    StakeTooLow,
    TooFewPieces,
    WrongPhase,
    WrongPiece,
    ZeroStake,
)
from incentives.prediction_market import PredictionMarket
from offchain.fixed_point import DoesNotFit
from offchain.market import Provider, deploy_market, drive
from offchain.models import DensePerceptronModel
from tests.markets import (
    ADD,
    REFUSE,
    SETTINGS,
    UNIT,
    Script,
    World,
    make_world,
    options,
    script_tests,
)

BOUNTY = 20 * UNIT
SALT = bytes(32)
PIECE = ([[0]], [1])


def leaves(chain: Chain) -> dict[bytes, bytes]:
    """The state but for nonces, which failed transactions use up, too."""
    nonces = {encode(("nonce", account.address)) for account in chain.accounts}
    held = chain._ledger.state.leaves()
    return {path: value for path, value in held.items() if path not in nonces}


def refused(world: World, error: type[ExecutionError], call: Callable[[], Any]) -> None:
    """The call fails with this very error, and changes nothing."""
    before = leaves(world.chain)
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    assert leaves(world.chain) == before


def world_in(phase: int, setting: str = "R") -> World:
    """A market that is in some phase."""
    world = make_world(options(setting))
    if phase == INITIALIZATION:
        world.market.start(world.provider.commitments, sender=world.provider.account, value=BOUNTY)
    if phase >= PARTICIPATION:
        world.provider.open(BOUNTY)
        world.add(0, [ADD, 2])
        world.add(1, [ADD, -1])
    if phase >= REVEAL_TEST_SET:
        world.finish_participation()
    if phase >= REWARD:
        world.provider.reveal()
    assert world.market.phase() == phase
    return world


def after(world: World, seconds: int) -> Deployed:
    """The market, some time later."""
    world.chain.time_travel(seconds=seconds)
    return world.market


# What can be called in which phase; everything else is refused.
CALLS: dict[str, tuple[set[int], Callable[[World], Any]]] = {
    "start": (
        {COLLECT},
        lambda w: w.market.start([SALT], sender=w.provider.account, value=BOUNTY),
    ),
    "add_commitments": (
        {INITIALIZATION},
        lambda w: w.market.add_commitments([SALT], sender=w.provider.account),
    ),
    "close_commitments": (
        {INITIALIZATION},
        lambda w: w.market.close_commitments(sender=w.provider.account),
    ),
    "add_data": ({PARTICIPATION}, lambda w: w.add(2, [ADD, 1])),
    "end_participation": (
        {PARTICIPATION},
        lambda w: after(w, w.rules.min_time_s).end_participation(sender=w.people[3]),
    ),
    "reveal": ({REVEAL_TEST_SET}, lambda w: w.provider.reveal()),
    "step": ({REWARD}, lambda w: w.market.step(1, sender=w.people[3])),
    "abandon": (
        {INITIALIZATION, REVEAL_TEST_SET, REWARD},
        lambda w: after(w, w.rules.patience_s).abandon(sender=w.people[3]),
    ),
}


@pytest.mark.parametrize("phase", [COLLECT, INITIALIZATION, PARTICIPATION, REVEAL_TEST_SET, REWARD])
@pytest.mark.parametrize("name", CALLS)
def test_phases_cannot_be_entered_out_of_order(name: str, phase: int) -> None:
    world = world_in(phase)
    allowed, call = CALLS[name]
    if phase in allowed:
        before = leaves(world.chain)
        call(world)
        assert leaves(world.chain) != before
    else:
        refused(world, WrongPhase, lambda: call(world))
    # Only where there is something to collect.
    refused(world, NothingOwed, lambda: world.market.collect(sender=world.people[5]))


@pytest.mark.parametrize("phase", [COLLECT, PARTICIPATION, REVEAL_TEST_SET, REWARD])
def test_pieces_are_drawn_and_shown_before_participation_only(phase: int) -> None:
    world = world_in(phase)
    market, anyone = world.market, world.people[3]
    refused(world, WrongPhase, lambda: market.draw(sender=anyone))
    refused(world, WrongPhase, lambda: market.show(0, SALT, *PIECE, sender=anyone))


def test_only_the_provider_starts_and_commits() -> None:
    world = world_in(COLLECT)
    market, mallory, owner = world.market, world.people[3], world.provider.account
    refused(world, NotProvider, lambda: market.start([SALT], sender=mallory, value=1))
    market.start([SALT], sender=owner)
    refused(world, NotProvider, lambda: market.add_commitments([SALT], sender=mallory))
    refused(world, NotProvider, lambda: market.close_commitments(sender=mallory))


def test_a_market_needs_two_pieces_and_its_model() -> None:
    world = make_world(options(""))
    market, owner, chain = world.market, world.provider.account, world.chain
    market.start([SALT], sender=owner)
    refused(world, TooFewPieces, lambda: market.close_commitments(sender=owner))
    market.add_commitments([SALT], sender=owner)
    market.close_commitments(sender=owner)
    model = chain.deploy(Script, ["no", "yes"], sender=owner)
    other = chain.deploy(PredictionMarket, *options("").arguments(model), sender=owner)
    refused(world, NotOwner, lambda: other.start([SALT, SALT], sender=owner, value=BOUNTY))
    arguments = options("", min_stake=0).arguments(model)
    refused(world, ZeroStake, lambda: chain.deploy(PredictionMarket, *arguments, sender=owner))
    with pytest.raises(UnknownMethod):  # plain money has no business here
        chain.transfer(owner, market, 1)


def test_the_draw_waits_for_its_block_and_for_256_more() -> None:
    world = make_world(options(""))
    market, owner, chain = world.market, world.provider.account, world.chain
    market.start(world.provider.commitments, sender=owner, value=BOUNTY)
    refused(world, CommitmentsOpen, lambda: market.draw(sender=owner))
    market.close_commitments(sender=owner)
    transaction = market.draw.transaction(sender=owner)
    assert type(chain.simulate(transaction).error) is DrawTooEarly
    with chain.anchor():
        chain.mine()
        market.draw(sender=owner)
    with chain.anchor():
        for _ in range(256):
            chain.mine()
        market.draw(sender=owner)
    for _ in range(257):
        chain.mine()
    refused(world, DrawMissed, lambda: market.draw(sender=owner))
    chain.time_travel(seconds=world.rules.patience_s)
    market.abandon(sender=world.people[0])
    assert world.owed(owner) == BOUNTY


def test_pieces_are_checked_when_they_are_revealed() -> None:
    world = make_world(options(""), pieces=[script_tests(size) for size in (2, 3, 4)])
    market, owner, chain = world.market, world.provider.account, world.chain
    provider = world.provider
    market.start(provider.commitments, sender=owner, value=BOUNTY)
    refused(world, NotDrawn, lambda: market.show(0, provider.salts[0], *PIECE, sender=owner))
    market.close_commitments(sender=owner)
    chain.mine()
    drawn = market.draw(sender=owner).return_value
    salt, piece = provider.salts[drawn], provider.pieces[drawn]
    other = (drawn + 1) % 3
    right = (drawn, salt, *piece)
    refused(world, NotDrawn, lambda: market.show(other, salt, *piece, sender=owner))
    refused(world, WrongPiece, lambda: market.show(drawn, SALT, *piece, sender=owner))
    refused(world, WrongPiece, lambda: market.show(drawn, salt, *PIECE, sender=owner))
    refused(world, MalformedPiece, lambda: market.show(drawn, salt, [], [], sender=owner))
    refused(world, MalformedPiece, lambda: market.show(drawn, salt, [[0]], [], sender=owner))
    market.show(*right, sender=world.people[0])
    world.add(0, [ADD, 1])
    world.finish_participation()
    refused(world, NoSuchPiece, lambda: market.reveal(*right, sender=owner))
    refused(world, NoSuchPiece, lambda: market.reveal(3, salt, *piece, sender=owner))
    refused(world, NoSuchPiece, lambda: market.reveal(2**256 - 1, salt, *piece, sender=owner))
    refused(world, WrongPiece, lambda: market.reveal(other, salt, *piece, sender=owner))
    again = (other, provider.salts[other], *provider.pieces[other])
    market.reveal(*again, sender=owner)
    refused(world, NoSuchPiece, lambda: market.reveal(*again, sender=owner))
    assert market.phase() == REVEAL_TEST_SET
    last = 3 - drawn - other
    market.reveal(last, provider.salts[last], *provider.pieces[last], sender=world.people[7])
    assert market.phase() == REWARD
    assert market.num_tests() == 9 - len(piece[0])


def test_a_test_set_that_the_model_cannot_predict_counts_as_not_revealed() -> None:
    pieces = [[([TO_FLOAT], 1)], [([TO_FLOAT], 1)]]
    arguments = (["no", "yes"], [1, 2], 0, 1)
    world = make_world(options(""), RestorableDensePerceptron, arguments, pieces)
    world.provider.open(BOUNTY)
    world.add(0, [TO_FLOAT, 0])
    world.finish_participation()
    refused(world, WeightsDimensionMismatch, world.provider.reveal)
    world.chain.time_travel(seconds=world.rules.patience_s)
    world.market.abandon(sender=world.people[0])
    world.step()
    assert world.ends_with(0) == [UNIT + BOUNTY]


@pytest.mark.parametrize("setting", SETTINGS)
def test_who_never_reveals_loses_the_bounty_to_the_stakes(setting: str) -> None:
    world = make_world(options(setting))
    market, chain = world.market, world.chain
    world.provider.open(BOUNTY)
    world.add(0, [ADD, 1], 4 * UNIT)
    world.add(1, [ADD, -9], UNIT)
    world.finish_participation()
    ended = chain.block().timestamp
    patience = world.rules.patience_s
    chain.time_travel(seconds=ended + patience - 1 - chain.timestamp)
    refused(world, NotAbandoned, lambda: market.abandon.simulate(sender=world.people[5]))
    chain.time_travel(seconds=1)
    market.abandon(sender=world.people[5])
    refused(world, WrongPhase, world.provider.reveal)
    world.step(1)
    stakes = [4 * UNIT, UNIT] if "A" in setting else [UNIT, UNIT]
    assert world.ends_with(0, 1) == [each + BOUNTY * each // sum(stakes) for each in stakes]
    assert world.owed(world.provider.account) == 0
    assert world.classifier.skill() == 0
    # And again, with another stake.
    world.provider.open(BOUNTY)
    world.add(2, [ADD, 1], UNIT)
    world.finish_participation()
    chain.time_travel(seconds=patience)
    market.abandon(sender=world.people[5])
    world.step(1)
    assert world.ends_with(2) == [UNIT + BOUNTY]


@pytest.mark.parametrize("setting", SETTINGS)
def test_each_market_scores_against_the_model_that_it_has_found(setting: str) -> None:
    world = make_world(options(setting))
    for who in range(4):
        world.provider.open(BOUNTY)
        world.add(who, [ADD, 2])
        world.begin_rewards()
        world.step()
        assert world.ends_with(who) == [UNIT + 20 * 200]
        assert world.classifier.skill() == 2 * who + 2
        assert world.market.num_accounts() == world.market.num_contributions() == 1


def test_a_step_does_no_more_than_it_is_told() -> None:
    world = make_world(options("G"))
    world.provider.open(BOUNTY)
    for _ in range(9):
        world.add(0, [ADD, 1])
    world.begin_rewards()
    for trained in (4, 8):
        world.market.step(4, sender=world.people[8])
        assert (world.market.position(), world.classifier.skill()) == (trained, trained)
    world.market.step(4, sender=world.people[8])
    assert (world.market.stage(), world.market.tested()) == (EVALUATE, 3)


def test_a_reward_phase_that_is_stuck_shares_what_is_left_of_the_bounty() -> None:
    world = make_world(options("R"))
    market, chain = world.market, world.chain
    world.provider.open(BOUNTY)
    world.add(0, [ADD, 4])
    world.add(1, [ADD, -1])
    world.begin_rewards()
    while market.stage() != REWIND:
        market.step(1, sender=world.people[8])
    chain.time_travel(seconds=world.rules.patience_s)
    market.abandon(sender=world.people[8])
    world.step()
    # Ten rounds were paid, which took all of the loser's stake; of ten more one of two stakes has
    # half, and the loser's half goes back to the provider.
    assert world.ends_with(0, 1) == [UNIT + 10 * 400 + 5 * UNIT, 0]
    assert world.owed(world.provider.account) == BOUNTY + 1_000 - 10 * 400 - 5 * UNIT
    # The next market owes nobody anything for that.
    world.provider.open(BOUNTY)
    world.add(2, [ADD, 0])
    world.begin_rewards()
    world.step()
    assert world.ends_with(2) == [UNIT]


def test_every_step_starts_the_wait_again() -> None:
    world = world_in(REWARD)
    market, chain = world.market, world.chain
    chain.time_travel(seconds=world.rules.patience_s)
    with chain.anchor():
        market.abandon(sender=world.people[8])
    market.step(1, sender=world.people[8])
    refused(world, NotAbandoned, lambda: market.abandon(sender=world.people[8]))


def test_only_where_the_model_is_called_can_a_reward_phase_be_stuck() -> None:
    seen = set()
    for setting in ("", "R"):
        world = world_in(REWARD, setting)
        market, chain, anyone = world.market, world.chain, world.people[8]
        while market.phase() == REWARD:
            stage = market.stage()
            seen.add(stage)
            with chain.anchor():
                chain.time_travel(seconds=world.rules.patience_s)
                if stage in (TRAIN, EVALUATE, REWIND):
                    market.abandon(sender=anyone)
                else:
                    refused(world, WrongPhase, partial(market.abandon, sender=anyone))
            market.step(1, sender=anyone)
    assert seen == {TRAIN, EVALUATE, RECOUNT, BOUND, SETTLE, REWIND}


def test_runs_of_one_account_are_evaluated_once() -> None:
    for setting, places in (("G", [1, 2, 3]), ("", [0, 1, 2, 3])):
        world = make_world(options(setting))
        world.provider.open(BOUNTY)
        for who in (0, 0, 1, 0):
            world.add(who, [ADD, 1])
        world.begin_rewards()
        world.step()
        assert [vars(log.event)["contribution"] for log in world.chain.logs(Scored)] == places


def test_participation_ends_by_time_or_by_number_to_the_second_and_the_piece() -> None:
    rules = options("", min_time_s=1_000, min_contributions=3)
    world = make_world(rules)
    market, chain, anyone = world.market, world.chain, world.people[7]
    world.provider.open(BOUNTY)
    opened = chain.block().timestamp
    for who in range(2):
        world.add(who, [ADD, 1])
    with chain.anchor():
        world.add(2, [ADD, 1])
        market.end_participation(sender=anyone)
    chain.time_travel(seconds=opened + 999 - chain.timestamp)
    with reverts(EndsTooEarly(waited=999, contributions=2)):
        market.end_participation.simulate(sender=anyone)
    chain.time_travel(seconds=1)
    market.end_participation(sender=anyone)
    assert market.phase() == REVEAL_TEST_SET


def test_contributions_are_checked_to_the_wei_and_the_number() -> None:
    world = make_world(options("", longest_sample=3))
    world.provider.open(BOUNTY)
    market = world.market
    refused(world, StakeTooLow, lambda: world.add(0, [ADD, 1], UNIT - 1))
    refused(world, SampleTooLong, lambda: world.add(0, [ADD, 1, 1, 1]))
    refused(world, NoSuchClass, lambda: world.add(0, [ADD, 1], label=2))
    before = world.chain.balance(world.people[0])
    assert world.add(0, [ADD, 1, 1], 5 * UNIT).return_value == UNIT
    assert before - world.chain.balance(world.people[0]) == UNIT == market.next_add_data_cost()
    assert market.next_add_data_cost_at(0) == market.next_add_data_cost_for([], 0) == UNIT


def test_steps_do_something_and_what_is_collected_waits_to_the_second() -> None:
    world = world_in(REWARD, "")
    market, chain = world.market, world.chain
    refused(world, NothingToDo, lambda: market.step(0, sender=world.people[0]))
    world.step(1)
    author, other = world.people[0], world.people[4]
    _, settled = market.owed(author)
    wait = world.rules.any_address_claim_wait_time_s
    chain.time_travel(seconds=settled + wait - 1 - chain.timestamp)
    with pytest.raises(TooEarly):
        market.collect_from.simulate(author, sender=other)
    chain.time_travel(seconds=1)
    market.collect_from.simulate(author, sender=other)
    owed = world.owed(author)
    assert market.collect(sender=author).return_value == owed > 0
    refused(world, NothingOwed, lambda: market.collect_from(author, sender=other))


def test_too_little_gas_for_the_model_is_no_way_to_spoil_a_contribution() -> None:
    arguments = (["no", "yes"], [1] * 3_000, 0, TO_FLOAT)
    sample = [TO_FLOAT, *[0] * 2_999]
    pieces = [[(sample, 0)]] * 2
    rules = options("", longest_sample=3_000)
    world = make_world(rules, RestorableDensePerceptron, arguments, pieces)
    world.provider.open(BOUNTY)
    world.add(0, sample, label=0)
    world.begin_rewards()
    spoiled = set()
    for gas_limit in range(100_000, 30_000_000, 400_000):
        transaction = world.market.step.transaction(1, sender=world.people[4], gas_limit=gas_limit)
        receipt = world.chain.simulate(transaction)
        if receipt.ok:
            break
        spoiled.add(type(receipt.error))
    assert spoiled == {OutOfGas, ModelNeedsMoreGas}
    world.step()
    assert world.ends_with(0) == [UNIT + BOUNTY]


def test_what_the_model_refuses_changes_nothing_and_costs_nothing() -> None:
    for setting in SETTINGS:
        world = make_world(options(setting))
        world.provider.open(BOUNTY)
        for who, data in enumerate(([ADD, 2], [REFUSE, 0], [ADD, 1])):
            world.add(who, data)
        world.begin_rewards()
        world.step()
        assert world.ends_with(0, 1, 2) == [UNIT + 20 * 200, UNIT, UNIT + 20 * 100]


@pytest.mark.parametrize("setting", ["", "G", "R", "AGR"])
def test_a_big_market_needs_no_big_transaction(setting: str) -> None:
    pieces = [script_tests(6) for _ in range(6)]
    world = make_world(options(setting), pieces=pieces)
    world.provider.open(100 * UNIT)
    for index in range(60):
        receipt = world.add(index % 6, [ADD, (3, -1, 2, 0, -2, 1)[index % 6]])
        assert receipt.gas_used < 400_000
    world.finish_participation()
    assert all(receipt.gas_used < 1_500_000 for receipt in world.provider.reveal())
    limit = 300_000
    with world.chain.anchor():
        receipts = drive(world.chain, world.market, world.people[8])
        owed = world.ends_with(*range(6))
        assert sum(receipt.gas_used for receipt in receipts) > 25 * limit
    receipts = drive(world.chain, world.market, world.people[8], gas_limit=limit)
    assert max(receipt.gas_used for receipt in receipts) <= limit
    assert all(receipt.ok for receipt in world.chain.receipts())  # too large steps are not sent
    assert world.ends_with(*range(6)) == owed
    for who in range(6):
        if owed[who]:
            assert world.market.collect(sender=world.people[who]).gas_used < 100_000
    other = world_in(REWARD)
    with pytest.raises(InvalidValue, match="more gas than there is"):
        drive(other.chain, other.market, other.people[8], gas_limit=40_000)


def test_through_the_trainer_nothing_is_learned_on_arrival_and_refunds_collect() -> None:
    world = make_world(options(""), through_trainer=True)
    assert world.trainer is not None
    world.provider.open(BOUNTY)
    chain, author = world.chain, world.people[0]
    before = chain.balance(author)
    receipt = world.add(0, [ADD, 4], 9 * UNIT)
    (added,) = [log.event for log in receipt.logs if isinstance(log.event, AddData)]
    assert (added.sender, added.cost, before - chain.balance(author)) == (
        author.address,
        UNIT,
        UNIT,
    )
    assert (world.trainer.balance, world.classifier.skill()) == (0, 0)
    refund = world.trainer.refund.transaction([ADD, 4], 1, added.time, sender=author)
    refused(world, NothingOwed, lambda: chain.raising(chain.send(refund)))
    world.begin_rewards()
    world.step()
    assert world.classifier.skill() == 4
    world.trainer.refund([ADD, 4], 1, added.time, sender=author)
    assert chain.balance(author) - before == 20 * 400
    with pytest.raises(NotOwner):
        world.market.handle_refund(author, [ADD, 4], 1, 0, 0, False, 0, 0, sender=author)
    with pytest.raises(NotOwner):
        world.market.handle_report(author, [ADD, 4], 1, 0, author, 0, 0, False, 0, 0, sender=author)
    chain.verify()


def test_a_trainer_that_keeps_the_money_gets_no_data() -> None:
    world = make_world(options(""))
    chain, owner = world.chain, world.provider.account
    records = chain.deploy(DataHandler, sender=owner)
    parts = (records, world.market, world.classifier)
    trainer = chain.deploy(CollaborativeTrainer, "", "", "", *parts, sender=owner)
    for part in (records, world.market):
        part.transfer_ownership(trainer, sender=owner)
    world.provider.open(BOUNTY)
    refused(
        world,
        NeedsMarketTrainer,
        lambda: trainer.add_data([ADD, 1], 1, sender=world.people[0], value=UNIT),
    )


def test_whoever_owns_the_market_cannot_touch_what_others_gave_by_themselves() -> None:
    world = make_world(options("AG"))
    owner = world.provider.account
    world.provider.open(BOUNTY)
    world.add(0, [ADD, 5], 50 * UNIT)
    # The owner spoils the model in the other's name, at the owner's own cost.
    world.market.handle_contribution(world.people[0], [ADD, -5], 1, sender=owner, value=UNIT)
    world.begin_rewards()
    world.step()
    assert world.ends_with(0) == [50 * UNIT + 20 * 500]


class Own(DensePerceptron):
    """A classifier that nobody has written a way back for."""


class OwnModel(DensePerceptronModel):
    """What it holds."""

    contract_class = Own


class OwnRestorableModel(DensePerceptronModel):
    """One that needs no other contract."""

    contract_class = RestorableDensePerceptron


def test_a_model_is_deployed_so_that_it_can_go_back_where_passes_restart() -> None:
    chain = Chain(gas_price=0)
    owner = chain.accounts[0]
    model = DensePerceptronModel(
        classifications=("no", "yes"), weights=(1, 0), intercept=0, learning_rate=TO_FLOAT
    )
    for setting, kind in [("", DensePerceptron), ("R", RestorableDensePerceptron)]:
        system = deploy_market(chain, model, options(setting), sender=owner)
        assert system.classifier.contract_class is kind
        assert list(system.classifier.weights()) == [1, 0]
        assert system.classifier.owner() == system.incentive_mechanism.address

    own = OwnModel(**vars(model))
    number = chain.number
    with pytest.raises(DoesNotFit, match="Own has no contract that can be restored"):
        deploy_market(chain, own, options("R"), sender=owner)
    assert chain.number == number
    able = OwnRestorableModel(**vars(model))
    system = deploy_market(chain, able, options("R"), sender=owner)
    assert system.classifier.contract_class is RestorableDensePerceptron


def test_the_plain_classifiers_do_where_passes_do_not_restart() -> None:
    chain = Chain(gas_price=0)
    owner, bob = chain.accounts[:2]
    for setting in ("AG", "AGR"):
        model: Deployed = chain.deploy(
            DensePerceptron, ["no", "yes"], [1, 0], 0, TO_FLOAT, sender=owner
        )
        system = deploy_market(chain, model, options(setting, min_time_s=0), sender=owner)
        market = system.incentive_mechanism
        pieces = [[([0, TO_FLOAT], 1)]] * 2
        provider = Provider(chain, market, owner, pieces, "secret")
        provider.open(BOUNTY)
        system.trainer.add_data([0, TO_FLOAT], 1, sender=bob, value=UNIT)
        market.end_participation(sender=bob)
        if setting == "AGR":
            with pytest.raises(UnknownMethod):
                provider.reveal()
        else:
            provider.reveal()
            drive(chain, market, bob)
            assert market.amount_owed(bob) == UNIT + BOUNTY
