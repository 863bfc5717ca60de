#pragma version 0.4.3
# DataHandler: one record of six words per contribution; the data itself is only hashed.

import ownable

initializes: ownable
exports: (ownable.owner, ownable.transferOwnership)

struct Record:
    classification: uint64
    time: uint256
    sender: address
    initial_deposit: uint256
    claimable: uint256
    num_claims: uint256

records: HashMap[bytes32, Record]
# A Vyper struct holds no mapping, so the set `claimedBy` lives beside the records.
claimed_by: HashMap[bytes32, HashMap[address, bool]]


@deploy
def __init__():
    ownable.__init__()


@internal
@pure
def _key(
    data: DynArray[int64, 512], classification: uint64, added_time: uint256, author: address
) -> bytes32:
    return keccak256(abi_encode(data, classification, added_time, author))


@internal
@view
def _checked_key(
    data: DynArray[int64, 512], classification: uint64, added_time: uint256, author: address
) -> bytes32:
    key: bytes32 = self._key(data, classification, added_time, author)
    assert self.records[key].classification == classification, "class differs"
    assert self.records[key].time == added_time, "time differs"
    assert self.records[key].sender == author, "not from the sender"
    return key


@external
def handleAddData(
    sender: address, cost: uint256, data: DynArray[int64, 512], classification: uint64
) -> uint256:
    ownable._check_owner()
    key: bytes32 = self._key(data, classification, block.timestamp, sender)
    assert self.records[key].claimable == 0, "conflict"
    self.records[key] = Record(
        classification=classification,
        time=block.timestamp,
        sender=sender,
        initial_deposit=cost,
        claimable=cost,
        num_claims=0,
    )
    return block.timestamp


@external
def handleRefund(
    submitter: address, data: DynArray[int64, 512], classification: uint64, added_time: uint256
) -> (uint256, bool, uint256):
    ownable._check_owner()
    key: bytes32 = self._checked_key(data, classification, added_time, submitter)
    claimable: uint256 = self.records[key].claimable
    claimed: bool = self.claimed_by[key][submitter]
    num_claims: uint256 = self.records[key].num_claims
    self.records[key].claimable = 0
    self.claimed_by[key][submitter] = True
    self.records[key].num_claims = num_claims + 1
    return claimable, claimed, num_claims


@external
def handleReport(
    reporter: address,
    data: DynArray[int64, 512],
    classification: uint64,
    added_time: uint256,
    author: address,
) -> (uint256, uint256, bool, uint256, bytes32):
    ownable._check_owner()
    key: bytes32 = self._checked_key(data, classification, added_time, author)
    initial_deposit: uint256 = self.records[key].initial_deposit
    claimable: uint256 = self.records[key].claimable
    claimed: bool = self.claimed_by[key][reporter]
    num_claims: uint256 = self.records[key].num_claims
    self.claimed_by[key][reporter] = True
    self.records[key].num_claims = num_claims + 1
    return initial_deposit, claimable, claimed, num_claims, key


@external
def updateClaimableAmount(key: bytes32, amount: uint256):
    ownable._check_owner()
    self.records[key].claimable -= amount


@external
@view
def getClaimableAmount(
    data: DynArray[int64, 512], classification: uint64, added_time: uint256, author: address
) -> uint256:
    return self.records[self._checked_key(data, classification, added_time, author)].claimable
