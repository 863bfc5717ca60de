"""Merkle commitments: `merkle_root` over an ordered list, `MerkleTree` over a key-value map.

Every digest is SHA-256 of a one-byte domain tag and a body; see `chain.proof`.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from chain.proof import (
    BRANCH,
    DIGITS,
    EMPTY_ROOT,
    KEY_BYTES,
    WIDTH,
    Proof,
    common_digits,
    digit_of,
    leaf_digest,
)

# Those of RFC 6962; a tree's leaves and branches have others (see `chain.proof`).
_LIST_LEAF = b"\x00"
_LIST_BRANCH = b"\x01"

# Where a branch's body, its tag and its children's digests, has the digest of each child.
_PLACES = tuple(slice(start, start + 32) for start in range(1, 1 + 32 * WIDTH, 32))


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


class _Leaf:
    """One entry, at the least depth where it is alone in its subtree; it never changes."""

    __slots__ = ("key", "value")

    def __init__(self, key: bytes, value: bytes) -> None:
        self.key = key
        self.value = value

    def __deepcopy__(self, memo: object) -> "_Leaf":
        return self  # the empty one is known by its identity


class _Branch:
    """A subtree of two or more entries; its body lacks the digests of `stale` children."""

    __slots__ = ("body", "children", "stale")

    def __init__(self, children: "dict[int, _Node]") -> None:
        self.children: list[_Node] = [_EMPTY] * WIDTH
        for digit, child in children.items():
            self.children[digit] = child
        self.body = bytearray(BRANCH + EMPTY_ROOT * WIDTH)
        self.stale = list(children)


_Node = _Leaf | _Branch
_Path = list[tuple[_Branch, int]]  # from the root down, with the digit of the child to go on with

# The empty subtree, as a leaf whose key equals none: walks then need no test for None.
_EMPTY: Final = _Leaf(b"", b"")


class MerkleTree:
    """A map from 32-byte keys to bytes with a 32-byte root that commits to all its contents.

    A compact sparse Merkle tree (after the Jellyfish Merkle tree of Diem, Gao et al. 2021): hex
    digit d of the key picks one of 16 children at depth d, and a subtree of one entry is just its
    leaf. The shape, hence the root, depends on the contents only, never on the order of
    operations. Keys should be hashes: the depth is then about log16 of the number of entries
    (never above 64).

    An update marks its path; `root` hashes each marked branch once, however many updates went
    through it. The branch digest is SHA-256(3 || its 16 children's digests), the leaf digest
    SHA-256(2 || key || SHA-256(value)), and that of an empty subtree 32 zero bytes. Not
    thread-safe.
    """

    __slots__ = ("_digest", "_root", "_size")

    def __init__(self) -> None:
        self._root: _Node = _EMPTY
        self._digest: bytes | None = EMPTY_ROOT  # None if it is still to be computed
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
        if value is not None and not isinstance(value, bytes):
            raise TypeError(f"value must be bytes, or None to delete, not {type(value).__name__}")
        if value == (leaf.value if leaf.key == key else None):
            return
        node: _Node
        if value is None:
            self._size -= 1
            node = _lift(path)
        else:
            node = new = _Leaf(key, value)
            if leaf.key != key:
                self._size += 1
                if leaf is not _EMPTY:
                    node = _split(new, leaf, len(path))

        self._digest = None
        if not path:
            self._root = node
            return
        branch, digit = path[-1]
        branch.children[digit] = node
        for branch, digit in reversed(path):
            if digit in branch.stale:
                break  # everything above is marked already
            branch.stale.append(digit)

    def root(self) -> bytes:
        """Return the 32-byte root; that of an empty tree is `EMPTY_ROOT`."""
        if self._digest is None:
            self._digest = _digest(self._root)
        return self._digest

    def prove(self, key: bytes) -> Proof:
        """Return the proof of the value under the 32-byte `key`, or of its absence."""
        self.root()  # so that every body has its digests
        path, leaf = self._walk(key)
        siblings = tuple(
            bytes(branch.body[place])
            for branch, digit in path
            for place in _PLACES[:digit] + _PLACES[digit + 1 :]
        )
        if leaf.key == key:
            return Proof(key, leaf.value, siblings, None)
        other = None if leaf is _EMPTY else (leaf.key, sha256(leaf.value).digest())
        return Proof(key, None, siblings, other)

    def _walk(self, key: bytes) -> tuple[_Path, _Leaf]:
        """Return the path of `key`, and the leaf that it ends at."""
        if not isinstance(key, bytes):
            raise TypeError(f"key must be bytes, not {type(key).__name__}; hash the cell's path")
        if len(key) != KEY_BYTES:
            raise ValueError(
                f"key is {len(key)} bytes long, must be {KEY_BYTES}; hash the cell's path"
            )
        path: _Path = []
        node = self._root
        for byte in key:
            for digit in DIGITS[byte]:
                if isinstance(node, _Leaf):
                    return path, node
                path.append((node, digit))
                node = node.children[digit]
        assert isinstance(node, _Leaf)  # two keys that agree in all digits are one key
        return path, node


def _lift(path: _Path) -> _Leaf:
    """Return what takes the place of the leaf at the end of `path` when it goes.

    Branches left with a single entry come off the end of `path`, and their leaf moves up.
    """
    node = _EMPTY
    while path:
        branch, digit = path[-1]
        beside = branch.children[:digit] + branch.children[digit + 1 :]
        left = [child for child in (*beside, node) if child is not _EMPTY]
        if len(left) > 1 or isinstance(left[0], _Branch):
            break
        node = left[0]
        path.pop()
    return node


def _split(new: _Leaf, old: _Leaf, depth: int) -> _Branch:
    """Return the subtree of two leaves, rooted at `depth`, up to which their keys agree."""
    fork = common_digits(new.key, old.key)
    node = _Branch({digit_of(new.key, fork): new, digit_of(old.key, fork): old})
    for above in reversed(range(depth, fork)):
        node = _Branch({digit_of(new.key, above): node})
    return node


def _digest(node: _Node) -> bytes:
    """Return the digest of a node, and bring all that is stale below it up to date."""
    if isinstance(node, _Branch):
        body, children = node.body, node.children
        for digit in node.stale:
            body[_PLACES[digit]] = _digest(children[digit])
        node.stale.clear()
        return sha256(body).digest()
    return EMPTY_ROOT if node is _EMPTY else leaf_digest(node.key, sha256(node.value).digest())
