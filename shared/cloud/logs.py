"""Health events of load balancers from a Log Analytics workspace: evidence in addition to the metrics.

They exist only if a diagnostic setting sends the category LoadBalancerHealthEvent to the workspace, and Azure evaluates
about every five minutes (Azure docs: load-balancer-health-event-logs; table ALBHealthEvent).
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..first_use import import_lock
from ..model.health_event import HealthEvent
from ..model.metric import Window
from ..model.text import Text
from .error_mapping import azure_errors
from .errors import Forbidden, UnexpectedAnswer

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.monitor.query import LogsQueryClient

    from .pipeline import OnRequest

log = logging.getLogger("snatbot.scan")
PUBLIC_ENDPOINT = "https://api.loganalytics.io"
SERVER_TIMEOUT_SECONDS = 20
_OPERATION = Text("Log Analytics query of ALBHealthEvent")
_QUERY_ACTION = "Microsoft.OperationalInsights/workspaces/query"
_QUERY = (
    "ALBHealthEvent | where HealthEventType in ('SnatPortExhaustion', 'HighSnatPortUsage')"
    " | project TimeGenerated, LoadBalancerResourceId, HealthEventType, Description"
)


@dataclass(slots=True)
class HealthEventLog:
    """Safe to share between threads."""

    credential: TokenCredential
    workspace_id: str
    endpoint: str = PUBLIC_ENDPOINT
    on_request: OnRequest | None = None
    on_repeat: Callable[[], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _client: LogsQueryClient | None = field(default=None, init=False)

    def read_events(
        self, window: Window, seconds_at_most: float = SERVER_TIMEOUT_SECONDS
    ) -> Mapping[str, tuple[HealthEvent, ...]]:
        """Events by load balancer id in lower case, oldest first; incomplete if Azure has only a part.

        Raises AzureError. If Azure refuses, the error names the action that reads the table: the action to run a query
        is not enough (Azure docs: logs/manage-table-access), and Azure's message names neither.
        """
        try:
            return self._read_events(window, seconds_at_most)
        except Forbidden as refusal:
            refusal.missing_action = refusal.missing_action or f"{_QUERY_ACTION}/ALBHealthEvent/read"
            raise

    def _read_events(self, window: Window, seconds_at_most: float) -> Mapping[str, tuple[HealthEvent, ...]]:
        with azure_errors(_OPERATION):
            result = self._logs().query_workspace(
                self.workspace_id,
                _QUERY,
                timespan=(window.start, window.end),
                server_timeout=max(1, round(min(seconds_at_most, SERVER_TIMEOUT_SECONDS))),
                is_read=True,
            )
            tables: Any = getattr(result, "tables", None) or getattr(result, "partial_data", None)
            if (trouble := getattr(result, "partial_error", None)) is not None:
                log.warning("%s: Azure returned partial results: %s", _OPERATION, trouble)
            if not tables:
                raise UnexpectedAnswer(_OPERATION, Text("the answer has no table"), status=200)
            columns = tables[0].columns
            return events_of([dict(zip(columns, row, strict=False)) for row in tables[0].rows])

    def _logs(self) -> LogsQueryClient:
        with self._lock, import_lock:
            from azure.monitor.query import LogsQueryClient

            from .pipeline import BoundedRetry, client_options

            if self._client is None:
                retry = BoundedRetry(attempts=2, on_repeat=self.on_repeat)
                self._client = LogsQueryClient(
                    self.credential,
                    endpoint=self.endpoint,
                    **client_options(self.endpoint, self.credential, self.endpoint, self.on_request, retry),
                )
            return self._client


def events_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[HealthEvent, ...]]:
    """Events from the table's rows, without rows that lack load balancer or time."""
    found: dict[str, list[HealthEvent]] = defaultdict(list)
    for row in rows:
        balancer, at = str(row.get("LoadBalancerResourceId") or ""), _moment(row.get("TimeGenerated"))
        if balancer and at is not None:
            event = HealthEvent(str(row.get("HealthEventType") or ""), at, str(row.get("Description") or ""))
            found[balancer.lower()].append(event)
    return {balancer: tuple(sorted(events, key=lambda event: event.at)) for balancer, events in found.items()}


def _moment(value: Any) -> datetime | None:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
