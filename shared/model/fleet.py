"""The watched clusters, with the load balancers and NAT gateways whose metrics are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .cluster import Cluster
from .load_balancer import LoadBalancer
from .ports import AllocationBaseline
from .resource_id import ArmId
from .text import Text, arranged


@dataclass(frozen=True, slots=True)
class WatchedGateway:
    """A NAT gateway with traffic of a cluster."""

    id: ArmId
    name: str
    location: str
    public_ip_count: int | None  # None: unknown, as with a prefix of unknown length
    subnet_ids: tuple[ArmId, ...] = ()  # all its subnets, also those of other clusters
    cluster_tag: str = ""  # name of the cluster that snatbot created it for; else empty


@dataclass(frozen=True, slots=True)
class WatchedCluster:
    cluster: Cluster  # only id and name if its own row is ``unreadable``
    load_balancer: LoadBalancer | None = None  # the Standard one with an outbound rule
    gateways: tuple[WatchedGateway, ...] = ()
    # Why the row of the cluster, load balancer or gateway can't be read; it is then not measured.
    unreadable: Text = Text("")


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Something that could not be listed or parsed."""

    subject: Text  # stable between scans
    reason: Text  # may change between scans

    @property
    def text(self) -> Text:
        return arranged("{subject}: {reason}", subject=self.subject, reason=self.reason)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Fleet:
    found_at: datetime
    clusters: tuple[WatchedCluster, ...]
    unreadable: tuple[Unlisted, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryIndex:
    """The stored list of clusters, split into shards that each fit into a row."""

    found_at: datetime
    clusters: int
    shards: tuple[str, ...]  # shard keys; stable while the fleet is
    unreadable: tuple[Unlisted, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryShard:
    found_at: datetime
    clusters: tuple[WatchedCluster, ...]


@dataclass(frozen=True, slots=True)
class SuspectRegion:
    """How often batches there contradicted single requests on ``metric``, and how often they agreed since."""

    metric: str
    since: datetime
    evidence: Text = Text("")
    disagreed: int = 0
    agreed: int = 0


@dataclass(frozen=True, slots=True)
class PortRound:
    """Ports of every load balancer are read in ``parts``, one a tick, where a tick has no time for all."""

    parts: int = 1
    part: int = 0  # the next
    until: datetime | None = None  # end of the first part's minutes; None before the first part


@dataclass(frozen=True, slots=True)
class ScanProgress:
    ports_until: datetime | None = None  # port metrics before this time were read, of every load balancer
    port_round: PortRound = PortRound()
    allocations: Mapping[str, AllocationBaseline] = field(default_factory=dict)  # by cluster key
    suspects: Mapping[str, SuspectRegion] = field(default_factory=dict)  # by region and metric
    statuses: str = ""  # a StatusPart as store.codec.pack writes it
