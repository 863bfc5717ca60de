"""Tests of chain.garbage, which switches the garbage collector off for a while."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from chain import Chain
from chain.garbage import uncollected


@pytest.fixture(params=[True, False], ids=["on", "off"])
def before(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether garbage was collected before, which is so again afterwards."""
    was = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was else gc.disable)()


def test_collecting_goes_on_as_before(before: bool) -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled() is before


def test_it_goes_on_after_an_error_too(before: bool) -> None:
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled() is before


def test_making_headers_leaves_it_as_it_was(before: bool) -> None:
    chain = Chain()
    chain.transfer(chain.accounts[0], chain.accounts[1], 1)
    chain.header()
    assert gc.isenabled() is before
