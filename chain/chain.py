"""The chain: accounts, contracts, blocks and time, as tests, lessons and simulations use them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chain.account import Account, AccountBook
from chain.block import Block, Header
from chain.contract.contract import Contract
from chain.contract.fields import read_path
from chain.contract.listing import map_keys
from chain.contract.method import Method
from chain.contract.records import Event
from chain.deployed import Deployed
from chain.encoding import encode
from chain.errors import InvalidTransaction, InvalidValue, UnknownAccount
from chain.forks import NEWEST, schedule_of
from chain.gas_report import GasReport
from chain.ledger import Genesis, Ledger
from chain.logs import find_logs
from chain.mempool import Ordering, by_price
from chain.proof import Proof
from chain.receipt import Log, Receipt
from chain.transaction import Kind, SignedTransaction, Transaction, new_transaction, plain
from chain.types import ADDRESS
from chain.units import ether, gwei
from chain.values import ZERO_ADDRESS, Address

LABELS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")


class Chain:
    """A blockchain in this process.

    Parameters
    ----------
    balance
        Wei that each of the ten development accounts starts with.
    gas_price
        Wei per gas of transactions that name no price.
    minimum_gas_price
        Wei per gas below which a transaction is invalid.
    block_gas_limit
        Gas of all transactions of a block together, and the most that one may ask for.
    block_time_s
        Seconds from a block to the next; 0 lets blocks share a timestamp.
    genesis_time_s
        Timestamp of block 0.
    ordering
        How ``mine()`` orders waiting transactions: highest price first by default.
    fork
        Hard fork whose gas rules hold: ``istanbul``, ``berlin``, ``london``, ``shanghai``,
        ``cancun`` or ``prague``.
    """

    def __init__(
        self,
        *,
        chain_id: int = 1337,
        balance: int = 10_000 * ether,
        gas_price: int = gwei,
        minimum_gas_price: int = 0,
        block_gas_limit: int = 30_000_000,
        block_time_s: int = 12,
        genesis_time_s: int = 1_600_000_000,
        ordering: Ordering = by_price,
        fork: str = NEWEST,
    ) -> None:
        self.gas_price = gas_price
        self.ordering = ordering
        self._book = AccountBook()
        self.labels = self._book.labels
        self.producer = self._book.make("producer")
        self.accounts = tuple(self._book.make(label) for label in LABELS)
        self._ledger = Ledger(
            Genesis(
                chain_id=chain_id,
                balances={account.address: balance for account in self.accounts},
                producer=self.producer.address,
                minimum_gas_price=minimum_gas_price,
                block_gas_limit=block_gas_limit,
                block_time_s=block_time_s,
                timestamp=genesis_time_s,
                schedule=schedule_of(fork),
            ),
            {},
            self.labels,
        )

    # Accounts and money

    def account(self, label: str, balance: int = 0) -> Account:
        """The account of that label, whose key follows from the label alone.

        Each call with a `balance` deals it that many wei more, recorded as ``deal`` does.
        """
        account = self._book.make(label)
        if balance:
            self.deal(account, balance)
        return account

    def impersonate(self, target: Any) -> Account:
        """An account without a key, for sending as any address, a contract's for example.

        Its transactions cannot be signed, and its label says what it is.
        """
        return self._book.impersonate(ADDRESS.check(target))

    def balance(self, owner: Any) -> int:
        """Wei that an account, contract or address has."""
        return self._ledger.state.balance(ADDRESS.check(owner))

    def deal(self, owner: Any, amount: int) -> Receipt:
        """Create `amount` wei for `owner`, in a block that says so."""
        if type(amount) is not int or amount < 0:
            raise InvalidValue(f"{amount!r} wei cannot be dealt: give an int of 0 or more")
        nonce = self._ledger.state.nonces.get(ZERO_ADDRESS, 0)
        return self._ledger.send(
            Transaction(
                kind="deal",
                chain_id=self._ledger.genesis.chain_id,
                sender=ZERO_ADDRESS,
                nonce=nonce,
                gas_limit=0,
                gas_price=0,
                value=amount,
                to=ADDRESS.check(owner),
                name="",
                arguments=(),
            )
        )

    @property
    def money(self) -> int:
        """Wei created by genesis and by ``deal``; all balances add up to it."""
        dealt = sum(
            receipt.transaction.value
            for block in self._ledger.blocks
            for receipt in block.receipts
            if receipt.transaction.kind == "deal"
        )
        return sum(self._ledger.genesis.balances.values()) + dealt

    @property
    def total_balance(self) -> int:
        """Sum of all balances, in wei."""
        return self._ledger.state.total_balance()

    # Transactions

    def make_transaction(
        self,
        kind: Kind,
        sender: Account,
        *,
        to: Any = None,
        name: str = "",
        arguments: Sequence[Any] = (),
        value: int = 0,
        gas_limit: int | None = None,
        gas_price: int | None = None,
    ) -> Transaction:
        """Make a transaction with the sender's next nonce; raises InvalidTransaction if it is none.

        The gas limit is by default what a block takes, or what the sender can pay for if less.
        """
        if not isinstance(sender, Account):
            raise UnknownAccount(
                f"{sender!r} is no account: pass chain.accounts[i], chain.account(label) or "
                "chain.impersonate(address)"
            )
        ledger = self._ledger
        price = self.gas_price if gas_price is None else gas_price
        if gas_limit is None:
            gas_limit = ledger.genesis.block_gas_limit
            balance = ledger.state.balance(sender.address)
            affordable = (balance - value) // price if price else gas_limit
            if ledger.genesis.schedule.transaction <= affordable < gas_limit:
                gas_limit = affordable
        return new_transaction(
            kind=kind,
            chain_id=ledger.genesis.chain_id,
            sender=sender.address,
            nonce=ledger.next_nonce(sender.address),
            gas_limit=gas_limit,
            gas_price=price,
            value=value,
            to=None if to is None else ADDRESS.check(to),
            name=name,
            arguments=tuple(map(plain, arguments)),
        )

    def send(self, transaction: Transaction | SignedTransaction) -> Receipt:
        """Execute a transaction in a block of its own.

        A failed one has its error in the receipt. Raises InvalidTransaction if it may not enter a
        block; a signed one, which comes from outside, is verified first.
        """
        return self._ledger.send(self._verified(transaction))

    def simulate(self, transaction: Transaction) -> Receipt:
        """Execute a transaction as of now and undo it: what it would do, cost and return."""
        return self._ledger.simulate(self._verified(transaction))

    def submit(self, transaction: Transaction | SignedTransaction) -> None:
        """Put a transaction into the mempool, for ``mine()``; raises InvalidTransaction."""
        self._ledger.submit(self._verified(transaction))

    def _verified(self, transaction: Transaction | SignedTransaction) -> Transaction:
        if isinstance(transaction, SignedTransaction):
            transaction = transaction.check()
        if transaction.kind == "deal":
            raise InvalidTransaction("money is not made by sending: use chain.deal(owner, amount)")
        return transaction

    def sign(self, transaction: Transaction) -> SignedTransaction:
        """Sign with the sender's key, for the transaction to leave the process.

        Raises UnknownAccount if the key is not here.
        """
        return self._book.owner(transaction.sender).sign(transaction)

    def transfer(self, sender: Account, recipient: Any, amount: int, **options: Any) -> Receipt:
        """Send `amount` wei in a block of its own; raises the error of a contract that refuses.

        `options` are ``gas_limit`` and ``gas_price``.
        """
        to = ADDRESS.check(recipient)
        transaction = self.make_transaction("transfer", sender, to=to, value=amount, **options)
        return self.raising(self.send(transaction))

    def raising(self, receipt: Receipt) -> Receipt:
        """Return the receipt, or raise its error, with the receipt and the call trace on it."""
        error = receipt.error
        if error is None:
            return receipt
        error.receipt = receipt
        error.add_note(str(receipt.trace))
        raise error

    # Contracts

    def register(self, contract_class: type[Contract]) -> str:
        """Make a contract class known by name, as transactions name it; return the name.

        Raises InvalidValue for what is no contract class.
        """
        if not (isinstance(contract_class, type) and issubclass(contract_class, Contract)):
            raise InvalidValue(f"{contract_class!r} is no contract: write class X(Contract)")
        classes = self._ledger.classes
        name = contract_class.__qualname__
        base, count = name, 1
        while classes.setdefault(name, contract_class) is not contract_class:
            count += 1
            name = f"{base}#{count}"
        return name

    def deploy(
        self,
        contract_class: type[Contract],
        *arguments: Any,
        sender: Account,
        value: int = 0,
        label: str | None = None,
        **options: Any,
    ) -> Deployed:
        """Deploy a contract in a block of its own; raises the constructor's error.

        `label` names it in messages and traces; `options` are ``gas_limit`` and ``gas_price``.
        """
        name = self.register(contract_class)
        transaction = self.make_transaction(
            "deploy", sender, name=name, arguments=arguments, value=value, **options
        )
        receipt = self.raising(self.send(transaction))
        assert receipt.contract_address is not None
        return self.at(receipt.contract_address, label)

    def at(self, address: Any, label: str | None = None) -> Deployed:
        """A handle to the contract at an address; raises NotAContract if there is none."""
        where = ADDRESS.check(address)
        contract = self._ledger.contract(where)
        self.labels[where] = label or self.labels.get(where) or type(contract).__name__
        return Deployed(self, where, type(contract))

    def view(
        self, target: Address, method: Method, arguments: tuple[Any, ...], sender: Account | None
    ) -> Any:
        """Call a view for free, as of now; raises the contract's error."""
        caller = ZERO_ADDRESS if sender is None else sender.address
        return self._ledger.view(target, method, method.check_arguments(arguments), caller)

    def read(self, target: Address, field: str, keys: tuple[Any, ...]) -> Any:
        """Read a storage field, or what it holds at keys, as a public getter would."""
        return self._ledger.peek(lambda: read_path(self._ledger.contract(target), field, keys))

    def map_keys(self, contract: Any, field: str, *path: Any) -> list[Any]:
        """Keys under which a map holds anything but zeros, in order; no contract can list them.

        `path` leads to a map inside of the field: ``chain.map_keys(model, "infos", 0, "counts")``.
        Raises InvalidValue if no map is there.
        """
        target = self._ledger.contract(ADDRESS.check(contract))
        return self._ledger.peek(lambda: map_keys(target, field, path))

    # Blocks, time, snapshots

    @property
    def block_gas_limit(self) -> int:
        """Gas of all transactions of a block together."""
        return self._ledger.genesis.block_gas_limit

    @property
    def timestamp(self) -> int:
        """When the next block will be made, in seconds; what views see."""
        return self._ledger.timestamp

    @property
    def number(self) -> int:
        """The newest block's number."""
        return self._ledger.number - 1

    @property
    def waiting(self) -> tuple[Transaction, ...]:
        """Transactions in the mempool, in order of arrival."""
        return self._ledger.mempool.waiting

    def withdraw(self, transaction: Transaction) -> None:
        """Take a waiting transaction back, with the sender's later ones; or UnknownTransaction."""
        self._ledger.mempool.withdraw(transaction)

    def receipts(self, from_block: int = 0, to_block: int | None = None) -> list[Receipt]:
        """Receipts of all transactions in a range of blocks, in order."""
        return list(self._ledger.receipts(from_block, to_block))

    def gas_report(self) -> GasReport:
        """What all transactions cost, by contract and method; prints as a table."""
        ledger = self._ledger
        return GasReport.of(ledger.receipts(0, None), ledger.classes, ledger.state.contracts)

    def mine(self, count: int | None = None) -> Block:
        """Make a block of the waiting transactions, or `count` empty ones in constant time."""
        if count is None:
            return self._ledger.mine(self.ordering)
        return self._ledger.mine_empty(count)

    def block(self, number: int = -1) -> Block:
        """A block by number, the newest by default; raises UnknownBlock."""
        return self._ledger.block(number)

    def header(self, number: int = -1) -> Header:
        """A block's header, with all roots; raises UnknownBlock."""
        return self._ledger.header(number)

    def time_travel(self, *, seconds: int) -> None:
        """Let time pass; it only goes forward. Otherwise raises ClockError and changes nothing."""
        self._ledger.time_travel(seconds)

    def snapshot(self) -> int:
        """Mark the present, to return to with ``revert`` any number of times."""
        return self._ledger.snapshot()

    def revert(self, snapshot: int) -> None:
        """Return to a snapshot: state, clock, mempool, blocks, logs; or raise UnknownSnapshot."""
        self._ledger.revert(snapshot)

    @contextmanager
    def anchor(self) -> Iterator[None]:
        """Undo everything that happens inside the ``with`` block."""
        snapshot = self.snapshot()
        try:
            yield
        finally:
            self._ledger.undo(snapshot)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo everything that happens inside the ``with`` block if it raises."""
        snapshot = self.snapshot()
        try:
            yield
        except BaseException:
            self._ledger.undo(snapshot)
            raise
        self._ledger.release(snapshot)

    # Logs and proofs

    def logs(
        self,
        event: type[Event] | None = None,
        *,
        contract: Any = None,
        transaction: Transaction | None = None,
        from_block: int = 0,
        to_block: int | None = None,
        **indexed: Any,
    ) -> list[Log]:
        """Logs in order, those that match all that is given; `indexed` fields by name and value.

        Raises InvalidValue for a field that is not indexed in `event`.
        """
        receipts = self._ledger.receipts(from_block, to_block)
        if transaction is not None:
            receipts = (each for each in receipts if each.transaction == transaction)
        where = None if contract is None else ADDRESS.check(contract)
        return find_logs(receipts, event, where, indexed)

    def prove_balance(self, owner: Any) -> Proof:
        """Prove a balance against the newest header's state root."""
        return self._ledger.seal().prove(encode(("balance", ADDRESS.check(owner))))

    def prove_storage(self, contract: Any, field: str, *keys: Any) -> Proof:
        """Prove a storage value against the newest header's state root."""
        target = self._ledger.contract(ADDRESS.check(contract))
        return self._ledger.seal().prove(target.leaf_path(field, keys))

    def verify(self) -> None:
        """Execute every block again from genesis; raises VerificationFailed if a root differs."""
        self._ledger.verify()
