"""Repeat a write that lost a race: read the rows, decide and write again."""

from collections.abc import Callable
from typing import TypeVar

from .errors import StoreConflict

TRIES = 3
T = TypeVar("T")


def retry_on_conflict(read_and_write: Callable[[], T], tries: int = TRIES) -> T:
    """The result of the first call without a conflict. Raises the last StoreConflict."""
    for _ in range(tries - 1):
        try:
            return read_and_write()
        except StoreConflict:
            continue
    return read_and_write()
