"""Reading a list so that one bad row spoils itself only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from ...model.resource_id import ArmId
from ..errors import UnexpectedAnswer
from .fields import optional_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """``id`` is empty where not even that can be read."""

    id: ArmId
    reason: str


def read_rows(rows: Iterable[Any], parse: Callable[[Any], T], of: str = "") -> tuple[list[T], list[UnreadableRow]]:
    """What ``parse`` made of each row, and the rows that it raised UnexpectedAnswer for. ``of``: type of their ids."""
    read: list[T] = []
    unreadable: list[UnreadableRow] = []
    for row in rows:
        try:
            read.append(parse(row))
        except UnexpectedAnswer as error:
            unreadable.append(UnreadableRow(optional_id(row, of), error.message))
    return read, unreadable
