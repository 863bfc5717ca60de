"""Keras' archive of reviews is read without running what a pickle may say."""

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulation.data.catalogue import load
from simulation.data.dataset import DataError, UnusableFile
from simulation.data.keras_archive import read_archive
from simulation.data.reviews import IMDB
from tests.test_data_files import RANKS, SENTIMENTS, objects, pairs, refusal, write_keras


def member(array: np.ndarray[Any, Any], content: bytes) -> bytes:
    """A file of an archive: the header of an array, and whatever is to follow."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
    return file.getvalue() + content


def write(folder: Path, **members: bytes) -> Path:
    """A good archive but for some members."""
    good = write_keras(folder)
    path = folder / "changed.npz"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = members.get(name.removesuffix(".npy"), source.read(name))
            target.writestr(name, content)
    good.unlink()
    return path


class Call:
    """Pickled as a call of a function with arguments."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def test_it_is_what_numpy_reads_when_it_may_run_anything(tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    random = np.random.default_rng(0)
    lists = [random.integers(1, 90_000, random.integers(0, 300)).tolist() for _ in range(500)]
    for save in (np.savez, np.savez_compressed):
        save(path, x=objects(lists), y=random.integers(0, 2, 500), z=np.arange(3, dtype=">i2"))
        with np.load(path, allow_pickle=True) as archive:
            expected = [archive[name].tolist() for name in "xyz"]
        assert read_archive(path, "xyz", IMDB) == expected


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_pickles_of_all_versions_are_read(protocol: int, module: str, tmp_path: Path) -> None:
    """The archive that Keras distributes was written long ago, with another numpy."""
    array = objects(RANKS["train"])
    content = pickle.dumps(array, protocol=protocol)
    if protocol < 4:  # later ones write how long the name is
        content = content.replace(b"numpy._core.multiarray", module.encode())
    path = write(tmp_path, x_train=member(array, content))
    original = load("imdb", seed=1, path=write_keras(tmp_path))
    assert pairs(load("imdb", seed=1, path=path).train) == pairs(original.train)


@pytest.mark.parametrize("nested", [False, True])
def test_a_pickle_that_would_run_something_is_refused_before_it_does(
    nested: bool, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    call = Call(os.mkdir, str(ran))
    array = objects([[1], [call] if nested else call, [2], [3]])
    path = write(tmp_path, x_train=member(array, pickle.dumps(array)))
    refusal(UnusableFile, "imdb", path, "is no such archive", "it refers to")
    assert not ran.exists()
    np.load(path, allow_pickle=True)["x_train"]
    assert ran.exists()


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Call(eval, "1")),
        b"cos\nsystem\n(S'true'\ntR.",
        b"cnumpy.core.multiarray\nscalar\n.",
        b"cnumpy\nload\n.",
        b"cnumpy\ndtype.__class__\n.",
        b"cbuiltins\ngetattr\n.",
        b"cposix\nsystem\n.",
        b"Pid\n.",  # a persistent id
        pickle.dumps([[1]]),
        pickle.dumps(None),
        pickle.dumps(np.arange(4)),
        pickle.dumps(np.arange(4, dtype=np.int8)),
        pickle.dumps(np.arange(4))[:-5],
        b"",
        b".",
        b"\x80\x09.",
    ],
)
def test_other_pickles_are_refused(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path, x_train=member(objects(RANKS["train"]), content))
    refusal(UnusableFile, "imdb", path, "is no such archive, or not all of it")


@pytest.mark.parametrize(
    ("ranks", "message"),
    [
        ([[1], [2], [3]], "an array has 3 elements, not 4"),
        ([[1], [2], [3], "four"], "has a review 'four', not a list of word numbers"),
        ([[1], [2], [3], ["four"]], "has a review ['four'], not"),
        ([[1], [2], [3], [1.5]], "has a review [1.5], not"),
        ([[1], [2], [3], [True]], "has a review [True], not"),
        ([[1], [2], [3], [[4], [5, 6]]], "has a review [[4], [5, 6]], not"),
        ([[1], [2], [3], [[4], [5]]], "has a review [[4], [5]], not"),
        ([[1], [2], [3], [10**30]], "has a review [1000"),
        ([[1], [2], [3], 4], "has a review 4, not"),
        ([[1], [2], [3], np.array([4])], "has a review <"),
    ],
)
def test_reviews_that_are_no_lists_of_numbers_are_refused(
    ranks: list[Any], message: str, tmp_path: Path
) -> None:
    array = objects(ranks)
    path = write(tmp_path, x_train=member(objects(RANKS["train"]), pickle.dumps(array)))
    refusal(UnusableFile, "imdb", path, message)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 0, 0], "has 3 labels of 4 reviews"),
        ([1, 0, 0, 2], "has a label 2, not 0 or 1"),
        ([1.0, 0.0, 0.0, 1.0], "has a label 1.0, not 0 or 1"),
        ([True, False, False, True], "has a label True, not 0 or 1"),
        ([[1, 0], [0, 1]], "an array has 2 dimensions"),
        ([1, 1, 1, 1], "has no sample of class 'negative'"),
        (["a", "b", "c", "d"], "has a label 'a', not 0 or 1"),
    ],
)
def test_wrong_labels_are_refused(labels: list[Any], message: str, tmp_path: Path) -> None:
    array = np.array(labels)
    path = write(tmp_path, y_train=member(array, array.tobytes()))
    refusal(UnusableFile, "imdb", path, message)


def test_an_array_that_claims_to_be_longer_is_refused(tmp_path: Path) -> None:
    header = member(np.broadcast_to(np.int64(0), (10**15,)), b"")
    path = write(tmp_path, y_train=header + bytes(80))
    refusal(UnusableFile, "imdb", path, "an array has 10 elements, not 1000000000000000")


def test_an_archive_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    content = write_keras(tmp_path).read_bytes()
    path = tmp_path / "cut.npz"
    for end in range(0, len(content) - 1, 13):
        path.write_bytes(content[:end])
        with pytest.raises(UnusableFile):
            load("imdb", seed=1, path=path)


def test_a_pickle_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    array = objects(RANKS["train"])
    content = pickle.dumps(array)
    for end in range(len(content)):
        path = write(tmp_path, x_train=member(array, content[:end]))
        with pytest.raises(UnusableFile):
            load("imdb", seed=1, path=path)


def test_one_changed_byte_never_gives_another_kind_of_error(tmp_path: Path) -> None:
    content = bytearray(write_keras(tmp_path).read_bytes())
    path = tmp_path / "changed.npz"
    random = np.random.default_rng(2)
    messages = []
    for place in random.integers(len(content), size=300):
        changed = content.copy()
        changed[place] ^= 1 << int(random.integers(8))
        path.write_bytes(changed)
        try:
            loaded = load("imdb", seed=1, path=path)
        except DataError as error:
            messages.append(str(error))
            continue
        assert loaded.train.labels.tolist().count(1) == sum(SENTIMENTS["train"])
    assert len(messages) > 100
    assert not any("\n" in message for message in messages)


def test_an_archive_without_a_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "less.npz"
    np.savez(path, x_train=objects(RANKS["train"]), y_train=np.array(SENTIMENTS["train"]))
    refusal(UnusableFile, "imdb", path, "There is no item named 'x_test.npy' in the archive")
