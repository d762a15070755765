"""The trouble, as it is remembered between ticks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .finding import FindingKind, Severity
from .reading import NodeFailures
from .resource_id import ArmId


class IncidentState(StrEnum):
    OPEN = "open"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Incident:
    """The trouble of one cluster, open or cleared. Times are None where nothing of the kind has happened."""

    id: str
    cluster_id: ArmId
    cluster_name: str
    state: IncidentState
    severity: Severity
    since: datetime  # when the trouble began
    opened_at: datetime  # when it was noticed
    last_failed_at: datetime | None  # the last minute with a failed connection
    failed: int  # this and the next two: of the last judged window with failures
    nodes: tuple[NodeFailures, ...]
    window_minutes: int
    cleared_at: datetime | None = None
    reopened: int = 0  # times inside the cooldown
    announced_nodes: int = 0  # in the last message
    closing_note: str = ""  # why it was cleared when not simply by clean minutes
    kinds: tuple[FindingKind, ...] = (FindingKind.SNAT_FAILING,)  # what stands now, worst first
    evidence: str = ""  # of the worst
    last_trouble_at: datetime | None = None
    notified_severity: Severity | None = None  # in the last message; None: nothing was posted yet
    notified_at: tuple[datetime, ...] = ()  # the last posts about something new
    gateway_ids: tuple[ArmId, ...] = ()  # that carried the cluster's traffic when it opened
    plan_due_at: datetime | None = None  # when a plan against it is made next
    failing_since: datetime | None = None  # a warning has a ``since`` and none of this
    reminded_at: datetime | None = None  # the last reminder, or when a change was last at work

    @property
    def is_open(self) -> bool:
        return self.state is IncidentState.OPEN


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """What is kept of one cluster between scans."""

    cluster_id: ArmId
    cluster_name: str
    judged_until: datetime | None = None  # minutes before it are already counted
    clean_minutes: int = 0  # measured or idle, since the last failure
    incident_id: str | None = None
    change_id: str | None = None
    silenced_until: datetime | None = None  # nothing is posted before
    silenced_by: str = ""
    calm_minutes: int = 0  # without trouble of any kind
    contradicted_at: datetime | None = None  # the last post that Azure's health events disagree with the metric

    def is_silenced(self, now: datetime) -> bool:
        return self.silenced_until is not None and now < self.silenced_until
