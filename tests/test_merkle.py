"""Tests of chain.merkle and chain.proof, against twins that recompute every root from scratch."""

import hashlib
import math
import random
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, replace
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chain.merkle
import chain.proof
from chain.merkle import MerkleTree, merkle_root
from chain.proof import EMPTY_ROOT, MAX_DEPTH, WIDTH, Proof

# The reference leaves and roots (of the first 1, 2, ... 8) of Certificate Transparency, RFC 6962.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
             "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

Items = dict[bytes, bytes]


def h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def twin_list_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return h()
    if len(leaves) == 1:
        return h(b"\0", leaves[0])
    cut = 1
    while 2 * cut < len(leaves):
        cut *= 2
    return h(b"\1", twin_list_root(leaves[:cut]), twin_list_root(leaves[cut:]))


def twin_root(items: Items) -> bytes:
    """The root of a MerkleTree as its docstring defines it."""

    def subtree(entries: list[tuple[str, bytes, bytes]], depth: int) -> bytes:
        if not entries:
            return bytes(32)
        if len(entries) == 1:
            _, key, value = entries[0]
            return h(b"\2", key, h(value))
        below = [[e for e in entries if e[0][depth] == digit] for digit in "0123456789abcdef"]
        return h(b"\3", *(subtree(some, depth + 1) for some in below))

    return subtree([(key.hex(), key, value) for key, value in items.items()], 0)


def branch(children: dict[int, bytes]) -> bytes:
    """The digest of a branch with these children's digests."""
    return h(b"\3", *(children.get(digit, bytes(32)) for digit in range(16)))


def beside(children: dict[int, bytes], digit: int) -> tuple[bytes, ...]:
    """What a proof has of a branch with these children, on a path through `digit`."""
    return tuple(children.get(other, bytes(32)) for other in range(16) if other != digit)


def flip(data: bytes, bit: int) -> bytes:
    """Flip one bit, counted from the highest of the first byte."""
    flipped = bytearray(data)
    flipped[bit // 8] ^= 0x80 >> bit % 8
    return bytes(flipped)


def tree_of(items: Items) -> MerkleTree:
    tree = MerkleTree()
    for key, value in items.items():
        tree.update(key, value)
    return tree


def random_items(count: int, seed: int = 1) -> Items:
    rng = random.Random(seed)
    return {rng.randbytes(32): rng.randbytes(rng.randrange(40)) for _ in range(count)}


# Few keys, so that operations meet; some fork at the top, some in the last digits, some between.
keys = st.builds(
    lambda number, shift: (number << shift).to_bytes(32, "big"),
    st.integers(0, 9),
    st.sampled_from([0, 3, 125, 252]),
)
values = st.binary(max_size=3)
contents = st.dictionaries(keys, values, max_size=12)


# Lists


@pytest.mark.parametrize("count", range(1, 9))
def test_list_root_matches_certificate_transparency(count: int) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in CT_LEAVES[:count]]
    assert merkle_root(leaves).hex() == CT_ROOTS[count - 1]


