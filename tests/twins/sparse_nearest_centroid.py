"""A nearest-centroid classifier of present features, in plain ints."""

from __future__ import annotations

from tests.twins.classifier import (
    ONE,
    Failed,
    Reading,
    SparseTwin,
    Stored,
    checked,
    item,
    unsigned,
)
from tests.twins.nearest_centroid import COUNT_LIMIT, FARTHEST, check_classes


class ClassCentroid:
    """Values by feature, each with the number of samples there were when it was written."""

    def __init__(self, num_samples: int) -> None:
        self.num_samples = num_samples
        self.squared_magnitude = 0
        self.written: dict[int, tuple[int, int]] = {}

    def value(self, feature: int) -> int:
        value, count = self.written.get(feature, (0, 0))
        return value if count == self.num_samples else value * count // self.num_samples

    def extend(self, entries: list[list[int]]) -> None:
        for entry in entries:
            value = item(entry, 1)
            self.written[unsigned(entry[0], 32)] = (value, self.num_samples)
            self.squared_magnitude += value**2


class SparseNearestCentroidTwin(SparseTwin):
    OWNER_ONLY = SparseTwin.OWNER_ONLY | {"extend_centroid", "add_class"}

    def __init__(
        self,
        owner: str,
        classifications: list[str],
        centroids: list[list[list[int]]],
        data_counts: list[int],
    ) -> None:
        super().__init__(owner, classifications)
        check_classes(classifications, centroids)
        self.classes: list[ClassCentroid] = []
        for index, entries in enumerate(centroids):
            self.start_class(entries, item(data_counts, index))

    def start_class(self, entries: list[list[int]], count: int) -> None:
        started = ClassCentroid(count)
        started.extend(entries)
        self.classes.append(started)

    def extend_centroid(self, entries: list[list[int]], label: int) -> None:
        if label >= len(self.classes):
            raise Failed("ClassNotAdded", classification=label)
        self.classes[label].extend(entries)

    def add_class(self, entries: list[list[int]], name: str, count: int) -> None:
        self.start_class(entries, count)
        self.add_class_name(name)

    def num_samples(self, index: int) -> int:
        return item(self.classes, index).num_samples

    def squared_magnitude(self, index: int) -> int:
        return item(self.classes, index).squared_magnitude

    def centroid_value(self, index: int, feature: int) -> int:
        return item(self.classes, index).value(feature)

    def predict(self, data: list[int]) -> int:
        best, nearest = 0, FARTHEST
        for index, held in enumerate(self.classes):
            values = [held.value(unsigned(feature, 32)) for feature in data]
            distance = held.squared_magnitude + sum(ONE * (ONE - 2 * value) for value in values)
            distance = unsigned(distance, 256)
            if distance < nearest:
                best, nearest = index, distance
        return best

    def update(self, data: list[int], label: int) -> None:
        if label >= len(self.classes):
            raise Failed("ClassNotAdded", classification=label)
        held = self.classes[label]
        n = held.num_samples
        m = unsigned(n + 1, 64)
        removed = added = 0
        for feature in data:
            index = unsigned(feature, 32)
            value, count = held.written.get(index, (0, 0))
            if n == 0 or m == 0:
                raise Failed("Panic")
            old = unsigned(value * count, 64) // n
            new = (old * n + ONE) // m
            held.written[index] = (new, m)
            removed += old**2
            added += new**2
        scaled = checked(checked(held.squared_magnitude - removed) * n * n)
        divisor = unsigned(m * m, 64)
        if divisor == 0:
            raise Failed("Arithmetic")
        held.squared_magnitude = checked(scaled // divisor + added)
        held.num_samples = m

    def readings(self) -> list[Reading]:
        answers = super().readings()
        answers.append(("data_count_limit", (), COUNT_LIMIT))
        answers.append(("uint256_max", (), FARTHEST))
        for index, held in enumerate(self.classes):
            magnitude = held.squared_magnitude
            answers.append(("class_infos", (index,), (held.num_samples, magnitude)))
            answers.append(("num_samples", (index,), held.num_samples))
            answers.append(("squared_magnitude", (index,), magnitude))
            for feature in held.written:
                answers.append(("centroid_value", (index, feature), held.value(feature)))
        return answers

    def stored(self) -> Stored:
        values = {
            (index, feature)
            for index, held in enumerate(self.classes)
            for feature, written in held.written.items()
            if written != (0, 0)
        }
        return {("class_infos", "[]", "centroid", "[]"): values}
