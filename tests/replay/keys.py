"""Data keys: the reference's are Keccak-256 hashes, ours are not, and each stands for the other.

A report's result shows both. For a recorded key that is used before any result showed it, the
reference's hash of every contribution so far is computed, which tells whose key it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chain.contract import Array

RATE_BYTES = 136
LANE_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a data key identifies; `author` is a name in the recording."""

    data: Array[int]
    classification: int
    time_s: int
    author: str


class Keys:
    """Recorded keys and ours, one to one.

    Parameters
    ----------
    recorded_address
        The address that a name has in the recording.
    our_key
        Our key of a contribution.
    """

    def __init__(
        self, recorded_address: Callable[[str], str], our_key: Callable[[Contribution], bytes]
    ) -> None:
        self._recorded_address = recorded_address
        self._our_key = our_key
        self._ours: dict[str, bytes] = {}
        self._recorded: dict[bytes, str] = {}
        self._unhashed: list[Contribution] = []

    def note(self, contribution: Contribution) -> None:
        """Remember what may have been added, in case its key is used before a result shows it."""
        self._unhashed.append(contribution)

    def learn(self, recorded: str, ours: bytes) -> None:
        """Note that a result showed both; one that is known already stays what it was."""
        if recorded not in self._ours and ours not in self._recorded:
            self._ours[recorded] = ours
            self._recorded[ours] = recorded

    def ours(self, recorded: str) -> bytes:
        """Our key for a recorded one; one of no contribution stands for itself."""
        if recorded not in self._ours:
            for contribution in self._unhashed:
                self.learn(self._hash(contribution), self._our_key(contribution))
            self._unhashed.clear()
        return self._ours.get(recorded) or bytes.fromhex(recorded[2:])

    def recorded(self, ours: bytes) -> str:
        """The recorded key for one of ours; one that no step showed stands for itself."""
        return self._recorded.get(ours) or "0x" + ours.hex()

    def _hash(self, contribution: Contribution) -> str:
        """The reference's key: Keccak-256 of the packed parts."""
        packed = b"".join(value.to_bytes(32, "big", signed=True) for value in contribution.data)
        packed += contribution.classification.to_bytes(8, "big")
        packed += contribution.time_s.to_bytes(32, "big")
        packed += bytes.fromhex(self._recorded_address(contribution.author)[2:])
        return "0x" + keccak256(packed).hex()


def keccak256(data: bytes) -> bytes:
    """Ethereum's hash: SHA3-256 but for the padding."""
    padding = -(len(data) + 1) % RATE_BYTES
    padded = bytearray(data + b"\x01" + bytes(padding))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), RATE_BYTES):
        for index in range(RATE_BYTES // 8):
            offset = start + 8 * index
            lanes[index] ^= int.from_bytes(padded[offset : offset + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _rotated(lane: int, count: int) -> int:
    return (lane << count | lane >> (64 - count)) & LANE_MASK


def _round_constants() -> list[int]:
    """Each round flips bits 2**j - 1 of the first lane as a shift register says."""
    constants = []
    register = 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << (2**power - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


def _lane_moves() -> list[tuple[int, int, int]]:
    """Where each lane goes and how far it is turned: (from, to, bits)."""
    moves = [(0, 0, 0)]
    x, y = 1, 0
    for step in range(24):
        moved_x, moved_y = y, (2 * x + 3 * y) % 5
        moves.append((x + 5 * y, moved_x + 5 * moved_y, (step + 1) * (step + 2) // 2 % 64))
        x, y = moved_x, moved_y
    return moves


ROUND_CONSTANTS = _round_constants()
LANE_MOVES = _lane_moves()


def _permuted(lanes: list[int]) -> list[int]:
    """Keccak-f[1600]: 24 rounds over 25 lanes of 64 bits."""
    for constant in ROUND_CONSTANTS:
        columns = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        mixed = [columns[x - 1] ^ _rotated(columns[(x + 1) % 5], 1) for x in range(5)]
        turned = [0] * 25
        for source, target, bits in LANE_MOVES:
            turned[target] = _rotated(lanes[source] ^ mixed[source % 5], bits)
        lanes = [
            turned[row + x] ^ (~turned[row + (x + 1) % 5] & turned[row + (x + 2) % 5])
            for row in range(0, 25, 5)
            for x in range(5)
        ]
        lanes[0] ^= constant
    return lanes
