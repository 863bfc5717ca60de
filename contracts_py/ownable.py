"""A contract with one owner, and the check that only the owner passes."""

from __future__ import annotations

from chain.contract import (
    ZERO_ADDRESS,
    Contract,
    Error,
    address,
    external,
    modifier,
    require,
)


class NotOwner(Error):
    """The caller does not own the contract."""

    sender: address


class NewOwnerZero(Error):
    """Ownership cannot be given to nobody."""


@modifier
def only_owner(self: Ownable) -> None:
    """Let only the owner in."""
    require(self.msg.sender == self.owner, NotOwner(sender=self.msg.sender))


class Ownable(Contract):
    """Belongs to whoever deployed it, until they hand it over."""

    owner: address

    def __init__(self) -> None:
        self.owner = self.msg.sender

    @external
    @only_owner
    def transfer_ownership(self, new_owner: address) -> None:
        """Hand the contract over; raises NewOwnerZero for the zero address."""
        require(new_owner != ZERO_ADDRESS, NewOwnerZero())
        self.owner = new_owner
