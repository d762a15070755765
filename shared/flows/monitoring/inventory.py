"""The list of clusters: read at intervals and kept, in memory and in storage for other workers."""

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...cloud.errors import AzureError
from ...cloud.fleet_query import FleetDiscovery
from ...model.fleet import Fleet, InventoryIndex, InventoryShard, Unlisted, WatchedCluster
from ...model.text import Text
from ...store.errors import StoreError
from ...store.fleet_cache import INVENTORY, FleetCache
from .scan import grouped

log = logging.getLogger("snatbot.inventory")
SHARD_CLUSTERS = 100
CLUSTERS_UNLISTED = Text("clusters could not be listed")
_SHARD = "inventory-"


@dataclass(frozen=True, slots=True)
class ListedFleet:
    fleet: Fleet
    before: Fleet | None = None  # the previous list, only if this one was read just now


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
        """The kept list, or a new one if that is too old. Writes nothing. Raises AzureError."""
        return self._current(now).fleet

    def get_and_store(self, now: datetime) -> ListedFleet:
        """As ``get``, and a new list is stored for other workers."""
        listed = self._current(now)
        if self._cache is not None and listed.fleet.found_at == now and listed.fleet is not listed.before:
            self._store(self._cache, listed.fleet)
        return listed

    def shard(self, key: str) -> tuple[WatchedCluster, ...]:
        """One shard of the fleet for a worker; empty if the shard does not exist any more."""
        shard = self._cache.read(InventoryShard, f"{_SHARD}{key}") if self._cache else None
        return shard.clusters if shard else ()

    def _current(self, now: datetime) -> ListedFleet:
        with self._lock:
            kept = self._fleet or self._stored()
            if kept is not None and timedelta() <= now - kept.found_at < self._kept_for:
                self._fleet = kept
                return ListedFleet(kept)
            try:
                self._fleet = self._discovery.read_fleet(now)
            except AzureError as error:
                if kept is None:
                    raise
                log.error("could not list clusters, using the list of %s: %s", kept.found_at, error)
                problem = Unlisted(CLUSTERS_UNLISTED, error.text)
                return ListedFleet(replace(kept, unreadable=(*kept.unreadable, problem)))
            return ListedFleet(self._fleet, kept)

    def _stored(self) -> Fleet | None:
        """None also if it can't be read: a cache that lacks a shard is unusable."""
        if self._cache is None:
            return None
        try:
            index = self._cache.read(InventoryIndex, INVENTORY)
            shards = self._cache.read_all(InventoryShard, _SHARD) if index else {}
        except StoreError as error:
            log.warning("could not read the stored inventory: %s", error)
            return None
        if index is None or any(key not in shards for key in index.shards):
            return None
        clusters = tuple(cluster for key in index.shards for cluster in shards[key].clusters)
        return Fleet(index.found_at, clusters, index.unreadable)

    def _store(self, cache: FleetCache, fleet: Fleet) -> None:
        try:
            before = cache.read(InventoryIndex, INVENTORY)
            shards = shards_of(fleet.clusters)
            for key, members in shards.items():
                cache.write(f"{_SHARD}{key}", InventoryShard(fleet.found_at, tuple(members)))
            cache.write(INVENTORY, InventoryIndex(fleet.found_at, len(fleet.clusters), tuple(shards), fleet.unreadable))
            if before is not None:
                cache.delete(f"{_SHARD}{key}" for key in before.shards if key not in shards)
        except StoreError as error:
            log.warning("could not store the inventory: %s", error)


def shards_of(clusters: Sequence[WatchedCluster]) -> Mapping[str, Sequence[WatchedCluster]]:
    """Up to 100 clusters of one subscription and region, by shard key."""
    numbers: Counter[tuple[str, str]] = Counter()
    shards = {}
    for place, members in grouped(clusters, SHARD_CLUSTERS):
        numbers[place] += 1
        text = f"{place[0]}/{place[1]}/{numbers[place]}"
        shards[hashlib.sha256(text.encode()).hexdigest()[:16]] = members
    return shards
