"""Data sets made of files that users have: read from small ones, and what is wrong with others."""

import csv
import json
import os
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from simulation.data.catalogue import CATALOGUE, FromFile, load
from simulation.data.dataset import DataError, NoFile, Part, UnusableFile, UnusableOption
from simulation.data.preparation import Preparation
from simulation.data.texts import FEATURES
from tests.programs import run

FROM_FILES = {name: source for name, source in CATALOGUE.items() if isinstance(source, FromFile)}

TITANIC_HEADER = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
# What a passenger is, and which features that makes.
PASSENGERS = [
    ('1,0,3,"Doe, Mr. John ""Jack""",male,22,1,0,A/5 1,7.25,,S', [2, 4, 6, 8, 12]),
    ('2,1,1,"Roe, Mrs. Jane",female,38,1,0,PC 2,71.2833,C85,C', [0, 3, 6, 8, 10]),
    ('3,1,2,"Roe, Miss. Ann",female,0.42,0,0,3,7.9,,Q', [1, 3, 5, 7, 11]),
    ('4,0,3,"Poe, Mr. Jim",male,,0,0,4,8.05,,', [2, 4, 7]),
    ('5,1,1,"Moe, Master. Bob",male,16,3,2,5,8.05,,S', [0, 4, 6, 9, 12]),
    ('6,0,3,"Loe, Miss. Eve",female,15.5,2,1,6,8.05,,S', [2, 3, 5, 8, 12]),
]
HOUSE_COLUMNS = "CRIM,ZN,INDUS,CHAS,NOX,RM,AGE,DIS,RAD,TAX,PTRATIO,B,LSTAT,MEDV"


def write_titanic(folder: Path) -> Path:
    path = folder / "titanic.csv"
    path.write_text("\n".join([TITANIC_HEADER, *(line for line, _ in PASSENGERS)]) + "\n")
    return path


def houses(count: int = 12) -> list[list[float]]:
    made: list[list[float]] = np.random.default_rng(0).uniform(1, 50, (count, 14)).tolist()
    return [[round(value, 3) for value in house] for house in made]


def write_boston(folder: Path) -> Path:
    """The original: 22 lines about it, then two lines for each house."""
    path = folder / "boston"
    lines = [" The house-price data of H., D. and R., D.L. 'Prices", *["about 14 things"] * 21]
    for house in houses():
        lines.append(" " + "  ".join(map(str, house[:11])))
        lines.append("  " + "  ".join(map(str, house[11:])))
    path.write_text("\n".join(lines) + "\n")
    return path


ARTICLES = [
    ("good news here\nand there", 0),
    ('"bad news" here, bad news', 1),
    ("good news bad news", 0),
    ("bad bad bad", 1),
    ("fine weather", 0),
    ("strange things happen here", 1),
    ("  ", 1),  # left out
]


def write_fake_news(folder: Path) -> Path:
    path = folder / "news.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "author", "text", "label"])
        for index, (text, label) in enumerate(ARTICLES):
            writer.writerow([index, "Ein Titel, größer", "", text, label])
    return path


TWEETS = [
    ("RT @somebody: what a lovely day", 2),
    ("you awful awful person", 1),
    ("lovely flowers, lovely day", 2),
    ('he said: "awful"\nand left', 0),
    ("a day like any other day", 2),
    ("awful day", 1),
]


def write_offensive(folder: Path) -> Path:
    path = folder / "labeled_data.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        columns = ["", "count", "hate_speech", "offensive_language", "neither", "class", "tweet"]
        writer.writerow(columns)
        for index, (text, label) in enumerate(TWEETS):
            writer.writerow([index, 3, 0, 0, 3, label, text])
    return path


