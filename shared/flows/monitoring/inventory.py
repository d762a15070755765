"""The fleet, found once in a while and kept: in memory, and on storage for other workers and the next start."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...cloud.errors import AzureError
from ...cloud.fleet_query import FleetDiscovery
from ...model.fleet import Fleet, WatchedCluster
from ...model.inventory import InventoryIndex, InventoryPart
from ...store.active_clusters import FleetStore
from ...store.errors import StoreError
from .scan import grouped

log = logging.getLogger("snatbot.fleet")
PART_CLUSTERS = 100
_INDEX = "inventory"
_PART = "inventory-"


@dataclass(frozen=True, slots=True)
class Found:
    """``before`` is the fleet of the time before, only when it was found anew just now."""

    fleet: Fleet
    before: Fleet | None = None


class FleetSource:
    """Safe to share between threads."""

    def __init__(self, discovery: FleetDiscovery, store: FleetStore | None, kept_for: timedelta) -> None:
        """Without a ``store`` the list is kept in memory only."""
        self._discovery = discovery
        self._store = store
        self._kept_for = kept_for
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None

    def get(self, now: datetime) -> Fleet:
        """The kept fleet, or found anew when that is too old. Writes nothing. Raises AzureError."""
        return self._current(now).fleet

    def get_and_keep(self, now: datetime) -> Found:
        """The same, and what was found anew is put on storage for the other workers."""
        found = self._current(now)
        if found.fleet.found_at == now and found.fleet is not found.before:
            self._keep(found.fleet)
        return found

    def part(self, key: str) -> tuple[WatchedCluster, ...]:
        """One part of the fleet as a worker gets it; empty when it is not there any more."""
        part = self._store.read(InventoryPart, f"{_PART}{key}") if self._store else None
        return part.clusters if part else ()

    def _current(self, now: datetime) -> Found:
        with self._lock:
            kept = self._fleet
            if kept is None:
                kept = self._stored()
            if kept is not None and timedelta() <= now - kept.found_at < self._kept_for:
                self._fleet = kept
                return Found(kept)
            try:
                self._fleet = self._discovery.read_fleet(now)
            except AzureError as error:
                if kept is None:
                    raise
                log.error("clusters could not be listed, those of %s are watched on: %s", kept.found_at, error)
                return Found(replace(kept, unreadable=(*kept.unreadable, f"clusters could not be listed: {error}")))
            return Found(self._fleet, kept)

    def _stored(self) -> Fleet | None:
        """A cache that can't be read is no cache."""
        if self._store is None:
            return None
        try:
            index = self._store.read(InventoryIndex, _INDEX)
            if index is None:
                return None
            parts = self._store.read_all(InventoryPart, _PART)
        except StoreError as error:
            log.warning("the kept inventory could not be read: %s", error)
            return None
        if any(key not in parts for key in index.parts):
            return None
        clusters = tuple(cluster for key in index.parts for cluster in parts[key].clusters)
        return Fleet(index.found_at, clusters, index.unreadable)

    def _keep(self, fleet: Fleet) -> None:
        if self._store is None:
            return
        try:
            before = self._store.read(InventoryIndex, _INDEX)
            parts = parts_of(fleet.clusters)
            for key, members in parts.items():
                self._store.write(f"{_PART}{key}", InventoryPart(fleet.found_at, tuple(members)))
            index = InventoryIndex(fleet.found_at, len(fleet.clusters), tuple(parts), fleet.unreadable)
            self._store.write(_INDEX, index)
            if before is not None:
                self._store.delete(f"{_PART}{key}" for key in before.parts if key not in parts)
        except StoreError as error:
            log.warning("the inventory could not be kept: %s", error)


def parts_of(clusters: Sequence[WatchedCluster]) -> Mapping[str, Sequence[WatchedCluster]]:
    """Key to up to 100 clusters of one subscription and region."""
    numbers: dict[tuple[str, str], int] = {}
    parts = {}
    for lane, members in grouped(clusters, PART_CLUSTERS):
        numbers[lane] = numbers.get(lane, 0) + 1
        text = f"{lane[0]}/{lane[1]}/{numbers[lane]}"
        parts[hashlib.sha256(text.encode()).hexdigest()[:16]] = members
    return parts
