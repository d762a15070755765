"""When people are notified again of an open incident: at once when it gets worse, and regularly while it fails.

Worse means a higher severity than last posted, a new kind of critical trouble, or twice as many failing nodes. Only a
rise in failing nodes waits for room among the posts of an hour. Denying a plan makes room, and postpones reminders.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...model.change import Change, ChangeState
from ...model.finding import Finding, Severity
from ...model.incident import Incident
from ...model.plan import CURES

AFTER_A_DENIAL = timedelta(hours=4)
# A rise in failing nodes is posted only if the last hour had fewer posts than this.
_ROOM_WHEN_FAILING = 2
_ROOM_WHEN_WARNING = 1
_HOUR = timedelta(hours=1)
_AT_WORK = (ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.VERIFYING)
_FOR_A_PERSON = (ChangeState.PROPOSED, ChangeState.STOPPED)


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of the plans against an incident; None where there was none."""

    notified_at: datetime | None = None  # the last post about a plan
    denied_at: datetime | None = None  # of the newest plan
    is_at_work: bool = False  # a change is being applied or verified: it sends its own messages


NO_ANSWERS = Answers()


def answers(incident_id: str, changes: Iterable[Change], now: datetime) -> Answers:
    """The answers on ``incident``, from the changes of its cluster in any order."""
    is_at_work = any(change.state in _AT_WORK for change in changes)
    own = _cures_of(incident_id, changes)
    notified = [at for change in own for at in _notified_of(change) if at <= now]
    denial = own[-1].decision if own and own[-1].state is ChangeState.DENIED else None
    return Answers(max(notified, default=None), denial.decided_at if denial else None, is_at_work)


def waiting(incident_id: str, changes: Sequence[Change]) -> Change | None:
    """The change that waits for a decision, else the newest plan against the incident."""
    open_ones = sorted((change for change in changes if change.state in _FOR_A_PERSON), key=_age)
    found = [*_cures_of(incident_id, changes), *open_ones]
    return found[-1] if found else None


def is_failing(alarms: Iterable[Finding]) -> bool:
    """Whether this scan shows failed connections or worse."""
    return any(finding.severity.rank >= Severity.FAILING.rank for finding in alarms)


def is_worse(known: Incident, incident: Incident, alarms: Iterable[Finding], now: datetime, answered: Answers) -> bool:
    """Whether the open incident got so much worse since ``known`` that it is posted now."""
    notified = incident.notified_severity
    is_rise = notified is not None and incident.severity.rank > notified.rank
    is_new = any(alarm.severity is Severity.CRITICAL and alarm.kind not in known.kinds for alarm in alarms)
    if is_new or (is_rise and incident.severity.rank >= Severity.FAILING.rank):
        return True
    has_spread = incident.last_failed_at != known.last_failed_at and (
        len(incident.nodes) >= 2 * max(incident.announced_nodes, 1)
    )
    room = _ROOM_WHEN_FAILING if incident.severity.rank >= Severity.FAILING.rank else _ROOM_WHEN_WARNING
    since = answered.denied_at
    lately = [at for at in _last_hour(incident, now) if since is None or at > since]
    return (is_rise or has_spread) and len(lately) < room


def is_reminder_due(incident: Incident, now: datetime, every: timedelta, answered: Answers) -> bool:
    """Whether to remind people of failing connections: once per ``every``, and later if they denied a plan."""
    if answered.is_at_work:
        return False
    if answered.denied_at is not None:
        return now - max(answered.denied_at, incident.reminded_at or answered.denied_at) >= AFTER_A_DENIAL
    notified = [at for at in (*incident.notified_at[-1:], incident.reminded_at, answered.notified_at) if at is not None]
    return now - max(notified, default=incident.opened_at) >= every


def notified(incident: Incident, now: datetime) -> Incident:
    """After a post about something new."""
    return replace(
        incident,
        notified_severity=incident.severity,
        announced_nodes=len(incident.nodes),
        notified_at=(*_last_hour(incident, now), now),
    )


def reminded(incident: Incident, now: datetime) -> Incident:
    """After a reminder: the highest posted severity counts, so that fluctuation is not posted as worse."""
    before = incident.notified_severity or incident.severity
    return replace(
        incident,
        notified_severity=max(before, incident.severity, key=lambda severity: severity.rank),
        announced_nodes=max(incident.announced_nodes, len(incident.nodes)),
        reminded_at=now,
    )


def _cures_of(incident_id: str, changes: Iterable[Change]) -> list[Change]:
    """Oldest first."""
    own = [change for change in changes if change.incident_id == incident_id and change.plan.kind in CURES]
    return sorted(own, key=_age)


def _age(change: Change) -> datetime:
    return change.proposed_at


def _notified_of(change: Change) -> list[datetime]:
    found = [change.proposed_at, *([change.decision.decided_at] if change.decision else [])]
    if change.state in (ChangeState.PROPOSED, ChangeState.EXPIRED):
        found.append(change.expires_at)
    return found


def _last_hour(incident: Incident, now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in incident.notified_at if timedelta() <= now - at < _HOUR)
