"""Parse a list row by row: a bad row leaves the others alone."""

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
    id: ArmId  # empty when it can't be read
    reason: str


def read_rows(rows: Iterable[Any], parse: Callable[[Any], T], of: str = "") -> tuple[list[T], list[UnreadableRow]]:
    """The parsed rows, and those for which ``parse`` raised UnexpectedAnswer. ``of``: resource type of their ids."""
    read: list[T] = []
    unreadable: list[UnreadableRow] = []
    for row in rows:
        try:
            read.append(parse(row))
        except UnexpectedAnswer as error:
            unreadable.append(UnreadableRow(optional_id(row, of), error.message))
    return read, unreadable
