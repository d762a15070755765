"""The gate after each subnet, read from metrics: go on, wait, or stop before the next one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError
from ...cloud.metrics import Metrics, complete_series
from ...core.detection.schedule import complete_window
from ...core.remediation.gate import GateView, GatewayRates, Passage, through_gateway, through_load_balancer, total
from ...formatting import count, listed
from ...model.change import JournalEntry
from ...model.metric import MINUTE, Series, Window
from ...model.plan import ObserveEgress, Plan
from .drift import busy_words
from .steps import Done, Stop, Wait

log = logging.getLogger("snatbot.gate")
GATE_MINUTES = 3
NEXT_LOOK = timedelta(minutes=1)
_READINESS_GRACE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """``limit``: what does not show within it stops the change. ``background_per_minute`` is without any traffic."""

    ingestion_lag_minutes: int
    limit: timedelta
    background_per_minute: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """Names of nodes by their newest Ready condition."""

    ready: frozenset[str]
    not_ready: frozenset[str]


class Gate:
    def __init__(self, metrics: Metrics, discovery: Discovery, policy: GatePolicy) -> None:
        self._metrics = metrics
        self._discovery = discovery
        self._policy = policy

    def ready_nodes(self, cluster_id: str, now: datetime) -> list[str] | None:
        """Names of the nodes that were Ready in the last judged minutes; None when that can't be measured."""
        window = complete_window(now, self._policy.ingestion_lag_minutes, GATE_MINUTES)
        found = self._readiness(cluster_id, window)
        return sorted(found.ready) if found is not None else None

    def gateway_rate(self, nat_gateway_id: str, now: datetime) -> float | None:
        """New connections a minute in the last judged minutes; None when that can't be measured."""
        window = complete_window(now, self._policy.ingestion_lag_minutes, GATE_MINUTES)
        try:
            found = complete_series(self._metrics.nat_gateway_connections(nat_gateway_id, window))
        except AzureError as error:
            log.warning("connections of the NAT gateway could not be read: %s", error)
            return None
        return total(found, window, "attempted") / window.minutes

    def busy(self, cluster_id: str) -> str:
        """What AKS is doing with the cluster right now; empty when nothing. Raises AzureError."""
        return busy_words(self._discovery.cluster(cluster_id))

    def look(self, step: ObserveEgress, plan: Plan, entry: JournalEntry, now: datetime) -> Done | Wait | Stop:
        """Whether to go on to the next subnet, with the figures that say why. Raises AzureError.

        ``entry.before`` holds ``ready_nodes`` and ``gateway_rate`` of before the subnet was moved.
        """
        window = self._window_since(entry.started_at, now)
        if window is None:
            return self._wait("waiting for the first measured minutes after the move")
        before = entry.before or {}
        readiness = self._readiness(step.cluster_id, window)
        lost = sorted(readiness.not_ready & set(before.get("ready_nodes") or ())) if readiness else []
        view = self._view(step, plan, before.get("gateway_rate"), window, now - entry.started_at)
        if view.passage is Passage.BROKEN:
            return Stop(f"{view.words} in the last {count(window.minutes, 'minute')}")
        if lost:
            return self._about_lost_nodes(lost, step.cluster_id, now - entry.started_at)
        if view.passage is Passage.NOT_YET:
            return self._wait(view.words)
        nodes = f"{count(len(readiness.ready), 'node')} Ready" if readiness else "node readiness could not be measured"
        return Done(f"{view.words}, {nodes}")

    def _view(
        self, step: ObserveEgress, plan: Plan, rate_before: float | None, window: Window, waited: timedelta
    ) -> GateView:
        own = plan.baseline.successful_by_subnet.get(step.subnet_id.lower(), 0.0) if plan.baseline else 0.0
        background = self._policy.background_per_minute
        if step.nat_gateway_id is None:
            try:
                ips, found = self._on_load_balancer(step, window)
            except AzureError as error:
                if waited < self._policy.limit:
                    return GateView(Passage.NOT_YET, f"the load balancer could not be measured: {error}")
                return GateView(Passage.OPEN, f"could not be measured: {error}")
            return through_load_balancer(found, window, ips, own, background, _failing_before(plan))
        found = complete_series(self._metrics.nat_gateway_connections(step.nat_gateway_id, window))
        now = total(found, window, "attempted") / window.minutes
        before = rate_before if rate_before is not None else _moved_before(step, plan)
        return through_gateway(GatewayRates(now, before, total(found, window, "failed")), own, background)

    def _on_load_balancer(self, step: ObserveEgress, window: Window) -> tuple[set[str], tuple[Series, ...]]:
        """The subnet's node IPs, and all connections by backend."""
        cluster = self._discovery.cluster(step.cluster_id)
        nodes = self._discovery.nodes(cluster)
        balancer = self._discovery.load_balancer(cluster)
        found = (
            complete_series(self._metrics.snat_connections(balancer.id, window, by_backend=True)) if balancer else ()
        )
        return {node.ip for node in nodes if node.subnet_id.lower() == step.subnet_id.lower()}, found

    def _about_lost_nodes(self, lost: Sequence[str], cluster_id: str, waited: timedelta) -> Wait | Stop:
        """Nodes that were Ready and are not. An upgrade does that too, and a moment of it is no alarm."""
        if busy := self.busy(cluster_id):
            return Wait(NEXT_LOOK.total_seconds(), busy)
        said = f"{listed(lost)} {'is' if len(lost) == 1 else 'are'} not Ready any more"
        if waited < _READINESS_GRACE:
            return self._wait(said)
        return Stop(f"{said} since the subnet was moved")

    def _readiness(self, cluster_id: str, window: Window) -> Readiness | None:
        try:
            found = complete_series(self._metrics.node_readiness(cluster_id, window))
        except AzureError as error:
            log.warning("node readiness could not be read: %s", error)
            return None
        latest: dict[str, tuple[datetime, bool]] = {}
        for series in found:
            node, is_ready = series.dimensions.get("node", ""), _is_ready(series)
            for at, value in series.points:
                # In a minute that shows both, a node was not Ready for a part of it.
                if value > 0 and (node not in latest or (at, not is_ready) > (latest[node][0], not latest[node][1])):
                    latest[node] = (at, is_ready)
        if not found:
            return None
        ready = frozenset(node for node, (_, is_ready) in latest.items() if is_ready)
        return Readiness(ready, frozenset(latest) - ready)

    def _window_since(self, since: datetime, now: datetime) -> Window | None:
        """The last judged minutes that lie wholly after ``since``; None while there are fewer."""
        window = complete_window(now, self._policy.ingestion_lag_minutes, GATE_MINUTES)
        return window if window.start >= since.replace(second=0, microsecond=0) + MINUTE else None

    def _wait(self, note: str) -> Wait:
        return Wait(NEXT_LOOK.total_seconds(), note, limit=self._policy.limit)


def _moved_before(step: ObserveEgress, plan: Plan) -> float:
    """Where the gateway could not be measured: what the subnets that were moved earlier had on the load balancer."""
    if plan.baseline is None:
        return 0.0
    earlier = plan.steps[: plan.steps.index(step)]
    ids = [one.subnet_id.lower() for one in earlier if isinstance(one, ObserveEgress)]
    return sum(plan.baseline.successful_by_subnet.get(one, 0.0) for one in ids)


def _failing_before(plan: Plan) -> float:
    baseline = plan.baseline
    if baseline is None or baseline.attempted_per_minute <= 0:
        return 0.0
    return 1 - baseline.successful_per_minute / baseline.attempted_per_minute


def _is_ready(series: Series) -> bool:
    status = series.dimensions.get("status", "") or series.dimensions.get("status2", "")
    return status.lower() in ("true", "ready")
