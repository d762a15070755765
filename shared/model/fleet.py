"""The watched clusters, with the load balancers and NAT gateways whose metrics are queried."""

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
    """A NAT gateway that carries traffic of a cluster."""

    id: ArmId
    name: str
    location: str
    public_ip_count: int | None  # None: unknown, as with a prefix of unknown length
    subnet_ids: tuple[ArmId, ...] = ()  # all that it serves, also other clusters'
    cluster_tag: str = ""  # name of the cluster that snatbot made it for; empty for others


@dataclass(frozen=True, slots=True)
class WatchedCluster:
    cluster: Cluster  # only id and name where ``unreadable`` says that its own row can't be read
    load_balancer: LoadBalancer | None = None  # the Standard one with an outbound rule
    gateways: tuple[WatchedGateway, ...] = ()
    unreadable: str = ""  # why Azure's row of the cluster, load balancer or gateway can't be read: not measured


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
    shards: tuple[str, ...]  # keys; stable while the fleet is
    unreadable: tuple[Unlisted, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryShard:
    found_at: datetime
    clusters: tuple[WatchedCluster, ...]


@dataclass(frozen=True, slots=True)
class SuspectRegion:
    """Batches there said something else of ``metric`` than single requests: how often, and how often not since."""

    metric: str
    since: datetime
    evidence: str = ""
    disagreed: int = 0
    agreed: int = 0


@dataclass(frozen=True, slots=True)
class ScanProgress:
    ports_until: datetime | None = None  # earlier minutes have been read
    allocations: Mapping[str, AllocationBaseline] = field(default_factory=dict)  # by cluster key
    suspects: Mapping[str, SuspectRegion] = field(default_factory=dict)  # by place
