"""Several readings of one cluster as one: its load balancer and its NAT gateways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...model.reading import DoesNotApply, Idle, Measured, Reading, Unmeasured


def combined(readings: Sequence[Reading]) -> Reading:
    """Failures count wherever they are seen; a minute is clean only where nothing failed and nothing is unmeasured.

    Nodes are the load balancer's: a gateway knows none. Raises ValueError without any reading.
    """
    if not readings:
        raise ValueError("there is no reading to combine")
    measured = [one for one in readings if isinstance(one, Measured)]
    unmeasured = [one for one in readings if isinstance(one, Unmeasured)]
    if unmeasured and not any(one.failed for one in measured):
        return unmeasured[0]
    idle = [one for one in readings if isinstance(one, Idle)]
    if not measured:
        return idle[0] if idle else readings[0]
    return _added(measured, is_partly_unmeasured=bool(unmeasured))


def _added(measured: Sequence[Measured], *, is_partly_unmeasured: bool) -> Measured:
    if len(measured) == 1 and not is_partly_unmeasured:
        return measured[0]
    failed_minutes = {at for one in measured for at in one.failed_minutes}
    clean = set() if is_partly_unmeasured else {at for one in measured for at in one.clean_minutes} - failed_minutes
    since = [one.failing_since for one in measured if one.failing_since is not None]
    return replace(
        measured[0],
        measured_minutes=len(failed_minutes | clean),
        failed=sum(one.failed for one in measured),
        successful=sum(one.successful for one in measured),
        nodes=tuple(node for one in measured for node in one.nodes),
        is_truncated=any(one.is_truncated for one in measured),
        failed_minutes=tuple(sorted(failed_minutes)),
        clean_minutes=tuple(sorted(clean)),
        failing_since=min(since, default=None),
    )


def is_measured(reading: Reading) -> bool:
    return isinstance(reading, Measured | Idle)


def applies(reading: Reading) -> bool:
    return not isinstance(reading, DoesNotApply)
