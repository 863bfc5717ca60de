"""The ledger: blocks one after another, the clock, snapshots, and verification from genesis."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from chain.block import Block, Header
from chain.contract.contract import Contract
from chain.contract.method import Method
from chain.errors import (
    ClockError,
    InvalidTransaction,
    NotAContract,
    UnknownBlock,
    UnknownSnapshot,
    VerificationFailed,
)
from chain.executor import Executor
from chain.forks import Schedule
from chain.garbage import uncollected
from chain.host import BlockContext, Message
from chain.mempool import Mempool, Ordering
from chain.receipt import Receipt
from chain.roots import Roots
from chain.state import State
from chain.transaction import Transaction
from chain.values import ZERO_ADDRESS, Address
from chain.vm import VirtualMachine

R = TypeVar("R")

LATEST_TIME_S = 2**64 - 1

# For those who look at storage from outside: no contract runs, so nothing can run away.
UNLIMITED_GAS = 2**256 - 1

# How many blocks back contracts may ask for a hash, as on the EVM.
RECENT_BLOCKS = 256


@dataclass(frozen=True)
class Genesis:
    """What a ledger starts from; two ledgers with one genesis and the same blocks are the same.

    Attributes
    ----------
    balances
        Wei per address in block 0.
    minimum_gas_price
        Wei per gas below which a transaction is invalid.
    block_gas_limit
        Most gas for the transactions of a block together.
    block_time_s
        Seconds from a block to the next.
    timestamp
        Of block 0, in seconds.
    """

    chain_id: int
    balances: dict[Address, int]
    producer: Address
    minimum_gas_price: int
    block_gas_limit: int
    block_time_s: int
    timestamp: int
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment that can be returned to: the journal's mark, and what no journal holds."""

    mark: int
    blocks: int
    number: int
    timestamp: int
    waiting: tuple[Transaction, ...]
    labels: dict[Address, str]
    classes: dict[str, type[Contract]]


