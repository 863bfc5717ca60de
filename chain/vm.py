"""The virtual machine: frames, in which contracts run, call one another and fail alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chain.contract.contract import CallResult, Contract
from chain.contract.method import Method
from chain.contract.reference import Reference
from chain.contract.sequences import weigh, weigh_for
from chain.errors import (
    ExecutionError,
    Halt,
    InvalidValue,
    NotAContract,
    NotPayable,
    OutOfGas,
    ReentrantCall,
    UnknownMethod,
    WriteInView,
)
from chain.gas import Reason
from chain.host import MAX_DEPTH, Host, Message
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

    def begin(self, gas: int) -> None:
        """Start metering a transaction, or a view from outside, with `gas`."""
        self.meter.start(gas)
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
        self, sender: Address, target: Address, name: str, arguments: tuple[Any, ...], value: int
    ) -> Any:
        """Run a method of the contract at `target`, on behalf of the contract `sender`."""
        if value:
            self._pay_for_call(target, value)
        else:
            self.meter.charge(self.schedule.call, CALL)
        contract, method = self._find(target, name)
        return self.run(sender, contract, method, arguments, value)

    def attempt(
        self, sender: Address, target: Any, name: str, arguments: tuple[Any, ...]
    ) -> CallResult:
        """Like `call`, but a failure of the callee is a result; its changes are undone.

        A reference that is ``paying`` sends its money along.
        """
        address = ADDRESS.check(target)
        value = target._value if isinstance(target, Reference) else 0
        for argument in arguments:
            weigh(self.meter, argument)
        self._pay_for_call(address, value)
        try:
            contract, method = self._find(address, name)
            return CallResult(True, self.run(sender, contract, method, arguments, value), "")
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
            self.run(sender, contract, receive_method(contract), (), amount, stipend)

    def _pay_for_call(self, target: Address, value: int) -> None:
        schedule = self.schedule
        gas = schedule.call
        if value:
            gas += schedule.call_value - schedule.call_stipend
            state = self.state
            if not (
                state.balances.get(target) or state.nonces.get(target) or target in state.contracts
            ):
                gas += schedule.call_new_account
        self.meter.charge(gas, CALL)

    def _find(self, target: Address, name: str) -> tuple[Contract, Method]:
        contract = self.state.contracts.get(target)
        if contract is None:
            raise NotAContract(f"there is no contract at {target}: deploy it first")
        method = contract.methods.get(name)
        if method is None:
            raise UnknownMethod(f"{type(contract).__name__} has no external method {name}")
        return contract, method

    def run(
        self,
        sender: Address,
        contract: Contract,
        method: Method,
        arguments: tuple[Any, ...],
        value: int,
        gas: int | None = None,
    ) -> Any:
        """Run one frame and return its checked result.

        Parameters
        ----------
        value
            Wei moved from `sender` to the contract before the method runs.
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
        mark = journal.mark()
        logged = len(self.logs)
        refund = meter.refund
        static = self.static
        message = contract.msg
        running = contract._running
        frames = self.frames
        frame = len(frames)
        frames.extend(
            (depth, sender, contract, method, arguments, value, meter.used, None, None, 0)
        )
        try:
            self.depth = depth + 1
            if depth >= MAX_DEPTH:
                self.refuse_depth()
            if value:
                if not method.payable:
                    raise NotPayable(f"{method.name} takes no money, {value} wei were sent")
                if static:
                    raise WriteInView("a view tried to send money")
                self.state.transfer(sender, contract.address, value)
            if running and not method.reentrant:
                raise ReentrantCall(
                    f"{type(contract).__name__}.{method.name}: the contract is running already"
                )
            checked = check_arguments(method, arguments)
            frames[frame + ARGUMENTS] = tuple(checked)
            for index, owner in method.references:
                checked[index] = owner._reference(contract, checked[index])
            contract.msg = Message(sender, value)
            contract._running = True
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
            if meter.used > meter.limit and not isinstance(error, Halt):
                # Straight-line code pays in advance but is held against the limit later.
                late = OutOfGas(f"the limit is {meter.limit} gas: raise gas_limit")
                late.__cause__ = error
                error = late
            self._settle(error)
            frames[frame + ERROR] = error
            raise error
        finally:
            contract.msg = message
            contract._running = running
            self.static = static
            self.depth = depth
            frames[frame + GAS_END] = meter.used
            meter.limit = limit


def check_arguments(method: Method, arguments: Sequence[Any]) -> list[Any]:
    """Arguments in canonical form; raises InvalidValue, naming the argument."""
    kinds = method.kinds
    if len(arguments) != len(kinds):
        raise InvalidValue(
            f"{method.name} takes {len(kinds)} arguments ({', '.join(method.arguments)}), "
            f"{len(arguments)} were given"
        )
    try:
        return method.check_arguments(arguments)
    except InvalidValue:
        for (name, kind), value in zip(method.arguments.items(), arguments, strict=True):
            try:
                kind.check(value)
            except InvalidValue as error:
                raise type(error)(f"{method.name}: {name}: {error}") from None
        raise


def receive_method(contract: Contract) -> Method:
    """The method that takes plain money; raises UnknownMethod if the contract has none."""
    method = contract.methods.get("receive")
    if method is None or not method.payable or method.kinds:
        raise UnknownMethod(
            f"{type(contract).__name__} takes no plain money: it has no @payable receive()"
        )
    return method
