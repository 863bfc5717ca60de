"""Multinomial naive Bayes, in plain ints."""

from __future__ import annotations

from collections import defaultdict

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


class ClassCounts:
    def __init__(self, num_samples: int) -> None:
        self.num_samples = num_samples
        self.total = 0
        self.counts: dict[int, int] = defaultdict(int)

    def set_counts(self, entries: list[list[int]]) -> None:
        for entry in entries:
            self.counts[item(entry, 0)] = item(entry, 1)
            self.total = checked(self.total + entry[1], 64)


class NaiveBayesTwin(SparseTwin):
    OWNER_ONLY = SparseTwin.OWNER_ONLY | {"initialize_counts", "add_class"}

    def __init__(
        self,
        owner: str,
        classifications: list[str],
        class_counts: list[int],
        feature_counts: list[list[list[int]]],
        total_num_features: int,
        smoothing: int,
    ) -> None:
        super().__init__(owner, classifications)
        size = len(classifications)
        if size == 0:
            raise Failed("NoClasses")
        if len(class_counts) != size:
            raise Failed(
                "ClassCountsMismatch", class_counts=len(class_counts), classifications=size
            )
        if len(feature_counts) != size:
            raise Failed(
                "FeatureCountsMismatch", feature_counts=len(feature_counts), classifications=size
            )
        self.total_num_features = total_num_features
        self.smoothing = smoothing
        self.classes: list[ClassCounts] = []
        for num_samples, entries in zip(class_counts, feature_counts, strict=True):
            self.start_class(num_samples, entries)

    def start_class(self, num_samples: int, entries: list[list[int]]) -> None:
        counts = ClassCounts(num_samples)
        counts.set_counts(entries)
        self.classes.append(counts)

    def initialize_counts(self, entries: list[list[int]], label: int) -> None:
        if label >= len(self.classes):
            raise Failed("ClassNotAdded", classification=label)
        self.classes[label].set_counts(entries)

    def add_class(self, num_samples: int, entries: list[list[int]], name: str) -> None:
        self.start_class(num_samples, entries)
        self.add_class_name(name)

    def num_samples(self, index: int) -> int:
        return item(self.classes, index).num_samples

    def class_total_feature_count(self, index: int) -> int:
        return item(self.classes, index).total

    def feature_count(self, index: int, feature: int) -> int:
        return item(self.classes, index).counts.get(feature, 0)

    def predict(self, data: list[int]) -> int:
        smoothed = checked(self.smoothing * self.total_num_features)
        likelihoods = []
        for each in self.classes:
            p = each.num_samples * ONE
            # The one sum that is not checked.
            denominator = unsigned(ONE * each.total + smoothed, 256)
            for feature in data:
                count = each.counts.get(unsigned(feature, 32), 0)
                p = checked(p * (ONE * count + self.smoothing))
                if denominator == 0:
                    raise Failed("Arithmetic")
                p //= denominator
            likelihoods.append(p)
        return likelihoods.index(max(likelihoods))

    def update(self, data: list[int], label: int) -> None:
        if label >= len(self.classes):
            raise Failed("ClassOutOfBounds", classification=label)
        held = self.classes[label]
        if held.num_samples == 2**64 - 1:
            raise Failed("TooManySamples")
        held.num_samples += 1
        held.total = checked(held.total + len(data), 64)
        if any(feature >= 2**33 for feature in data):
            raise Failed("FeatureIndexTooHigh", index=max(data))
        for feature in data:
            index = unsigned(feature, 32)
            held.counts[index] = unsigned(held.counts[index] + 1, 32)

    def readings(self) -> list[Reading]:
        answers = super().readings()
        answers.append(("total_num_features", (), self.total_num_features))
        answers.append(("smoothing_factor", (), self.smoothing))
        for index, held in enumerate(self.classes):
            answers.append(("class_infos", (index,), (held.num_samples, held.total)))
            answers.append(("num_samples", (index,), held.num_samples))
            answers.append(("class_total_feature_count", (index,), held.total))
            for feature, count in held.counts.items():
                answers.append(("feature_count", (index, feature), count))
        return answers

    def stored(self) -> Stored:
        counts = {
            (index, feature)
            for index, held in enumerate(self.classes)
            for feature, count in held.counts.items()
            if count
        }
        return {("class_infos", "[]", "feature_counts", "[]"): counts}
