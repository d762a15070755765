"""Evidence from the NAT gateway: the gate after each subnet, and the verdict at the end."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..cloud.discovery import Discovery
from ..cloud.errors import AzureError
from ..cloud.metrics import Metrics
from ..core import verdict
from ..core.detect import BACKEND_DIMENSION, judged_window
from ..core.verdict import GatewayEvidence, Verdict
from ..model.change import Change, Outcome
from ..model.metric import MINUTE, Series, Window
from ..model.plan import CreateNatGateway, ObserveEgress, Plan

log = logging.getLogger("snatbot.prove")
_GATE_MINUTES = 3


@dataclass(frozen=True, slots=True)
class ProvePolicy:
    """Minutes, and new connections a minute that a gateway shows without any traffic."""

    ingestion_lag_minutes: int
    verify_minutes: int
    verify_limit: timedelta
    background_per_minute: float


class Prove:
    def __init__(self, metrics: Metrics, discovery: Discovery, policy: ProvePolicy) -> None:
        self._metrics = metrics
        self._discovery = discovery
        self._policy = policy

    def verdict(self, change: Change, now: datetime) -> Outcome | None:
        """None: look again later. Otherwise fixed, not fixed or can't tell, with the figures."""
        assert change.verify_from is not None
        window = self._window_since(change.verify_from, now, self._policy.verify_minutes)
        is_over = now - change.verify_from >= self._policy.verify_limit
        if window is None:
            return None
        try:
            outcome = self._judge(change.plan, window)
        except AzureError as error:
            log.warning("change %s: the proof could not be measured: %s", change.id, error)
            outcome = Outcome(Verdict.CANT_TELL_YET, f"the metrics could not be read: {error}")
        if outcome.verdict != Verdict.CANT_TELL_YET:
            return outcome
        return Outcome("can't tell", outcome.reason, outcome.figures) if is_over else None

    def ready_nodes(self, cluster_id: str, now: datetime) -> int | None:
        """Nodes that were Ready in the last judged minutes; None when that can't be measured."""
        window = judged_window(now, self._policy.ingestion_lag_minutes, _GATE_MINUTES)
        try:
            answer = self._metrics.node_readiness(cluster_id, window)
        except AzureError as error:
            log.warning("node readiness could not be read: %s", error)
            return None
        ready = {
            series.dimensions.get("node", "")
            for series in answer.series
            if _is_ready(series) and any(value > 0 for _, value in series.points)
        }
        return len(ready) if answer.series else None

    def gate(
        self, step: ObserveEgress, plan: Plan, since: datetime, now: datetime, ready_before: int | None
    ) -> tuple[bool | None, str]:
        """True: go on. False: stop. None: look again later. The text says why, with figures."""
        window = self._window_since(since, now, _GATE_MINUTES)
        if window is None:
            return None, "waiting for the first measured minutes on the NAT gateway"
        connections = self._metrics.nat_gateway_connections(step.nat_gateway_id, window).series
        attempted, failed = _sum(connections, window, "attempted"), _sum(connections, window, "failed")
        if failed > 0:
            return False, f"{failed:,.0f} connections failed on the NAT gateway in the last {window.minutes} minutes"
        ready = self.ready_nodes(step.cluster_id, now)
        if ready_before is not None and ready is not None and ready < ready_before:
            return False, f"{ready} nodes are Ready; before the change {ready_before} were"
        readiness = f"{ready} nodes Ready" if ready is not None else "node readiness could not be measured"
        rate = attempted / window.minutes
        expected = plan.baseline.successful_by_subnet.get(step.subnet_id.lower(), 0.0) if plan.baseline else 0.0
        floor = verdict.BACKGROUND_FACTOR * self._policy.background_per_minute
        if rate > floor:
            return True, f"{rate:,.0f} new connections a minute on the NAT gateway, none failed, {readiness}"
        if expected <= floor:
            return True, f"too little traffic before ({expected:,.0f} a minute) to tell by it; none failed, {readiness}"
        return None, f"{rate:,.0f} new connections a minute on the NAT gateway so far"

    def _judge(self, plan: Plan, window: Window) -> Outcome:
        gateway_id = next(step.id for step in plan.steps if isinstance(step, CreateNatGateway))
        assert plan.baseline is not None
        evidence = GatewayEvidence(
            window=window,
            connections=self._metrics.nat_gateway_connections(gateway_id, window).series,
            datapath=self._metrics.nat_gateway_datapath(gateway_id, window).series,
            drops=self._metrics.nat_gateway_drops(gateway_id, window).series,
            load_balancer=self._left_on_load_balancer(plan, window),
        )
        return verdict.judge_gateway(
            evidence,
            plan.baseline,
            verify_minutes=self._policy.verify_minutes,
            background_per_minute=self._policy.background_per_minute,
        )

    def _left_on_load_balancer(self, plan: Plan, window: Window) -> tuple[Series, ...]:
        """New connections that the moved nodes still make through the load balancer."""
        assert plan.baseline is not None
        balancer = self._discovery.load_balancer(self._discovery.cluster(plan.cluster_id))
        if balancer is None:
            return ()
        answer = self._metrics.snat_connections(balancer.id, window, by_backend=True)
        moved = set(plan.baseline.node_ips)
        return tuple(series for series in answer.series if series.dimensions.get(BACKEND_DIMENSION) in moved)

    def _window_since(self, since: datetime, now: datetime, minutes: int) -> Window | None:
        """The last judged ``minutes`` that lie wholly after ``since``; None while there are fewer."""
        window = judged_window(now, self._policy.ingestion_lag_minutes, minutes)
        first = since.replace(second=0, microsecond=0) + MINUTE
        return window if window.start >= first else None


def _is_ready(series: Series) -> bool:
    status = series.dimensions.get("status", "") or series.dimensions.get("status2", "")
    return status.lower() in ("true", "ready")


def _sum(series: tuple[Series, ...], window: Window, state: str) -> float:
    return sum(
        value
        for one in series
        if one.dimensions.get("connectionstate", "").lower() == state
        for at, value in one.points
        if window.holds(at)
    )
