"""Two alert rules that people use today, as Azure Monitor would evaluate them each minute over five minutes.

``failed total``: SnatConnectionCount, ConnectionState Failed, Total > 0 for the whole load balancer (Azure docs:
load-balancer-standard-diagnostics advises to alert on failed connections). ``used average``: UsedSnatPorts, Average >
900, not split by anything (Azure Monitor Baseline Alerts, services/Network/loadBalancers/alerts.yaml: PT5M every PT1M).
Both see what has arrived when they run. A rule stays in alarm until its condition was not met three times in a row
(Azure docs: alerts-overview).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.cloud.deadline import Deadline
from shared.cloud.metric_access import MetricAccess
from shared.cloud.metric_queries import MetricQuery
from shared.cloud.metric_request import MetricRequest
from shared.model.metric import MetricAnswer, Window

WINDOW = timedelta(minutes=5)
CALM_CHECKS = 3
_LOAD_BALANCERS = "Microsoft.Network/loadBalancers"


@dataclass(frozen=True, slots=True)
class AlertRule:
    name: str
    question: MetricQuery
    is_met: Callable[[MetricAnswer], bool]


def _values(answer: MetricAnswer) -> list[float]:
    return [value for series in answer.series for _, value in series.points]


def _any_failed(answer: MetricAnswer) -> bool:
    return sum(_values(answer)) > 0


def _above_900(answer: MetricAnswer) -> bool:
    values = _values(answer)
    return bool(values) and sum(values) / len(values) > 900


FAILED_TOTAL = AlertRule(
    "failed total",
    MetricQuery(_LOAD_BALANCERS, "SnatConnectionCount", "Total", "ConnectionState eq 'Failed'"),
    _any_failed,
)
USED_AVERAGE = AlertRule("used average", MetricQuery(_LOAD_BALANCERS, "UsedSnatPorts", "Average"), _above_900)
RULES = (FAILED_TOTAL, USED_AVERAGE)


@dataclass
class RuleState:
    """Which load balancers a rule is in alarm for."""

    rule: AlertRule
    _calm: dict[str, int] = field(default_factory=dict)
    """Checks in a row that did not meet the condition, of those in alarm."""

    def evaluate(
        self, access: MetricAccess, balancers: Mapping[str, Sequence[str]], now: datetime, deadline: Deadline
    ) -> set[str]:
        """The ids in lower case that are in alarm now. ``balancers`` are ids by region."""
        window = Window(now - WINDOW, now)
        for region, ids in balancers.items():
            for key, answer in access.query_all([MetricRequest(ids, region, self.rule.question, window)], deadline)[
                0
            ].items():
                if isinstance(answer, MetricAnswer):
                    self._note(key, self.rule.is_met(answer))
        return set(self._calm)

    def _note(self, key: str, is_met: bool) -> None:
        if is_met:
            self._calm[key] = 0
        elif key in self._calm:
            self._calm[key] += 1
            if self._calm[key] >= CALM_CHECKS:
                del self._calm[key]
