"""Azure Monitor's metrics of one resource, read through Resource Manager.

Needs ``Microsoft.Insights/metrics/read`` on the resource and nothing else. The queries are in ``metric_queries``.
"""

from ..model.metric import MetricAnswer, Series, Window
from ..model.text import Text
from . import api_versions
from .arm import Arm
from .errors import UnexpectedAnswer
from .metric_queries import MetricQuery, sum_over, utc_text
from .parse.metric import parse_metrics


def complete_series(answer: MetricAnswer) -> tuple[Series, ...]:
    """The series of an answer. Raises UnexpectedAnswer if a minute is unknown, because a verdict needs all minutes."""
    if answer.unknown:
        at = min(answer.unknown)
        raise UnexpectedAnswer(
            "metric", Text("a value of {at} UTC is below zero or no number", at=f"{at:%H:%M}"), status=200
        )
    return answer.series


class Metrics:
    """Every method raises the errors of ``errors``; MetricUnavailable if the answer lacks this metric."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def query(self, resource_id: str, query: MetricQuery, window: Window) -> MetricAnswer:
        timespan = f"{utc_text(window.start)}/{utc_text(window.end)}"
        path = f"{resource_id}/providers/Microsoft.Insights/metrics"
        content = self._arm.get_bytes(path, api_versions.METRICS, timespan=timespan, **query.parameters("$filter"))
        return parse_metrics(content, query, window)

    def snat_ports_by_backend(self, load_balancer_id: str, query: MetricQuery, window: Window) -> MetricAnswer:
        """Ports by ``backendipaddress``, ``protocoltype`` and ``isawaitingremoval``, over all frontends."""
        return sum_over(self.query(load_balancer_id, query, window), "frontendipaddress")
