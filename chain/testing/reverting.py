"""Expect a transaction or a view to fail, for just the reason that is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chain.errors import ExecutionError


class Failure:
    """What ``reverts`` caught; `error` is set when the ``with`` block has ended.

    ``failure.error.receipt`` is the failed transaction's, None for a view.
    """

    error: Any = None


@contextmanager
def reverts(
    expected: ExecutionError | type[ExecutionError] | str | re.Pattern[str] = ExecutionError,
) -> Iterator[Failure]:
    """Pass if the block raises what is expected; fail if it raises nothing or another failure.

    ::

        with reverts(DepositTooLow):                             # a class
        with reverts(DepositTooLow(sent=1, required=2)):         # an error: class and fields
        with reverts("required=[0-9]+"):                         # a regular expression

    Anything that is no ExecutionError (a bug in a contract, an invalid transaction, a failed
    assertion) passes through untouched.

    Raises
    ------
    AssertionError
        When nothing failed, or not as expected.
    """
    failure = Failure()
    try:
        yield failure
    except ExecutionError as error:
        failure.error = error
        if not _matches(error, expected):
            raise AssertionError(
                f"expected {_shown(expected)}, but it failed with {error!r}"
            ) from error
        return
    raise AssertionError(f"expected {_shown(expected)}, but nothing failed")


def _matches(error: ExecutionError, expected: Any) -> bool:
    if isinstance(expected, type):
        return isinstance(error, expected)
    if isinstance(expected, str | re.Pattern):
        return re.search(expected, f"{type(error).__name__}: {error}") is not None
    return type(error) is type(expected) and str(error) == str(expected)


def _shown(expected: Any) -> str:
    return expected.__name__ if isinstance(expected, type) else repr(expected)
