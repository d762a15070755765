"""A cluster was not measured, or only partly, or has invalid tags: shown, never taken for healthy."""

from collections.abc import Sequence
from datetime import datetime

from ....formatting import clauses
from ....model.finding import Finding, FindingKind, Severity
from ....model.metric import Window
from ....model.ports import PortReading
from ....model.reading import Measured, Reading, Unmeasured
from ....model.text import Text


def not_measured(reading: Reading, since: datetime) -> Finding | None:
    if not isinstance(reading, Unmeasured):
        return None
    return Finding(
        kind=FindingKind.NOT_MEASURED,
        severity=Severity.NOTICE,
        since=since,
        evidence=reading.reason,
        remedy=reading.remedy,
    )


def bad_tags(problems: Sequence[Text], now: datetime) -> Finding | None:
    """``problems`` are sentences; an invalid tag leaves the usual value unchanged."""
    if not problems:
        return None
    return Finding(
        kind=FindingKind.BAD_TAGS,
        severity=Severity.NOTICE,
        since=now,
        evidence=clauses(*problems),
        remedy=Text("correct or remove the tags; until then the usual values hold"),
    )


def answer_cut(window: Window, reading: Reading, ports: PortReading | None) -> Finding | None:
    """Azure Monitor truncated an answer (REST: Metrics - List, ``top``): nodes missing in it may be in trouble.

    Queries ask for far more series than the largest cluster has, so this should not happen.
    """
    missing = []
    if isinstance(reading, Measured) and reading.is_truncated:
        missing.append(Text("Azure Monitor cut its answer: more nodes may be failing than are named"))
    if ports is not None and ports.is_truncated:
        missing.append(Text("Azure Monitor cut its answer: more nodes may be short of ports than are named"))
    if not missing:
        return None
    return Finding(
        kind=FindingKind.ANSWER_CUT,
        severity=Severity.NOTICE,
        since=window.end,
        evidence=clauses(*missing),
        remedy=Text("look at the load balancer's metrics in the portal, split by backend IP address"),
    )
