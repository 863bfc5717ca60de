"""Merkle commitments: `merkle_root` over an ordered list, `MerkleTree` over a key-value map.

Every digest is SHA-256 (faster here than BLAKE2b cut to 32 bytes) of a one-byte domain tag and
a body, so that a leaf can never be read as a branch, nor one structure as the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

KEY_BYTES = 32
MAX_DEPTH = 8 * KEY_BYTES
EMPTY_ROOT = bytes(32)  # stands for "nothing below"; no known input hashes to it

# Tags 0 and 1 are those of RFC 6962.
_LIST_LEAF = b"\x00"
_LIST_BRANCH = b"\x01"
_LEAF = b"\x02"
_BRANCH = b"\x03"

# The bits of each byte value, highest first: walking a key costs no arithmetic.
_BITS = tuple(tuple(byte >> shift & 1 for shift in range(7, -1, -1)) for byte in range(256))


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the 32-byte root of an ordered list, such as a block's transactions.

    This is the Merkle Tree Hash of RFC 6962, section 2.1: an odd node at the end of a level
    moves up unpaired instead of being paired with a copy of itself, so no two lists, of equal
    or different length, share a root. The root of no leaves is SHA-256 of the empty string.
    """
    if not leaves:
        return sha256().digest()
    level = [sha256(_LIST_LEAF + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(_LIST_BRANCH + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


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
        32-byte digests of the nodes beside the path of `key`, from the root down; 0 to 256.
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
        any other key that would end at the same place: it is then a proof of a true claim.
        """
        if not self._is_well_formed():
            return False
        if self.value is not None:
            digest = _leaf_digest(self.key, sha256(self.value).digest())
        elif self.other is not None:
            digest = _leaf_digest(*self.other)
        else:
            digest = EMPTY_ROOT
        for depth in reversed(range(len(self.siblings))):
            sibling = self.siblings[depth]
            if _bit(self.key, depth):
                digest = sha256(_BRANCH + sibling + digest).digest()
            else:
                digest = sha256(_BRANCH + digest + sibling).digest()
        return digest == root

    def _is_well_formed(self) -> bool:
        # Proofs come from strangers: the annotations promise nothing here.
        if not (
            _is_32_bytes(self.key)
            and isinstance(self.value, bytes | None)
            and isinstance(self.siblings, tuple)
            and len(self.siblings) <= MAX_DEPTH
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
            and len(self.siblings) <= _common_bits(self.key, self.other[0]) < MAX_DEPTH
        )


class _Leaf:
    """One entry, at the least depth where it is alone in its subtree; it never changes."""

    __slots__ = ("digest", "key", "value")

    def __init__(self, key: bytes, value: bytes, digest: bytes) -> None:
        self.key = key
        self.value = value
        self.digest = digest

    def __deepcopy__(self, memo: object) -> "_Leaf":
        return self  # the empty one is known by its identity


class _Branch:
    """A subtree of two or more entries; an empty digest is one still to be computed."""

    __slots__ = ("digest", "left", "right")

    def __init__(self, left: "_Node", right: "_Node") -> None:
        self.left = left
        self.right = right
        self.digest = b""


_Node = _Leaf | _Branch

# The empty subtree, as a leaf whose key equals none: walks then need no test for None.
_EMPTY: Final = _Leaf(b"", b"", EMPTY_ROOT)


class MerkleTree:
    """A map from 32-byte keys to bytes with a 32-byte root that commits to all its contents.

    A compact sparse Merkle tree (after the Jellyfish Merkle tree of Diem, Gao et al. 2021):
    bit d of the key picks the side at depth d, and a subtree of one entry is just its leaf. The
    shape, hence the root, depends on the contents only, never on the order of operations. Keys
    should be hashes: the depth is then about log2 of the number of entries (never above 256).

    An update marks its path; `root` hashes each marked branch once, however many updates went
    through it. The branch digest is SHA-256(3 || left || right), the leaf digest
    SHA-256(2 || key || SHA-256(value)), and that of an empty subtree 32 zero bytes. Not
    thread-safe.
    """

    __slots__ = ("_root", "_size")

    def __init__(self) -> None:
        self._root: _Node = _EMPTY
        self._size = 0

    def __len__(self) -> int:
        """Return the number of entries."""
        return self._size

    def get(self, key: bytes) -> bytes | None:
        """Return the value under the 32-byte `key`, None if there is none."""
        leaf = self._walk(key)[1]
        return leaf.value if leaf.key == key else None

    def update(self, key: bytes, value: bytes | None) -> None:
        """Set the value under `key`, or delete the entry; deleting an absent one does nothing.

        Parameters
        ----------
        key : bytes
            32 bytes.
        value : bytes or None
            None deletes; b"" is a value like any other.

        Raises
        ------
        TypeError
            If `key` is not bytes, or `value` neither bytes nor None.
        ValueError
            If `key` is not 32 bytes long.
        """
        path, leaf = self._walk(key)
        if not isinstance(value, bytes | None):
            raise TypeError(f"value must be bytes, or None to delete, not {type(value).__name__}")
        if value == (leaf.value if leaf.key == key else None):
            return
        if value is None:
            self._size -= 1
            node = _lift(key, path)
        else:
            node = _Leaf(key, value, _leaf_digest(key, sha256(value).digest()))
            if leaf.key != key:
                self._size += 1
                if leaf is not _EMPTY:
                    node = _split(node, leaf, len(path))

        if not path:
            self._root = node
        elif _bit(key, len(path) - 1):
            path[-1].right = node
        else:
            path[-1].left = node
        for branch in reversed(path):
            if not branch.digest:
                break  # everything above a marked branch is marked already
            branch.digest = b""

    def root(self) -> bytes:
        """Return the 32-byte root; that of an empty tree is `EMPTY_ROOT`."""
        marked: list[_Branch] = []
        if isinstance(self._root, _Branch) and not self._root.digest:
            marked.append(self._root)
        for branch in marked:  # grows as it goes, parents before children
            left, right = branch.left, branch.right
            if not left.digest and isinstance(left, _Branch):
                marked.append(left)
            if not right.digest and isinstance(right, _Branch):
                marked.append(right)
        for branch in reversed(marked):
            branch.digest = sha256(_BRANCH + branch.left.digest + branch.right.digest).digest()
        return self._root.digest

    def prove(self, key: bytes) -> Proof:
        """Return the proof of the value under the 32-byte `key`, or of its absence."""
        self.root()  # so that every sibling has its digest
        path, leaf = self._walk(key)
        siblings = tuple(_sibling(branch, key, depth).digest for depth, branch in enumerate(path))
        if leaf.key == key:
            return Proof(key, leaf.value, siblings, None)
        other = None if leaf is _EMPTY else (leaf.key, sha256(leaf.value).digest())
        return Proof(key, None, siblings, other)

    def _walk(self, key: bytes) -> tuple[list[_Branch], _Leaf]:
        """Return the branches on the path of `key`, from the root down, and the leaf it ends at."""
        if not isinstance(key, bytes):
            raise TypeError(f"key must be bytes, not {type(key).__name__}; hash the cell's path")
        if len(key) != KEY_BYTES:
            raise ValueError(
                f"key is {len(key)} bytes long, must be {KEY_BYTES}; hash the cell's path"
            )
        path: list[_Branch] = []
        node = self._root
        for byte in key:
            for bit in _BITS[byte]:
                if isinstance(node, _Leaf):
                    return path, node
                path.append(node)
                node = node.right if bit else node.left
        assert isinstance(node, _Leaf)  # two keys that agree in all 256 bits are one key
        return path, node


def _lift(key: bytes, path: list[_Branch]) -> _Node:
    """Return what takes the place of the leaf of `key` when it goes, at the end of `path`.

    Branches left with a single entry come off the end of `path`, and their leaf moves up.
    """
    node = _EMPTY
    while path:
        sibling = _sibling(path[-1], key, len(path) - 1)
        if isinstance(sibling, _Branch) or (node is not _EMPTY and sibling is not _EMPTY):
            break
        path.pop()
        if sibling is not _EMPTY:
            node = sibling
    return node


def _split(new: _Leaf, old: _Leaf, depth: int) -> _Branch:
    """Return the subtree of two leaves, rooted at `depth`, up to which their keys agree."""
    fork = _common_bits(new.key, old.key)
    node = _Branch(old, new) if _bit(new.key, fork) else _Branch(new, old)
    for above in reversed(range(depth, fork)):
        node = _Branch(_EMPTY, node) if _bit(new.key, above) else _Branch(node, _EMPTY)
    return node


def _sibling(branch: _Branch, key: bytes, depth: int) -> _Node:
    """Return the child of `branch`, at `depth`, that is not on the path of `key`."""
    return branch.left if _bit(key, depth) else branch.right


def _leaf_digest(key: bytes, value_digest: bytes) -> bytes:
    # The value goes in as its digest so that an absence proof need not carry a whole value.
    return sha256(_LEAF + key + value_digest).digest()


def _bit(key: bytes, depth: int) -> int:
    return _BITS[key[depth >> 3]][depth & 7]


def _common_bits(a: bytes, b: bytes) -> int:
    """Return how many leading bits two 32-byte keys share, 0 to 256."""
    return MAX_DEPTH - (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_length()


def _is_32_bytes(item: object) -> bool:
    return isinstance(item, bytes) and len(item) == 32
