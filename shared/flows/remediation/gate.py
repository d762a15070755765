"""The gate after each subnet, read from metrics: go on, wait, or stop before the next one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError, UnexpectedAnswer
from ...cloud.metrics import Metrics, complete_series
from ...core.detection.schedule import complete_window
from ...core.remediation.gate import (
    GateView,
    GatewayRates,
    Passage,
    through_gateway,
    through_load_balancer,
    window_since,
)
from ...core.remediation.verdict import total
from ...formatting import count, listed
from ...model.change import Change, JournalEntry
from ...model.metric import Series, Window
from ...model.plan import AssociateSubnet, ObserveEgress, Plan
from .drift import busy_words
from .step_result import RECHECK_AFTER, Done, Stop, Wait

log = logging.getLogger("snatbot.gate")
GATE_MINUTES = 3
_READINESS_GRACE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    ingestion_lag_minutes: int
    limit: timedelta  # what does not show within it stops the change
    background_per_minute: float  # new connections that a gateway shows without any traffic


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

    def before(self, change: Change, previous: JournalEntry | None, now: datetime) -> dict[str, Any] | None:
        """What the current step is compared with: the subnet's properties, the Ready nodes and the gateway's rate.

        ``previous`` is the journal entry of the step before: a gate takes them from its subnet's step.
        """
        step = change.current_step
        if isinstance(step, AssociateSubnet):
            window = complete_window(now, self._policy.ingestion_lag_minutes, GATE_MINUTES)
            readiness = self._readiness(change.cluster_id, window)
            measured: dict[str, Any] = {"ready_nodes": sorted(readiness.ready) if readiness else None}
            if step.after is not None:
                measured["gateway_rate"] = self._gateway_rate(step.after, window)
            return {**step.properties_before, **measured}
        if isinstance(step, ObserveEgress):
            before = previous.before or {} if previous else {}
            return {name: before.get(name) for name in ("ready_nodes", "gateway_rate")}
        return None

    def _gateway_rate(self, nat_gateway_id: str, window: Window) -> float | None:
        """New connections a minute; None when that can't be measured."""
        try:
            found = complete_series(self._metrics.nat_gateway_connections(nat_gateway_id, window))
        except AzureError as error:
            log.warning("connections of the NAT gateway could not be read: %s", error)
            return None
        return total(found, window, "attempted") / window.minutes

    def busy(self, cluster_id: str) -> str:
        """What AKS is doing with the cluster right now; empty when nothing. Raises AzureError."""
        return busy_words(self._discovery.cluster(cluster_id))

    def observe(self, step: ObserveEgress, plan: Plan, entry: JournalEntry, now: datetime) -> Done | Wait | Stop:
        """Whether to go on to the next subnet, with the figures that say why. Raises AzureError.

        ``entry.before`` holds ``ready_nodes`` and ``gateway_rate`` of before the subnet was moved.
        """
        window = window_since(entry.started_at, now, self._policy.ingestion_lag_minutes, GATE_MINUTES)
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
        own = plan.baseline.successful_by_subnet.get(step.subnet_id, 0.0) if plan.baseline else 0.0
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
        found_nodes = self._discovery.nodes(cluster)
        if found_nodes.unreadable:
            raise UnexpectedAnswer(f"nodes of {cluster.name}", found_nodes.unreadable[0])
        balancer = self._discovery.load_balancer(cluster)
        found = (
            complete_series(self._metrics.snat_connections(balancer.id, window, by_backend=True)) if balancer else ()
        )
        return {node.ip for node in found_nodes.nodes if node.subnet_id.lower() == step.subnet_id.lower()}, found

    def _about_lost_nodes(self, lost: Sequence[str], cluster_id: str, waited: timedelta) -> Wait | Stop:
        """Nodes that were Ready and are not. An upgrade does that too, and a moment of it is no alarm."""
        if busy := self.busy(cluster_id):
            return Wait(RECHECK_AFTER.total_seconds(), busy)
        gone = f"{listed(lost)} {'is' if len(lost) == 1 else 'are'} not Ready any more"
        if waited < _READINESS_GRACE:
            return self._wait(gone)
        return Stop(f"{gone} since the subnet was moved")

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

    def _wait(self, note: str) -> Wait:
        return Wait(RECHECK_AFTER.total_seconds(), note, limit=self._policy.limit)


def _moved_before(step: ObserveEgress, plan: Plan) -> float:
    """If the gateway could not be measured: what the subnets that were moved earlier had on the load balancer."""
    if plan.baseline is None:
        return 0.0
    earlier = plan.steps[: plan.steps.index(step)]
    ids = [gate.subnet_id for gate in earlier if isinstance(gate, ObserveEgress)]
    return sum(plan.baseline.successful_by_subnet.get(subnet_id, 0.0) for subnet_id in ids)


def _failing_before(plan: Plan) -> float:
    baseline = plan.baseline
    if baseline is None or baseline.attempted_per_minute <= 0:
        return 0.0
    return 1 - baseline.successful_per_minute / baseline.attempted_per_minute


def _is_ready(series: Series) -> bool:
    status = series.dimensions.get("status", "") or series.dimensions.get("status2", "")
    return status.lower() in ("true", "ready")