class Ledger:
    """Executes transactions into blocks.

    Attributes
    ----------
    timestamp
        When the next block will be made, in seconds; what views see.
    number
        The next block's.
    blocks
        From block 0 on; a run of empty blocks mined at once is one entry.
    observers
        Called with every block of transactions that any ledger makes: for tools that look at all
        chains of a process. What is simulated or verified makes no block.
    """

    observers: ClassVar[list[Callable[[Ledger, Block], None]]] = []

    def __init__(
        self, genesis: Genesis, classes: dict[str, type[Contract]], labels: dict[Address, str]
    ) -> None:
        self.genesis = genesis
        self.classes = classes
        self.labels = labels
        self.state = State()
        for owner, amount in genesis.balances.items():
            self.state.add_balance(owner, amount)
        self.number = 0
        self.timestamp = genesis.timestamp
        self.mempool = Mempool()
        self.blocks: list[Block] = []
        self.vm = VirtualMachine(
            self.state, genesis.schedule, self._context(), self._hash_for_contracts
        )
        self.executor = Executor(
            self.vm, genesis.chain_id, genesis.minimum_gas_price, classes, labels
        )
        self._roots = Roots(self.state.journal)
        self._snapshots: dict[int, Snapshot] = {}
        self._next_snapshot = 1
        self._append([], 1)

    def _context(self) -> BlockContext:
        genesis = self.genesis
        return BlockContext(self.number, self.timestamp, genesis.producer, genesis.block_gas_limit)

    # Blocks

    def _append(self, receipts: list[Receipt], count: int) -> Block:
        """Close a block, or a run of empty ones, and open the next."""
        genesis = self.genesis
        block = Block(
            self.number + count - 1,
            count,
            self.timestamp + (count - 1) * genesis.block_time_s,
            genesis.producer,
            genesis.block_gas_limit,
            receipts,
            self.state.journal.mark(),
        )
        self.blocks.append(block)
        self.number = block.number + 1
        self.timestamp = block.timestamp + genesis.block_time_s
        self.vm.block = self._context()
        return block

    def send(self, transaction: Transaction) -> Receipt:
        """Execute one transaction in a block of its own; raises InvalidTransaction."""
        self._check_time(self.timestamp)
        receipt = self._execute(transaction, 0)
        block = self._append([receipt], 1)
        if self.observers:
            self._report(block)
        return receipt

    def _report(self, block: Block) -> None:
        for observer in self.observers:
            observer(self, block)

    def _execute(self, transaction: Transaction, index: int) -> Receipt:
        if transaction.kind != "deal":  # the chain's own, which nobody has to be able to pay
            self.executor.check(transaction, self.state.nonces.get(transaction.sender, 0))
        return self.executor.execute(transaction, index)

    def simulate(self, transaction: Transaction) -> Receipt:
        """Execute one transaction as `send` does, and undo it; raises InvalidTransaction."""
        mark = self.state.journal.mark()
        try:
            return self._execute(transaction, 0)
        finally:
            self.state.journal.rollback(mark)

    def submit(self, transaction: Transaction) -> None:
        """Queue a transaction for the next block; raises InvalidTransaction."""
        self.executor.check(transaction, self.next_nonce(transaction.sender))
        self.executor.check_gas(transaction)
        self.mempool.add(transaction)

    def next_nonce(self, sender: Address) -> int:
        """The nonce of a sender's next transaction, waiting ones counted."""
        nonce: int = self.state.nonces.get(sender, 0)
        return nonce + self.mempool.count(sender)

    def mine(self, ordering: Ordering) -> Block:
        """Make a block of what waits and fits; what does not fit waits on.

        Transactions that have become invalid are in the block's `dropped`. If a contract has a bug,
        the exception surfaces, no block is made, and everything waits as before.
        """
        self._check_time(self.timestamp)
        waiting = self.mempool.waiting
        mark = self.state.journal.mark()
        try:
            block = self._mine(self.mempool.take(ordering))
        except BaseException:
            self.state.journal.rollback(mark)
            self.mempool.replace(waiting)
            raise
        self._report(block)
        return block

    def _mine(self, transactions: Sequence[Transaction]) -> Block:
        receipts: list[Receipt] = []
        dropped: list[tuple[Transaction, InvalidTransaction]] = []
        later: list[Transaction] = []
        gas_left = self.genesis.block_gas_limit
        held_back: set[Address] = set()
        for transaction in transactions:
            if transaction.sender in held_back or transaction.gas_limit > gas_left:
                held_back.add(transaction.sender)
                later.append(transaction)
                continue
            try:
                receipt = self._execute(transaction, len(receipts))
            except InvalidTransaction as error:
                dropped.append((transaction, error))
                continue
            receipts.append(receipt)
            gas_left -= receipt.gas_used
        block = self._append(receipts, 1)
        block.dropped = tuple(dropped)
        self.mempool.replace(later)
        return block

    def mine_empty(self, count: int) -> Block:
        """Make `count` empty blocks, in constant time."""
        if type(count) is not int or count < 1:
            raise ClockError(f"{count!r} blocks cannot be mined: give a number of 1 or more")
        self._check_time(self.timestamp + (count - 1) * self.genesis.block_time_s)
        return self._append([], count)

    def block(self, number: int) -> Block:
        """The block of that number, negative counting from the newest; raises UnknownBlock."""
        wanted = self.number + number if number < 0 else number
        if not 0 <= wanted < self.number:
            raise UnknownBlock(f"there is no block {number}: the newest is {self.number - 1}")
        return self.blocks[bisect_left(self.blocks, wanted, key=lambda block: block.number)]

    def receipts(self, first: int, last: int | None) -> Iterator[Receipt]:
        """Receipts of the blocks from number `first` to `last`, in order."""
        start = bisect_left(self.blocks, first, key=lambda block: block.number)
        for block in self.blocks[start:]:
            if last is not None and block.number > last:
                return
            yield from block.receipts

    # Reading

    def view(
        self, target: Address, method: Method, arguments: tuple[Any, ...], sender: Address
    ) -> Any:
        """Call a view as of now; raises its error."""
        contract = self.contract(target)
        message = Message(sender, 0)
        gas = self.genesis.block_gas_limit
        return self.peek(
            lambda: self.vm.run(message, contract, method, arguments), gas, sender, target
        )

    def contract(self, target: Address) -> Contract:
        """The contract at an address; raises NotAContract if there is none."""
        found: Contract | None = self.state.contracts.get(target)
        if found is None:
            where = self.executor.named(target)
            raise NotAContract(f"there is no contract at {where}: deploy it first")
        return found

    def peek(
        self,
        reading: Callable[[], R],
        gas: int = UNLIMITED_GAS,
        sender: Address = ZERO_ADDRESS,
        target: Address = ZERO_ADDRESS,
    ) -> R:
        """Return what `reading` returns, run with that much gas; nothing of it stays.

        `sender` and `target` are those of a transaction that would do so.
        """
        mark = self.state.journal.mark()
        self.vm.begin(gas, sender, target)
        try:
            return reading()
        finally:
            self.state.journal.rollback(mark)
            self.vm.end_transaction()

    # Time

    def time_travel(self, seconds: int) -> None:
        """Let time pass before the next block; otherwise raises ClockError and changes nothing."""
        if type(seconds) is not int or seconds < 0:
            raise ClockError(f"time cannot move by {seconds!r}: give whole seconds, 0 or more")
        self._check_time(self.timestamp + seconds)
        self.timestamp += seconds
        self.vm.block = self._context()

    def _check_time(self, timestamp: int) -> None:
        if timestamp > LATEST_TIME_S:
            raise ClockError(f"time would pass 2**64 seconds ({timestamp}): move less")

    # Snapshots

    def snapshot(self) -> int:
        """Mark the present; the id can be returned to any number of times."""
        identifier = self._next_snapshot
        self._next_snapshot += 1
        self._snapshots[identifier] = Snapshot(
            mark=self.state.journal.mark(),
            blocks=len(self.blocks),
            number=self.number,
            timestamp=self.timestamp,
            waiting=self.mempool.waiting,
            labels=dict(self.labels),
            classes=dict(self.classes),
        )
        return identifier

    def revert(self, identifier: int) -> None:
        """Return to a snapshot; later ones are gone. Raises UnknownSnapshot."""
        found = self._snapshots.get(identifier)
        if found is None:
            raise UnknownSnapshot(
                f"there is no snapshot {identifier!r}: it was never taken, was released, or lies "
                "after a point that was returned to"
            )
        for later in [other for other in self._snapshots if other > identifier]:
            del self._snapshots[later]
        kept = self.blocks[: found.blocks]
        self._roots.rollback(found.mark, kept)
        self.blocks = kept
        self.number = found.number
        self.timestamp = found.timestamp
        self.mempool.replace(found.waiting)
        _replace(self.labels, found.labels)
        _replace(self.classes, found.classes)
        self.vm.block = self._context()

    def undo(self, identifier: int) -> None:
        """Return to a snapshot and forget it; nothing to do where it is undone already."""
        if identifier in self._snapshots:
            self.revert(identifier)
            del self._snapshots[identifier]

    def release(self, identifier: int) -> None:
        """Forget a snapshot, and stay in the present."""
        self._snapshots.pop(identifier, None)

    # Roots

    def seal(self) -> Roots:
        """Give every block its header, and let go of the journal that only this needed."""
        with uncollected():
            self._roots.seal(self.blocks)
        oldest = min((snapshot.mark for snapshot in self._snapshots.values()), default=None)
        self._roots.forget(oldest)
        return self._roots

    def header(self, number: int) -> Header:
        """The header of a block; raises UnknownBlock."""
        block = self.block(number)
        if block.header is None:
            self.seal()
        assert block.header is not None
        return block.header

    def _hash_for_contracts(self, number: int) -> bytes:
        """Hash of one of the last blocks, for the running contract; zeros for any other.

        Whoever asks first makes the headers that nobody has looked at yet.
        """
        if not self.number - RECENT_BLOCKS <= number < self.number:
            return bytes(32)
        return self.header(number).hash

    def verify(self) -> None:
        """Execute every block again from genesis and compare all roots and the state itself.

        Raises VerificationFailed, naming the first block and root that differ.
        """
        twin = Ledger(self.genesis, dict(self.classes), self.labels)
        for block in self.blocks[1:]:
            twin.timestamp = block.timestamp - (block.count - 1) * self.genesis.block_time_s
            twin.vm.block = twin._context()
            if block.count > 1:
                twin._append([], block.count)
                continue
            remade = twin._mine(block.transactions) if block.receipts else twin._append([], 1)
            if remade.dropped or len(remade.receipts) != len(block.receipts):
                raise VerificationFailed(f"block {block.number}: {remade.dropped or 'other order'}")
        for block, remade in zip(self.blocks, twin.blocks, strict=True):
            mine, other = self.header(block.number), twin.header(remade.number)
            for field in fields(Header):
                held, made = getattr(mine, field.name), getattr(other, field.name)
                if held != made:
                    raise VerificationFailed(
                        f"block {block.number}: {field.name} is {held!r}, executed again it is "
                        f"{made!r}"
                    )
        if self.state.leaves() != twin.state.leaves():
            raise VerificationFailed("the state differs from what the blocks lead to")


def _replace(target: dict[Address, str] | dict[str, type[Contract]], source: object) -> None:
    """Make a shared dict equal to an earlier copy of itself."""
    target.clear()
    target.update(source)  # type: ignore[call-overload]
