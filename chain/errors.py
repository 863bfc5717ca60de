"""Every error the engine raises, in one tree.

::

    ChainError
    ├── InvalidTransaction        never enters a block; nothing changes, no fee
    │   ├── InvalidSignature
    │   ├── WrongChain
    │   ├── WrongNonce
    │   ├── InsufficientFunds
    │   ├── InvalidGasLimit
    │   ├── InvalidGasPrice
    │   └── UnknownContract
    ├── ExecutionError            enters a block as failed: fee and nonce stay, all else is undone
    │   ├── Revert                the gas that is left goes back
    │   │   ├── Error             base of the errors contracts declare (chain.contract)
    │   │   ├── Arithmetic        a result does not fit its integer type
    │   │   ├── InvalidValue      a value is not of the declared type
    │   │   │   └── OutOfRange    an integer does not fit its type (an Arithmetic error, too)
    │   │   ├── NotPayable        value sent to a method that takes none
    │   │   ├── UnknownMethod     no such external method, or plain money to a contract
    │   │   ├── NotAContract      call to an address without code
    │   │   ├── ReentrantCall     a contract called back while it was running
    │   │   └── TransferFailed    more sent than the sender has
    │   └── Halt                  the frame's whole gas is gone
    │       ├── OutOfGas
    │       │   └── CallDepthExceeded
    │       ├── Panic             index out of bounds, division by zero
    │       └── WriteInView       a view tried to change something
    ├── ContractRefused           the checker found something a contract may not say
    ├── ClockError                time only goes forward
    ├── UnknownSnapshot
    ├── UnknownBlock
    ├── UnknownAccount
    ├── UnknownTransaction
    └── VerificationFailed        re-execution gives another root than a block says

Only :class:`ExecutionError` is caught by the virtual machine. Any other exception raised inside a
contract is a bug in that contract: the whole transaction is undone and the exception surfaces.
"""

from __future__ import annotations

from typing import Any


class ChainError(Exception):
    """Base of every error of this package."""


class InvalidTransaction(ChainError):
    """The transaction may not enter a block; the state is as it was."""


class InvalidSignature(InvalidTransaction):
    """The signature does not belong to the sender and this exact transaction."""


class WrongChain(InvalidTransaction):
    """The transaction was signed for another chain id."""


class WrongNonce(InvalidTransaction):
    """The nonce is not the sender's next one (a replay, or out of order)."""


class InsufficientFunds(InvalidTransaction):
    """The sender cannot pay value and gas limit times gas price."""


class InvalidGasLimit(InvalidTransaction):
    """The gas limit is below the intrinsic gas or above the block's limit."""


class InvalidGasPrice(InvalidTransaction):
    """The gas price is below what the chain accepts."""


class UnknownContract(InvalidTransaction):
    """The contract class of a deployment is not known to this chain."""


class ExecutionError(ChainError):
    """A frame failed. What it changed is undone.

    Attributes
    ----------
    receipt
        Of the failed transaction, where it is raised to whoever sent that; else None.
    """

    receipt: Any = None


class Revert(ExecutionError):
    """The frame gave up; unused gas goes back to its caller."""


class Arithmetic(Revert):
    """The result of checked arithmetic does not fit."""


class InvalidValue(Revert):
    """A value is not of its declared type; names the value, the limit and the type."""


class OutOfRange(InvalidValue, Arithmetic):
    """An integer does not fit its declared type."""


class NotPayable(Revert):
    """Value was sent to a method that is not ``@payable``."""


class UnknownMethod(Revert):
    """The contract has no such external method."""


class NotAContract(Revert):
    """There is no contract at the called address."""


class ReentrantCall(Revert):
    """A contract was entered again while it was running, by a method that does not allow it."""


class TransferFailed(Revert):
    """A contract tried to send more than it has."""


class Halt(ExecutionError):
    """The frame stopped exceptionally; all of its gas is gone.

    Attributes
    ----------
    settled
        Whether the gas of the frame it happened in is gone already.
    """

    settled: bool = False


class OutOfGas(Halt):
    """The work costs more than the gas limit."""


class Panic(Halt):
    """Index out of bounds or division by zero: the EVM's invalid opcode."""


class CallDepthExceeded(OutOfGas):
    """Calls, between contracts or within one, are nested deeper than the limit."""


class WriteInView(Halt):
    """A view, or what it called, tried to write, to emit or to send."""


class ContractRefused(ChainError):
    """A contract says something the language does not allow; has file, line and a way out."""


class ClockError(ChainError):
    """Time was asked to stand still, go back, or run past 2**64 seconds."""


class UnknownSnapshot(ChainError):
    """The snapshot was never taken, or lies after a point that was already returned to."""


class UnknownBlock(ChainError):
    """There is no block with that number."""


class UnknownAccount(ChainError):
    """The address has no key in this process, so nothing can be signed for it."""


class UnknownTransaction(ChainError):
    """The transaction is not where it was looked for."""


class VerificationFailed(ChainError):
    """Re-execution from genesis disagrees with a recorded block."""
