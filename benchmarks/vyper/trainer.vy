#pragma version 0.4.3
# CollaborativeTrainer: the one door for users. It must own its three parts.

interface DataHandler:
    def handleAddData(
        sender: address, cost: uint256, data: DynArray[int64, 512], classification: uint64
    ) -> uint256: nonpayable
    def handleRefund(
        submitter: address, data: DynArray[int64, 512], classification: uint64, added_time: uint256
    ) -> (uint256, bool, uint256): nonpayable
    def handleReport(
        reporter: address,
        data: DynArray[int64, 512],
        classification: uint64,
        added_time: uint256,
        author: address,
    ) -> (uint256, uint256, bool, uint256, bytes32): nonpayable
    def updateClaimableAmount(key: bytes32, amount: uint256): nonpayable

interface Incentive:
    def handleAddData(
        value_wei: uint256, data: DynArray[int64, 512], classification: uint64
    ) -> uint256: nonpayable
    def handleRefund(
        submitter: address,
        data: DynArray[int64, 512],
        classification: uint64,
        added_time: uint256,
        claimable: uint256,
        claimed: bool,
        prediction: uint64,
        num_claims: uint256,
    ) -> uint256: nonpayable
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
    ) -> uint256: nonpayable

interface Classifier:
    def predict(data: DynArray[int64, 512]) -> uint64: view
    def update(data: DynArray[int64, 512], classification: uint64): nonpayable

event AddData:
    data: DynArray[int64, 512]
    classification: uint64
    time: uint256
    sender: indexed(address)
    cost: uint256

name: public(String[64])
description: public(String[256])
encoder: public(String[64])
dataHandler: public(DataHandler)
incentive: public(Incentive)
classifier: public(Classifier)


@deploy
def __init__(
    name: String[64],
    description: String[256],
    encoder: String[64],
    data_handler: address,
    incentive: address,
    classifier: address,
):
    self.name = name
    self.description = description
    self.encoder = encoder
    self.dataHandler = DataHandler(data_handler)
    self.incentive = Incentive(incentive)
    self.classifier = Classifier(classifier)


@external
@payable
def addData(data: DynArray[int64, 512], classification: uint64):
    cost: uint256 = extcall self.incentive.handleAddData(msg.value, data, classification)
    added_time: uint256 = extcall self.dataHandler.handleAddData(
        msg.sender, cost, data, classification
    )
    extcall self.classifier.update(data, classification)
    if msg.value > cost:
        send(msg.sender, msg.value - cost)
    log AddData(
        data=data, classification=classification, time=added_time, sender=msg.sender, cost=cost
    )


@external
def refund(data: DynArray[int64, 512], classification: uint64, added_time: uint256):
    claimable: uint256 = 0
    claimed: bool = False
    num_claims: uint256 = 0
    claimable, claimed, num_claims = extcall self.dataHandler.handleRefund(
        msg.sender, data, classification, added_time
    )
    prediction: uint64 = staticcall self.classifier.predict(data)
    amount: uint256 = extcall self.incentive.handleRefund(
        msg.sender, data, classification, added_time, claimable, claimed, prediction, num_claims
    )
    send(msg.sender, amount)


@external
def report(
    data: DynArray[int64, 512], classification: uint64, added_time: uint256, author: address
):
    initial_deposit: uint256 = 0
    claimable: uint256 = 0
    claimed: bool = False
    num_claims: uint256 = 0
    key: bytes32 = empty(bytes32)
    initial_deposit, claimable, claimed, num_claims, key = extcall self.dataHandler.handleReport(
        msg.sender, data, classification, added_time, author
    )
    prediction: uint64 = staticcall self.classifier.predict(data)
    amount: uint256 = extcall self.incentive.handleReport(
        msg.sender,
        data,
        classification,
        added_time,
        author,
        initial_deposit,
        claimable,
        claimed,
        prediction,
        num_claims,
    )
    extcall self.dataHandler.updateClaimableAmount(key, amount)
    send(msg.sender, amount)
