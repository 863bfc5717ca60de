"""Executes one transaction: check, buy gas, run, settle the fee.

An invalid transaction raises before anything changes. A failed one keeps its nonce and its fee.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chain.contract.contract import Contract
from chain.contract.method import Method
from chain.crypto import contract_address
from chain.errors import (
    ExecutionError,
    InsufficientFunds,
    InvalidGasLimit,
    InvalidGasPrice,
    InvalidTransaction,
    InvalidValue,
    NotAContract,
    UnknownContract,
    UnknownMethod,
    WrongChain,
    WrongNonce,
)
from chain.gas import Reason
from chain.host import Message
from chain.receipt import Receipt
from chain.transaction import Transaction
from chain.types import ADDRESS, STRING, abi_size
from chain.values import ZERO_ADDRESS, Address, nonzero_bytes
from chain.vm import VirtualMachine, receive_method

CALLDATA = int(Reason.CALLDATA)
MEMORY = int(Reason.MEMORY)
READ = int(Reason.STORAGE_READ)

# Non-zero bytes among those of compiled code, in percent (measured on the reference contracts).
CODE_NONZERO_PERCENT = 88


class Executor:
    """Runs transactions on one virtual machine.

    Parameters
    ----------
    classes
        Contract classes that deployments may name.
    labels
        Names of addresses, for messages and traces.
    """

    def __init__(
        self,
        vm: VirtualMachine,
        chain_id: int,
        minimum_gas_price: int,
        classes: Mapping[str, type[Contract]],
        labels: Mapping[Address, str],
    ) -> None:
        self.vm = vm
        self.chain_id = chain_id
        self.minimum_gas_price = minimum_gas_price
        self.classes = classes
        self.labels = labels

    def check(self, transaction: Transaction, nonce: int) -> None:
        """Raise InvalidTransaction if it may not enter the next block.

        Parameters
        ----------
        nonce
            The sender's next one.
        """
        if transaction.chain_id != self.chain_id:
            raise WrongChain(
                f"signed for chain {transaction.chain_id}, this is chain {self.chain_id}"
            )
        sender = transaction.sender
        if transaction.nonce != nonce:
            raise WrongNonce(
                f"{self.named(sender)}: the nonce is {transaction.nonce}, the next one is {nonce} "
                "(a replay? or is an earlier one waiting for chain.mine()?)"
            )
        if transaction.gas_limit > self.vm.block.gas_limit:
            raise InvalidGasLimit(
                f"a gas limit of {transaction.gas_limit} does not fit into a block of "
                f"{self.vm.block.gas_limit}: lower it, or give the chain a larger block_gas_limit"
            )
        if transaction.gas_price < self.minimum_gas_price:
            raise InvalidGasPrice(
                f"a gas price of {transaction.gas_price} wei is below the chain's minimum of "
                f"{self.minimum_gas_price}"
            )
        if transaction.kind == "deploy":
            self._class_of(transaction)
        elif transaction.to is None:
            raise InvalidTransaction(f"a {transaction.kind} needs a recipient: set to")
        balance = self.vm.state.balance(sender)
        price = transaction.gas_limit * transaction.gas_price
        if balance < price + transaction.value:
            raise InsufficientFunds(
                f"{self.named(sender)} has {balance} wei, but {transaction.value} to send and up "
                f"to {price} for gas: send less, or lower gas_limit or gas_price"
            )

    def execute(self, transaction: Transaction, index: int) -> Receipt:
        """Execute a checked transaction as number `index` of the current block.

        Raises InvalidGasLimit, and changes nothing, if the gas limit does not cover the intrinsic
        gas. Any exception that is no ExecutionError is a bug in a contract: everything is undone
        and it surfaces.
        """
        vm = self.vm
        if transaction.kind == "deal":
            return self._deal(transaction, index)
        state = vm.state
        mark = state.journal.mark()
        sender = transaction.sender
        base, calldata, floor = self.check_gas(transaction)
        target = transaction.to
        if target is None or transaction.kind == "deploy":
            target = Address(contract_address(sender, transaction.nonce))
        vm.begin(transaction.gas_limit, sender, target, base, calldata)
        state.journal.write(state.nonces, sender, state.nonces.get(sender, 0) + 1)
        limit, price = transaction.gas_limit, transaction.gas_price
        if price:
            state.add_balance(sender, -limit * price)
        address, value, error = None, None, None
        paid = state.journal.mark()
        try:
            address, value = self._run(transaction, target)
        except ExecutionError as failure:
            error = failure
            state.journal.rollback(paid)
            vm.fail(failure)
        except BaseException:
            state.journal.rollback(mark)
            vm.end_transaction()
            raise
        meter = vm.meter
        by_reason = meter.by_reason
        by_reason[READ] += meter.read
        by_reason[MEMORY] += meter.memory
        refund = meter.refund
        if refund:
            refund = min(max(refund, 0), meter.used // vm.schedule.refund_quotient)
        gas_used = meter.used - refund
        if gas_used < floor:
            by_reason[CALLDATA] += floor - gas_used
            gas_used = floor
        if price:
            state.add_balance(sender, (limit - gas_used) * price)
            state.add_balance(vm.block.producer, gas_used * price)
        receipt = Receipt(
            transaction,
            vm.block.number,
            index,
            gas_used,
            refund,
            error,
            value,
            address,
            vm.logs,
            vm.frames,
            tuple(by_reason),
            self.labels,
        )
        vm.end_transaction()
        return receipt

    def named(self, owner: Address) -> str:
        """An address with its label, where it has one."""
        label = self.labels.get(owner)
        return owner if label is None else f"{label} ({owner})"

    def _deal(self, transaction: Transaction, index: int) -> Receipt:
        state = self.vm.state
        assert transaction.to is not None
        state.add_balance(transaction.to, transaction.value)
        state.journal.write(state.nonces, ZERO_ADDRESS, transaction.nonce + 1)
        number = self.vm.block.number
        return Receipt(
            transaction,
            number,
            index,
            0,
            0,
            None,
            None,
            None,
            [],
            [],
            (0,) * len(Reason),
            self.labels,
        )

    def _run(self, transaction: Transaction, to: Address) -> tuple[Address | None, Any]:
        """Do what the transaction asks for: the new contract's address, and the result."""
        vm = self.vm
        sender = transaction.sender
        if transaction.kind == "deploy":
            self._deploy(transaction, to)
            return to, None
        contract = vm.state.contracts.get(to)
        if transaction.kind == "transfer":
            if contract is None:
                vm.state.transfer(sender, to, transaction.value)
            else:
                message = Message(sender, transaction.value)
                vm.run(message, contract, receive_method(contract), ())
            return None, None
        if contract is None:
            raise NotAContract(f"there is no contract at {self.named(to)}")
        method = contract.methods.get(transaction.name)
        if method is None:
            raise UnknownMethod(
                f"{type(contract).__name__} has no external method {transaction.name!r}, "
                f"only {', '.join(contract.methods)}"
            )
        message = Message(sender, transaction.value)
        return None, vm.run(message, contract, method, transaction.arguments)

    def _deploy(self, transaction: Transaction, address: Address) -> None:
        vm = self.vm
        state = vm.state
        owner = self._class_of(transaction)
        contract = owner(vm, address)
        state.journal.write(state.contracts, address, contract)
        constructor = owner.constructor_method
        if constructor is not None:
            message = Message(transaction.sender, transaction.value)
            vm.run(message, contract, constructor, transaction.arguments)
        elif transaction.arguments or transaction.value:
            raise InvalidValue(f"{owner.__name__} has no constructor: pass nothing")
        vm.meter.charge(owner.code_size * vm.schedule.code_byte, Reason.CODE)

    def _class_of(self, transaction: Transaction) -> type[Contract]:
        owner = self.classes.get(transaction.name)
        if owner is None:
            raise UnknownContract(
                f"this chain knows no contract class {transaction.name!r}: chain.register(it) first"
            )
        if owner.abstract:
            raise UnknownContract(
                f"{owner.__name__} is abstract: write {', '.join(sorted(owner.abstract))}"
            )
        return owner

    def check_gas(self, transaction: Transaction) -> tuple[int, int, int]:
        """Return what `intrinsic_gas` does; InvalidGasLimit if the limit is below that."""
        base, calldata, floor = self.intrinsic_gas(transaction)
        if base + calldata > transaction.gas_limit:
            raise InvalidGasLimit(
                f"a gas limit of {transaction.gas_limit} is below the {base + calldata} that "
                "the transaction costs before anything runs"
            )
        if floor > transaction.gas_limit:
            raise InvalidGasLimit(
                f"a gas limit of {transaction.gas_limit} is below the {floor} that a transaction "
                "with so much call data costs at least (EIP-7623)"
            )
        return base, calldata, floor

    def intrinsic_gas(self, transaction: Transaction) -> tuple[int, int, int]:
        """What it costs before anything runs, and what it costs at least.

        Returns
        -------
        base
            Gas of the transaction as such, and of making a contract: EIP-3860 for its init code.
        calldata
            Gas of the call data's bytes in Solidity's ABI encoding.
        floor
            Least gas of a transaction with that call data (EIP-7623), or 0.
        """
        schedule = self.vm.schedule
        base = schedule.transaction
        if transaction.kind == "transfer":
            return base, 0, base if schedule.calldata_floor else 0
        method: Method | None
        if transaction.kind == "deploy":
            owner = self._class_of(transaction)
            method = owner.constructor_method
            size = owner.code_size + owner.constructor_size
            nonzero = size * CODE_NONZERO_PERCENT // 100
            zero = size - nonzero
        else:
            contract = self.vm.state.contracts.get(transaction.to)
            method = None if contract is None else contract.methods.get(transaction.name)
            nonzero, zero = 4, 0
        words, word_bytes = _abi_size(method, transaction.arguments)
        nonzero += word_bytes
        zero += 32 * words - word_bytes
        calldata = nonzero * schedule.calldata_nonzero + zero * schedule.calldata_zero
        floor = schedule.calldata_floor * (4 * nonzero + zero)
        if floor:
            floor += base
        if transaction.kind == "deploy":
            base += schedule.creation + schedule.initcode_word * -(-(nonzero + zero) // 32)
        return base, calldata, floor


def _abi_size(method: Method | None, arguments: tuple[Any, ...]) -> tuple[int, int]:
    """Words and non-zero bytes of encoded arguments, whether or not the method takes them."""
    if method is not None:
        try:
            return abi_size(method.kinds, method.check_arguments(arguments))
        except InvalidValue:
            pass
    sizes = [_guessed_size(value) for value in arguments]
    return sum(words for words, _ in sizes), sum(nonzero for _, nonzero in sizes)


def _guessed_size(value: Any) -> tuple[int, int]:
    """Words and non-zero bytes of a value of unknown type."""
    if isinstance(value, Address):
        return 1, ADDRESS.abi_nonzero(value)
    if isinstance(value, int):
        return 1, nonzero_bytes(value)
    if isinstance(value, str):
        words, nonzero = STRING.abi_tail(value)
        return words + 1, nonzero + 1
    if isinstance(value, bytes):
        return 2 + -(-len(value) // 32), 2 + len(value) - value.count(0)
    sizes = [_guessed_size(element) for element in value]
    return 2 + sum(words for words, _ in sizes), 2 + sum(nonzero for _, nonzero in sizes)
