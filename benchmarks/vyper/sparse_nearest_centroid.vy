#pragma version 0.4.3
# SparseNearestCentroidClassifier: data are the indices of present features. A Vyper struct holds no
# mapping, so the centroids of all classes are in one map, under the class and the feature in one
# key: one hash for each access. A value and the number of samples it is the mean of share a word by
# hand, as they do in the reference. Indices of more than 32 bits and negative ones are refused,
# where the reference cuts them.

import ownable

initializes: ownable
exports: (ownable.owner, ownable.transferOwnership)

TO_FLOAT: constant(uint256) = 10**9
COUNT_MASK: constant(uint256) = 2**64 - 1

struct ClassInfo:
    num_samples: uint64
    squared_magnitude: uint256

class_infos: DynArray[ClassInfo, 64]
# value << 64 | num_samples, both of 64 bits
centroid_values: HashMap[uint256, uint256]


@deploy
def __init__(data_counts: DynArray[uint64, 64]):
    ownable.__init__()
    assert len(data_counts) > 0, "no classes"
    for count: uint64 in data_counts:
        self.class_infos.append(ClassInfo(num_samples=count, squared_magnitude=0))


@external
def extendCentroid(extension: DynArray[DynArray[uint64, 2], 512], classification: uint64):
    ownable._check_owner()
    info: ClassInfo = self.class_infos[classification]
    start: uint256 = convert(classification, uint256) << 32
    for pair: DynArray[uint64, 2] in extension:
        value: uint256 = convert(pair[1], uint256)
        key: uint256 = start | convert(convert(pair[0], uint32), uint256)
        self.centroid_values[key] = (value << 64) | convert(info.num_samples, uint256)
        info.squared_magnitude += value * value
    self.class_infos[classification] = info


@external
@view
def numSamples(classification: uint256) -> uint64:
    return self.class_infos[classification].num_samples


@external
@view
def squaredMagnitude(classification: uint256) -> uint256:
    return self.class_infos[classification].squared_magnitude


@external
@view
def centroidValue(classification: uint256, feature: uint32) -> uint256:
    num_samples: uint256 = convert(self.class_infos[classification].num_samples, uint256)
    word: uint256 = self.centroid_values[(classification << 32) | convert(feature, uint256)]
    value: uint256 = word >> 64
    count: uint256 = word & COUNT_MASK
    if count == num_samples:
        return value
    return value * count // num_samples


@external
@view
def predict(data: DynArray[int64, 512]) -> uint64:
    best_class: uint64 = 0
    smallest: uint256 = max_value(uint256)
    index: uint64 = 0
    for info: ClassInfo in self.class_infos:
        num_samples: uint256 = convert(info.num_samples, uint256)
        start: uint256 = convert(index, uint256) << 32
        # Wraps if features are given twice, as in the reference.
        distance: uint256 = info.squared_magnitude
        for feature: int64 in data:
            word: uint256 = self.centroid_values[
                start | convert(convert(feature, uint32), uint256)
            ]
            # Factors of 64 bits.
            value: uint256 = word >> 64
            count: uint256 = word & COUNT_MASK
            if count != num_samples:
                value = unsafe_mul(value, count) // num_samples
            term: uint256 = unsafe_mul(TO_FLOAT, unsafe_sub(TO_FLOAT, unsafe_mul(2, value)))
            distance = unsafe_add(distance, term)
        if distance < smallest:
            best_class = index
            smallest = distance
        index = unsafe_add(index, 1)
    return best_class


@external
def update(data: DynArray[int64, 512], classification: uint64):
    ownable._check_owner()
    info: ClassInfo = self.class_infos[classification]
    count: uint256 = convert(info.num_samples, uint256)
    new_samples: uint64 = info.num_samples + 1
    new_count: uint256 = convert(new_samples, uint256)
    start: uint256 = convert(classification, uint256) << 32
    # Values and counts have 64 bits, so products have 128 and sums of 512 of them 138: nothing
    # unchecked overflows. The new count is not 0, and the old one is checked where it divides.
    removed: uint256 = 0
    added: uint256 = 0
    for feature: int64 in data:
        key: uint256 = start | convert(convert(feature, uint32), uint256)
        word: uint256 = self.centroid_values[key]
        value: uint256 = unsafe_mul(word >> 64, word & COUNT_MASK) // count
        new_value: uint256 = unsafe_div(unsafe_add(unsafe_mul(value, count), TO_FLOAT), new_count)
        self.centroid_values[key] = (new_value << 64) | new_count
        removed = unsafe_add(removed, unsafe_mul(value, value))
        added = unsafe_add(added, unsafe_mul(new_value, new_value))
    # The other values shrink by count / new_count.
    others: uint256 = info.squared_magnitude - removed
    shrunk: uint256 = unsafe_div(others * count * count, unsafe_mul(new_count, new_count))
    self.class_infos[classification] = ClassInfo(
        num_samples=new_samples, squared_magnitude=shrunk + added
    )
