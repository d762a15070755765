"""The severity of an incident, in the same words in every message."""

from collections.abc import Iterator

from ..formatting import listed
from ..model.finding import FindingKind, Severity
from ..model.incident import Incident
from ..model.text import Text
from .charts import chart, sparkline
from .finding_labels import FINDING_TITLES, marked_share
from .message import Chart

WORST = 3
FAILED_A_MINUTE = Text("Failed connections a minute")


def how_bad(incident: Incident) -> Iterator[tuple[Text, Text]]:
    """Failed connections a minute, and the worst nodes by name."""
    yield Text("Failed a minute"), sparkline(incident.failed_by_minute)
    shares = [marked_share(node.name or node.ip, node.failed, node.failed + node.successful) for node in incident.nodes]
    is_unknown = not shares and FindingKind.SNAT_FAILING in incident.kinds
    label = Text("Failing node") if len(shares) == 1 else Text("Worst nodes")
    yield label, Text("not known") if is_unknown else listed(shares, WORST)


def standing(incident: Incident | None) -> Iterator[tuple[Text, Text]]:
    """The incident in short, for messages about a change."""
    if incident is not None:
        title = FINDING_TITLES[incident.kinds[0] if incident.kinds else FindingKind.SNAT_FAILING]
        failed_at = incident.failing_since
        since = (
            Text("{title}, first failure {time}", title=title, time=failed_at)
            if failed_at
            else Text("{title}, first seen {time}", title=title, time=incident.since)
        )
        yield Text("Incident"), since


def failures_chart(incident: Incident | None, title: Text = FAILED_A_MINUTE) -> tuple[Chart, ...]:
    return chart(title, incident.failed_by_minute) if incident else ()


def headline(incident: Incident) -> Text:
    """What and where: ``SNAT port exhaustion on shop-prod``."""
    kind = incident.kinds[0] if incident.kinds else FindingKind.SNAT_FAILING
    return Text("{finding} on {cluster}", finding=FINDING_TITLES[kind], cluster=incident.cluster_name)


def incident_footer(incident: Incident) -> Text:
    return Text("snatbot · incident {id}", id=incident.id)


SEVERITY_WORDS = {
    Severity.NOTICE: Text("Notice"),
    Severity.WARNING: Text("Early warning"),
    Severity.HIGH: Text("Warning"),
    Severity.FAILING: Text("Failing"),
    Severity.CRITICAL: Text("Critical"),
}
