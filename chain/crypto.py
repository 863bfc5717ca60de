"""Keys, signatures, addresses and the chain's general-purpose hash."""

import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_BYTES = 32
_ADDRESS_BYTES = 20
_MAX_NONCE = 2**64 - 1
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_CONTRACT_DOMAIN = b"decai-chain/contract-address/v1"


def sha3(data: bytes) -> bytes:
    """Return the 32-byte SHA3-256 digest of `data` (FIPS 202; not Ethereum's older Keccak)."""
    return hashlib.sha3_256(data).digest()


class PrivateKey:
    """An Ed25519 signing key (RFC 8032); signatures are deterministic.

    Parameters
    ----------
    secret : bytes
        The 32-byte RFC 8032 secret key, used as it is. To derive a key from a seed of any
        other kind use `from_seed`.

    Raises
    ------
    TypeError
        If `secret` is not bytes.
    ValueError
        If `secret` is not 32 bytes long.
    """

    __slots__ = ("_key", "_public_key", "_secret")

    def __init__(self, secret: bytes) -> None:
        _check_key("secret", secret, "; use PrivateKey.from_seed for a seed of any length")
        self._secret = secret
        self._key: Ed25519PrivateKey | None = None
        self._public_key: bytes | None = None

    @classmethod
    def from_seed(cls, seed: bytes) -> "PrivateKey":
        """Return the key whose secret is SHA3-256 of `seed` (any length): same seed, same key.

        The key is exactly as hard to guess as the seed.
        """
        return cls(sha3(seed))

    @property
    def public_key(self) -> bytes:
        """The 32 raw bytes of the public key."""
        if self._public_key is None:
            self._public_key = self._load().public_key().public_bytes_raw()
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of `message`."""
        return self._load().sign(message)

    def _load(self) -> Ed25519PrivateKey:
        # Lazy: emulators make accounts by the thousand of which few ever sign.
        if self._key is None:
            self._key = Ed25519PrivateKey.from_private_bytes(self._secret)
        return self._key


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether `signature` is that of `message` under the Ed25519 `public_key`.

    Malformed keys and signatures (wrong length, not a curve point, S out of range) are simply
    not valid: the answer is False, never an exception.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def address_of(public_key: bytes) -> str:
    """Return the account address of a public key.

    Parameters
    ----------
    public_key : bytes
        32 raw bytes.

    Returns
    -------
    str
        "0x" and 40 lower-case hex digits: the last 20 bytes of SHA3-256 of the key.

    Raises
    ------
    TypeError
        If `public_key` is not bytes.
    ValueError
        If `public_key` is not 32 bytes long.
    """
    _check_key("public_key", public_key, "; pass PrivateKey.public_key")
    return _address(public_key)


def contract_address(sender: str, nonce: int) -> str:
    """Return the address of the contract that `sender` deploys with its transaction `nonce`.

    The hashed text carries a domain prefix and is longer than a public key, so that no account
    address can be made to fall on a contract's short of a collision of the 160-bit hash.

    Parameters
    ----------
    sender : str
        Address of the deployer, "0x" and 40 lower-case hex digits.
    nonce : int
        0 to 2**64 - 1.

    Returns
    -------
    str
        "0x" and 40 lower-case hex digits.

    Raises
    ------
    TypeError
        If `sender` is not a str or `nonce` not an int.
    ValueError
        If `sender` is not an address or `nonce` is out of range.
    """
    if not isinstance(sender, str):
        raise TypeError(f"sender must be an address of type str, not {type(sender).__name__}")
    if not _ADDRESS.fullmatch(sender):
        raise ValueError(
            f"sender {sender!r} is not an address: expected 0x and 40 lower-case hex digits, "
            "as address_of returns"
        )
    if not isinstance(nonce, int) or isinstance(nonce, bool):
        raise TypeError(f"nonce must be an int, not {type(nonce).__name__}")
    if not 0 <= nonce <= _MAX_NONCE:
        raise ValueError(f"nonce {nonce} is outside 0 to {_MAX_NONCE}; pass the account's nonce")
    return _address(_CONTRACT_DOMAIN + bytes.fromhex(sender[2:]) + nonce.to_bytes(8, "big"))


def _address(preimage: bytes) -> str:
    return "0x" + sha3(preimage)[-_ADDRESS_BYTES:].hex()


def _check_key(name: str, key: bytes, way_out: str) -> None:
    if not isinstance(key, bytes):
        raise TypeError(f"{name} must be bytes, not {type(key).__name__}{way_out}")
    if len(key) != KEY_BYTES:
        raise ValueError(f"{name} is {len(key)} bytes long, must be {KEY_BYTES}{way_out}")