@given(st.lists(values, max_size=40))
def test_list_root_matches_twin(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == twin_list_root(leaves)
    assert merkle_root(tuple(leaves)) == twin_list_root(leaves)


def test_list_root_tells_lengths_order_and_levels_apart() -> None:
    a, b, c = b"a", b"b", b"c"
    pair = h(b"\0", a) + h(b"\0", b)
    lists = [[], [b""], [a], [a, a], [a, b], [b, a], [a, b, c], [a, b, c, c], [c, a, b], [a + b],
             [pair], [b"\1" + pair], [merkle_root([a, b]), c]]  # fmt: skip
    assert len({merkle_root(leaves) for leaves in lists}) == len(lists)


# Roots


def test_empty_tree() -> None:
    tree = MerkleTree()
    assert (tree.root(), len(tree), tree.get(bytes(32))) == (bytes(32), 0, None)
    assert EMPTY_ROOT == bytes(32)
    tree.update(bytes(32), None)
    assert (tree.root(), len(tree)) == (EMPTY_ROOT, 0)
    assert tree.prove(bytes(32)) == Proof(bytes(32), None, (), None)


def test_one_and_two_entries() -> None:
    low, high = bytes(32), b"\x80" + bytes(31)
    tree = tree_of({low: b"x"})
    low_leaf, high_leaf = h(b"\2", low, h(b"x")), h(b"\2", high, h(b""))
    assert tree.root() == low_leaf
    tree.update(high, b"")
    children = {0: low_leaf, 8: high_leaf}
    assert tree.root() == branch(children)
    assert (len(tree), tree.get(high)) == (2, b"")
    assert tree.prove(high) == Proof(high, b"", beside(children, 8), None)
    nothing = b"\x70" + bytes(31)
    assert tree.prove(nothing) == Proof(nothing, None, beside(children, 7), None)
    tree.update(high, None)
    assert tree.root() == low_leaf
    assert (len(tree), tree.get(high)) == (1, None)
    assert tree.prove(high) == Proof(high, None, (), (low, h(b"x")))


@pytest.mark.parametrize("first", [bytes(32), b"\xff" * 32, bytes(range(32))], ids=range(3))
def test_keys_that_differ_in_the_last_bit(first: bytes) -> None:
    second = flip(first, 255)
    items = {first: b"1", second: b"2"}
    tree = tree_of(items)
    root = tree.root()
    assert root == twin_root(items)
    for key, value in items.items():
        proof = tree.prove(key)
        assert (MAX_DEPTH, WIDTH) == (64, 16)
        assert len(proof.siblings) == 64 * 15
        assert proof.value == value
        assert proof.verify(root)
        assert not any(mutant.verify(root) for mutant in islice(lies(proof), 0, None, 23))
    tree.update(second, None)
    assert tree.root() == twin_root({first: b"1"})


@given(st.lists(st.tuples(keys, st.none() | values, st.booleans()), max_size=40))
def test_any_operations_match_the_twin(
    operations: list[tuple[bytes, bytes | None, bool]],
) -> None:
    tree, items = MerkleTree(), Items()
    for key, value, look in operations:
        tree.update(key, value)
        if value is None:
            items.pop(key, None)
        else:
            items[key] = value
        assert tree.get(key) == value
        assert len(tree) == len(items)
        if look:  # at some moments only, so that marks of several updates pile up at others
            assert tree.root() == twin_root(items)
    assert tree.root() == twin_root(items)
    assert {key: tree.get(key) for key, _, _ in operations} == {
        key: items.get(key) for key, _, _ in operations
    }


def test_random_operations_match_the_twin() -> None:
    rng = random.Random(2)
    pool = [rng.randbytes(32) for _ in range(300)]
    tree, items = MerkleTree(), Items()
    for batch in range(60):
        for _ in range(rng.randrange(60)):
            key = rng.choice(pool)
            if rng.random() < (0.2 if batch < 30 else 0.8):
                tree.update(key, None)
                items.pop(key, None)
            else:
                tree.update(key, items.setdefault(key, rng.randbytes(4)))
        assert (tree.root(), len(tree)) == (twin_root(items), len(items))
    for key in pool:
        tree.update(key, None)
    assert (tree.root(), len(tree)) == (EMPTY_ROOT, 0)


@settings(max_examples=50)
@given(contents, st.dictionaries(keys, values), st.randoms(use_true_random=False))
def test_root_forgets_history(items: Items, passing: Items, rng: random.Random) -> None:
    tree = tree_of(passing)
    if rng.random() < 0.5:
        tree.root()
    steps: list[tuple[bytes, bytes | None]] = [*items.items()]
    steps += [(key, None) for key in passing if key not in items]
    rng.shuffle(steps)
    for key, value in steps:
        tree.update(key, value)
    assert tree.root() == tree_of(dict(sorted(items.items()))).root() == twin_root(items)


def test_root_separates_contents() -> None:
    zero, one = bytes(32), bytes(31) + b"\1"
    contents = [{}, {zero: b""}, {one: b""}, {zero: b"a"}, {zero: b"", one: b""},
                {zero: b"a", one: b"b"}, {zero: b"b", one: b"a"}]  # fmt: skip
    assert len({tree_of(items).root() for items in contents}) == len(contents)


# Cost


class Count:
    """Stands in for sha256 in the modules under test and counts its calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        for module in (chain.merkle, chain.proof):
            monkeypatch.setattr(module, "sha256", self)

    def __call__(self, data: bytes = b"") -> Any:
        self.calls += 1
        return hashlib.sha256(data)


def test_root_hashes_touched_paths_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tree_of(random_items(1000))
    batch = list(random_items(1000))[:30]
    tree.root()
    # The branches to hash: every distinct prefix of a touched key that is a branch's place.
    touched = {key.hex()[:d] for key in batch for d in range(len(tree.prove(key).siblings) // 15)}
    count = Count(monkeypatch)
    for _ in range(3):
        for key in batch:
            tree.update(key, b"new value, the first time round")
    tree.root()
    assert count.calls == 2 * 30 + len(touched)  # two per leaf
    for key in batch:
        tree.update(key, b"new value, the first time round")  # what is there already
    assert len(touched) < 30 * 3
    tree.root()
    tree.update(b"\x5a" * 32, None)
    tree.root()
    assert count.calls == 2 * 30 + len(touched)


def test_depth_is_about_log16_of_the_size() -> None:
    items = random_items(4096)
    tree = tree_of(items)
    depths = [len(tree.prove(key).siblings) / 15 for key in items]
    # A random trie of 16 children has mean depth log16(n) + 0.71 and maximum about 2 log16(n).
    assert abs(sum(depths) / len(depths) - (math.log(4096, 16) + 0.71)) < 0.05
    assert max(depths) < 9


# Proofs


def lies(proof: Proof) -> Iterator[Proof]:
    """Yield proofs that differ from a true one and are all to be rejected."""
    key, value, siblings, other = proof.key, proof.value, proof.siblings, proof.other
    # Any bit of the key where the entry is there; one on the path where it is not.
    levels = len(siblings) // 15
    bits = 256 if value is not None else 4 * (levels if other else levels - 1)
    yield from (replace(proof, key=flip(key, i)) for i in range(bits))
    if siblings and value is None and other is None:
        # Beside it nothing may be either; but something is where a sibling has a digest.
        text = key.hex()
        places = [digit for digit in "0123456789abcdef" if digit != text[levels - 1]]
        for digit, sibling in zip(places, siblings[-15:], strict=True):
            if sibling != EMPTY_ROOT:
                moved = text[: levels - 1] + digit + text[levels:]
                yield replace(proof, key=bytes.fromhex(moved))
    for changed in {b"", b"\0", h(value or b""), (value or b"") + b"\0"} - {value}:
        yield replace(proof, value=changed)
        yield replace(proof, value=changed, other=None)
    if value is not None:
        yield replace(proof, value=None)
        yield replace(proof, value=None, other=(key, h(value)))
        yield replace(proof, value=None, other=(flip(key, 255), h(value)))
        yield replace(proof, other=(key, h(value)))
        yield replace(proof, other=(flip(key, 255), h(value)))
    elif other is None:
        yield replace(proof, other=(flip(key, 255), h(b"")))
    else:
        yield replace(proof, other=None)
        yield replace(proof, key=other[0])
        yield replace(proof, other=(key, other[1]))
        yield replace(proof, other=(other[1], other[0]))
        yield from (replace(proof, other=(flip(other[0], i), other[1])) for i in range(256))
        yield from (replace(proof, other=(other[0], flip(other[1], i))) for i in range(256))
    for i, sibling in enumerate(siblings):
        head, tail = siblings[:i], siblings[i + 1 :]
        for changed in {flip(sibling, 0), flip(sibling, 255), bytes(32)} - {sibling}:
            yield replace(proof, siblings=(*head, changed, *tail))
        yield replace(proof, siblings=head + tail)
        yield replace(proof, siblings=head)
        yield replace(proof, siblings=(*head, sibling, *siblings[i:]))
        if i % 15 == 0:  # a whole branch left out, or there twice
            yield replace(proof, siblings=head + siblings[i + 15 :])
            if len(siblings) < 15 * MAX_DEPTH:
                yield replace(proof, siblings=head + siblings[i : i + 15] + siblings[i:])
        if tail and tail[0] != sibling:
            yield replace(proof, siblings=(*head, tail[0], sibling, *tail[1:]))
    if siblings[::-1] != siblings:
        yield replace(proof, siblings=siblings[::-1])
    for extra in (bytes(32), h(b"")):
        if len(siblings) < 15 * MAX_DEPTH:
            yield replace(proof, siblings=(*siblings, *[extra] * 15))
            yield replace(proof, siblings=(*[extra] * 15, *siblings))
        yield replace(proof, siblings=(*siblings, extra))
        yield replace(proof, siblings=(extra, *siblings))


def test_lies_touch_every_field() -> None:
    tree = tree_of(random_items(50))
    some = [tree.prove(key) for key in [*random_items(5), *random_items(20, seed=9)]]
    assert {type(proof.other) for proof in some if proof.value is None} == {tuple, type(None)}
    for proof in some:
        mutants = list(lies(proof))
        assert proof not in mutants
        for field in fields(Proof):
            assert any(getattr(m, field.name) != getattr(proof, field.name) for m in mutants)


def test_proofs_verify_and_lies_do_not() -> None:
    items = random_items(50)
    tree = tree_of(items)
    root = tree.root()
    for key in [*items, *random_items(50, seed=9)]:
        proof = tree.prove(key)
        assert (proof.key, proof.value) == (key, items.get(key))
        assert proof.verify(root)
        assert not proof.verify(flip(root, 7))
        for mutant in lies(proof):
            assert not mutant.verify(root), mutant


@settings(max_examples=30)
@given(contents, keys)
def test_proofs_in_awkward_trees(items: Items, absent: bytes) -> None:
    tree = tree_of(items)
    for key in [*items, absent]:
        proof = tree.prove(key)  # must itself bring the digests up to date
        assert proof.value == items.get(key)
        assert proof.verify(twin_root(items))
    # What a proof of absence claims of another key, if it holds, is true.
    for bit in range(256):
        near = replace(proof, key=flip(absent, bit))
        if near.verify(tree.root()):
            assert items.get(near.key) == near.value


@settings(max_examples=50)
@given(contents, contents, keys)
def test_proof_does_not_serve_another_claim(items: Items, later: Items, key: bytes) -> None:
    tree = tree_of(items)
    proof = tree.prove(key)
    for other_key, value in later.items():
        tree.update(other_key, value)
    if proof.verify(tree.root()):
        assert tree.get(key) == proof.value


def test_other_entry_must_sit_on_the_path_of_the_key() -> None:
    key, stranger, sibling = bytes(32), b"\xff" * 32, h(b"sibling")
    # The digests add up to this root, but no tree has `stranger` under 0.
    children = {0: h(b"\2", stranger, h(b"")), 8: sibling}
    root, siblings = branch(children), beside(children, 0)
    assert Proof(bytes(1) + stranger[1:], b"", siblings, None).verify(root) is False
    assert Proof(key, None, siblings, (stranger, h(b""))).verify(root) is False
    neighbour = b"\x0f" * 32
    root = branch({**children, 0: h(b"\2", neighbour, h(b""))})
    assert Proof(key, None, siblings, (neighbour, h(b""))).verify(root) is True


def test_branch_does_not_pass_for_a_leaf() -> None:
    items = random_items(8)
    tree = tree_of(items)
    key = next(iter(items))
    proof = tree.prove(key)
    upper, lowest = proof.siblings[:-15], list(proof.siblings[-15:])
    digit = int(key.hex()[len(upper) // 15], 16)
    lowest.insert(digit, h(b"\2", key, h(items[key])))
    # The lowest branch, its children posing as key and value, or value digest, of an entry.
    assert not Proof(lowest[0], b"".join(lowest[1:]), upper, None).verify(tree.root())
    for first, second in pairwise(lowest):
        assert not Proof(key, None, upper, (first, second)).verify(tree.root())
    # A list's leaf is not a tree's.
    assert merkle_root([key + h(b"")]) != tree_of({key: b""}).root()


@pytest.mark.parametrize("key", [b"\x80" + bytes(31), b"\0" + b"\xff" * 31], ids=range(2))
@pytest.mark.parametrize("cut", [31, 33])
def test_entry_does_not_pass_for_another_by_moving_bytes(key: bytes, cut: int) -> None:
    tree = tree_of({key: b"x"})
    leaf = key + h(b"x")  # cut elsewhere it is the same text, but not the same key
    assert not Proof(key, None, (), (leaf[:cut], leaf[cut:])).verify(tree.root())


K = bytes(32)


@pytest.mark.parametrize("key", [b"", K[1:], K + b"\0"])
def test_nothing_is_proved_of_what_is_no_key(key: bytes) -> None:
    assert Proof(K, None, (), None).verify(EMPTY_ROOT) is True
    assert Proof(key, None, (), None).verify(EMPTY_ROOT) is False


@pytest.mark.parametrize(
    "changes",
    [
        {"key": b""}, {"key": K[1:]}, {"key": K + b"\0"}, {"key": "0" * 32}, {"key": None},
        {"key": 0}, {"value": "x"}, {"value": 1}, {"value": [b"x"]}, {"value": bytearray(b"x")},
        {"siblings": None}, {"siblings": 3}, {"siblings": b""}, {"siblings": K},
        {"siblings": []}, {"siblings": (K[1:],)}, {"siblings": (K + K,)}, {"siblings": (None,)},
        {"siblings": ("0" * 32,)}, {"siblings": (K,) * 14}, {"siblings": (K,) * 16},
        {"siblings": (K,) * 975}, {"siblings": (K,) * 3000},
        {"other": ()}, {"other": (K,)}, {"other": (K, K, K)}, {"other": K}, {"other": 1},
        {"other": (None, K)}, {"other": (K, None)}, {"other": (K[1:], K)}, {"other": (K, b"")},
        {"other": "ab"}, {"other": [b"\x7f" * 32, K]},
    ],
)  # fmt: skip
def test_malformed_proofs_are_false(changes: dict[str, Any]) -> None:
    tree = tree_of({K: b"x"})
    present = tree.prove(K)
    absent = tree.prove(b"\1" * 32)
    assert present.verify(tree.root())
    assert absent.verify(tree.root())
    assert replace(present, **changes).verify(tree.root()) is False
    assert replace(absent, **changes).verify(tree.root()) is False


def test_proof_deeper_than_64_is_false_even_if_the_digests_add_up() -> None:
    digest = h(b"\2", K, h(b"x"))
    for _ in range(64):
        digest = branch({0: digest})
    assert Proof(K, b"x", (K,) * 15 * 64, None).verify(digest) is True
    assert Proof(K, b"x", (K,) * 15 * 65, None).verify(branch({0: digest})) is False


@pytest.mark.parametrize("root", [b"", bytes(31), "x", None, 5, ()])
def test_malformed_root_is_false(root: Any) -> None:
    assert MerkleTree().prove(K).verify(root) is False
    assert tree_of({K: b"x"}).prove(K).verify(root) is False


def test_proof_is_frozen_and_does_not_follow_the_tree() -> None:
    tree = tree_of(random_items(5))
    key = next(iter(random_items(5)))
    root, proof = tree.root(), tree.prove(key)
    tree.update(key, b"changed")
    assert proof.verify(root)
    assert not proof.verify(tree.root())
    with pytest.raises(FrozenInstanceError):
        setattr(proof, "value", b"changed")  # noqa: B010


# Bad input


@pytest.mark.parametrize(
    ("key", "error", "says"),
    [
        (b"", ValueError, "key is 0 bytes long, must be 32"),
        (bytes(31), ValueError, "key is 31 bytes long, must be 32"),
        (bytes(33), ValueError, "key is 33 bytes long, must be 32"),
        ("x" * 32, TypeError, "key must be bytes, not str"),
        (bytearray(32), TypeError, "key must be bytes, not bytearray"),
    ],
)
def test_bad_keys_are_refused(key: Any, error: type[Exception], says: str) -> None:
    tree = tree_of({K: b"x"})
    for act in (tree.get, tree.prove, lambda key: tree.update(key, b"y")):
        with pytest.raises(error, match=says):
            act(key)
    assert (len(tree), tree.root()) == (1, twin_root({K: b"x"}))


@pytest.mark.parametrize("value", ["x", 1, bytearray(b"x")])
def test_bad_values_are_refused_and_change_nothing(value: Any) -> None:
    tree = tree_of({K: b"x"})
    for key in (K, b"\1" * 32):
        with pytest.raises(TypeError, match=f"not {type(value).__name__}"):
            tree.update(key, value)
    assert (len(tree), tree.root()) == (1, twin_root({K: b"x"}))
