"""What the last scan showed of each cluster, in brief: for the fleet page and for Prometheus."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from .change import ChangeState
from .finding import FindingKind, Severity
from .resource_id import ArmId
from .text import Text


class EgressPath(StrEnum):
    LOAD_BALANCER = "load balancer"
    NAT_GATEWAY = "NAT gateway"
    BOTH = "load balancer and NAT gateway"  # some subnets have a gateway
    APPLIANCE = "user-defined routing"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OpenWork:
    """The open incident of a cluster and its open change."""

    incident_id: str = ""
    change_id: str = ""
    change_state: ChangeState | None = None


@dataclass(frozen=True, slots=True)
class FailingNode:
    ip: str
    name: str  # empty: unknown
    failed: int  # connections in the window of the scan


@dataclass(frozen=True, slots=True)
class FullNode:
    """With half of the ports of one protocol in use, or steeply rising use."""

    ip: str
    name: str  # empty: unknown
    protocol: str
    used: float
    allocated: float


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    id: ArmId
    location: str
    egress: EgressPath
    at: datetime  # of the last scan
    reading: Literal["measured", "idle", "unmeasured", "does_not_apply"]
    reason: Text = Text("")  # why it was not measured, or why that does not apply
    measured_at: datetime | None = None  # the last scan that measured it
    failed: int = 0  # failed connections in the window of the scan
    severity: Severity | None = None  # of the worst finding
    kind: FindingKind | None = None
    ports_at: datetime | None = None  # the last scan that read ports; None: never
    ports_share: float | None = None  # used by allocated ports, of the fullest node; None: no node has half in use
    failing_nodes: tuple[FailingNode, ...] = ()  # of the last scan, worst first; of many only the worst
    full_nodes: tuple[FullNode, ...] = ()  # at ``ports_at``, fullest first; of many only the fullest
    open: OpenWork = OpenWork()


@dataclass(frozen=True, slots=True)
class StatusPart:
    """The clusters of one scan."""

    clusters: tuple[ClusterStatus, ...] = ()
