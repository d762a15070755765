"""What one scan adds: minutes that no earlier scan has counted, and the alarms that count.

A minute counts once, with one exception: its states may arrive apart, and a Failed that comes after its minute was
counted as clean still counts, for as long as a window shows it (Azure docs: metrics-troubleshoot, partial minutes).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ...model.assessment import Assessment
from ...model.finding import FAILURES, Finding
from ...model.incident import ClusterRecord, Incident
from ...model.metric import MINUTE
from ...model.reading import Idle, Measured


@dataclass(frozen=True, slots=True)
class NewMinutes:
    is_measured: bool
    failed: tuple[datetime, ...]  # minutes that no earlier scan has counted, as in ``clean``
    clean: tuple[datetime, ...]
    judged_until: datetime | None
    alarms: tuple[Finding, ...]  # that count, worst first
    others: tuple[Finding, ...]  # those of them that are no failures


def new_minutes_of(record: ClusterRecord, incident: Incident | None, assessment: Assessment) -> NewMinutes:
    """``incident`` is the cluster's last one, open or cleared: what failed after its last failure is news."""
    reading, until = assessment.reading, record.judged_until
    others = tuple(finding for finding in assessment.alarms if finding.kind not in FAILURES)
    if not isinstance(reading, Measured | Idle):
        return NewMinutes(False, (), (), until, others, others)
    if until is not None and reading.window.end < until:
        return NewMinutes(True, (), (), until, (), ())  # a tick that comes late brings nothing back
    failed, clean = _fresh_minutes(reading, until, incident.last_failed_at if incident else None)
    alarms = assessment.alarms if failed else others
    return NewMinutes(
        True, failed, clean, max(_end_of_minutes(reading), until or _end_of_minutes(reading)), alarms, others
    )


def counted(record: ClusterRecord, incident: Incident | None, new: NewMinutes, assessment: Assessment) -> ClusterRecord:
    """The record with this scan's minutes: clean since the last failure, calm since the last trouble of any kind."""
    reading = assessment.reading
    if new.failed and isinstance(reading, Measured):
        # The window holds that failure and all that came after it, minutes that were counted before among them.
        clean = calm = len([at for at in reading.clean_minutes if at > new.failed[-1]])
    else:
        clean, calm = record.clean_minutes + len(new.clean), record.calm_minutes
        standing = set(incident.kinds) - FAILURES if incident else set()
        if standing <= assessment.evaluated_kinds:
            calm += len(new.clean)
    if new.others:
        calm = 0
    return replace(record, judged_until=new.judged_until, clean_minutes=clean, calm_minutes=calm)


def _end_of_minutes(reading: Measured | Idle) -> datetime:
    """Where counting goes on: minutes that had no point yet may still get one."""
    if isinstance(reading, Idle):
        return reading.window.end
    return max((*reading.failed_minutes, *reading.clean_minutes), default=reading.window.start - MINUTE) + MINUTE


def _fresh_minutes(
    reading: Measured | Idle, judged_until: datetime | None, last_failed_at: datetime | None
) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    """Failed and clean minutes that no earlier tick has counted; failed ones also where they were taken for clean."""
    if isinstance(reading, Measured):
        failed, clean = reading.failed_minutes, reading.clean_minutes
    else:
        failed, clean = (), reading.window.each_minute()
    if judged_until is None:
        return failed, clean
    after = min(last_failed_at + MINUTE, judged_until) if last_failed_at else reading.window.start
    return tuple(at for at in failed if at >= after), tuple(at for at in clean if at >= judged_until)
