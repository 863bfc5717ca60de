"""The pytest plugin: a fresh chain for every test, and for every example of a hypothesis test.

Its options on gas are in ``chain.testing.gas``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import wraps
from typing import Any

import pytest

from chain.account import Account
from chain.chain import Chain
from chain.testing import gas


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options on gas."""
    gas.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Measure gas if that is asked for."""
    gas.configure(config)


@pytest.fixture
def chain() -> Chain:
    """A chain that no other test sees."""
    return Chain()


@pytest.fixture
def accounts(chain: Chain) -> tuple[Account, ...]:
    """The ten funded accounts of ``chain``."""
    return chain.accounts


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Give every example of a hypothesis test the chain as the fixtures left it."""
    function = getattr(item, "obj", None)
    function = getattr(function, "__func__", function)  # of a method, the function itself
    handle = getattr(function, "hypothesis", None)
    chain = getattr(item, "funcargs", {}).get("chain")
    if handle is None or not isinstance(chain, Chain):
        return (yield)
    whole = handle.inner_test
    handle.inner_test = _anchored(whole, chain)
    # Examples are isolated here, so hypothesis need not warn of the function-scoped fixture.
    settings = getattr(function, "_hypothesis_internal_use_settings", None)
    _allow_function_scope(function)
    try:
        return (yield)
    finally:
        handle.inner_test = whole
        function._hypothesis_internal_use_settings = settings  # type: ignore[union-attr]


def _anchored(test: Callable[..., Any], chain: Chain) -> Callable[..., Any]:
    @wraps(test)
    def run(*arguments: Any, **keywords: Any) -> Any:
        with chain.anchor():
            return test(*arguments, **keywords)

    return run


def _allow_function_scope(function: Any) -> None:
    # Only where a test uses hypothesis, which has then been imported.
    hypothesis = pytest.importorskip("hypothesis")
    current = getattr(function, "_hypothesis_internal_use_settings", None)
    current = current or hypothesis.settings.default
    allowed = {*current.suppress_health_check, hypothesis.HealthCheck.function_scoped_fixture}
    function._hypothesis_internal_use_settings = hypothesis.settings(
        current, suppress_health_check=allowed
    )
