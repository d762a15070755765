"""Combine the readings of a cluster's load balancer and NAT gateways into one."""

from collections.abc import Sequence
from dataclasses import replace

from ...model.reading import Idle, Measured, Reading, Unmeasured


def combined(readings: Sequence[Reading]) -> Reading:
    """Every failure counts; a minute is clean only if nothing failed and everything was measured.

    Only the load balancer's reading has nodes. Raises ValueError without any reading.
    """
    if not readings:
        raise ValueError("there is no reading to combine")
    measured = [reading for reading in readings if isinstance(reading, Measured)]
    unmeasured = [reading for reading in readings if isinstance(reading, Unmeasured)]
    if unmeasured and not any(reading.failed for reading in measured):
        return unmeasured[0]
    if not measured:
        return next((reading for reading in readings if isinstance(reading, Idle)), readings[0])
    return _added(measured, is_partly_unmeasured=bool(unmeasured))


def _added(measured: Sequence[Measured], *, is_partly_unmeasured: bool) -> Measured:
    if len(measured) == 1 and not is_partly_unmeasured:
        return measured[0]
    failed_minutes = {at for reading in measured for at in reading.failed_minutes}
    clean_minutes = {at for reading in measured for at in reading.clean_minutes} - failed_minutes
    if is_partly_unmeasured:
        clean_minutes = set()
    return replace(
        measured[0],
        measured_minutes=len(failed_minutes | clean_minutes),
        failed=sum(reading.failed for reading in measured),
        successful=sum(reading.successful for reading in measured),
        nodes=tuple(node for reading in measured for node in reading.nodes),
        is_truncated=any(reading.is_truncated for reading in measured),
        failed_minutes=tuple(sorted(failed_minutes)),
        clean_minutes=tuple(sorted(clean_minutes)),
        failed_by_minute=next((each.failed_by_minute for each in measured if each.failed), None)
        if sum(each.failed > 0 for each in measured) == 1
        else None,
        failing_since=min((reading.failing_since for reading in measured if reading.failing_since), default=None),
    )
