"""The same transactions give the same bytes, however often, and whatever Python's hash seed is."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain, encode
from chain.units import ether
from tests.strategies import SENDING, Act, World, acts
from tests.test_journal import LAST_CODE, Storehouse, frames, run
from tests.test_trainer_money import Add, Claim, Market, Wait

ROOT = Path(__file__).parents[1]


def summary(chain: Chain) -> list[str]:
    """Everything that two runs could differ in: hashes of headers, receipts, logs and leaves."""
    receipts = [receipt for block in chain._ledger.blocks for receipt in block.receipts]
    return [
        *(chain.header(block.number).hash.hex() for block in chain._ledger.blocks),
        *(f"{each.gas_used} {each.gas_refund} {each.error!r} {each.events!r}" for each in receipts),
        *(repr(sorted(each.gas_by_reason.items())) for each in receipts),
        *(str(each.trace) for each in receipts),
        *(leaf.hex() for pair in sorted(chain._ledger.state.leaves().items()) for leaf in pair),
    ]


def story() -> list[str]:
    """Some of everything, the same each time."""
    choices = random.Random(42)
    world = World(Chain(balance=ether, block_gas_limit=2**62))
    for _ in range(120):
        limit = choices.choice((None, 50_000, 150_000))
        world.perform(
            Act(
                choices.choice((*SENDING, "deal", "mine")),
                choices.randrange(5),
                choices.randrange(11),
                choices.choice((0, 1, 10**15, 2 * ether)),
                limit,
                choices.choice((0, 1)),
                choices.random() < 0.3,
            )
        )
    house = world.chain.deploy(Storehouse, sender=world.chain.accounts[8], gas_price=0)
    for _ in range(6):
        steps = [
            (choices.randrange(LAST_CODE + 1), choices.randrange(4), choices.randrange(4), 7)
            for _ in range(10)
        ]
        run(house, ([(steps[start : start + 3], choices.randrange(4)) for start in range(8)], 0))
    market = Market(10**15)
    for _ in range(40):
        market.perform(
            choices.choice(
                (
                    Add(choices.randrange(4), choices.randrange(4), choices.randrange(3), 5),
                    Claim(choices.randrange(4), choices.randrange(10), choices.random() < 0.5),
                    Wait(choices.randrange(20)),
                )
            )
        )
    return summary(world.chain) + summary(market.chain)


@pytest.mark.parametrize("seed", ["0", "1", "4294967295"])
def test_the_same_under_every_hash_seed(seed: str) -> None:
    code = "import json; from tests.test_determinism import story; print(json.dumps(story()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    here, there = story(), json.loads(done.stdout)
    assert len(here) > 300
    assert there == here


def test_the_hash_seed_does_change_something() -> None:
    code = "print(list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}))"
    orders = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(orders) == 2, "the test above would show nothing"


@given(sequence=st.lists(acts("deal", "mine"), max_size=15))
def test_two_worlds_with_one_history_are_one(sequence: list[Act]) -> None:
    first, second = World(), World()
    for act in sequence:
        first.perform(act)
        second.perform(act)
    assert summary(first.chain) == summary(second.chain)


@given(program=frames, looks=st.lists(st.booleans(), min_size=3, max_size=3))
def test_looking_changes_nothing(program: tuple[list[object], int], looks: list[bool]) -> None:
    chains = []
    for look in (False, True):
        chain = Chain(block_gas_limit=2**62, gas_price=0)
        house = chain.deploy(Storehouse, sender=chain.accounts[0])
        for wanted in looks:
            run(house, ([program], 0))
            if look and wanted:
                chain.header()
                chain.prove_balance(chain.accounts[0])
                house.narrow()
                house.run.simulate([10, 0, 3, 1], 0, 4, 0, sender=chain.accounts[0])
                chain.verify()
        chains.append(summary(chain))
    assert chains[0] == chains[1]


def test_genesis_and_its_settings_are_what_a_chain_starts_from() -> None:
    base = Chain()
    for other in (Chain(balance=1), Chain(genesis_time_s=5), Chain(block_gas_limit=10**6)):
        assert other.header(0).hash != base.header(0).hash
    assert Chain().header(0).hash == base.header(0).hash
    proof = Chain().prove_balance(base.accounts[3])
    assert proof.verify(base.header(0).state_root)
    assert proof.value == encode(10_000 * ether)
