"""The trouble, as it is remembered between ticks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .finding import FindingKind, Severity
from .reading import NodeFailures


class IncidentState(StrEnum):
    OPEN = "open"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Incident:
    """``since`` is when the trouble began, ``opened_at`` when it was noticed, ``last_trouble_at`` when last seen.

    ``failing_since`` and ``last_failed_at`` are the first and last minute with a failed connection, None when there was
    none: a warning has a ``since`` and no ``failing_since``. ``nodes`` and ``failed`` are of the last judged window
    with failures. ``kinds`` are what stands now, worst first, ``evidence`` is of the worst. ``reopened`` counts
    re-openings inside the cooldown. ``announced_nodes`` and ``told_severity`` are what the last message said (None:
    nothing was posted yet), ``told_at`` the last posts about something new, ``reminded_at`` the last reminder, or when
    a change was last at work. ``gateway_ids`` carried the cluster's traffic when it opened. ``closing_note`` says why
    it was cleared when not simply by clean minutes. ``plan_due_at``: when a plan against it is made next, None when
    none is to be made.
    """

    id: str
    cluster_id: str
    cluster_name: str
    state: IncidentState
    severity: Severity
    since: datetime
    opened_at: datetime
    last_failed_at: datetime | None
    failed: int
    nodes: tuple[NodeFailures, ...]
    window_minutes: int
    cleared_at: datetime | None = None
    reopened: int = 0
    announced_nodes: int = 0
    closing_note: str = ""
    kinds: tuple[FindingKind, ...] = (FindingKind.SNAT_FAILING,)
    evidence: str = ""
    last_trouble_at: datetime | None = None
    told_severity: Severity | None = None
    told_at: tuple[datetime, ...] = ()
    gateway_ids: tuple[str, ...] = ()
    plan_due_at: datetime | None = None
    failing_since: datetime | None = None
    reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """What is remembered of one cluster. ``judged_until``: minutes before it are already counted.

    ``clean_minutes`` counts measured or idle minutes without a failure since the last failure, ``calm_minutes`` those
    without trouble of any kind. Nothing is posted until ``silenced_until``. ``contradicted_at`` is when it was last
    told that Azure's health events say otherwise than the metric.
    """

    cluster_id: str
    cluster_name: str
    judged_until: datetime | None = None
    clean_minutes: int = 0
    incident_id: str | None = None
    change_id: str | None = None
    silenced_until: datetime | None = None
    silenced_by: str = ""
    calm_minutes: int = 0
    contradicted_at: datetime | None = None

    def is_silenced(self, now: datetime) -> bool:
        return self.silenced_until is not None and now < self.silenced_until
