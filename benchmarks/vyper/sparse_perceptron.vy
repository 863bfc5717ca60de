#pragma version 0.4.3
# SparsePerceptron: data are the indices of present features, weights a map with absent = 0.
# Sums are of at most 512 numbers of 80 bits, so the unchecked 256-bit ones cannot overflow. A
# weight that leaves int80 reverts where the reference's wraps: += saves a hash for each weight.

import ownable

initializes: ownable
exports: (ownable.owner, ownable.transferOwnership)

weights: public(HashMap[uint64, int80])
intercept: public(int80)
learningRate: public(uint32)


@deploy
def __init__(intercept: int80, learning_rate: uint32):
    ownable.__init__()
    self.intercept = intercept
    self.learningRate = learning_rate


@external
def initializeWeights(start: uint64, weights: DynArray[int80, 512]):
    ownable._check_owner()
    index: uint64 = start
    for weight: int80 in weights:
        self.weights[index] = weight
        index = unsafe_add(index, 1)


@internal
@view
def _predict(data: DynArray[int64, 512]) -> uint64:
    total: int256 = convert(self.intercept, int256)
    for index: int64 in data:
        total = unsafe_add(total, convert(self.weights[convert(index, uint64)], int256))
    return 1 if total > 0 else 0


@external
@view
def predict(data: DynArray[int64, 512]) -> uint64:
    return self._predict(data)


@external
def update(data: DynArray[int64, 512], classification: uint64):
    ownable._check_owner()
    if self._predict(data) == classification:
        return
    step: int80 = convert(self.learningRate, int80)
    if classification == 0:
        step = -step
    for index: int64 in data:
        self.weights[convert(index, uint64)] += step
