"""A bank that pays before it books, the same behind the default lock, and those who rob it."""

from __future__ import annotations

from chain.contract import (
    Contract,
    Error,
    Event,
    Map,
    address,
    external,
    payable,
    reentrant,
    require,
    uint256,
    view,
)


class NothingThere(Error):
    """There is no deposit to take."""


class Purse(Contract):
    """Somewhere to pay to with all the gas there is, unlike a plain transfer."""

    @payable
    def take(self) -> None:
        """Receive money."""
        ...


class Bank(Contract):
    """Pays out, and only then notes that it did. The default lock makes up for that."""

    deposits: Map[address, uint256]

    @payable
    def deposit(self) -> None:
        self.deposits[self.msg.sender] += self.msg.value

    @external
    def withdraw(self, purse: Purse) -> None:
        amount = self.deposits[self.msg.sender]
        require(amount > 0, NothingThere())
        purse.paying(amount).take()
        self.deposits[self.msg.sender] = 0

    @external
    def move(self, recipient: address) -> None:
        """Hand a deposit over."""
        self.deposits[recipient] += self.deposits[self.msg.sender]
        self.deposits[self.msg.sender] = 0

    @view
    def deposit_of(self, owner: address) -> uint256:
        return self.deposits[owner]


class OpenBank(Bank):
    """The same bank with the lock taken off, which is what makes it a victim."""

    @external
    @reentrant
    def withdraw(self, purse: Purse) -> None:
        super().withdraw(purse)

    @external
    @reentrant
    def move(self, recipient: address) -> None:
        super().move(recipient)

    @view
    @reentrant
    def deposit_of(self, owner: address) -> uint256:
        return super().deposit_of(owner)


class CarefulBank(OpenBank):
    """No lock, but it books before it pays."""

    @external
    @reentrant
    def withdraw(self, purse: Purse) -> None:
        amount = self.deposits[self.msg.sender]
        require(amount > 0, NothingThere())
        self.deposits[self.msg.sender] = 0
        purse.paying(amount).take()


class PlainBank(OpenBank):
    """No lock and books late, but pays with a plain transfer, whose stipend buys no call back."""

    @external
    @reentrant
    def withdraw(self, purse: Purse) -> None:
        amount = self.deposits[self.msg.sender]
        require(amount > 0, NothingThere())
        self.transfer(self.msg.sender, amount)
        self.deposits[self.msg.sender] = 0


class Robber(Purse):
    """Calls back while it is being paid."""

    bank: Bank
    rounds: uint256
    swallows: bool
    failures: uint256

    def __init__(self, bank: Bank, swallows: bool) -> None:
        self.bank = bank
        self.swallows = swallows

    @payable
    def rob(self, rounds: uint256) -> None:
        self.rounds = rounds
        self.bank.paying(self.msg.value).deposit()
        self.bank.withdraw(self.purse())

    @payable
    @reentrant
    def take(self) -> None:
        if self.rounds > 0:
            self.rounds -= 1
            if self.swallows:
                result = self.try_call(self.bank, "withdraw", [self.address])
                if not result.ok:
                    self.failures += 1
            else:
                self.bank.withdraw(self.purse())

    @payable
    @reentrant
    def receive(self) -> None:
        self.take()

    def purse(self) -> Purse:
        return self.address  # type: ignore[return-value] # a contract stands for its address


class Mover(Robber):
    """Re-enters by another door: it moves its deposit to an accomplice while being paid."""

    @payable
    @reentrant
    def take(self) -> None:
        self.bank.move(self.block.producer)


class Watcher(Robber):
    """Only looks while being paid, when the books are wrong."""

    seen: uint256

    @payable
    @reentrant
    def take(self) -> None:
        self.seen = self.bank.deposit_of(self.address)


class Accomplice(Purse):
    """Takes the money for a robber and hands it on at once: the call back comes from elsewhere."""

    robber: Robber

    @external
    def serve(self, robber: Robber) -> None:
        self.robber = robber

    @payable
    @reentrant
    def take(self) -> None:
        self.robber.paying(self.msg.value).take()


class Gang(Robber):
    """Has the money paid to an accomplice."""

    accomplice: Accomplice

    @external
    def hire(self, accomplice: Accomplice) -> None:
        self.accomplice = accomplice

    def purse(self) -> Purse:
        return self.accomplice


class Paid(Event):
    """The payroll paid somebody."""

    recipient: address


class Payroll(Contract):
    """Pays a list of people."""

    rounds: uint256

    @payable
    def pay_all(self, first: address, second: address, amount: uint256) -> None:
        self.rounds += 1
        for recipient in (first, second):
            self.transfer(recipient, amount)
            self.emit(Paid(recipient=recipient))


class Sulking(Error):
    """The receiver does not want the money."""

    amount: uint256


class Sulker(Contract):
    """Refuses all money."""

    @payable
    def receive(self) -> None:
        raise Sulking(amount=self.msg.value)


class Glutton(Contract):
    """Burns whatever gas comes with the money."""

    @payable
    def receive(self) -> None:
        while True:
            pass


class Closed(Contract):
    """Has nowhere to put money."""

    number: uint256


class Open(Contract):
    """Takes money without a word."""

    @payable
    def receive(self) -> None:
        pass
