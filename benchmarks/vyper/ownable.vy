#pragma version 0.4.3
# The owner check shared by the four parts: owner = deployer, until handed over to the trainer.

owner: public(address)


@deploy
def __init__():
    self.owner = msg.sender


@external
def transferOwnership(new_owner: address):
    self._check_owner()
    assert new_owner != empty(address), "zero address"
    self.owner = new_owner


@internal
def _check_owner():
    assert msg.sender == self.owner, "caller is not the owner"
