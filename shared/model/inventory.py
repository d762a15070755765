"""The fleet as it is kept between looks, cut into parts that fit into a row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .allocation import AllocationSeen
from .fleet import WatchedCluster


@dataclass(frozen=True, slots=True)
class InventoryIndex:
    """``parts`` are keys of parts, stable as long as the fleet is cut the same way."""

    found_at: datetime
    clusters: int
    parts: tuple[str, ...]
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryPart:
    found_at: datetime
    clusters: tuple[WatchedCluster, ...]


@dataclass(frozen=True, slots=True)
class PassMemory:
    """``ports_until``: minutes before it have been looked at for ports. ``allocations`` by cluster key."""

    ports_until: datetime | None = None
    allocations: Mapping[str, AllocationSeen] = field(default_factory=dict)
