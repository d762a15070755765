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
from ...model.inventory import InventoryIndex, InventoryShard
from ...store.errors import StoreError
from ...store.fleet_cache import FleetCache
from .scan import grouped

log = logging.getLogger("snatbot.fleet")
SHARD_CLUSTERS = 100
_INDEX = "inventory"
_SHARD = "inventory-"


@dataclass(frozen=True, slots=True)
class ListedFleet:
    """``before`` is the fleet of the time before, only when it was found anew just now."""

    fleet: Fleet
    before: Fleet | None = None


class FleetInventory:
    """Safe to share between threads."""

    def __init__(self, discovery: FleetDiscovery, cache: FleetCache | None, kept_for: timedelta) -> None:
        """Without a ``cache`` the list is kept in memory only."""
        self._discovery = discovery
        self._cache = cache
        self._kept_for = kept_for
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None

    def get(self, now: datetime) -> Fleet:
        """The kept fleet, or found anew when that is too old. Writes nothing. Raises AzureError."""
        return self._current(now).fleet

    def get_and_store(self, now: datetime) -> ListedFleet:
        """The same, and what was found anew is put on storage for the other workers."""
        found = self._current(now)
        if found.fleet.found_at == now and found.fleet is not found.before:
            self._keep(found.fleet)
        return found

    def shard(self, key: str) -> tuple[WatchedCluster, ...]:
        """One shard of the fleet as a worker gets it; empty when it is not there any more."""
        shard = self._cache.read(InventoryShard, f"{_SHARD}{key}") if self._cache else None
        return shard.clusters if shard else ()

    def _current(self, now: datetime) -> ListedFleet:
        with self._lock:
            kept = self._fleet
            if kept is None:
                kept = self._stored()
            if kept is not None and timedelta() <= now - kept.found_at < self._kept_for:
                self._fleet = kept
                return ListedFleet(kept)
            try:
                self._fleet = self._discovery.read_fleet(now)
            except AzureError as error:
                if kept is None:
                    raise
                log.error("clusters could not be listed, those of %s are watched on: %s", kept.found_at, error)
                return ListedFleet(
                    replace(kept, unreadable=(*kept.unreadable, f"clusters could not be listed: {error}"))
                )
            return ListedFleet(self._fleet, kept)

    def _stored(self) -> Fleet | None:
        """A cache that can't be read is no cache."""
        if self._cache is None:
            return None
        try:
            index = self._cache.read(InventoryIndex, _INDEX)
            if index is None:
                return None
            shards = self._cache.read_all(InventoryShard, _SHARD)
        except StoreError as error:
            log.warning("the kept inventory could not be read: %s", error)
            return None
        if any(key not in shards for key in index.shards):
            return None
        clusters = tuple(cluster for key in index.shards for cluster in shards[key].clusters)
        return Fleet(index.found_at, clusters, index.unreadable)

    def _keep(self, fleet: Fleet) -> None:
        if self._cache is None:
            return
        try:
            before = self._cache.read(InventoryIndex, _INDEX)
            shards = shards_of(fleet.clusters)
            for key, members in shards.items():
                self._cache.write(f"{_SHARD}{key}", InventoryShard(fleet.found_at, tuple(members)))
            index = InventoryIndex(fleet.found_at, len(fleet.clusters), tuple(shards), fleet.unreadable)
            self._cache.write(_INDEX, index)
            if before is not None:
                self._cache.delete(f"{_SHARD}{key}" for key in before.shards if key not in shards)
        except StoreError as error:
            log.warning("the inventory could not be kept: %s", error)


def shards_of(clusters: Sequence[WatchedCluster]) -> Mapping[str, Sequence[WatchedCluster]]:
    """Key to up to 100 clusters of one subscription and region."""
    numbers: dict[tuple[str, str], int] = {}
    shards = {}
    for lane, members in grouped(clusters, SHARD_CLUSTERS):
        numbers[lane] = numbers.get(lane, 0) + 1
        text = f"{lane[0]}/{lane[1]}/{numbers[lane]}"
        shards[hashlib.sha256(text.encode()).hexdigest()[:16]] = members
    return shards
