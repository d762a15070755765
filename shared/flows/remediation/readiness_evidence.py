"""Gate evidence from the cluster's own metric: whether nodes lost Ready after their subnet moved."""

import logging
from datetime import datetime, timedelta

from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError
from ...cloud.metric_queries import NODE_READINESS
from ...cloud.metrics import Metrics, complete_series
from ...core.remediation.gate import Evidence, Passage
from ...formatting import listed
from ...model.change import Change
from ...model.metric import Series, Window
from ...model.text import Text
from .drift import busy_text
from .gate import Observation

log = logging.getLogger("snatbot.gate")
_GRACE = timedelta(minutes=5)


class ReadinessEvidence:
    """``before``: the names of the Ready nodes."""

    name = "ready_nodes"

    def __init__(self, metrics: Metrics, discovery: Discovery) -> None:
        self._metrics = metrics
        self._discovery = discovery

    def before(self, change: Change, window: Window) -> list[str] | None:
        found = self._readiness(change.cluster_id, window)
        return sorted(node for node, is_ready in found.items() if is_ready) if found else None

    def read(self, observation: Observation) -> Evidence:
        """Shut while nodes lost Ready; broken if that lasts and no upgrade explains it."""
        found = self._readiness(observation.step.cluster_id, observation.window)
        lost = sorted(node for node in observation.before or () if found.get(node) is False)
        if not lost:
            if not found:
                return Evidence(Passage.UNKNOWN, Text("node readiness could not be measured"))
            ready = Text.plural("{count} node Ready", "{count} nodes Ready", count=sum(found.values()))
            return Evidence(Passage.UNKNOWN, ready)
        if busy := busy_text(self._discovery.cluster(observation.step.cluster_id)):
            return Evidence(Passage.SHUT, busy, is_patient=True)
        gone = Text.plural(
            "{nodes} is not Ready any more", "{nodes} are not Ready any more", count=len(lost), nodes=listed(lost)
        )
        return Evidence(Passage.SHUT, gone, is_broken=observation.waited >= _GRACE)

    def _readiness(self, cluster_id: str, window: Window) -> dict[str, bool]:
        """Whether each node is Ready, by name, from its newest minute; empty if it can't be measured."""
        try:
            found = complete_series(self._metrics.query(cluster_id, NODE_READINESS, window))
        except AzureError as error:
            log.warning("could not read node readiness: %s", error)
            return {}
        latest: dict[str, tuple[datetime, bool]] = {}
        for series in found:
            node, is_ready = series.dimensions.get("node", ""), _is_ready(series)
            for at, value in series.points:
                # If a minute has both conditions, the node was not Ready for part of it.
                if value > 0 and (node not in latest or (at, not is_ready) > (latest[node][0], not latest[node][1])):
                    latest[node] = (at, is_ready)
        return {node: is_ready for node, (_, is_ready) in latest.items()}


def _is_ready(series: Series) -> bool:
    status = series.dimensions.get("status", "") or series.dimensions.get("status2", "")
    return status.lower() in ("true", "ready")
