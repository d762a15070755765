"""Evidence from the NAT gateway: the gate after each subnet, and the verdict at the end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..cloud.discovery import Discovery
from ..cloud.errors import AzureError
from ..cloud.metrics import Metrics
from ..core import verdict
from ..core.demand import ENLARGE_AT, PORTS_PER_IP
from ..core.detect import BACKEND_DIMENSION, judged_window
from ..core.preflight import authorize_command
from ..core.usage import open_peak
from ..core.verdict import GatewayEvidence, Verdict
from ..model.change import Change, Outcome
from ..model.metric import MINUTE, Series, Window
from ..model.plan import Baseline, ObserveEgress, Plan, PlanKind
from ..texts import listed
from .steps import Done, Stop, Wait

log = logging.getLogger("snatbot.prove")
_GATE_MINUTES = 3
_READINESS_GRACE = timedelta(minutes=5)
_AT_REST = ("succeeded", "failed", "canceled")
NEXT_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ProvePolicy:
    """Minutes, and new connections a minute that a gateway shows without any traffic."""

    ingestion_lag_minutes: int
    verify_minutes: int
    verify_limit: timedelta
    background_per_minute: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """Names of nodes by their newest Ready condition."""

    ready: frozenset[str]
    not_ready: frozenset[str]


class Prove:
    def __init__(self, metrics: Metrics, discovery: Discovery, policy: ProvePolicy) -> None:
        self._metrics = metrics
        self._discovery = discovery
        self._policy = policy

    def verdict(self, change: Change, now: datetime) -> Outcome | None:
        """None: look again later. Otherwise fixed, not fixed or can't tell, with the figures."""
        gateway_id, baseline = change.plan.nat_gateway_id, change.plan.baseline
        if change.verify_from is None or gateway_id is None:
            return Outcome("can't tell", "the plan names no NAT gateway: there is nothing to measure")
        window = self._window_since(change.verify_from, now, self._policy.verify_minutes)
        is_over = now - change.verify_from >= self._policy.verify_limit
        if window is None:
            return None
        try:
            outcome = self._judge(change.plan, gateway_id, baseline, window)
        except AzureError as error:
            log.warning("change %s: the proof could not be measured: %s", change.id, error)
            outcome = Outcome(Verdict.CANT_TELL_YET, f"the metrics could not be read: {error}")
        if outcome.verdict != Verdict.CANT_TELL_YET:
            return outcome
        return Outcome("can't tell", outcome.reason, outcome.figures) if is_over else None

    def ready_nodes(self, cluster_id: str, now: datetime) -> list[str] | None:
        """Names of the nodes that were Ready in the last judged minutes; None when that can't be measured."""
        window = judged_window(now, self._policy.ingestion_lag_minutes, _GATE_MINUTES)
        found = self._readiness(cluster_id, window)
        return sorted(found.ready) if found is not None else None

    def busy(self, cluster_id: str) -> str:
        """What AKS is doing with the cluster right now; empty when nothing. Raises AzureError."""
        cluster = self._discovery.cluster(cluster_id)
        states = {cluster.name: cluster.provisioning_state}
        states |= {f"pool {pool.name}": pool.provisioning_state for pool in cluster.pools}
        running = [f"{name} is {state}" for name, state in states.items() if state.lower() not in _AT_REST]
        return f"waiting for AKS: {', '.join(running)}" if running else ""

    def authorized(self, cluster_id: str, addresses: Sequence[str]) -> str:
        """The command that adds addresses to the API server's list; empty when there is no need."""
        try:
            cluster = self._discovery.cluster(cluster_id)
        except AzureError as error:
            log.warning("the API server's list could not be read: %s", error)
            return ""
        is_needed = bool(cluster.authorized_ip_ranges) and not cluster.is_private
        return authorize_command(cluster, addresses) if is_needed else ""

    def gate(
        self, step: ObserveEgress, plan: Plan, since: datetime, now: datetime, ready_before: Sequence[str] | None
    ) -> Done | Wait | Stop:
        """Whether to go on to the next subnet, with the figures that say why."""
        later = NEXT_LOOK.total_seconds()
        window = self._window_since(since, now, _GATE_MINUTES)
        if window is None:
            return Wait(later, "waiting for the first measured minutes on the NAT gateway")
        connections = self._metrics.nat_gateway_connections(step.nat_gateway_id, window).series
        attempted, failed = _sum(connections, window, "attempted"), _sum(connections, window, "failed")
        if failed > 0:
            return Stop(f"{failed:,.0f} connections failed on the NAT gateway in the last {window.minutes} minutes")
        readiness = self._readiness(step.cluster_id, window)
        lost = sorted(readiness.not_ready & set(ready_before or ())) if readiness else []
        if lost:
            return self._about_lost_nodes(lost, step.cluster_id, now - since)
        nodes = f"{len(readiness.ready)} nodes Ready" if readiness else "node readiness could not be measured"
        rate = attempted / window.minutes
        expected = plan.baseline.successful_by_subnet.get(step.subnet_id.lower(), 0.0) if plan.baseline else 0.0
        floor = verdict.BACKGROUND_FACTOR * self._policy.background_per_minute
        if rate > floor:
            return Done(f"{rate:,.0f} new connections a minute on the NAT gateway, none failed, {nodes}")
        if expected <= floor:
            return Done(f"too little traffic before ({expected:,.0f} a minute) to tell by it; none failed, {nodes}")
        return Wait(later, f"{rate:,.0f} new connections a minute on the NAT gateway so far")

    def _about_lost_nodes(self, lost: Sequence[str], cluster_id: str, waited: timedelta) -> Wait | Stop:
        """Nodes that were Ready and are not. An upgrade does that too, and a moment of it is no alarm."""
        if busy := self.busy(cluster_id):
            return Wait(NEXT_LOOK.total_seconds(), busy)
        said = f"{listed(lost)} {'is' if len(lost) == 1 else 'are'} not Ready any more"
        if waited < _READINESS_GRACE:
            return Wait(NEXT_LOOK.total_seconds(), said)
        return Stop(f"{said} since the subnet was moved")

    def _readiness(self, cluster_id: str, window: Window) -> Readiness | None:
        try:
            answer = self._metrics.node_readiness(cluster_id, window)
        except AzureError as error:
            log.warning("node readiness could not be read: %s", error)
            return None
        latest: dict[str, tuple[datetime, bool]] = {}
        for series in answer.series:
            node, is_ready = series.dimensions.get("node", ""), _is_ready(series)
            for at, value in series.points:
                # In a minute that shows both, a node was not Ready for a part of it.
                if value > 0 and (node not in latest or (at, not is_ready) > (latest[node][0], not latest[node][1])):
                    latest[node] = (at, is_ready)
        if not answer.series:
            return None
        ready = frozenset(node for node, (_, is_ready) in latest.items() if is_ready)
        return Readiness(ready, frozenset(latest) - ready)

    def little_left(self, change: Change, now: datetime) -> str:
        """Says so when the gateway's connections reach 70 % of its capacity; empty otherwise, or when unknown."""
        gateway_id = change.plan.nat_gateway_id
        window = judged_window(now, self._policy.ingestion_lag_minutes, self._policy.verify_minutes)
        ips = change.plan.egress_count
        if gateway_id is None or not ips:
            return ""
        try:
            peak = open_peak(window, self._metrics.nat_gateway_open_connections(gateway_id, window))
        except AzureError as error:
            log.warning("open connections could not be read: %s", error)
            return ""
        share = (peak or 0.0) / (ips * PORTS_PER_IP)
        return f"{share:.0%} of the NAT gateway's capacity is in use" if share >= ENLARGE_AT else ""

    def _judge(self, plan: Plan, gateway_id: str, baseline: Baseline | None, window: Window) -> Outcome:
        evidence = GatewayEvidence(
            window=window,
            connections=self._metrics.nat_gateway_connections(gateway_id, window).series,
            datapath=self._metrics.nat_gateway_datapath(gateway_id, window).series,
            drops=self._metrics.nat_gateway_drops(gateway_id, window).series,
            load_balancer=self._left_on_load_balancer(plan, baseline, window),
        )
        return verdict.judge_gateway(
            evidence,
            baseline,
            verify_minutes=self._policy.verify_minutes,
            background_per_minute=self._policy.background_per_minute,
        )

    def _left_on_load_balancer(self, plan: Plan, baseline: Baseline | None, window: Window) -> tuple[Series, ...]:
        """New connections that the moved nodes still make through the load balancer."""
        if plan.kind is PlanKind.ADD_PUBLIC_IPS or baseline is None:
            return ()
        balancer = self._discovery.load_balancer(self._discovery.cluster(plan.cluster_id))
        if balancer is None:
            return ()
        answer = self._metrics.snat_connections(balancer.id, window, by_backend=True)
        moved = set(baseline.node_ips)
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
