"""The trouble, as it is remembered between ticks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .finding import Severity
from .reading import NodeFailures


class IncidentState(StrEnum):
    OPEN = "open"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Incident:
    """``since`` is the first failing minute, ``opened_at`` when the bot said so.

    ``nodes`` and ``failed`` are of the last judged window with failures. ``reopened`` counts re-openings inside the
    cooldown; ``announced_nodes`` is how many nodes the last message named. ``closing_note`` says why it was cleared
    when that is not simply clean minutes.
    """

    id: str
    cluster_id: str
    cluster_name: str
    state: IncidentState
    severity: Severity
    since: datetime
    opened_at: datetime
    last_failed_at: datetime
    failed: int
    nodes: tuple[NodeFailures, ...]
    window_minutes: int
    cleared_at: datetime | None = None
    reopened: int = 0
    announced_nodes: int = 0
    closing_note: str = ""


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """What is remembered of one cluster. ``judged_until``: minutes before it are already counted.

    ``clean_minutes`` counts measured or idle minutes without a failure since the last failure.
    """

    cluster_id: str
    cluster_name: str
    judged_until: datetime | None = None
    clean_minutes: int = 0
    incident_id: str | None = None
    change_id: str | None = None
    silenced_until: datetime | None = None
    silenced_by: str = ""
