"""The clusters that are watched, with what their metrics are asked of: found at once for the whole fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .cluster import Cluster
from .load_balancer import LoadBalancer
from .ports import AllocationBaseline
from .resource_id import ArmId


@dataclass(frozen=True, slots=True)
class WatchedGateway:
    """A NAT gateway that carries traffic of a cluster.

    ``public_ip_count`` is None when it can't be known, as when it takes addresses from a prefix of unknown length.
    ``cluster_tag`` is the name of the cluster that snatbot made it for, empty for others. ``subnet_ids`` are all
    subnets that it serves, of this cluster or not.
    """

    id: ArmId
    name: str
    location: str
    public_ip_count: int | None
    subnet_ids: tuple[ArmId, ...] = ()
    cluster_tag: str = ""


@dataclass(frozen=True, slots=True)
class WatchedCluster:
    """``load_balancer`` is the Standard one with an outbound rule, None when there is none.

    ``unreadable`` says why nothing can be measured on it: what Azure answered of it, or of its way out, makes no sense.
    Of the cluster itself then may be known no more than id and name.
    """

    cluster: Cluster
    load_balancer: LoadBalancer | None = None
    gateways: tuple[WatchedGateway, ...] = ()
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """What could not be listed or understood."""

    subject: str  # the same in each scan
    reason: str  # may change from scan to scan

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Fleet:
    found_at: datetime
    clusters: tuple[WatchedCluster, ...]
    unreadable: tuple[Unlisted, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryIndex:
    """The fleet as it is kept between scans, cut into shards that fit into a row each."""

    found_at: datetime
    clusters: int
    shards: tuple[str, ...]  # their keys, stable as long as the fleet is cut the same way
    unreadable: tuple[Unlisted, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryShard:
    found_at: datetime
    clusters: tuple[WatchedCluster, ...]


@dataclass(frozen=True, slots=True)
class ScanProgress:
    ports_until: datetime | None = None  # the ports of earlier minutes have been read
    allocations: Mapping[str, AllocationBaseline] = field(default_factory=dict)  # by cluster key
