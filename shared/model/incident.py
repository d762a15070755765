"""The trouble of a cluster, as stored between scans."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .finding import FindingKind, Severity
from .reading import MinuteSeries, NodeFailures
from .resource_id import ArmId
from .text import Text


class IncidentState(StrEnum):
    OPEN = "open"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Incident:
    """The trouble of one cluster, open or cleared. A time is None if nothing of the kind happened."""

    id: str
    cluster_id: ArmId
    cluster_name: str
    state: IncidentState
    severity: Severity
    since: datetime  # when the trouble began
    opened_at: datetime  # when a scan first showed it
    last_failed_at: datetime | None  # the last minute with a failed connection
    failed: int  # this and the next two: of the last window with failures
    nodes: tuple[NodeFailures, ...]
    window_minutes: int
    cleared_at: datetime | None = None
    reopened: int = 0  # how often it re-opened within the cooldown
    announced_nodes: int = 0  # failing nodes in the last message
    closing_note: Text = Text("")  # why it cleared, if clean minutes were not the reason
    kinds: tuple[FindingKind, ...] = (FindingKind.SNAT_FAILING,)  # present kinds, worst first
    evidence: Text = Text("")  # of the worst finding
    last_trouble_at: datetime | None = None
    notified_severity: Severity | None = None  # in the last message; None: never posted
    notified_at: tuple[datetime, ...] = ()  # the last posts about something new
    gateway_ids: tuple[ArmId, ...] = ()  # NAT gateways with the cluster's traffic when it opened
    plan_due_at: datetime | None = None  # when the next plan against it is made
    failing_since: datetime | None = None  # None for a warning, which has only ``since``
    reminded_at: datetime | None = None  # the last reminder, or the last scan during a running change
    failed_by_minute: MinuteSeries | None = None  # of the last window with failures, and up to an hour before
    load_balancer_id: ArmId | None = None  # the load balancer with the cluster's traffic

    @property
    def is_open(self) -> bool:
        return self.state is IncidentState.OPEN


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """What is stored of one cluster between scans."""

    cluster_id: ArmId
    cluster_name: str
    judged_until: datetime | None = None  # earlier minutes are counted
    clean_minutes: int = 0  # measured or idle minutes since the last failure
    incident_id: str | None = None
    change_id: str | None = None
    silenced_until: datetime | None = None  # no post before this time
    silenced_by: str = ""
    calm_minutes: int = 0  # minutes without trouble of any kind
    contradicted_at: datetime | None = None  # the last post that Azure's health events contradict the metric
    tags: Mapping[str, str] = field(default_factory=dict)  # of the cluster, when this was written by a scan

    def is_silenced(self, now: datetime) -> bool:
        return self.silenced_until is not None and now < self.silenced_until
