"""Proofs of what a `chain.merkle.MerkleTree` holds, for those who know only its root.

Every digest is SHA-256 (faster here than BLAKE2b cut to 32 bytes) of a one-byte domain tag and
a body, so that a leaf can never be read as a branch, nor a tree as a list.
"""

from dataclasses import dataclass
from hashlib import sha256

KEY_BYTES = 32
MAX_DEPTH = 2 * KEY_BYTES
EMPTY_ROOT = bytes(32)  # stands for "nothing below"; no known input hashes to it

LEAF = b"\x02"
BRANCH = b"\x03"

# Children of a branch: one for each hex digit. Hashing 16 digests at once takes half the time of
# hashing them in four levels of pairs, and a fourth of the calls where one is new.
WIDTH = 16

# The hex digits of each byte value, highest first: walking a key costs no arithmetic.
DIGITS = tuple((byte >> 4, byte & 15) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Proof:
    """What a tree holds under one key, for someone who knows only the tree's root.

    Attributes
    ----------
    key : bytes
        The 32-byte key asked for.
    value : bytes or None
        The value under `key`; None claims that there is none.
    siblings : tuple of bytes
        32-byte digests of the nodes beside the path of `key`, from the root down, 15 of each
        branch in the order of their digits; 0 to 64 times 15.
    other : tuple of bytes, or None
        In a proof of absence, the key and the SHA-256 of the value of the one entry that sits
        where `key` would (32 bytes each), or None if nothing does. None in one of presence.
    """

    key: bytes
    value: bytes | None
    siblings: tuple[bytes, ...]
    other: tuple[bytes, bytes] | None

    def verify(self, root: bytes) -> bool:
        """Say whether the claim is true of the `MerkleTree` whose root is `root`.

        Malformed proofs are False, never an exception. The same absence proof also holds for
        any other key that would end at the same place, or beside it where nothing is either: it
        is then a proof of a true claim.
        """
        if not self._is_well_formed():
            return False
        if self.value is not None:
            digest = leaf_digest(self.key, sha256(self.value).digest())
        elif self.other is not None:
            digest = leaf_digest(*self.other)
        else:
            digest = EMPTY_ROOT
        beside = WIDTH - 1
        for depth in reversed(range(len(self.siblings) // beside)):
            others = self.siblings[depth * beside : (depth + 1) * beside]
            digit = digit_of(self.key, depth)
            digest = sha256(b"".join((BRANCH, *others[:digit], digest, *others[digit:]))).digest()
        return digest == root

    def _is_well_formed(self) -> bool:
        # Proofs come from strangers: the annotations promise nothing here.
        if not (
            _is_32_bytes(self.key)
            and isinstance(self.value, bytes | None)
            and isinstance(self.siblings, tuple)
            and len(self.siblings) % (WIDTH - 1) == 0
            and len(self.siblings) <= MAX_DEPTH * (WIDTH - 1)
            and all(map(_is_32_bytes, self.siblings))
        ):
            return False
        if self.other is None:
            return True
        return (
            self.value is None
            and isinstance(self.other, tuple)
            and len(self.other) == 2
            and all(map(_is_32_bytes, self.other))
            # The other entry must differ from the key, and only below where the path ends.
            and len(self.siblings) // (WIDTH - 1)
            <= common_digits(self.key, self.other[0])
            < MAX_DEPTH
        )


def leaf_digest(key: bytes, value_digest: bytes) -> bytes:
    """Return the digest of an entry."""
    # The value goes in as its digest so that an absence proof need not carry a whole value.
    return sha256(LEAF + key + value_digest).digest()


def digit_of(key: bytes, depth: int) -> int:
    """Return the hex digit of a 32-byte key that picks the child at `depth`."""
    return DIGITS[key[depth >> 1]][depth & 1]


def common_digits(a: bytes, b: bytes) -> int:
    """Return how many leading hex digits two 32-byte keys share, 0 to 64."""
    bits = (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_length()
    return MAX_DEPTH - (bits + 3) // 4


def _is_32_bytes(item: object) -> bool:
    return isinstance(item, bytes) and len(item) == 32
