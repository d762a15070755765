"""When an incident opens, changes and clears: (record, incident, assessment) -> transition.

Rules: one open incident per cluster; the same trouble never announces twice; a missing measurement neither opens nor
clears; the same trouble inside the cooldown re-opens; nothing clears while a change is in flight. A minute counts
once, however often windows overlap or ticks are repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ..model.assessment import Assessment
from ..model.finding import Finding
from ..model.incident import ClusterRecord, Incident, IncidentState
from ..model.metric import MINUTE
from ..model.reading import Idle, Measured


class Effect(StrEnum):
    """What is worth telling."""

    NOTHING = "nothing"
    OPENED = "opened"
    REOPENED = "reopened"
    WORSENED = "worsened"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    """``clean_minutes``: measured minutes without a failure that clear. ``cooldown``: returning trouble re-opens."""

    clean_minutes: int
    cooldown: timedelta


@dataclass(frozen=True, slots=True)
class IncidentTransition:
    record: ClusterRecord
    incident: Incident | None
    effect: Effect


def judge(
    record: ClusterRecord,
    incident: Incident | None,
    assessment: Assessment,
    *,
    now: datetime,
    policy: IncidentPolicy,
    new_id: str,
    is_change_in_flight: bool,
) -> IncidentTransition:
    """``incident`` is the cluster's last one, open or cleared; ``new_id`` is used only if one opens."""
    reading = assessment.reading
    if not isinstance(reading, Measured | Idle):
        return IncidentTransition(record, incident, Effect.NOTHING)
    failed, clean = _fresh_minutes(reading, record.judged_until)
    judged_until = max(_end_of_minutes(reading), record.judged_until or _end_of_minutes(reading))
    if failed:
        clean_since = [at for at in clean if at > failed[-1]]
        record = replace(record, judged_until=judged_until, clean_minutes=len(clean_since))
        return _trouble(record, incident, assessment, assessment.findings[0], failed, now, policy, new_id)
    record = replace(record, judged_until=judged_until, clean_minutes=record.clean_minutes + len(clean))
    is_open = incident is not None and incident.state is IncidentState.OPEN
    if incident is None or not is_open or is_change_in_flight or record.clean_minutes < policy.clean_minutes:
        return IncidentTransition(record, incident, Effect.NOTHING)
    return IncidentTransition(record, close(incident, now), Effect.CLEARED)


def close(incident: Incident, now: datetime, note: str = "") -> Incident:
    """The incident, cleared; ``note`` says why when that is not simply clean minutes."""
    return replace(incident, state=IncidentState.CLEARED, cleared_at=now, closing_note=note)


def _trouble(
    record: ClusterRecord,
    incident: Incident | None,
    assessment: Assessment,
    finding: Finding,
    failed: list[datetime],
    now: datetime,
    policy: IncidentPolicy,
    new_id: str,
) -> IncidentTransition:
    reading = assessment.reading
    assert isinstance(reading, Measured)
    fresh = Incident(
        id=new_id,
        cluster_id=assessment.cluster.id,
        cluster_name=assessment.cluster.name,
        state=IncidentState.OPEN,
        severity=finding.severity,
        since=finding.since,
        opened_at=now,
        last_failed_at=failed[-1],
        failed=reading.failed,
        nodes=finding.nodes,
        window_minutes=reading.window.minutes,
        announced_nodes=len(finding.nodes),
    )
    if incident is not None and incident.state is IncidentState.OPEN:
        has_worsened = len(finding.nodes) >= 2 * max(incident.announced_nodes, 1)
        announced = len(finding.nodes) if has_worsened else incident.announced_nodes
        incident = replace(_continued(incident, fresh), announced_nodes=announced)
        return IncidentTransition(record, incident, Effect.WORSENED if has_worsened else Effect.NOTHING)
    if incident is not None and incident.cleared_at is not None and now - incident.cleared_at <= policy.cooldown:
        incident = replace(_continued(incident, fresh), reopened=incident.reopened + 1)
        return IncidentTransition(record, incident, Effect.REOPENED)
    return IncidentTransition(replace(record, incident_id=new_id), fresh, Effect.OPENED)


def _continued(incident: Incident, fresh: Incident) -> Incident:
    """``fresh`` figures under the identity and the history of ``incident``."""
    return replace(
        fresh, id=incident.id, since=incident.since, opened_at=incident.opened_at, reopened=incident.reopened
    )


def _end_of_minutes(reading: Measured | Idle) -> datetime:
    """Where counting goes on: minutes that had no point yet may still get one."""
    if isinstance(reading, Idle):
        return reading.window.end
    return max((*reading.failed_minutes, *reading.clean_minutes), default=reading.window.start - MINUTE) + MINUTE


def _fresh_minutes(reading: Measured | Idle, judged_until: datetime | None) -> tuple[list[datetime], list[datetime]]:
    """Failed and clean minutes that no earlier tick has counted."""
    if isinstance(reading, Measured):
        failed, clean = reading.failed_minutes, reading.clean_minutes
    else:
        failed, clean = (), reading.window.each_minute()
    if judged_until is None:
        return list(failed), list(clean)
    return [at for at in failed if at >= judged_until], [at for at in clean if at >= judged_until]
