"""A cluster could not be measured, or carries tags that can't be used: shown, never taken for health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ....model.finding import Finding, FindingKind, Severity
from ....model.reading import Reading, Unmeasured


def not_measured(reading: Reading, since: datetime) -> Finding | None:
    """Who it is stands beside it; this says why, since when, and what to do."""
    if not isinstance(reading, Unmeasured):
        return None
    return Finding(
        kind=FindingKind.NOT_MEASURED,
        severity=Severity.NOTICE,
        since=since,
        evidence=reading.reason,
        remedy=reading.remedy,
    )


def bad_tags(problems: Sequence[str], now: datetime) -> Finding | None:
    """``problems`` one sentence each; what such a tag would have set keeps its usual value."""
    if not problems:
        return None
    return Finding(
        kind=FindingKind.BAD_TAGS,
        severity=Severity.NOTICE,
        since=now,
        evidence="; ".join(problems),
        remedy="correct or remove the tags; until then the usual values hold",
    )
