"""What one scan adds: minutes that no earlier scan has counted, and the alarms that count.

A minute counts once, with one exception: Azure Monitor may deliver a minute's states at different times. A Failed value
that arrives after its minute was counted as clean still counts while it is in the window (Azure docs:
metrics-troubleshoot, partial minutes).
"""

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
    failed: tuple[datetime, ...]  # minutes that no earlier scan has counted; so are ``clean``
    clean: tuple[datetime, ...]
    judged_until: datetime | None
    alarms: tuple[Finding, ...]  # alarms that count, worst first
    others: tuple[Finding, ...]  # those alarms that are no failures


def new_minutes_of(record: ClusterRecord, incident: Incident | None, assessment: Assessment) -> NewMinutes:
    """``incident`` is the cluster's last one, open or cleared: failures after its last failed minute are new."""
    reading, until = assessment.reading, record.judged_until
    others = tuple(finding for finding in assessment.alarms if finding.kind not in FAILURES)
    if not isinstance(reading, Measured | Idle):
        return NewMinutes(False, (), (), until, others, others)
    if until is not None and reading.window.end < until:
        return NewMinutes(True, (), (), until, (), ())  # a late tick changes nothing
    failed, clean = _fresh_minutes(reading, until, incident.last_failed_at if incident else None)
    alarms = assessment.alarms if failed else others
    return NewMinutes(
        True, failed, clean, max(_end_of_minutes(reading), until or _end_of_minutes(reading)), alarms, others
    )


def counted(record: ClusterRecord, incident: Incident | None, new: NewMinutes, assessment: Assessment) -> ClusterRecord:
    """The record with this scan's minutes: clean ones since the last failure, calm ones since the last trouble."""
    reading = assessment.reading
    if new.failed and isinstance(reading, Measured):
        # The window holds that failure and everything after it, also minutes that earlier scans counted.
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
    """The minute from which the next scan counts: later minutes without a point may still get one."""
    if isinstance(reading, Idle):
        return reading.window.end
    return max((*reading.failed_minutes, *reading.clean_minutes), default=reading.window.start - MINUTE) + MINUTE


def _fresh_minutes(
    reading: Measured | Idle, judged_until: datetime | None, last_failed_at: datetime | None
) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    """Failed and clean minutes that no earlier scan counted, and failed ones that an earlier scan counted as clean."""
    if isinstance(reading, Measured):
        failed, clean = reading.failed_minutes, reading.clean_minutes
    else:
        failed, clean = (), reading.window.each_minute()
    if judged_until is None:
        return failed, clean
    after = min(last_failed_at + MINUTE, judged_until) if last_failed_at else reading.window.start
    return tuple(at for at in failed if at >= after), tuple(at for at in clean if at >= judged_until)
