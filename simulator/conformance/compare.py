"""Compares an answer with a recorded answer: status, body, headers.

Bodies must agree in keys, their casing, JSON types, and values, except for the differences that `values` accepts and
free text (`FREE_TEXT`). List items are paired by name or id if they have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .difference import Difference, Kind, shown
from .values import compare_texts

FREE_TEXT = frozenset({"message", "errormessage", "displaydescription", "localizedvalue", "error_description"})
"""Keys (lower case) of texts that are for people to read."""
MEASURED = frozenset({"cost", "expires_in", "ext_expires_in", "refresh_in", "expires_on", "not_before"})
"""Keys (lower case) of numbers that depend on when and what was asked."""
_MEASUREMENT = re.compile(r".*timeseries\[\]\.data\[\]\.\w+")


def compare_bodies(recorded: Any, simulated: Any, opaque: frozenset[str] = frozenset()) -> list[Difference]:
    """All differences of two JSON bodies. At `opaque` paths only the JSON type is compared."""
    return list(dict.fromkeys(_values(recorded, simulated, "", opaque)))


def _values(recorded: Any, simulated: Any, where: str, opaque: frozenset[str]) -> Iterator[Difference]:
    there, here = json_type(recorded), json_type(simulated)
    if there != here:
        yield Difference(Kind.TYPE, where or "body", there, here)
    elif where in opaque:
        return
    elif isinstance(recorded, Mapping):
        yield from _objects(recorded, simulated, where, opaque)
    elif isinstance(recorded, list):
        yield from _lists(recorded, simulated, where, opaque)
    else:
        yield from _scalars(recorded, simulated, where)


def json_type(value: Any) -> str:
    """The JSON name of a value's type."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {dict: "object", list: "array", str: "string", type(None): "null"}.get(type(value), type(value).__name__)


def _objects(
    recorded: Mapping[str, Any], simulated: Mapping[str, Any], where: str, opaque: frozenset[str]
) -> Iterator[Difference]:
    spelled = {key.lower(): key for key in simulated}
    for key, value in recorded.items():
        path = f"{where}.{key}" if where else key
        ours = key if key in simulated else spelled.get(key.lower())
        if ours is None:
            yield Difference(Kind.MISSING, path)
            continue
        if ours != key:
            yield Difference(Kind.CASING, path, shown(key), shown(ours))
        yield from _values(value, simulated[ours], path, opaque)
    known = {key.lower() for key in recorded}
    for key in simulated:
        if key.lower() not in known:
            yield Difference(Kind.EXTRA, f"{where}.{key}" if where else key)


def _lists(recorded: list[Any], simulated: list[Any], where: str, opaque: frozenset[str]) -> Iterator[Difference]:
    if len(recorded) != len(simulated):
        yield Difference(Kind.LENGTH, f"{where}[]", str(len(recorded)), str(len(simulated)))
    for theirs, ours in _pairs(recorded, simulated):
        yield from _values(theirs, ours, f"{where}[]", opaque)


def _pairs(recorded: list[Any], simulated: list[Any]) -> list[tuple[Any, Any]]:
    """Items of the same id or name, then the rest in their order."""
    for mark in ("id", "name"):
        marked = {name: item for item in simulated if (name := _mark(item, mark)) is not None}
        if len(marked) == len(simulated) and any(_mark(item, mark) in marked for item in recorded):
            found = [(item, marked.pop(name)) for item in recorded if (name := _mark(item, mark)) in marked]
            taken = {id(item) for item, _ in found}
            rest = [item for item in recorded if id(item) not in taken]
            return [*found, *zip(rest, marked.values(), strict=False)]
    return list(zip(recorded, simulated, strict=False))


def _mark(item: Any, name: str) -> str | None:
    value = item.get(name) if isinstance(item, dict) else None
    return value.lower() if isinstance(value, str) else None


def _scalars(recorded: Any, simulated: Any, where: str) -> Iterator[Difference]:
    key = where.rpartition(".")[2].lower()
    if recorded == simulated or key in FREE_TEXT or key in MEASURED:
        return
    if isinstance(recorded, int | float) and _MEASUREMENT.fullmatch(where):
        return
    if isinstance(recorded, str):
        verdict = compare_texts(recorded, simulated)
        if verdict != "same":
            kind = Kind.CASING if verdict == "casing" else Kind.VALUE
            yield Difference(kind, where, shown(recorded), shown(simulated))
    else:
        yield Difference(Kind.VALUE, where, shown(recorded), shown(simulated))


def compare_status(recorded: int, simulated: int, code: str | None) -> list[Difference]:
    """The statuses; `code` is the error code of the simulator's answer."""
    if recorded == simulated:
        return []
    return [Difference(Kind.STATUS, "status", str(recorded), f"{simulated} {code}" if code else str(simulated))]
