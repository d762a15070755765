"""When an incident opens, changes and clears: (record, incident, assessment) -> transition.

A cluster has at most one open incident; the same trouble is posted once. A missing measurement neither opens nor clears
an incident, and neither does a finding that was not evaluated. Trouble within the cooldown re-opens the incident. No
incident clears while a change is in flight. If its cluster is no longer scanned, it clears with a note that says why.
Each minute counts once, even if windows overlap or a tick is repeated.

Severity follows the findings; ``reminders`` decides when ongoing trouble is posted again. Against flapping, each
re-opening multiplies the clean minutes needed by four, up to the cooldown. During silence and maintenance only the end
of a posted incident is posted; an incident that is open afterwards is posted then.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from ...formatting import marked
from ...model.assessment import Assessment
from ...model.finding import FAILURES, FindingKind, Severity
from ...model.incident import ClusterRecord, Incident, IncidentState
from ...model.reading import DoesNotApply, Idle, Measured
from ...model.resource_id import ArmId
from ...model.text import Text
from . import reminders
from .minutes import NewMinutes, counted, new_minutes_of
from .reminders import NO_ANSWERS, Answers
from .transition import Effect, IncidentPolicy, IncidentTransition

_GROWTH = (Effect.FAILING, Effect.WORSENED)


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
    """The transition of one scan. ``incident`` is the cluster's last one, open or cleared.

    ``new_id`` is used only if an incident opens. ``answered``: what became of the plans against it.
    """
    new = new_minutes_of(record, incident, assessment)
    scan = _Scan(counted(record, incident, new, assessment), assessment, new, now, policy, answered)
    is_open = incident is not None and incident.is_open
    if new.alarms:
        return scan.trouble(incident if is_open else _recent(incident, now, policy), new_id, is_quiet=is_quiet)
    if incident is None or not is_open:
        return IncidentTransition(scan.record, incident, Effect.NOTHING)
    if isinstance(assessment.reading, DoesNotApply):
        reason = assessment.reading.reason
        return end_unscanned(scan.record, incident, reason, now, is_change_in_flight=is_change_in_flight)
    if scan.record.calm_minutes >= scan.needed(incident) and not is_change_in_flight and new.is_measured:
        closed = close(incident, now, _path_note(incident, assessment))
        return IncidentTransition(scan.record, closed, Effect.CLEARED, _end_message(incident))
    eased = replace(incident, kinds=scan.kept(incident) or incident.kinds)
    return IncidentTransition(scan.record, eased, Effect.NOTHING)


def close(incident: Incident, now: datetime, note: Text = Text("")) -> Incident:
    """The cleared incident; ``note`` says why, if clean minutes are not the reason."""
    return replace(incident, state=IncidentState.CLEARED, cleared_at=now, closing_note=note, plan_due_at=None)


def end_unscanned(
    record: ClusterRecord, incident: Incident, reason: Text, now: datetime, *, is_change_in_flight: bool
) -> IncidentTransition:
    """Clear the open incident of a cluster that is no longer scanned: no clean minutes will ever clear it.

    ``reason`` becomes its closing note: deleted, stopped, opted out, or on another egress path.
    """
    if is_change_in_flight:
        return IncidentTransition(record, incident, Effect.NOTHING)
    return IncidentTransition(record, close(incident, now, reason), Effect.CLEARED, _end_message(incident))


def _end_message(incident: Incident) -> Effect:
    """The end is posted only if the incident was."""
    return Effect.CLEARED if incident.notified_severity is not None else Effect.NOTHING


def _recent(incident: Incident | None, now: datetime, policy: IncidentPolicy) -> Incident | None:
    """The last incident if it was cleared within the cooldown."""
    if incident is None or incident.cleared_at is None or now - incident.cleared_at > policy.cooldown:
        return None
    return incident


@dataclass(frozen=True, slots=True)
class _Scan:
    record: ClusterRecord  # with its minutes
    assessment: Assessment
    new: NewMinutes
    now: datetime
    policy: IncidentPolicy
    answered: Answers

    def trouble(self, known: Incident | None, new_id: str, *, is_quiet: bool) -> IncidentTransition:
        """``known`` is open, or was cleared within the cooldown."""
        record, fresh = self.record, _fresh(self.assessment, self.new, self.now, new_id)
        if known is None:
            effect = message = Effect.OPENED
            record, incident = replace(record, incident_id=new_id), fresh
        elif known.state is IncidentState.CLEARED:
            effect = message = Effect.REOPENED
            incident = replace(_continued(known, fresh), reopened=known.reopened + 1, notified_severity=None)
        else:
            incident = self._standing(_continued(known, fresh), known)
            if self.answered.is_at_work:
                incident = replace(incident, reminded_at=self.now)  # a running change sends its own messages
            message = self._news(known, incident)
            effect = message if message in _GROWTH else Effect.NOTHING
        if is_quiet:
            effect = Effect.NOTHING if effect in _GROWTH else effect
            return IncidentTransition(record, incident, effect)
        if message is Effect.REMINDED:
            incident = reminders.reminded(incident, self.now)
        elif message is not Effect.NOTHING:
            incident = reminders.notified(incident, self.now)
        return IncidentTransition(record, incident, effect, message)

    def needed(self, incident: Incident) -> int:
        """Clean minutes until the incident clears."""
        return self.policy.needed_clean_minutes(incident.reopened)

    def kept(self, incident: Incident) -> tuple[FindingKind, ...]:
        """Kinds that remain, because they were not evaluated or were not clean for long enough."""
        is_failing = bool(self.new.failed) or not self.new.is_measured
        has_failures = is_failing or self.record.clean_minutes < self.needed(incident)
        return tuple(
            kind
            for kind in incident.kinds
            if (has_failures if kind in FAILURES else kind not in self.assessment.evaluated_kinds)
        )

    def _standing(self, incident: Incident, known: Incident) -> Incident:
        """``incident`` with the kinds of ``known`` that remain."""
        kept = self.kept(known)
        kinds = tuple(dict.fromkeys((*incident.kinds, *kept)))
        if self.new.failed:
            return replace(incident, kinds=kinds)
        if FAILURES & set(kept):
            return replace(incident, kinds=kinds, severity=known.severity, evidence=known.evidence)
        return replace(incident, kinds=kinds, notified_severity=_lower(incident.notified_severity, incident.severity))

    def _news(self, known: Incident, incident: Incident) -> Effect:
        notified, alarms = incident.notified_severity, self.new.alarms
        if notified is None:
            return Effect.REOPENED if incident.reopened else Effect.OPENED
        was_warning = notified.rank < Severity.FAILING.rank and incident.severity.rank > notified.rank
        if FAILURES & set(incident.kinds) and (known.failing_since is None or was_warning):
            return Effect.FAILING
        if reminders.is_worse(known, incident, alarms, self.now, self.answered):
            return Effect.WORSENED
        is_due = reminders.is_reminder_due(incident, self.now, self.policy.remind_every, self.answered)
        return Effect.REMINDED if is_due and reminders.is_failing(alarms) else Effect.NOTHING


def _fresh(assessment: Assessment, new: NewMinutes, now: datetime, new_id: str) -> Incident:
    reading, worst = assessment.reading, new.alarms[0]
    failing = reading if new.failed and isinstance(reading, Measured) else None
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
        failed=failing.failed if failing else 0,
        nodes=failing.nodes if failing else (),
        window_minutes=reading.window.minutes if isinstance(reading, Measured | Idle) else 0,
        kinds=tuple(dict.fromkeys(finding.kind for finding in new.alarms)),
        evidence=worst.evidence,
        gateway_ids=assessment.gateway_ids,
        load_balancer_id=assessment.load_balancer_id,
        failed_by_minute=failing.failed_by_minute if failing else None,
        failing_since=min((alarm.since for alarm in new.alarms if alarm.kind in FAILURES), default=None),
    )


def _continued(incident: Incident, fresh: Incident) -> Incident:
    """``fresh`` figures with the identity and history of ``incident``."""
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
        failed_by_minute=fresh.failed_by_minute or incident.failed_by_minute,
        load_balancer_id=fresh.load_balancer_id or incident.load_balancer_id,
        window_minutes=fresh.window_minutes or incident.window_minutes,
        announced_nodes=incident.announced_nodes,
        notified_severity=incident.notified_severity,
        notified_at=incident.notified_at,
        reminded_at=incident.reminded_at,
        gateway_ids=incident.gateway_ids,
        plan_due_at=incident.plan_due_at,
        failing_since=incident.failing_since if is_same_failure else fresh.failing_since,
    )


def _lower(notified: Severity | None, now: Severity) -> Severity | None:
    """When trouble eases, the posted severity falls too, so that a later rise is posted again."""
    return notified if notified is None or notified.rank <= now.rank else now


def _path_note(incident: Incident, assessment: Assessment) -> Text:
    """The note that egress moved to a NAT gateway while the incident was open."""
    if incident.gateway_ids or not assessment.gateway_ids:
        return Text("")
    names = marked([ArmId.parse(gateway_id).name for gateway_id in assessment.gateway_ids])
    return Text("egress now leaves through NAT gateway {gateways}, and nothing has failed there", gateways=names)
