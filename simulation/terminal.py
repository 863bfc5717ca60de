"""What programs have in common: their parser, numbers, tables, and files that they write."""

from __future__ import annotations

import argparse
import errno
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage.

    Parameters
    ----------
    prog
        How the program is started: ``python -m package`` or ``python -m package.program``.
    description, epilog
        As they are to be printed.
    """

    def __init__(
        self,
        prog: str,
        description: str | None = None,
        epilog: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,
        )

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        program = self.prog.split()[2].rpartition(".")[2]
        self.exit(2, f"{program}: {message}; see --help\n")


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


def check_writable(path: Path) -> None:
    """Raise OSError if no file can be made where `path` is to be."""
    with tempfile.TemporaryFile(dir=path.parent):
        pass
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or leave things as they were; raises OSError."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
