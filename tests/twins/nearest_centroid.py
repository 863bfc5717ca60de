"""A nearest-centroid classifier of vectors, in plain ints."""

from __future__ import annotations

from typing import Any

from tests.twins.classifier import ONE, DenseTwin, Failed, Reading, item, quotient, signed

COUNT_LIMIT = 2**191
FARTHEST = 2**256 - 1


def check_classes(classifications: list[str], centroids: list[Any]) -> None:
    if not classifications:
        raise Failed("NoClasses")
    if len(centroids) != len(classifications):
        raise Failed(
            "CentroidsMismatch",
            centroids=len(centroids),
            classifications=len(classifications),
        )


class NearestCentroidTwin(DenseTwin):
    OWNER_ONLY = DenseTwin.OWNER_ONLY | {"extend_centroid", "add_class"}

    def __init__(
        self,
        owner: str,
        classifications: list[str],
        centroids: list[list[int]],
        data_counts: list[int],
    ) -> None:
        super().__init__(owner, classifications)
        check_classes(classifications, centroids)
        if len(set(map(len, centroids))) > 1:
            raise Failed("InconsistentDimensions")
        self.centroids = [list(centroid) for centroid in centroids]
        self.data_counts = list(data_counts)

    def extend_centroid(self, values: list[int], label: int) -> None:
        if label >= len(self.centroids):
            raise Failed("ClassNotAdded", classification=label)
        self.centroids[label] += values

    def add_class(self, centroid: list[int], name: str, count: int) -> None:
        self._check_dimensions("CentroidDimensionMismatch", centroid, self.centroids[0])
        if count >= COUNT_LIMIT:
            raise Failed("DataCountTooLarge", given=count, limit=COUNT_LIMIT)
        self.centroids.append(list(centroid))
        self.data_counts.append(count)
        self.add_class_name(name)

    def _check_dimensions(self, reason: str, data: list[int], centroid: list[int]) -> None:
        if len(data) != len(centroid):
            raise Failed(reason, given=len(data), expected=len(centroid))

    def num_samples(self, index: int) -> int:
        return item(self.data_counts, index)

    def centroid_value(self, index: int, feature: int) -> int:
        return item(item(self.centroids, index), feature)

    def predict(self, data: list[int]) -> int:
        self._check_dimensions("DataLengthMismatch", data, self.centroids[0])
        best, nearest = 0, FARTHEST
        for index, centroid in enumerate(self.centroids):
            distance = 0
            for i, x in enumerate(data):
                distance += (x - item(centroid, i)) ** 2 // ONE
                if distance >= nearest:  # where it stops, a missing value is not missed
                    break
            if distance < nearest:
                best, nearest = index, distance
        return best

    def update(self, data: list[int], label: int) -> None:
        centroid = item(self.centroids, label)
        self._check_dimensions("CentroidDimensionMismatch", data, centroid)
        count = item(self.data_counts, label)
        self.check_unit_norm(data)
        new_count = min(count + 1, max(count, COUNT_LIMIT))
        old, new = signed(count, 256), signed(new_count, 256)
        self.centroids[label] = [
            signed(quotient(signed(c * old + x, 256), new), 64)
            for c, x in zip(centroid, data, strict=True)
        ]
        self.data_counts[label] = new_count

    def readings(self) -> list[Reading]:
        answers = [
            *super().readings(),
            ("centroids", (), self.centroids),
            ("data_counts", (), self.data_counts),
            ("data_count_limit", (), COUNT_LIMIT),
            ("uint256_max", (), FARTHEST),
        ]
        for index, count in enumerate(self.data_counts):
            answers.append(("num_samples", (index,), count))
        for index, centroid in enumerate(self.centroids):
            for feature in {0, len(centroid) - 1} if centroid else ():
                answers.append(("centroid_value", (index, feature), centroid[feature]))
        return answers
