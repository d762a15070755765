"""Picking values out of JSON that may lack them or spell their names in another case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import UnexpectedAnswer

Json = Mapping[str, Any]


def field(item: Json, *path: str) -> Any:
    """The value at the end of the path, its names compared without case; None when any part is missing."""
    value: Any = item
    for name in path:
        if type(value) is not dict and not isinstance(value, Mapping):  # what JSON makes is told apart cheaply
            return None
        if name in value:
            value = value[name]
        else:
            wanted = name.lower()
            value = next((entry for key, entry in value.items() if key.lower() == wanted), None)
    return value


def text(item: Json, *path: str, default: str = "") -> str:
    value = field(item, *path)
    return default if value is None else str(value)


def required(item: Json, *path: str) -> str:
    """Raises UnexpectedAnswer, naming the resource and the property, when it is missing or empty."""
    value = text(item, *path)
    if not value:
        resource = text(item, "id") or text(item, "name") or "a resource"
        raise UnexpectedAnswer(resource, f"the answer has no {'.'.join(path)}")
    return value


def number(item: Json, *path: str, default: int) -> int:
    value = field(item, *path)
    return default if value is None else int(value)


def items(item: Json, *path: str) -> Iterator[Json]:
    """The objects of a list; nothing when there is no list."""
    for entry in field(item, *path) or ():
        if type(entry) is dict or isinstance(entry, Mapping):
            yield entry


def texts(item: Json, *path: str) -> tuple[str, ...]:
    return tuple(str(entry) for entry in field(item, *path) or ())


def reference(item: Json, *path: str) -> str | None:
    """The id of a referenced resource (``{"id": …}``); None when it is absent or null."""
    return text(item, *path, "id") or None


def references(item: Json, *path: str) -> tuple[str, ...]:
    return tuple(text(entry, "id") for entry in items(item, *path) if text(entry, "id"))


def tags(item: Json) -> dict[str, str]:
    """Azure compares tag names without case and keeps the case they were written in."""
    return {str(name): str(value) for name, value in (field(item, "tags") or {}).items()}
