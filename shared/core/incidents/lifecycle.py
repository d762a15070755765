"""When an incident opens, changes and clears: (record, incident, assessment) -> transition.

One open incident per cluster; the same trouble is posted once. A missing measurement neither opens nor clears, and
neither does what was not evaluated. Trouble inside the cooldown re-opens. Nothing clears while a change is in flight.
On a cluster that is no longer scanned it is cleared with a note that says why. A minute counts once, however often
windows overlap or ticks are repeated.

Severity follows the findings; ``reminders`` decides when trouble that goes on is posted again. Flapping is damped:
each re-opening needs four times as many clean minutes, up to the cooldown. During silence and maintenance only the end
of what was posted is posted; what is still open afterwards is posted then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ...formatting import listed
from ...model.assessment import Assessment
from ...model.finding import FAILURES, FindingKind, Severity
from ...model.incident import ClusterRecord, Incident, IncidentState
from ...model.metric import MINUTE
from ...model.reading import DoesNotApply, Idle, Measured, Reading
from ...model.resource_id import ArmId
from . import reminders
from .minutes import NewMinutes, counted, new_minutes_of
from .reminders import NO_ANSWERS, Answers

_DAMPING = 4


class Effect(StrEnum):
    """What happened, or what to post. FAILING: connections fail now, and so far it was a warning."""

    NOTHING = "nothing"
    OPENED = "opened"
    REOPENED = "reopened"
    FAILING = "failing"
    WORSENED = "worsened"
    REMINDED = "reminded"
    CLEARED = "cleared"


_GROWTH = (Effect.FAILING, Effect.WORSENED)


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    clean_minutes: int  # measured minutes without trouble that clear
    cooldown: timedelta  # trouble within it re-opens
    remind_every: timedelta = timedelta(minutes=30)  # while connections fail

    def needed_clean_minutes(self, reopened: int) -> int:
        """More for what keeps coming back."""
        most = max(self.clean_minutes, int(self.cooldown / MINUTE))
        return int(min(self.clean_minutes * _DAMPING ** min(reopened, 8), most))


@dataclass(frozen=True, slots=True)
class IncidentTransition:
    record: ClusterRecord
    incident: Incident | None
    effect: Effect  # what happened
    message: Effect = Effect.NOTHING  # what to post, which may come later or not at all


def next_incident(
    record: ClusterRecord,
    incident: Incident | None,
    assessment: Assessment,
    *,
    now: datetime,
    policy: IncidentPolicy,
    new_id: str,
    is_change_in_flight: bool,
    is_quiet: bool = False,
    answered: Answers = NO_ANSWERS,
) -> IncidentTransition:
    """``incident`` is the cluster's last one, open or cleared; ``new_id`` is used only if one opens.

    ``answered``: what became of the plans against it.
    """
    new = new_minutes_of(record, incident, assessment)
    after = counted(record, incident, new, assessment)
    is_open = incident is not None and incident.is_open
    if new.alarms:
        return _trouble(
            after,
            incident if is_open else _recent(incident, now, policy),
            assessment,
            new,
            now,
            policy,
            new_id,
            is_quiet,
            answered,
        )
    if incident is None or not is_open:
        return IncidentTransition(after, incident, Effect.NOTHING)
    if isinstance(assessment.reading, DoesNotApply):
        return end_unscanned(after, incident, assessment.reading.reason, now, is_change_in_flight=is_change_in_flight)
    needed = policy.needed_clean_minutes(incident.reopened)
    if after.calm_minutes >= needed and not is_change_in_flight and new.is_measured:
        closed = close(incident, now, _path_note(incident, assessment))
        return IncidentTransition(after, closed, Effect.CLEARED, _end_message(incident))
    return IncidentTransition(after, _eased(incident, after, new, assessment, needed), Effect.NOTHING)


def close(incident: Incident, now: datetime, note: str = "") -> Incident:
    """The incident, cleared; ``note`` says why when that is not simply clean minutes."""
    return replace(incident, state=IncidentState.CLEARED, cleared_at=now, closing_note=note, plan_due_at=None)


def end_unscanned(
    record: ClusterRecord, incident: Incident, reason: str, now: datetime, *, is_change_in_flight: bool
) -> IncidentTransition:
    """Ends an open incident on a cluster that is no longer scanned: no minute will ever clear it.

    ``reason`` becomes its closing note: deleted, stopped, opted out, or on another egress path.
    """
    if is_change_in_flight:
        return IncidentTransition(record, incident, Effect.NOTHING)
    return IncidentTransition(record, close(incident, now, reason), Effect.CLEARED, _end_message(incident))


def _end_message(incident: Incident) -> Effect:
    """Posted only if the incident was."""
    return Effect.CLEARED if incident.notified_severity is not None else Effect.NOTHING


def _recent(incident: Incident | None, now: datetime, policy: IncidentPolicy) -> Incident | None:
    """The last incident, if it was cleared within the cooldown."""
    if incident is None or incident.cleared_at is None or now - incident.cleared_at > policy.cooldown:
        return None
    return incident


def _trouble(
    record: ClusterRecord,
    known: Incident | None,
    assessment: Assessment,
    new: NewMinutes,
    now: datetime,
    policy: IncidentPolicy,
    new_id: str,
    is_quiet: bool,
    answered: Answers,
) -> IncidentTransition:
    """``known`` is open, or was cleared within the cooldown."""
    fresh = _fresh(assessment, new, now, new_id)
    if known is None:
        effect = message = Effect.OPENED
        record, incident = replace(record, incident_id=new_id), fresh
    elif known.state is IncidentState.CLEARED:
        effect = message = Effect.REOPENED
        incident = replace(_continued(known, fresh), reopened=known.reopened + 1, notified_severity=None)
    else:
        incident = _standing(_continued(known, fresh), known, record, new, assessment, policy)
        if answered.is_at_work:
            incident = replace(incident, reminded_at=now)  # a running change posts by itself
        message = _news(known, incident, new, now, policy, answered)
        effect = message if message in _GROWTH else Effect.NOTHING
    if is_quiet:
        effect = Effect.NOTHING if effect in _GROWTH else effect
        return IncidentTransition(record, incident, effect)
    if message is Effect.REMINDED:
        incident = reminders.reminded(incident, now)
    elif message is not Effect.NOTHING:
        incident = reminders.notified(incident, now)
    return IncidentTransition(record, incident, effect, message)


def _fresh(assessment: Assessment, new: NewMinutes, now: datetime, new_id: str) -> Incident:
    reading: Reading = assessment.reading
    worst = new.alarms[0]
    is_failing = bool(new.failed) and isinstance(reading, Measured)
    return Incident(
        id=new_id,
        cluster_id=assessment.cluster.id,
        cluster_name=assessment.cluster.name,
        state=IncidentState.OPEN,
        severity=worst.severity,
        since=min(finding.since for finding in new.alarms),
        opened_at=now,
        last_failed_at=new.failed[-1] if new.failed else None,
        last_trouble_at=new.failed[-1] if new.failed else now,
        failed=reading.failed if is_failing and isinstance(reading, Measured) else 0,
        nodes=reading.nodes if is_failing and isinstance(reading, Measured) else (),
        window_minutes=reading.window.minutes if isinstance(reading, Measured | Idle) else 0,
        kinds=tuple(dict.fromkeys(finding.kind for finding in new.alarms)),
        evidence=worst.evidence,
        gateway_ids=assessment.gateway_ids,
        failing_since=min((alarm.since for alarm in new.alarms if alarm.kind in FAILURES), default=None),
    )


def _continued(incident: Incident, fresh: Incident) -> Incident:
    """``fresh`` figures under the identity and the history of ``incident``."""
    is_same_failure = bool(FAILURES & set(incident.kinds)) or fresh.failing_since is None
    return replace(
        fresh,
        id=incident.id,
        since=incident.since,
        opened_at=incident.opened_at,
        reopened=incident.reopened,
        last_failed_at=fresh.last_failed_at or incident.last_failed_at,
        failed=fresh.failed or incident.failed,
        nodes=fresh.nodes or incident.nodes,
        window_minutes=fresh.window_minutes or incident.window_minutes,
        announced_nodes=incident.announced_nodes,
        notified_severity=incident.notified_severity,
        notified_at=incident.notified_at,
        reminded_at=incident.reminded_at,
        gateway_ids=incident.gateway_ids,
        plan_due_at=incident.plan_due_at,
        failing_since=incident.failing_since if is_same_failure else fresh.failing_since,
    )


def _standing(
    incident: Incident,
    known: Incident,
    record: ClusterRecord,
    new: NewMinutes,
    assessment: Assessment,
    policy: IncidentPolicy,
) -> Incident:
    """With the kinds that stand because they were not evaluated, or have not been clean for long enough."""
    kept = _kept(known, record, new, assessment, policy.needed_clean_minutes(known.reopened))
    kinds = tuple(dict.fromkeys((*incident.kinds, *kept)))
    is_still_failing = not new.failed and any(kind in FAILURES for kind in kept)
    if not is_still_failing:
        notified = (
            _lower(incident.notified_severity, incident.severity) if not new.failed else incident.notified_severity
        )
        return replace(incident, kinds=kinds, notified_severity=notified)
    return replace(incident, kinds=kinds, severity=known.severity, evidence=known.evidence)


def _eased(incident: Incident, record: ClusterRecord, new: NewMinutes, assessment: Assessment, needed: int) -> Incident:
    """An open incident in a scan without trouble: unchanged until enough minutes are clean."""
    return replace(incident, kinds=_kept(incident, record, new, assessment, needed) or incident.kinds)


def _kept(
    incident: Incident, record: ClusterRecord, new: NewMinutes, assessment: Assessment, needed: int
) -> tuple[FindingKind, ...]:
    def stands(kind: FindingKind) -> bool:
        if kind in FAILURES:
            return bool(new.failed) or not new.is_measured or record.clean_minutes < needed
        return kind not in assessment.evaluated_kinds

    return tuple(kind for kind in incident.kinds if stands(kind))


def _news(
    known: Incident, incident: Incident, new: NewMinutes, now: datetime, policy: IncidentPolicy, answered: Answers
) -> Effect:
    """What to post of an open incident."""
    notified = incident.notified_severity
    if notified is None:
        return Effect.REOPENED if incident.reopened else Effect.OPENED
    was_warning = notified.rank < Severity.FAILING.rank and incident.severity.rank > notified.rank
    if FAILURES & set(incident.kinds) and (known.failing_since is None or was_warning):
        return Effect.FAILING
    if reminders.is_worse(known, incident, new.alarms, now, answered):
        return Effect.WORSENED
    is_due = reminders.is_reminder_due(incident, now, policy.remind_every, answered)
    return Effect.REMINDED if is_due and reminders.is_failing(new.alarms) else Effect.NOTHING


def _lower(notified: Severity | None, now: Severity) -> Severity | None:
    """When trouble eases, what counts as posted eases too: a later rise is news again."""
    return notified if notified is None or notified.rank <= now.rank else now


def _path_note(incident: Incident, assessment: Assessment) -> str:
    """Egress moved to a NAT gateway while the incident was open."""
    if incident.gateway_ids or not assessment.gateway_ids:
        return ""
    names = listed([f"`{ArmId.parse(gateway_id).name}`" for gateway_id in assessment.gateway_ids])
    return f"egress now leaves through NAT gateway {names}, and nothing has failed there"
