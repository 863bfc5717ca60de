"""Contracts that call others, and go on when those fail."""

from __future__ import annotations

from chain.contract import (
    ZERO_ADDRESS,
    Array,
    Contract,
    Error,
    Event,
    Map,
    Struct,
    external,
    payable,
    require,
    uint8,
    uint256,
    view,
)


class Mark(Event):
    """Contract number `step` of a chain of calls was there."""

    step: uint256


class GaveUp(Error):
    """Contract number `step` of a chain of calls failed on purpose."""

    step: uint256


class Visit(Struct):
    """What a link notes of a visit."""

    number: uint8
    total: uint256
    note: str


class Link(Contract):
    """One of a chain of contracts: changes everything it can, calls the next, then may fail."""

    count: uint256
    seen: Map[uint256, uint256]
    items: Array[uint256]
    text: str
    visits: Map[uint256, Visit]
    texts: Array[str]
    following: Link
    outcome: str

    @external
    def follow(self, following: Link) -> None:
        self.following = following

    @external
    def go(self, step: uint256, fails: Array[bool]) -> uint256:
        self.count += 1
        self.seen[step] = step + 1
        self.items.append(step)
        self.text = "was here"
        visit = self.visits[step]
        visit.number += 1
        visit.total = step
        visit.note = "seen"
        self.texts.append("x" * 40)
        self.emit(Mark(step=step))
        self.transfer(ZERO_ADDRESS, 1)
        if step + 1 < len(fails):
            result = self.try_call(self.following, "go", [step + 1, fails])
            self.outcome = "ok" if result.ok else result.error
        require(not fails[step], GaveUp(step=step))
        return step


class Burner(Contract):
    """Fails in every way there is."""

    count: uint256

    @external
    def burn(self) -> None:
        self.count += 1
        while True:
            pass

    @external
    def panic(self) -> None:
        self.count += 1
        self.count = self.count // (self.count - self.count)

    @external
    def give_up(self) -> None:
        self.count += 1
        raise GaveUp(step=0)

    @external
    def overflow(self) -> None:
        self.count -= 1

    @external
    def overspend(self) -> None:
        self.count += 1
        self.transfer(ZERO_ADDRESS, self.balance + 1)

    @external
    def deep(self) -> None:
        self.count += 1
        self.deep()

    @view
    def write_in_view(self) -> uint256:
        self.count += 1
        return self.count


class Swallower(Contract):
    """Calls a burner, notes how that ended, and goes on."""

    burner: Burner
    error: str
    count: uint256

    def __init__(self, burner: Burner) -> None:
        self.burner = burner

    @payable
    def swallow(self, method: str) -> str:
        self.count += 1
        result = self.try_call(self.burner, method, [])
        self.count += 1
        self.error = result.error
        return result.error
