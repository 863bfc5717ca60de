#pragma version 0.4.3
# Stakeable: deposit, refund, take. Vyper gives each wait and count a whole storage word.

import ownable

initializes: ownable
exports: (ownable.owner, ownable.transferOwnership)

event Refund:
    recipient: address
    amount: uint256

event Report:
    recipient: address
    amount: uint256

refundWaitTimeS: public(uint32)
ownerClaimWaitTimeS: public(uint32)
anyAddressClaimWaitTimeS: public(uint32)
costWeight: public(uint80)
lastUpdateTimeS: public(uint256)
totalSubmitted: public(uint256)
totalGoodDataCount: public(uint256)
numValid: public(HashMap[address, uint128])


@deploy
def __init__(
    refund_wait_s: uint32,
    owner_claim_wait_s: uint32,
    any_address_claim_wait_s: uint32,
    cost_weight_wei: uint80,
):
    ownable.__init__()
    assert refund_wait_s <= owner_claim_wait_s, "owner claim wait too short"
    assert owner_claim_wait_s <= any_address_claim_wait_s, "any address claim wait too short"
    self.refundWaitTimeS = refund_wait_s
    self.ownerClaimWaitTimeS = owner_claim_wait_s
    self.anyAddressClaimWaitTimeS = any_address_claim_wait_s
    self.costWeight = cost_weight_wei
    self.lastUpdateTimeS = block.timestamp


@internal
@view
def _cost(time_s: uint256) -> uint256:
    weight: uint256 = convert(self.costWeight, uint256)
    if weight == 0:
        return 0
    last_s: uint256 = self.lastUpdateTimeS
    assert time_s >= last_s, "time before the last update"
    divisor: uint256 = 1
    if time_s > last_s:
        divisor = isqrt(time_s - last_s)
    return weight * 3600 // divisor


@external
@view
def getNextAddDataCost(time_s: uint256) -> uint256:
    return self._cost(time_s)


@external
def handleAddData(
    value_wei: uint256, data: DynArray[int64, 512], classification: uint64
) -> uint256:
    ownable._check_owner()
    cost: uint256 = self._cost(block.timestamp)
    assert value_wei >= cost, "value below the cost"
    self.lastUpdateTimeS = block.timestamp
    self.totalSubmitted += 1
    return cost


@external
def handleRefund(
    submitter: address,
    data: DynArray[int64, 512],
    classification: uint64,
    added_time: uint256,
    claimable: uint256,
    claimed: bool,
    prediction: uint64,
    num_claims: uint256,
) -> uint256:
    ownable._check_owner()
    assert not claimed, "already claimed"
    assert claimable > 0, "nothing to claim"
    elapsed_s: uint256 = unsafe_sub(block.timestamp, added_time)
    assert elapsed_s >= convert(self.refundWaitTimeS, uint256), "too early"
    assert prediction == classification, "prediction differs"
    self.numValid[submitter] += 1
    self.totalGoodDataCount += 1
    log Refund(recipient=submitter, amount=claimable)
    return claimable


@external
def handleReport(
    reporter: address,
    data: DynArray[int64, 512],
    classification: uint64,
    added_time: uint256,
    author: address,
    initial_deposit: uint256,
    claimable: uint256,
    claimed: bool,
    prediction: uint64,
    num_claims: uint256,
) -> uint256:
    ownable._check_owner()
    assert claimable > 0, "nothing to claim"
    elapsed_s: uint256 = unsafe_sub(block.timestamp, added_time)
    owner_claims: bool = (
        elapsed_s >= convert(self.ownerClaimWaitTimeS, uint256) and reporter == ownable.owner
    )
    amount: uint256 = claimable
    if not owner_claims and elapsed_s < convert(self.anyAddressClaimWaitTimeS, uint256):
        assert reporter != author, "reporter is the author"
        assert not claimed, "already claimed"
        assert elapsed_s >= convert(self.refundWaitTimeS, uint256), "too early"
        assert prediction != classification, "prediction agrees"
        num_valid: uint256 = convert(self.numValid[reporter], uint256)
        assert num_valid > 0, "reporter has no valid data"
        amount = initial_deposit * num_valid // self.totalGoodDataCount
        if amount == 0 or amount > claimable:
            amount = claimable
    log Report(recipient=reporter, amount=amount)
    return amount
