"""The last known status of every cluster, as the scans stored it: two requests for any fleet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ...model.cluster_status import ClusterStatus
from ...model.fleet import InventoryIndex, ScanProgress, Unlisted
from ...store.fleet_cache import INVENTORY, PROGRESS, FleetCache, statuses_in
from .tick import WHOLE_FLEET


@dataclass(frozen=True, slots=True)
class FleetStatus:
    clusters: tuple[ClusterStatus, ...] = ()
    listed: int = 0  # clusters in the list; more than ``clusters`` if some were never scanned
    unreadable: tuple[Unlisted, ...] = ()
    listed_at: datetime | None = None  # None: never

    def named(self, selector: str) -> Sequence[ClusterStatus]:
        """The clusters with this name or resource id, case-insensitive."""
        wanted = selector.lower().rstrip("/")
        return [status for status in self.clusters if wanted in (status.id.name.lower(), status.id.lower())]


def read_fleet_status(cache: FleetCache, fan_out_above: int) -> FleetStatus:
    """Raises StoreError."""
    index = cache.read(InventoryIndex, INVENTORY)
    if index is None:
        return FleetStatus()
    parts = cache.read_all(ScanProgress, PROGRESS)
    keys = index.shards if index.clusters > fan_out_above else (WHOLE_FLEET,)  # others are of an earlier list
    found = [status for key in keys if key in parts for status in statuses_in(parts[key]).values()]
    return FleetStatus(tuple(found), index.clusters, index.unreadable, index.found_at)
