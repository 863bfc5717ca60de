"""The virtual machine: frames, in which contracts run, call one another and fail alone."""

from __future__ import annotations

from typing import Any

from chain.contract.contract import CallResult, Contract
from chain.contract.method import Method
from chain.contract.reference import Reference
from chain.contract.sequences import weigh, weigh_for
from chain.errors import (
    ExecutionError,
    Halt,
    NotAContract,
    NotPayable,
    OutOfGas,
    ReentrantCall,
    Revert,
    UnknownMethod,
    WriteInView,
)
from chain.gas import Reason
from chain.host import IDLE, MAX_DEPTH, Host, Message
from chain.trace import ARGUMENTS, ERROR, GAS_END, RESULT
from chain.types import ADDRESS
from chain.values import Address

CALL = int(Reason.CALL)


class VirtualMachine(Host):
    """Runs messages: a call is data in, data out, and a failed frame leaves no trace in the state.

    Attributes
    ----------
    frames
        Notes on the frames of the running transaction, in the order entered (``chain.trace``).
    """

    __slots__ = ("frames",)

    frames: list[Any]

    def begin(
        self, gas: int, sender: Address, target: Address, base: int = 0, calldata: int = 0
    ) -> None:
        """Start metering a transaction, or a view from outside, with `gas` (see `Meter.start`).

        Who sends it and what it is for are warm, and the block's producer since EIP-3651.
        """
        self.meter.start(gas, base, calldata)
        warm = self.meter.warm
        warm[sender] = warm[target] = None
        if self.schedule.producer_warm:
            warm[self.block.producer] = None
        self.depth = 0
        self.static = False
        self.frames = []

    def fail(self, error: ExecutionError) -> None:
        """End a transaction that failed, within a frame or outside (as when code is paid for)."""
        self.logs.clear()
        self.meter.refund = 0
        self._settle(error)

    def _settle(self, error: ExecutionError) -> None:
        """Let a halt eat the gas of the frame it happened in; to its callers it is a revert."""
        if isinstance(error, Halt) and not error.settled:
            error.settled = True
            self.meter.used = self.meter.limit

    def call(
        self, message: Message, target: Address, declared: Method, arguments: tuple[Any, ...]
    ) -> Any:
        """Run a method of the contract at `target`, as the caller of `message` declares it.

        As solc has it, a contract asks first whether there is code (EXTCODESIZE).
        """
        gas = self.reach(target)
        contract = self.state.contracts.get(target)
        if contract is None:
            self.meter.charge(gas, CALL)
            raise _nothing_to_call(contract, target, declared.name)
        gas += self.schedule.account_warm
        if message.value:
            gas += self._price_of_money(target)
        self.meter.charge(gas, CALL)
        method = contract.methods.get(declared.name)
        if method is None:
            raise _nothing_to_call(contract, target, declared.name)
        result = self.run(message, contract, method, arguments)
        if method.returns != declared.returns:
            # What was called may be another contract than its address promised.
            result = declared.check_result(result)
        return result

    def attempt(
        self, sender: Address, target: Any, name: str, arguments: tuple[Any, ...]
    ) -> CallResult:
        """Like `call`, but a failure of the callee is a result; its changes are undone.

        A reference that is ``paying`` sends its money along.
        """
        address = ADDRESS.check(target)
        value = target._message.value if isinstance(target, Reference) else 0
        for argument in arguments:
            weigh(self.meter, argument)
        self._pay_for_call(address, value)
        try:
            contract = self.state.contracts.get(address)
            method = None if contract is None else contract.methods.get(name)
            if contract is None or method is None:
                raise _nothing_to_call(contract, address, name)
            result = self.run(Message(sender, value), contract, method, arguments)
            return CallResult(True, result, "")
        except ExecutionError as error:
            return CallResult(False, None, type(error).__name__)

    def send(self, sender: Address, recipient: Address, amount: int) -> None:
        """Send plain money: a contract's ``receive`` runs on the stipend alone."""
        self._pay_for_call(recipient, amount)
        contract = self.state.contracts.get(recipient)
        if contract is None:
            if self.static:
                raise WriteInView("a view tried to send money")
            self.state.transfer(sender, recipient, amount)
        else:
            # With no money, the caller pays for the stipend itself.
            stipend = self.schedule.call_stipend
            message = Message(sender, amount)
            self.run(message, contract, receive_method(contract), (), stipend)

    def _pay_for_call(self, target: Address, value: int) -> None:
        """Charge for a CALL by itself."""
        gas = self.reach(target)
        if value:
            gas += self._price_of_money(target)
        self.meter.charge(gas, CALL)

    def _price_of_money(self, target: Address) -> int:
        """What a call that sends money costs on top, the callee's stipend not included."""
        schedule = self.schedule
        gas = schedule.call_value - schedule.call_stipend
        state = self.state
        if not (
            state.balances.get(target) or state.nonces.get(target) or target in state.contracts
        ):
            gas += schedule.call_new_account
        return gas

    def run(
        self,
        message: Message,
        contract: Contract,
        method: Method,
        arguments: tuple[Any, ...],
        gas: int | None = None,
    ) -> Any:
        """Run one frame and return its checked result.

        Parameters
        ----------
        message
            Who calls; its value is moved to the contract before the method runs.
        gas
            Limit of this frame; by default all but a 64th of what the caller has (EIP-150), and
            all of it for the outermost frame.

        Raises
        ------
        ExecutionError
            When the frame failed; the state is as it was before, and a Halt has eaten its gas.
        """
        meter = self.meter
        limit = meter.limit
        depth = self.depth
        if gas is not None:
            meter.limit = min(limit, meter.used + gas)
        elif depth:
            meter.limit = limit - (limit - meter.used) // 64
        journal = self.state.journal
        mark = journal.dropped + len(journal.entries)
        logged = len(self.logs)
        refund = meter.refund
        warm = len(meter.warm)
        static = self.static
        allocated, reached = meter.allocated, meter.reached
        interrupted = contract.msg
        frames = self.frames
        frame = len(frames)
        frames.extend((depth, message, contract, method, arguments, meter.used, None, None, 0))
        try:
            self.depth = depth + 1
            if depth >= MAX_DEPTH:
                self.refuse_depth()
            if message.value:
                self._take_money(message, contract, method)
            if interrupted is not IDLE and not method.reentrant:
                raise ReentrantCall(
                    f"{type(contract).__name__}.{method.name}: the contract is running already"
                )
            checked = method.check_arguments(arguments)
            if checked is not arguments:
                frames[frame + ARGUMENTS] = checked
            method.pay(meter, checked, depth > 0)
            if method.references:
                checked = with_references(contract, method, checked)
            contract.msg = message
            if method.view:
                self.static = True
            result = method.function(contract, *checked)
            if method.returns_heavy:
                parts = result if type(result) is tuple else (result,)
                for kind, part in zip(method.returns, parts, strict=False):
                    weigh_for(meter, kind, part)
            result = method.check_result(result)
            if meter.used > meter.limit:
                raise OutOfGas(f"{meter.used} gas is needed, the limit is {meter.limit}")
            frames[frame + RESULT] = result
            return result
        except ExecutionError as error:
            journal.rollback(mark)
            del self.logs[logged:]
            meter.refund = refund
            meter.cool(warm)
            if meter.used > meter.limit and not isinstance(error, Halt):
                # Straight-line code pays in advance but is held against the limit later.
                late = OutOfGas(f"the limit is {meter.limit} gas: raise gas_limit")
                late.__cause__ = error
                error = late
            self._settle(error)
            frames[frame + ERROR] = error
            raise error
        finally:
            contract.msg = interrupted
            self.static = static
            self.depth = depth
            meter.allocated, meter.reached = allocated, reached
            frames[frame + GAS_END] = meter.used
            meter.limit = limit

    def _take_money(self, message: Message, contract: Contract, method: Method) -> None:
        """Move a message's value to the contract it is for."""
        if not method.payable:
            raise NotPayable(f"{method.name} takes no money, {message.value} wei were sent")
        if self.static:
            raise WriteInView("a view tried to send money")
        self.state.transfer(message.sender, contract.address, message.value)


def _nothing_to_call(contract: Contract | None, target: Address, name: str) -> Revert:
    """The error for a call to no contract, or to a method that it does not have."""
    if contract is None:
        return NotAContract(f"there is no contract at {target}: deploy it first")
    return UnknownMethod(f"{type(contract).__name__} has no external method {name}")


def with_references(
    contract: Contract, method: Method, arguments: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Arguments as the method gets them: references in place of contracts' addresses."""
    passed = list(arguments)
    for index, owner in method.references:
        passed[index] = owner._reference(contract, passed[index])
    return tuple(passed)


def receive_method(contract: Contract) -> Method:
    """The method that takes plain money; raises UnknownMethod if the contract has none."""
    method = contract.methods.get("receive")
    if method is None or not method.payable or method.kinds:
        raise UnknownMethod(
            f"{type(contract).__name__} takes no plain money: it has no @payable receive()"
        )
    return method
