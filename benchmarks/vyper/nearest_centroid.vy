#pragma version 0.4.3
# NearestCentroidClassifier: unit-norm data, one value per dimension and class. Vyper gives each
# int64 a whole storage word where the reference packs four. A centroid is read and written as a
# whole: indexing it in storage would check two lengths at every turn.

import ownable

initializes: ownable
exports: (ownable.owner, ownable.transferOwnership)

TO_FLOAT: constant(int256) = 10**9
MIN_NORM: constant(int256) = 10**18 - 10**11
MAX_NORM: constant(int256) = 10**18 + 10**11
DATA_COUNT_LIMIT: constant(uint256) = 2**191

centroids: DynArray[DynArray[int64, 512], 64]
data_counts: DynArray[uint256, 64]


@deploy
def __init__(data_counts: DynArray[uint256, 64]):
    ownable.__init__()
    assert len(data_counts) > 0, "no classes"
    for count: uint256 in data_counts:
        assert count < DATA_COUNT_LIMIT, "data count too large"
        self.data_counts.append(count)
        self.centroids.append([])


@external
def extendCentroid(extension: DynArray[int64, 512], classification: uint64):
    ownable._check_owner()
    for value: int64 in extension:
        self.centroids[classification].append(value)


@external
@view
def numSamples(classification: uint256) -> uint256:
    return self.data_counts[classification]


@external
@view
def centroidValue(classification: uint256, feature: uint256) -> int64:
    return self.centroids[classification][feature]


@external
@view
def predict(data: DynArray[int64, 512]) -> uint64:
    best_class: uint64 = 0
    smallest: uint256 = max_value(uint256)
    for index: uint64 in range(convert(len(self.centroids), uint64), bound=64):
        centroid: DynArray[int64, 512] = self.centroids[index]
        assert len(data) == len(centroid), "dimension differs"
        # A square has 130 bits at most, so a sum of 512 of them does not overflow.
        distance: uint256 = 0
        position: uint256 = 0
        for value: int64 in data:
            difference: int256 = unsafe_sub(
                convert(value, int256), convert(centroid[position], int256)
            )
            square: int256 = unsafe_mul(difference, difference)
            distance = unsafe_add(distance, convert(unsafe_div(square, TO_FLOAT), uint256))
            if distance >= smallest:
                break
            position = unsafe_add(position, 1)
        if distance < smallest:
            best_class = index
            smallest = distance
    return best_class


@external
def update(data: DynArray[int64, 512], classification: uint64):
    ownable._check_owner()
    centroid: DynArray[int64, 512] = self.centroids[classification]
    assert len(data) == len(centroid), "dimension differs"
    count: uint256 = self.data_counts[classification]
    new_count: uint256 = count
    if count < DATA_COUNT_LIMIT:
        new_count = unsafe_add(count, 1)
    # Counts have 192 bits at most and values 64: no product or sum below overflows.
    weight: int256 = convert(count, int256)
    divisor: int256 = convert(new_count, int256)
    norm: int256 = 0
    position: uint256 = 0
    for value: int64 in data:
        wide: int256 = convert(value, int256)
        norm = unsafe_add(norm, unsafe_mul(wide, wide))
        total: int256 = unsafe_add(unsafe_mul(convert(centroid[position], int256), weight), wide)
        centroid[position] = convert(unsafe_div(total, divisor), int64)
        position = unsafe_add(position, 1)
    assert norm > MIN_NORM and norm < MAX_NORM, "not unit norm"
    self.centroids[classification] = centroid
    self.data_counts[classification] = new_count
