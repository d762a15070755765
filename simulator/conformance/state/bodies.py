"""Resources as they appear in recorded bodies, and why some state can't be arranged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...resourceid import ResourceId, parse


class NotArrangeable(ValueError):
    """The recorded state can't be put into the simulator; the message says what is missing."""


class Refused(ValueError):
    """The simulator doesn't take what the recording shows to exist: that is a difference of its own."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"the recorded state was refused: {status} {code}")
        self.answer = f"{status} {code}"


def resources_in(body: Any) -> Iterator[tuple[ResourceId, dict[str, Any]]]:
    """The resource that a body is, or the resources that it lists."""
    if not isinstance(body, dict):
        return
    value = body.get("value")
    for each in value if isinstance(value, list) else [body]:
        resource_id = id_of(each.get("id")) if isinstance(each, dict) else None
        if resource_id is not None and isinstance(each.get("properties"), dict):
            yield resource_id, each


def id_of(text: Any) -> ResourceId | None:
    """A resource's id, taken apart, or None."""
    try:
        return parse(text) if isinstance(text, str) else None
    except ValueError:
        return None


_PLACE = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)(?:/resourceGroups/(?P<group>[^/]+))?"
    r"(?:/providers/(?P<provider>[^/]+)/(?P<rest>.+?))?/?",
    re.IGNORECASE,
)


def resource_of_path(path: str) -> ResourceId | None:
    """The resource that a path names; for a list, the resource that holds it, or None."""
    match = _PLACE.fullmatch(path)
    if match is None or not match["group"] or not match["rest"]:
        return None
    parts = match["rest"].split("/")
    parts = parts[: len(parts) // 2 * 2]
    if not parts:
        return None
    types, names = tuple(parts[0::2]), tuple(parts[1::2])
    return ResourceId(match["subscription"], match["group"], match["provider"], types, names)


def names_a_list(path: str) -> bool:
    """Whether a path ends with a type instead of a name."""
    match = _PLACE.fullmatch(path)
    return match is not None and bool(match["rest"]) and len(match["rest"].split("/")) % 2 == 1


def place_of(path: str) -> tuple[str, str | None] | None:
    """The subscription and resource group in a path."""
    match = _PLACE.fullmatch(path)
    return (match["subscription"], match["group"]) if match is not None else None


def ids_in(value: Any) -> Iterator[ResourceId]:
    """All resource ids that a JSON value refers to as `{"id": ...}`."""
    if isinstance(value, dict):
        resource_id = id_of(value.get("id"))
        if resource_id is not None:
            yield resource_id
        for each in value.values():
            yield from ids_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from ids_in(each)
