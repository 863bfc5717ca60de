"""Transactions, and the signed form in which they enter from outside the process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError

from chain.array import Array
from chain.crypto import KEY_BYTES, address_of, sha3, verify
from chain.encoding import encode
from chain.errors import InvalidSignature, InvalidTransaction, InvalidValue
from chain.types import STRING
from chain.values import Address, shown

Kind = Literal["transfer", "deploy", "call", "deal"]


Uint64 = Annotated[int, Field(ge=0, lt=2**64, strict=True)]
Wei = Annotated[int, Field(ge=0, lt=2**256, strict=True)]


class Transaction(BaseModel):
    """What a sender asks for: to move money, to deploy a contract, or to call one.

    Attributes
    ----------
    kind
        ``transfer``, ``deploy`` or ``call``; ``deal`` is the recorded creation of money, which only
        the chain itself can make.
    nonce
        Number of transactions the sender made before.
    gas_limit
        Most gas it may use; what is not used is not paid.
    gas_price
        Wei per gas, paid to the block's producer.
    value
        Wei to move along.
    to
        Recipient, or the contract called; None for a deployment.
    name
        Method called, or contract class deployed.
    arguments
        Plain immutable values: ints, strings, bytes, bools, arrays, tuples.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    kind: Kind
    chain_id: Uint64
    sender: InstanceOf[Address]
    nonce: Uint64
    gas_limit: Uint64
    gas_price: Wei
    value: Wei
    to: InstanceOf[Address] | None
    name: str
    arguments: tuple[Any, ...]

    @cached_property
    def hash(self) -> bytes:
        """What is signed, and how the transaction is named: 32 bytes over every field."""
        try:
            return sha3(self._encoded())
        except UnicodeEncodeError as error:
            raise InvalidTransaction(f"text that is no UTF-8: {error}") from None

    def _encoded(self) -> bytes:
        return encode(
            (
                self.kind,
                self.chain_id,
                self.sender,
                self.nonce,
                self.gas_limit,
                self.gas_price,
                self.value,
                self.to,
                self.name,
                self.arguments,
            )
        )

    def __hash__(self) -> int:
        return hash(self.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Transaction) and other.hash == self.hash


def new_transaction(**fields: Any) -> Transaction:
    """Make a transaction; raises InvalidTransaction, saying which field, if one is not right."""
    try:
        made: Transaction = Transaction.__pydantic_validator__.validate_python(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidTransaction(f"{where} = {shown(first['input'])}: {first['msg']}") from None
    # All fields are always given: one set of their names for all saves most of each one's memory.
    object.__setattr__(made, "__pydantic_fields_set__", _ALL_FIELDS)
    return made


_ALL_FIELDS = set(Transaction.model_fields)


_PLAIN = frozenset({int, bool, bytes, Address, Array})


def plain(value: Any) -> Any:
    """Freeze an argument: lists become arrays, contracts and accounts their addresses.

    Raises InvalidTransaction for what no transaction can carry.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is str:
        return STRING.check(value)
    held = getattr(value, "address", None)
    if type(held) is Address:
        return held
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return plain(value.tolist())
    if isinstance(value, Sequence):
        return Array([plain(element) for element in value])
    raise InvalidTransaction(
        f"a {kind.__name__} cannot be an argument: pass ints, strings, bytes, bools, or lists"
    )


class SignedTransaction(BaseModel):
    """A transaction with its Ed25519 signature, as bytes on the wire or in a file."""

    model_config = ConfigDict(frozen=True)

    transaction: Transaction
    public_key: bytes
    signature: bytes

    def check(self) -> Transaction:
        """Return the transaction; raises InvalidSignature if its sender did not sign just this."""
        sender = self.transaction.sender
        if len(self.public_key) != KEY_BYTES:
            raise InvalidSignature(
                f"a public key of {len(self.public_key)} bytes: it must have {KEY_BYTES}"
            )
        if address_of(self.public_key) != sender:
            raise InvalidSignature(
                f"the key belongs to {address_of(self.public_key)}, not to the sender {sender}"
            )
        if not verify(self.public_key, self.transaction.hash, self.signature):
            raise InvalidSignature(
                f"the signature is not {sender}'s for this transaction: sign it again, unchanged"
            )
        return self.transaction

    def to_json(self) -> str:
        """Write as JSON; :meth:`from_json` reads it."""
        fields = self.transaction.model_dump(exclude={"arguments"})
        fields["arguments"] = [_to_json(argument) for argument in self.transaction.arguments]
        return json.dumps(
            {
                "transaction": fields,
                "public_key": self.public_key.hex(),
                "signature": self.signature.hex(),
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read JSON from outside; raises InvalidTransaction, saying where, if it is malformed."""
        try:
            data = json.loads(text)
            fields = dict(data["transaction"])
            fields["sender"] = Address.parse(fields["sender"])
            fields["to"] = fields["to"] and Address.parse(fields["to"])
            fields["arguments"] = tuple(_from_json(argument) for argument in fields["arguments"])
            transaction = new_transaction(**fields)
            transaction.hash  # noqa: B018 (fails for text that is no UTF-8)
            return cls(
                transaction=transaction,
                public_key=bytes.fromhex(data["public_key"]),
                signature=bytes.fromhex(data["signature"]),
            )
        except (
            InvalidTransaction,
            InvalidValue,
            ValueError,
            TypeError,
            KeyError,
            RecursionError,
        ) as error:
            raise InvalidTransaction(f"malformed transaction: {error!r}") from None


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, Array):
        return [_to_json(element) for element in value]
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["bytes"])
    if isinstance(value, list):
        return Array([_from_json(element) for element in value])
    if isinstance(value, int | str):
        return value
    raise ValueError(f"{value!r} cannot be an argument")
