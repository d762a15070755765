"""The severity of an incident, in the same words in every message."""

from __future__ import annotations

from collections.abc import Iterator

from ..formatting import listed, percent, utc
from ..model.finding import FindingKind
from ..model.incident import Incident
from .charts import chart, sparkline
from .finding_labels import FINDING_TITLES
from .message import Chart

WORST = 3


def how_bad(incident: Incident) -> Iterator[tuple[str, str]]:
    """Failed connections a minute, and the worst nodes by name."""
    yield "Failed a minute", sparkline(incident.failed_by_minute)
    shares = [
        f"`{node.name or node.ip}` ({percent(node.failed, node.failed + node.successful)})" for node in incident.nodes
    ]
    is_unknown = not shares and FindingKind.SNAT_FAILING in incident.kinds
    yield "Failing node" if len(shares) == 1 else "Worst nodes", "not known" if is_unknown else listed(shares, WORST)


def standing(incident: Incident | None) -> Iterator[tuple[str, str]]:
    """The incident in short, for messages about a change."""
    if incident is not None:
        title = FINDING_TITLES[incident.kinds[0] if incident.kinds else FindingKind.SNAT_FAILING]
        failed_at = incident.failing_since
        since = f"first failure {utc(failed_at)}" if failed_at else f"first seen {utc(incident.since)}"
        yield "Incident", f"{title}, {since}"


def failures_chart(incident: Incident | None, title: str = "Failed connections a minute") -> tuple[Chart, ...]:
    return chart(title, incident.failed_by_minute) if incident else ()
