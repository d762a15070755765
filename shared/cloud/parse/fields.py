"""Read values from JSON that may lack them or spell their names in another case.

A property that is absent or null has a default. A property of another type than documented raises ``UnexpectedAnswer``
with its name: treating it as absent would be a guess. ``read_rows`` parses a list row by row.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from ...model.resource_id import NO_ID, ArmId, is_segment
from ...model.text import Text
from ..errors import UnexpectedAnswer

Json = Mapping[str, Any]
T = TypeVar("T")
LONGEST_NAME = 2_000  # characters of an id or a name; Azure's own limits are well below
_LOCATION = re.compile(r"[A-Za-z0-9 -]{1,64}")


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    id: ArmId  # empty when it can't be read
    reason: Text


def field(item: Json, *path: str) -> Any:
    """The value at the path, with case-insensitive names; None if any part is missing."""
    value: Any = item
    for name in path:
        if type(value) is not dict and not isinstance(value, Mapping):  # dict first, because that is faster
            if value is None:
                return None
            raise _unexpected(item, path, value, Text("an object around it"))
        value = value[name] if name in value else _in_other_case(value, name)
    return value


def _in_other_case(item: Json, name: str) -> Any:
    wanted, length = name.lower(), len(name)
    for key in item:  # most often in vain, so it is a plain loop
        if len(key) == length and key.lower() == wanted:
            return item[key]
    return None


def text(item: Json, *path: str, default: str = "") -> str:
    value = field(item, *path)
    return default if value is None else _as_text(item, path, value)


def required(item: Json, *path: str) -> str:
    """A required, non-empty text of at most 2,000 characters."""
    value = text(item, *path)
    if not value:
        raise UnexpectedAnswer(_subject(item), Text("the answer has no {name}", name=".".join(path)))
    if len(value) > LONGEST_NAME:
        raise UnexpectedAnswer(
            _subject(item), Text("{name} is {length} characters long", name=".".join(path), length=len(value))
        )
    return value


def segment(item: Json, *path: str) -> str:
    """A name that can be part of a URL, such as a resource group's."""
    value = required(item, *path)
    if not is_segment(value):
        raise _unexpected(item, path, value, Text("the name of a resource"))
    return value


def resource_id(item: Json, *path: str, of: str = "") -> ArmId:
    """A required resource id. ``of``: its required type, such as Microsoft.Network/subnets."""
    return _as_id(item, path, required(item, *path), of)


def location(item: Json) -> str:
    """A region's name. It becomes part of a host name, so nothing else is accepted."""
    value = required(item, "location")
    if not _LOCATION.fullmatch(value):
        raise _unexpected(item, ("location",), value, Text("a region"))
    return value


def moment(subject: str, name: str, stamp: str) -> datetime:
    """An ISO 8601 time in UTC; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(stamp)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnexpectedAnswer(
            subject, Text("{name} is {given}", name=name, given=repr(stamp[:60])), status=200
        ) from None


def number(item: Json, *path: str, default: int, least: int = 0, most: int = 2**63 - 1) -> int:
    value = field(item, *path)
    if value is None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most or value != int(value):
        raise _unexpected(
            item, path, value, Text("a whole number from {least:plain} to {most:plain}", least=least, most=most)
        )
    return int(value)


def inner(item: Json, *path: str) -> Json:
    """An object; empty if absent."""
    value = field(item, *path)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _unexpected(item, path, value, Text("an object"))
    return value


def flag(item: Json, *path: str, default: bool = False) -> bool:
    value = field(item, *path)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _unexpected(item, path, value, Text("true or false"))
    return value


def entries(item: Json, *path: str) -> list[Any]:
    """The entries of a list; none if absent."""
    value = field(item, *path)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise _unexpected(item, path, value, Text("a list"))
    return list(value)


def items(item: Json, *path: str) -> Iterator[Json]:
    """The objects of a list; none if absent."""
    for entry in entries(item, *path):
        if type(entry) is not dict and not isinstance(entry, Mapping):
            raise _unexpected(item, path, entry, Text("a list of objects"))
        yield entry


def texts(item: Json, *path: str) -> tuple[str, ...]:
    return tuple(_as_text(item, path, entry) for entry in entries(item, *path))


def reference(item: Json, *path: str, of: str = "") -> ArmId | None:
    """The id of a referenced resource (``{"id": …}``); None if absent or null."""
    value = text(item, *path, "id")
    return _as_id(item, path, value, of) if value else None


def references(item: Json, *path: str) -> tuple[ArmId, ...]:
    return tuple(_as_id(item, path, value, "") for value in loose_references(item, *path))


def loose_references(item: Json, *path: str) -> tuple[ArmId, ...]:
    """Ids that are only counted or compared, so they may be invalid resource ids."""
    return tuple(ArmId(value) for entry in items(item, *path) if (value := text(entry, "id")))


def tags(item: Json) -> dict[str, str]:
    """Azure compares tag names case-insensitively and keeps their case."""
    found = inner(item, "tags").items()
    return {str(name): "" if entry is None else _as_text(item, ("tags", name), entry) for name, entry in found}


def optional_id(row: Any, of: str = "") -> ArmId:
    """The resource id of a row whose other properties may be invalid; empty if the id is invalid too."""
    try:
        return resource_id(row, "id", of=of)
    except UnexpectedAnswer:
        return NO_ID


def read_rows(rows: Iterable[Any], parse: Callable[[Any], T], of: str = "") -> tuple[list[T], list[UnreadableRow]]:
    """The parsed rows, and those for which ``parse`` raised UnexpectedAnswer: a bad row leaves the others alone.

    ``of``: resource type of their ids.
    """
    read: list[T] = []
    unreadable: list[UnreadableRow] = []
    for row in rows:
        try:
            read.append(parse(row))
        except UnexpectedAnswer as error:
            unreadable.append(UnreadableRow(optional_id(row, of), error.message))
    return read, unreadable


def _as_text(item: Json, path: tuple[str, ...], value: Any) -> str:
    if isinstance(value, str):
        # Half of a surrogate pair is valid JSON, but can't be stored or sent.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    raise _unexpected(item, path, value, Text("a text"))


def _as_id(item: Json, path: tuple[str, ...], value: str, of: str) -> ArmId:
    try:
        parsed = ArmId.parse(value)
    except ValueError:
        raise _unexpected(item, path, value, Text("a resource id")) from None
    if of and parsed.type.lower() != of.lower():
        raise _unexpected(item, path, value, Text("the id of a {type}", type=of))
    return parsed


def _subject(item: Any) -> str:
    told = [item.get(name) for name in ("id", "name")] if isinstance(item, Mapping) else []
    return next((value[:LONGEST_NAME] for value in told if isinstance(value, str) and value), Text("the answer"))


def _unexpected(item: Any, path: tuple[str, ...], value: Any, wanted: Text) -> UnexpectedAnswer:
    """Objects and lists are shown by type only, because their content may be long."""
    is_short = value is None or isinstance(value, str | bool | float) or (isinstance(value, int) and abs(value) < 2**63)
    if is_short:
        shown = repr(value[:60] if isinstance(value, str) else value)
    else:
        shown = Text("of type {type}", type=type(value).__name__)
    reason = Text("{name} is {given}; expected {wanted}", name=".".join(path), given=shown, wanted=wanted)
    return UnexpectedAnswer(_subject(item), reason)
