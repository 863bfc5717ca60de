#pragma version 0.4.3
# NaiveBayesClassifier: data are the indices of present features, counts of features a map with
# absent = 0. A Vyper struct holds no mapping, so the counts of all classes are in one map, under
# the class and the feature in one key: one hash for each access. Indices of more than 32 bits and
# negative ones are refused, where the reference cuts them.

import ownable

initializes: ownable
exports: (ownable.owner, ownable.transferOwnership)

TO_FLOAT: constant(uint256) = 10**9

struct ClassInfo:
    num_samples: uint64
    total_feature_count: uint64

class_infos: DynArray[ClassInfo, 64]
feature_counts: HashMap[uint256, uint32]
totalNumFeatures: public(uint256)
smoothingFactor: public(uint32)


@deploy
def __init__(
    class_counts: DynArray[uint64, 64], total_num_features: uint256, smoothing_factor: uint32
):
    ownable.__init__()
    assert len(class_counts) > 0, "no classes"
    for num_samples: uint64 in class_counts:
        self.class_infos.append(ClassInfo(num_samples=num_samples, total_feature_count=0))
    self.totalNumFeatures = total_num_features
    self.smoothingFactor = smoothing_factor


@internal
@pure
def _key(classification: uint256, feature: uint256) -> uint256:
    # Features have 32 bits.
    return (classification << 32) | feature


@external
def initializeCounts(
    feature_counts: DynArray[DynArray[uint32, 2], 512], classification: uint64
):
    ownable._check_owner()
    total: uint64 = self.class_infos[classification].total_feature_count
    for pair: DynArray[uint32, 2] in feature_counts:
        key: uint256 = self._key(convert(classification, uint256), convert(pair[0], uint256))
        self.feature_counts[key] = pair[1]
        total += convert(pair[1], uint64)
    self.class_infos[classification].total_feature_count = total


@external
@view
def numSamples(classification: uint256) -> uint64:
    return self.class_infos[classification].num_samples


@external
@view
def classTotalFeatureCount(classification: uint256) -> uint64:
    return self.class_infos[classification].total_feature_count


@external
@view
def featureCount(classification: uint256, feature: uint32) -> uint32:
    assert classification < len(self.class_infos), "class out of bounds"
    return self.feature_counts[self._key(classification, convert(feature, uint256))]


@external
@view
def predict(data: DynArray[int64, 512]) -> uint64:
    best_class: uint64 = 0
    highest: uint256 = 0
    smoothing: uint256 = convert(self.smoothingFactor, uint256)
    smoothed: uint256 = unsafe_mul(smoothing, self.totalNumFeatures)
    index: uint64 = 0
    for info: ClassInfo in self.class_infos:
        # A count has 64 bits and TO_FLOAT 30: neither product overflows.
        probability: uint256 = unsafe_mul(convert(info.num_samples, uint256), TO_FLOAT)
        total: uint256 = unsafe_mul(convert(info.total_feature_count, uint256), TO_FLOAT)
        total = unsafe_add(total, smoothed)
        start: uint256 = convert(index, uint256) << 32
        for feature: int64 in data:
            key: uint256 = start | convert(convert(feature, uint32), uint256)
            count: uint256 = convert(self.feature_counts[key], uint256)
            share: uint256 = unsafe_add(unsafe_mul(count, TO_FLOAT), smoothing)
            probability = probability * share // total
        if probability > highest:
            best_class = index
            highest = probability
        index = unsafe_add(index, 1)
    return best_class


@external
def update(data: DynArray[int64, 512], classification: uint64):
    ownable._check_owner()
    # The index is checked here, and the sums below: at 2**64 they revert.
    info: ClassInfo = self.class_infos[classification]
    self.class_infos[classification] = ClassInfo(
        num_samples=info.num_samples + 1,
        total_feature_count=info.total_feature_count + convert(len(data), uint64),
    )
    start: uint256 = convert(classification, uint256) << 32
    for feature: int64 in data:
        self.feature_counts[start | convert(convert(feature, uint32), uint256)] += 1
