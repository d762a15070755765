"""The channels that get a message, by its cluster and severity: chosen right before its delivery, if ROUTES are set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ...ids import new_id
from ...model.audit import NotifiedChannels, OutboxMessage
from ...model.finding import Severity
from ...model.resource_id import ArmId
from ...store.errors import StoreConflict
from ...store.records import Put, Records, Stored
from .outbox import message_of

if TYPE_CHECKING:
    from ...routes import Route


class Router:
    def __init__(self, records: Records, routes: Sequence[Route], default: Sequence[str], known: Sequence[str]) -> None:
        """``default`` and ``known``: names of channels."""
        self._records = records
        self._routes = routes
        self._default = default
        self._known = known

    def channels(self, target: Target, earlier: Sequence[str] = ()) -> tuple[str, ...]:
        """``earlier``: those that got earlier messages about the same."""
        both = dict.fromkeys((*channels_for(self._routes, self._default, target), *earlier))
        return tuple(name for name in both if name in self._known) or tuple(self._known)

    def route(self, partition: str, row: Stored[OutboxMessage]) -> None:
        """Copy the message for each channel, in one transaction; no change if the records changed."""
        message, subject = row.value, _subject_of(row.value)
        stored = self._records.notified_channels(partition, subject) if subject else None
        first, *others = self.channels(self._target(partition, subject), stored.value.channels if stored else ())
        writes = [Put(replace(message, channel=first), row.etag)]
        writes += [Put(replace(message, id=new_id(), channel=name)) for name in others]
        if subject:
            channels = NotifiedChannels(subject, (first, *others), message.created_at)
            writes.append(Put(channels, stored.etag if stored else None))
        try:
            self._records.commit_in(partition, writes)
        except StoreConflict:
            return

    def _target(self, partition: str, subject: str) -> Target:
        cluster = self._records.cluster_in(partition)
        if cluster is None:
            return Target()
        incident = self._records.incident_in(partition, subject) if subject else None
        return Target(
            cluster.value.cluster_name,
            ArmId.parse(cluster.value.cluster_id).subscription,
            cluster.value.tags,
            incident.value.severity if incident else None,
        )


def _subject_of(row: OutboxMessage) -> str:
    try:
        return message_of(row).subject
    except ValueError:
        return ""  # given up later


@dataclass(frozen=True, slots=True)
class Target:
    """Cluster and severity of a message. Unknown values match no condition; a fleet message has only those."""

    cluster: str = ""
    subscription: str = ""
    tags: Mapping[str, str] | None = None
    severity: Severity | None = None


def channels_for(routes: Sequence[Route], default: Sequence[str], target: Target) -> tuple[str, ...]:
    """The distinct channels of the first matching route; ``default`` if none matches."""
    found = next((route.to for route in routes if matches(route, target)), default)
    return tuple(dict.fromkeys(found))


def matches(route: Route, target: Target) -> bool:
    tags = {name.lower(): value for name, value in (target.tags or {}).items()}
    is_bad_enough = route.severity is None or (
        target.severity is not None and target.severity.rank >= Severity(route.severity).rank
    )
    return (
        is_bad_enough
        and _is_among(target.cluster, route.clusters)
        and _is_among(target.subscription, route.subscriptions)
        and all(tags.get(name.lower()) == value for name, value in route.tags.items())
    )


def _is_among(text: str, patterns: Sequence[str]) -> bool:
    if not patterns:
        return True
    return bool(text) and any(fnmatchcase(text.lower(), pattern.lower()) for pattern in patterns)
