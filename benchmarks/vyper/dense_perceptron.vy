#pragma version 0.4.3
# DensePerceptron: unit-norm data, one weight per dimension. Vyper gives each int80 a whole storage
# word where the reference packs three, so there is no shifting, but three times the words. They are
# read and written as a whole: indexing them in storage would check the length at every turn.
# Products are of at most 80 + 64 bits, so the unchecked 256-bit arithmetic cannot overflow; the
# weights wrap at int80, as the reference's do.

import ownable

initializes: ownable
exports: (ownable.owner, ownable.transferOwnership)

TO_FLOAT: constant(int256) = 10**9
MIN_NORM: constant(int256) = 10**18 - 10**11
MAX_NORM: constant(int256) = 10**18 + 10**11

weights: public(DynArray[int80, 512])
intercept: public(int80)
learningRate: public(uint32)


@deploy
def __init__(intercept: int80, learning_rate: uint32):
    ownable.__init__()
    self.intercept = intercept
    self.learningRate = learning_rate


@external
def initializeWeights(weights: DynArray[int80, 512]):
    ownable._check_owner()
    for weight: int80 in weights:
        self.weights.append(weight)


@external
@view
def predict(data: DynArray[int64, 512]) -> uint64:
    weights: DynArray[int80, 512] = self.weights
    assert len(data) == len(weights), "dimension differs"
    total: int256 = convert(self.intercept, int256)
    position: uint256 = 0
    for value: int64 in data:
        product: int256 = unsafe_mul(convert(weights[position], int256), convert(value, int256))
        total = unsafe_add(total, product)
        position = unsafe_add(position, 1)
    return 1 if total > 0 else 0


@external
def update(data: DynArray[int64, 512], classification: uint64):
    ownable._check_owner()
    weights: DynArray[int80, 512] = self.weights
    assert len(data) == len(weights), "dimension differs"
    total: int256 = convert(self.intercept, int256)
    norm: int256 = 0
    position: uint256 = 0
    for value: int64 in data:
        wide: int256 = convert(value, int256)
        total = unsafe_add(total, unsafe_mul(convert(weights[position], int256), wide))
        norm = unsafe_add(norm, unsafe_mul(wide, wide))
        position = unsafe_add(position, 1)
    assert norm > MIN_NORM and norm < MAX_NORM, "not unit norm"
    prediction: uint64 = 1 if total > 0 else 0
    if prediction == classification:
        return
    rate: int256 = convert(self.learningRate, int256)
    if classification == 0:
        rate = -rate
    position = 0
    for value: int64 in data:
        step: int256 = unsafe_div(unsafe_mul(convert(value, int256), rate), TO_FLOAT)
        weights[position] = unsafe_add(weights[position], convert(step, int80))
        position = unsafe_add(position, 1)
    self.weights = weights
