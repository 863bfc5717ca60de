"""What the programs' command lines have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage.

    Parameters
    ----------
    name
        The program, a module of this package.
    description, epilog
        As they are to be printed.
    """

    def __init__(self, name: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=f"python -m examples.{name}",
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.name = name

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(2, f"{self.name}: {message}; see --help\n")


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Make a reader of command-line numbers from `lowest` to `highest`."""

    def number(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r} will not do: give a whole number from {lowest} to {highest}"
            )
        return int(text)

    return number


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align text in columns, the first one to the left, under a rule."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in [header, rule, *rows]
    )
