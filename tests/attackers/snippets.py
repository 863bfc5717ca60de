"""Contracts made from a few lines of text, for what is tried in many variants.

The checker reads a contract's source, so each snippet is written to a file and imported from there.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from textwrap import indent
from types import ModuleType

from chain.contract import Contract

IMPORTS = "from chain.contract import *\n"
_numbers = count()


def load(folder: Path, text: str) -> ModuleType:
    """Write `text` below an import of the contract language, and import it."""
    name = f"snippet_{next(_numbers)}"
    path = folder / f"{name}.py"
    path.write_text(IMPORTS + text)
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # where annotations are looked up
    spec.loader.exec_module(module)
    return module


def source(
    body: str,
    *,
    fields: str = "number: uint256",
    above: str = "",
    arguments: str = "",
    returns: str = "None",
    decorator: str = "external",
) -> str:
    """The text of a contract `Snippet` whose method `run` has this body."""
    head = f"@{decorator}\ndef run(self{', ' * bool(arguments)}{arguments}) -> {returns}:\n"
    return f"{above}\nclass Snippet(Contract):\n" + indent(
        f"{fields}\n\n{head}{indent(body, '    ')}\n", "    "
    )


def snippet(folder: Path, body: str, **parts: str) -> type[Contract]:
    """The contract class of :func:`source`."""
    made: type[Contract] = load(folder, source(body, **parts)).Snippet
    return made