def workouts() -> list[dict[str, Any]]:
    random = np.random.default_rng(1)
    found: list[dict[str, Any]] = []
    for index in range(24):
        sport = ["bike", "run", "kayaking"][index % 3]
        workout = {
            "speed": random.uniform(5, 40, 5).round(2).tolist(),
            "heart_rate": random.integers(80, 180, 6).tolist(),
            "gender": ["male", "female", "unknown"][index // 3 % 3],
            "sport": sport,
            "altitude": [1.0, 2.0],
            "userId": index,
        }
        if index in (3, 4):
            del workout["speed"]
        found.append(workout)
    found[6]["heart_rate"][0] = 0  # a sensor's mistake
    # These are no JSON with other quotes.
    found[1]["device"] = "it's mine"
    found[7]["device"] = None
    found[9]["device"] = "back\\slash's"
    return found


def write_fitness(folder: Path) -> Path:
    """Lines as in the original, Python dicts, and some of JSON."""
    path = folder / "endomondo.json"
    lines = [
        json.dumps(workout) if index % 5 == 0 else repr(workout)
        for index, workout in enumerate(workouts())
    ]
    path.write_text("\n".join(lines) + "\n\n")
    return path


REVIEWS = {
    ("train", "neg"): ["bad film", "a bad, bad film", "dull"],
    ("train", "pos"): ["good film", "very good <br /> film", "great"],
    ("test", "neg"): ["bad and dull"],
    ("test", "pos"): ["great unheard-of thing", "good"],
}


def write_stanford(folder: Path) -> Path:
    path = folder / "aclImdb"
    for (part, label), texts in REVIEWS.items():
        (path / part / label).mkdir(parents=True)
        (path / part / label / "notes.md").write_text("not a review")
        # Written in an order that is not that of their names.
        for index in reversed(range(len(texts))):
            (path / part / label / f"{index}_7.txt").write_text(texts[index])
    (path / "train" / "unsup").mkdir()
    return path


RANKS = {
    "train": [[1, 14, 22, 1000, 1001, 22], [3], [2, 3, 88_000], [1, 1]],
    "test": [[5, 4, 3], [], [1000]],
}
SENTIMENTS = {"train": [1, 0, 0, 1], "test": [0, 1, 1]}


def objects(lists: list[Any]) -> np.ndarray[Any, Any]:
    made = np.empty(len(lists), dtype=object)
    made[:] = lists
    return made


def write_keras(folder: Path) -> Path:
    path = folder / "imdb.npz"
    np.savez(
        path,
        x_train=objects(RANKS["train"]),
        y_train=np.array(SENTIMENTS["train"]),
        x_test=objects(RANKS["test"]),
        y_test=np.array(SENTIMENTS["test"]),
    )
    return path


WRITERS = {
    "imdb": write_keras,
    "fake-news": write_fake_news,
    "fake-news-counts": write_fake_news,
    "fitness": write_fitness,
    "titanic": write_titanic,
    "boston": write_boston,
    "offensive": write_offensive,
}


def pairs(part: Part) -> list[tuple[list[int], int]]:
    return [
        (sample.tolist(), label)
        for sample, label in zip(part.samples, part.labels.tolist(), strict=True)
    ]


def refusal(kind: type[DataError], name: str, path: Path, *parts: str) -> None:
    """Loading fails with one line that names the file, what is wrong, and what to get where."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(kind) as refused:
        load(name, seed=1, path=path)
    message = str(refused.value)
    for part in (repr(str(path))[1:-1], *parts, FROM_FILES[name].wanted.source):
        assert part in message, message
    assert "\n" not in message
    assert sorted(path.parent.rglob("*")) == before


@pytest.mark.parametrize("name", WRITERS)
def test_loading_is_repeatable_and_writes_nothing(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    first, again = load(name, seed=3, path=path), load(name, seed=3, path=str(path))
    assert pairs(first.train) == pairs(again.train)
    assert pairs(first.test) == pairs(again.test)
    assert first.name == name.removesuffix("-counts")
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def digest(folder: Path) -> str:
    """What all data sets are, in one number."""
    found = sha256()
    for name, source in CATALOGUE.items():
        path = WRITERS[name](folder / name) if isinstance(source, FromFile) else None
        for dense in (False, True):
            loaded = load(name, seed=4, limit=200, dense=dense, path=path)
            for part in (loaded.train, loaded.test):
                for sample, label in pairs(part):
                    found.update(repr((sample, label)).encode())
    return found.hexdigest()


def test_nothing_depends_on_the_order_of_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import pathlib, sys; from tests.test_data_files import digest; "
    program += "print(digest(pathlib.Path(sys.argv[1])))"
    other = str((int(os.environ.get("PYTHONHASHSEED", "0").replace("random", "0")) + 1) % 2**32)
    for folder in ("here", "there"):
        for name in FROM_FILES:
            (tmp_path / folder / name).mkdir(parents=True)
    monkeypatch.setenv("PYTHONHASHSEED", other)
    elsewhere = run("-c", program, str(tmp_path / "there"))
    assert elsewhere.stdout.strip() == digest(tmp_path / "here"), elsewhere.stderr


def test_every_file_format_is_tested() -> None:
    assert set(WRITERS) == set(FROM_FILES)


# What is read


def test_titanic(tmp_path: Path) -> None:
    loaded = load("titanic", seed=1, path=write_titanic(tmp_path))
    expected = [(features, int(line.split(",")[1])) for line, features in PASSENGERS]
    assert sorted(pairs(loaded.train) + pairs(loaded.test)) == sorted(expected)
    assert loaded.classes == ("died", "survived")
    assert (loaded.feature_count, len(loaded.train), len(loaded.test)) == (13, 4, 2)


def test_a_mark_at_the_start_of_a_file_is_not_part_of_it(tmp_path: Path) -> None:
    path = write_titanic(tmp_path)
    expected = pairs(load("titanic", seed=1, path=path).train)
    header, rest = path.read_text().split("\n", 1)
    path.write_text("Survived," + header.replace("Survived,", "") + "\n", encoding="utf-8-sig")
    with path.open("a") as file:
        for line in rest.splitlines():
            number, survived, others = line.split(",", 2)
            file.write(f"{survived},{number},{others}\n")
    assert pairs(load("titanic", seed=1, path=path).train) == expected


def test_boston_in_each_of_its_formats(tmp_path: Path) -> None:
    original = load("boston", seed=2, path=write_boston(tmp_path))
    quoted = ",".join(f'"{name.lower()}"' for name in HOUSE_COLUMNS.split(","))
    numbered = [f"1,{','.join(map(str, house))}" for house in houses()]
    variants = {
        "uci": "\n".join("  ".join(map(str, house)) for house in houses()),
        "csv": "\n".join([quoted, *(",".join(map(str, house)) for house in houses())]),
        "numbered": "\n".join([f",{HOUSE_COLUMNS}", *numbered]),
    }
    for name, text in variants.items():
        (tmp_path / name).write_text(text)
        other = load("boston", seed=2, path=tmp_path / name)
        assert pairs(other.train) == pairs(original.train)
        assert pairs(other.test) == pairs(original.test)
    train, test = Preparation(seed=2).split(12)
    prices = [house[-1] for house in houses()]
    middle = median(prices[index] for index in train)
    for part, indices in [(original.train, train), (original.test, test)]:
        assert part.labels.tolist() == [int(prices[index] > middle) for index in indices]
    assert original.feature_count == 14
    assert original.dense


def most_frequent(documents: list[list[str]]) -> list[str]:
    counts = Counter(word for document in documents for word in document)
    return sorted(counts, key=lambda word: (-counts[word], word))[:FEATURES]


def tokens(text: str) -> list[str]:
    """As scikit-learn does it: two letters or digits at least."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return [word for word in letters.split() if len(word) > 1]


def couples(text: str) -> list[str]:
    words = tokens(text)
    return [f"{first} {second}" for first, second in pairwise(words)]


@pytest.mark.parametrize("name", ["fake-news", "fake-news-counts"])
def test_fake_news_are_pairs_of_words(name: str, tmp_path: Path) -> None:
    loaded = load(name, seed=4, path=write_fake_news(tmp_path))
    train, test = Preparation(seed=4).split(6)
    documents = [couples(text) for text, _ in ARTICLES]
    known = most_frequent([documents[index] for index in train])
    for part, indices in [(loaded.train, train), (loaded.test, test)]:
        expected = []
        for index in indices:
            found = [known.index(pair) for pair in documents[index] if pair in known]
            once = found if name == "fake-news-counts" else set(found)
            expected.append((sorted(once), ARTICLES[index][1]))
        assert pairs(part) == expected
    assert loaded.feature_count == len(known)


def test_offensive_tweets_are_words(tmp_path: Path) -> None:
    loaded = load("offensive", seed=5, path=write_offensive(tmp_path))
    train, _ = Preparation(seed=5).split(6)
    documents = [tokens(text) for text, _ in TWEETS]
    known = most_frequent([documents[index] for index in train])
    assert pairs(loaded.train) == [
        (sorted({known.index(word) for word in documents[index]}), int(TWEETS[index][1] != 2))
        for index in train
    ]
    assert loaded.classes == ("safe", "offensive")


def test_only_the_most_frequent_words_are_features(tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    # Many words are in the same number of tweets: those first in the alphabet are taken.
    words = [f"w{index:04}" for index in range(FEATURES + 400)]
    present = np.random.default_rng(0).random((30, len(words))) < 0.9
    lines = [
        f"{tweet % 3},{' '.join(word for word, there in zip(words, row, strict=True) if there)}"
        for tweet, row in enumerate(present)
    ]
    path.write_text("\n".join(["class,tweet", *lines]))
    loaded = load("offensive", seed=6, path=path)
    assert loaded.feature_count == FEATURES
    train, _ = Preparation(seed=6).split(30)
    known = most_frequent([lines[index].split(",")[1].split() for index in train])
    assert [sample.tolist() for sample in loaded.train.samples] == [
        sorted(known.index(word) for word in lines[index].split(",")[1].split() if word in known)
        for index in train
    ]


def test_fitness_are_nine_features(tmp_path: Path) -> None:
    path = write_fitness(tmp_path)
    loaded = load("fitness", seed=7, path=path)
    used = [
        workout for workout in workouts() if workout["sport"] != "kayaking" and "speed" in workout
    ]
    assert len(used) == 14
    measured = []
    for workout in used:
        rates, speeds = workout["heart_rate"], workout["speed"]
        lowest = max(1, min(rates))
        heart = [sum(rates) / len(rates) / lowest, median(rates) / lowest]
        measured.append(
            [*heart, max(speeds), min(speeds), sum(speeds) / len(speeds), median(speeds)]
        )
    train, test = Preparation(seed=7).split(14)
    middles = [median(measured[index][place] for index in train) for place in range(6)]
    for part, indices in [(loaded.train, train), (loaded.test, test)]:
        expected = []
        for index in indices:
            high = [place for place in range(6) if measured[index][place] > middles[place]]
            gender = 6 + ["female", "male", "unknown"].index(used[index]["gender"])
            expected.append(([*high, gender], int(used[index]["sport"] == "run")))
        assert pairs(part) == expected
    assert (loaded.feature_count, loaded.classes) == (9, ("biking", "running"))


def test_of_a_long_file_of_workouts_only_the_first_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulation.data.fitness.WORKOUTS", 14)
    path = write_fitness(tmp_path)
    expected = pairs(load("fitness", seed=8, path=path).train)
    with path.open("a") as file:
        file.write("from here on the 'speed' of light\n")
    assert pairs(load("fitness", seed=8, path=path).train) == expected


def test_imdb_from_stanfords_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load("imdb", seed=9, path=write_stanford(tmp_path))
    train = [(tokens(text), label) for label in (0, 1) for text in reviews("train", label)]
    test = [(tokens(text), label) for label in (0, 1) for text in reviews("test", label)]
    known = most_frequent([words for words, _ in train])
    for part, documents in [(loaded.train, train), (loaded.test, test)]:
        expected = [
            (sorted({known.index(word) for word in words if word in known}), label)
            for words, label in documents
        ]
        assert sorted(pairs(part)) == sorted(expected)
    assert known[0] == "film"
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: reversed(list(listed(folder))))
    other = load("imdb", seed=9, path=tmp_path / "aclImdb")
    assert pairs(other.train) == pairs(loaded.train)
    few = load("imdb", seed=9, path=tmp_path / "aclImdb", limit=5)
    assert (len(few.train), len(few.test)) == (5, 3)
    assert few.train.labels.tolist() == loaded.train.labels[:5].tolist()


def reviews(part: str, label: int) -> list[str]:
    return REVIEWS[part, ["neg", "pos"][label]]


def test_imdb_from_keras_archive(tmp_path: Path) -> None:
    loaded = load("imdb", seed=10, path=write_keras(tmp_path))
    for part, name in [(loaded.train, "train"), (loaded.test, "test")]:
        expected = [
            (sorted({rank - 1 for rank in ranks if rank <= 1000}), label)
            for ranks, label in zip(RANKS[name], SENTIMENTS[name], strict=True)
        ]
        assert sorted(pairs(part)) == sorted(expected)
    assert loaded.feature_count == 1000
    assert loaded.classes == ("negative", "positive")


# What is refused


@pytest.mark.parametrize("name", FROM_FILES)
def test_a_path_is_asked_for(name: str) -> None:
    with pytest.raises(NoFile) as refused:
        load(name, seed=1)
    assert str(refused.value) == f"{name} needs a path: {FROM_FILES[name].wanted}"


@pytest.mark.parametrize("name", FROM_FILES)
def test_a_file_that_is_not_there_is_said_where_to_get(name: str, tmp_path: Path) -> None:
    refusal(NoFile, name, tmp_path / "no such\nfile", "cannot be read (No such file or directory)")
    refusal(NoFile, name, tmp_path, "cannot be read (")


@pytest.mark.parametrize("name", FROM_FILES)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\xff\xfe\x00binary\x80\x00",
        b"<html>\n<body>404: not found, 'speed', sorry</body>\n</html>\n",
        b"a,b,c\n1,2,3\n",
        b'{"speed": 1, "sport": "run"}\n',
        b"\x1f\x8b\x08\x00" + bytes(range(256)),
        b"[" * 100_000 + b"speed",
    ],
    ids=["empty", "blank", "binary", "page", "table", "json", "gzip", "deep"],
)
def test_another_file_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other file"
    path.write_bytes(content)
    refusal(UnusableFile, name, path)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("titanic", ",Sex,", ",Gender,", "has no column 'Sex' in its first line"),
        ("titanic", ",female,38", ",f,38", "has 'f' as Sex in record 3, not 'female' or 'male'"),
        ("titanic", "2,1,1,", "2,2,1,", "has '2' as Survived in record 3, not '0' or '1'"),
        ("titanic", ",22,1,", ",old,1,", "has 'old' as Age in record 2, not a number"),
        ("titanic", ",22,1,", ",nan,1,", "has 'nan' as Age in record 2, not a number"),
        ("titanic", ",C85,C", ",C85", "has 11 fields in record 3, not 12"),
        ("titanic", '"Roe, Mrs', '"Roe"s, Mrs', "is no CSV file, or not all of it ("),
        ("fake-news", ",0\r\n", ",fake\r\n", "has 'fake' as label in record 2, not '0' or '1'"),
        ("fake-news", ",0\r\n", ",1\r\n", "has no sample of class 'reliable'"),
        ("offensive", ",2,", ",3,", "has '3' as class in record 2, not '0' or '1' or '2'"),
        ("boston", "about 14 things\n", "", "numbers, not 14 for each house"),
        ("boston", "5.", "5e999", "has numbers that are not finite"),
        ("fitness", "'heart_rate'", "'heart'", "has no heart rates and speeds in line 2"),
        ("fitness", "{'speed': [", "{'speed': ['fast', ", "has no heart rates and speeds in line"),
        ("fitness", "{'speed': [", "{'speed': [1e999, ", "has no heart rates and speeds in line"),
        ("fitness", "{'speed': [", "{'speed': [][", "not a workout"),
        ("fitness", "'speed'", "'velocity'", "has no sample of class"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(
    name: str, old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = WRITERS[name](tmp_path)
    text = path.read_bytes().decode()
    assert old in text
    if "sample of class" in message:
        text = text.replace('"speed"', '"velocity"')
    path.write_bytes(text.replace(old, new).encode())
    refusal(UnusableFile, name, path, message)


@pytest.mark.parametrize("name", ["titanic", "fake-news", "offensive", "boston", "fitness"])
def test_a_file_cut_short_anywhere_fails_in_one_line_if_at_all(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](tmp_path)
    content = path.read_bytes()
    messages = []
    for end in range(0, len(content) - 2, 7):
        path.write_bytes(content[:end])
        try:
            load(name, seed=1, path=path)
        except (UnusableFile, UnusableOption) as error:
            messages.append(str(error))
    assert len(messages) > 1
    assert not any("\n" in message for message in messages)


def test_texts_without_words_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text("class,tweet\n" + "0,a\n2,!\n" * 10)
    with pytest.raises(UnusableFile, match=r"there are no words in offensive: give labeled_data"):
        load("offensive", seed=1, path=path)


def test_long_fields_are_read_and_the_limit_of_others_is_left_alone(tmp_path: Path) -> None:
    before = csv.field_size_limit(1_000)
    path = tmp_path / "news.csv"
    text = "word " * 50_000
    path.write_text("text,label\n" + f'"{text}",0\n"{text}",1\n' * 10)
    assert len(load("fake-news", seed=1, path=path).train) == 14
    assert csv.field_size_limit(before) == 1_000


@pytest.mark.parametrize("missing", ["train/neg", "train/pos", "test/neg", "test/pos"])
def test_folders_that_lack_one_are_refused(missing: str, tmp_path: Path) -> None:
    path = write_stanford(tmp_path)
    (path / missing).rename(path / "elsewhere")
    with pytest.raises(NoFile) as refused:
        load("imdb", seed=1, path=path)
    assert str(path / missing) in str(refused.value)
    (path / missing).mkdir()
    refusal(UnusableFile, "imdb", path, "has no sample of class")


def test_a_review_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = write_stanford(tmp_path)
    (path / "train" / "pos" / "9_9.txt").write_bytes(b"\xff")
    with pytest.raises(UnusableFile, match=r"9_9.txt' is not UTF-8 text \(byte 0\)"):
        load("imdb", seed=1, path=path)
