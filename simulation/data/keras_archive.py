"""The IMDB reviews as Keras distributes them: an archive of arrays, two of them pickled lists.

A pickle can run any code when it is loaded, and numpy's ``allow_pickle`` lets it. This reads such
an archive without: the few names that the pickle of an array of lists refers to are replaced by
classes that only keep what they are given, and all other names are refused.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from simulation.data.reading import Wanted


class _Pickled:
    """Stands for an array or its type: keeps the state that it is given."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Text(str):
    """Stands for the function that Python 3 pickles bytes with, for Python 2."""

    def __new__(cls, text: str, _encoding: str) -> _Text:
        return super().__new__(cls, text)


_HARMLESS = {
    ("numpy.core.multiarray", "_reconstruct"): _Pickled,
    ("numpy._core.multiarray", "_reconstruct"): _Pickled,
    ("numpy", "ndarray"): _Pickled,
    ("numpy", "dtype"): _Pickled,
    ("_codecs", "encode"): _Text,
}


class _HarmlessUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _HARMLESS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}") from None


def read_archive(path: Path, names: Sequence[str], wanted: Wanted) -> list[list[Any]]:
    """Return arrays of numbers or of lists, as lists, by name.

    Raises NoFile or UnusableFile.
    """
    found = []
    with wanted.reading(path), path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                for name in names:
                    with archive.open(f"{name}.npy") as member:
                        found.append(_read_array(member))
        except OSError:
            raise
        # An archive that is broken, or made to deceive, can fail in nearly any way.
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            problem = f"is no such archive, or not all of it ({reason})"
            raise wanted.refused(path, problem) from None
    return found


def _read_array(member: IO[bytes]) -> list[Any]:
    version = np.lib.format.read_magic(member)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, kind = read_header[version](member)
    if len(shape) != 1:
        raise ValueError(f"an array has {len(shape)} dimensions")
    content: list[Any] = (
        _pickled(member) if kind.hasobject else np.frombuffer(member.read(), kind).tolist()
    )
    if len(content) != shape[0]:
        raise ValueError(f"an array has {len(content)} elements, not {shape[0]}")
    return content


def _pickled(member: IO[bytes]) -> list[Any]:
    loaded = _HarmlessUnpickler(member, encoding="latin1").load()
    # Version, shape, type, order, and at last the elements.
    content = loaded.state[4]
    if not isinstance(content, list):
        raise TypeError("an array of objects has no list of them")
    return content
