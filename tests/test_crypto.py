"""Tests of chain.crypto."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.crypto import PrivateKey, address_of, contract_address, sha3, verify

# RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493  # RFC 8032, section 5.1
KEY = PrivateKey.from_seed(b"alice")
SENDER = address_of(KEY.public_key)


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_ed25519_matches_rfc_8032(secret: str, public: str, message: str, signature: str) -> None:
    key = PrivateKey(bytes.fromhex(secret))
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert key.public_key.hex() == public
    assert verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


def test_sha3_matches_fips_202_and_is_not_keccak() -> None:
    assert sha3(b"abc").hex() == "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"


def test_seed_determines_key() -> None:
    assert KEY.public_key == PrivateKey.from_seed(b"alice").public_key
    assert KEY.public_key == PrivateKey(hashlib.sha3_256(b"alice").digest()).public_key
    assert KEY.public_key != PrivateKey.from_seed(b"bob").public_key
    assert len(PrivateKey.from_seed(b"").public_key) == 32


def test_text_of_a_key_does_not_show_the_secret() -> None:
    secret = bytes(range(65, 97))
    text = repr(PrivateKey(secret)) + str(PrivateKey(secret))
    assert secret.hex() not in text
    assert secret.decode() not in text


@given(st.binary(max_size=200), st.data())
def test_signature_fails_on_any_flipped_bit(message: bytes, data: st.DataObject) -> None:
    parts = [KEY.public_key, message, KEY.sign(message)]
    assert verify(*parts)
    which = data.draw(st.sampled_from([0, 1, 2] if message else [0, 2]))
    bit = data.draw(st.integers(0, 8 * len(parts[which]) - 1))
    flipped = bytearray(parts[which])
    flipped[bit // 8] ^= 1 << bit % 8
    parts[which] = bytes(flipped)
    assert not verify(*parts)


def test_signature_does_not_serve_another_key() -> None:
    assert not verify(PrivateKey.from_seed(b"bob").public_key, b"pay", KEY.sign(b"pay"))


def test_signature_is_not_malleable() -> None:
    # S + L satisfies the same equation; RFC 8032, section 5.1.7, wants S < L.
    signature = KEY.sign(b"pay")
    moved = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    assert not verify(KEY.public_key, b"pay", signature[:32] + moved.to_bytes(32, "little"))


@given(st.binary(max_size=70), st.binary(max_size=100))
def test_verify_is_false_on_junk(key: bytes, signature: bytes) -> None:
    assert verify(KEY.public_key, b"pay", signature) is False
    assert verify(key, b"pay", KEY.sign(b"pay")) is False


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytes(32), b"\xff" * 32, b"\x02" * 32])
def test_verify_is_false_on_malformed_key(key: bytes) -> None:
    assert verify(key, b"pay", KEY.sign(b"pay")) is False


@pytest.mark.parametrize("size", [0, 32, 63, 65, 128])
def test_verify_is_false_on_signature_of_wrong_length(size: int) -> None:
    assert verify(KEY.public_key, b"pay", (KEY.sign(b"pay") * 2)[:size]) is False


def test_address_is_the_tail_of_the_hashed_key() -> None:
    assert SENDER == "0x" + hashlib.sha3_256(KEY.public_key).hexdigest()[-40:]
    assert SENDER == "0x" + SENDER[2:].lower()
    assert len(SENDER) == 42


def test_contract_address_is_pinned() -> None:
    preimage = b"decai-chain/contract-address/v1" + bytes.fromhex(SENDER[2:]) + bytes(7) + b"\x05"
    assert contract_address(SENDER, 5) == "0x" + hashlib.sha3_256(preimage).hexdigest()[-40:]


def test_contract_addresses_are_distinct() -> None:
    senders = [address_of(PrivateKey.from_seed(bytes([i])).public_key) for i in range(10)]
    nonces = [0, 1, 255, 256, 2**32, 2**64 - 1]
    contracts = {contract_address(sender, nonce) for sender in senders for nonce in nonces}
    assert len(contracts | set(senders)) == 10 * 6 + 10


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (b"short", ValueError, "5 bytes long, must be 32"),
        (bytes(33), ValueError, "33 bytes long, must be 32"),
        ("a" * 32, TypeError, "must be bytes, not str"),
        (bytearray(32), TypeError, "must be bytes, not bytearray"),
    ],
)
def test_bad_keys_are_refused(bad: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=f"secret .*{says}.*from_seed"):
        PrivateKey(bad)
    with pytest.raises(error, match=f"public_key .*{says}"):
        address_of(bad)


@pytest.mark.parametrize(
    "sender",
    ["", "0x", SENDER[2:], SENDER[:-1], SENDER + "0", SENDER + "\n", "0X" + "a" * 40,
     "0x" + "A" * 40, "0x" + "g" * 40, "0x" + " " * 40],
)  # fmt: skip
def test_bad_senders_are_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        contract_address(sender, 0)


@pytest.mark.parametrize("nonce", [-1, 2**64])
def test_nonce_out_of_range_is_refused(nonce: int) -> None:
    with pytest.raises(ValueError, match=rf"nonce {nonce} is outside 0 to {2**64 - 1}"):
        contract_address(SENDER, nonce)


def test_wrong_types_are_refused() -> None:
    sender: Any = bytes(20)
    with pytest.raises(TypeError, match="not bytes"):
        contract_address(sender, 0)
    for nonce, name in ((True, "bool"), (1.0, "float")):
        wrong: Any = nonce
        with pytest.raises(TypeError, match=f"not {name}"):
            contract_address(SENDER, wrong)
