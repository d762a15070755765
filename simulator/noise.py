"""Deterministic noise and ids: the same seed and names give the same value on every machine."""

from __future__ import annotations

import hashlib
import math
import uuid
from functools import lru_cache


@lru_cache(maxsize=65536)
def unit(*names: object) -> float:
    """A number in [0, 1) fixed by `names`."""
    text = "\0".join(map(str, names)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big") / 2**56


def around_one(spread: float, *names: object) -> float:
    """A factor between 1 - spread and 1 + spread, most often near 1, fixed by `names`."""
    return 1.0 + spread * math.sin(math.pi * (unit(*names) - 0.5))


def stable_uuid(*names: object) -> str:
    """A GUID fixed by `names`."""
    text = "\0".join(map(str, names)).encode()
    return str(uuid.UUID(bytes=hashlib.blake2b(text, digest_size=16).digest(), version=4))


def stable_digits(count: int, *names: object) -> str:
    """`count` decimal digits fixed by `names`, the first not 0."""
    return str(10 ** (count - 1) + int(unit("digits", *names) * 9 * 10 ** (count - 1)))
