"""The fleet as it is kept between scans, cut into shards that fit into a row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .allocation import AllocationBaseline
from .fleet import WatchedCluster


@dataclass(frozen=True, slots=True)
class InventoryIndex:
    """``shards`` are keys of shards, stable as long as the fleet is cut the same way."""

    found_at: datetime
    clusters: int
    shards: tuple[str, ...]
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryShard:
    found_at: datetime
    clusters: tuple[WatchedCluster, ...]


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """``ports_until``: ports of the minutes before it have been read. ``allocations`` by cluster key."""

    ports_until: datetime | None = None
    allocations: Mapping[str, AllocationBaseline] = field(default_factory=dict)
