"""Finds properties that Azure added to its answers after a recording.

The simulator answers as Azure did in the newest recordings. So a key that an older answer lacks is
no difference when the recordings themselves show that it came later: from some day (or api-version)
on every answer about the same type of resource has it at the same place, and none before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .difference import Difference, Kind
from .recorder import recorder_of
from .recording import Exchange, Recording
from .stage import date_of


@dataclass(frozen=True)
class Age:
    """The api-version (empty when it can't be trusted) and the date of an answer (None when unknown)."""

    api_version: str
    date: datetime | None

    def newer_than(self, other: Age) -> bool:
        """Later by date, or where a date is missing by api-version."""
        if self.date is not None and other.date is not None:
            if self.date.date() != other.date.date():
                return self.date > other.date
            return self.api_version > other.api_version
        return bool(self.api_version and other.api_version) and self.api_version > other.api_version


Place = tuple[str, str]
"""A type of resource and a path of objects in its body."""


class History:
    """The keys that appear in each place, and their dates."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._seen: dict[Place, list[tuple[Age, frozenset[str]]]] = {}
        for recording in recordings:
            if not recording.counts:
                continue
            for exchange in recording.exchanges:
                if exchange.flaw is None and exchange.status < 300:
                    self._add(recording, exchange)

    def _add(self, recording: Recording, exchange: Exchange) -> None:
        kind, age = type_of(exchange), age_of(recording, exchange)
        for path, keys in _objects(exchange.body, ""):
            self._seen.setdefault((kind, path), []).append((age, keys))

    def added_since(self, recording: Recording, exchange: Exchange, difference: Difference) -> bool:
        """Whether an extra key was added by Azure after this answer."""
        if difference.kind is not Kind.EXTRA or difference.where.startswith("header "):
            return False
        path, _, key = difference.where.removeprefix("value[].").rpartition(".")
        age = age_of(recording, exchange)
        seen = self._seen.get((type_of(exchange), path), [])
        having = [other for other, keys in seen if key in keys]
        lacking = [other for other, keys in seen if key not in keys]
        came_later = bool(having) and all(each.newer_than(age) for each in having)
        return came_later and not any(old.newer_than(new) for old in lacking for new in having)


def type_of(exchange: Exchange) -> str:
    """The type of resource that an exchange is about, in lower case; else its path."""
    _, found, rest = exchange.path.lower().rpartition("/providers/")
    parts = rest.rstrip("/").split("/")
    return "/".join([parts[0], *parts[1::2]]) if found else rest


def age_of(recording: Recording, exchange: Exchange) -> Age:
    """The age of an answer; without a date of its own it uses its neighbours' date."""
    edited = recorder_of(recording.repo).api_version_edited
    dates = (date for each in (exchange, *recording.exchanges) if (date := date_of(each)) is not None)
    return Age("" if edited else exchange.query.get("api-version", ""), next(dates, None))


def _objects(body: Any, path: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Every object in a body, with its keys; the items of a list of resources count as bodies."""
    if isinstance(body, dict):
        listed = body.get("value") if not path else None
        if isinstance(listed, list):
            for each in listed:
                yield from _objects(each, "")
            return
        yield path, frozenset(body)
        for key, value in body.items():
            yield from _objects(value, f"{path}.{key}" if path else key)
    elif isinstance(body, list):
        for each in body:
            yield from _objects(each, f"{path}[]")
