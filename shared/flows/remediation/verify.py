"""Verifies a change by the NAT gateway's metrics."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError
from ...cloud.metrics import Metrics, complete_series
from ...core.detection.schedule import complete_window
from ...core.planning.preflight.cluster import authorize_command
from ...core.planning.sizing import ENLARGE_AT, PORTS_PER_IP
from ...core.planning.usage import open_peak
from ...core.remediation import verdict
from ...core.remediation.gate import window_since
from ...core.remediation.verdict import GatewayEvidence
from ...formatting import count
from ...model.change import Change, Outcome, Verdict
from ...model.metric import Series, Window
from ...model.plan import Baseline, Plan, PlanKind

log = logging.getLogger("snatbot.verify")


@dataclass(frozen=True, slots=True)
class VerifyPolicy:
    ingestion_lag_minutes: int
    verify_minutes: int
    verify_limit: timedelta
    background_per_minute: float  # new connections that a gateway shows without any traffic


class Verify:
    def __init__(self, metrics: Metrics, discovery: Discovery, policy: VerifyPolicy) -> None:
        self._metrics = metrics
        self._discovery = discovery
        self._policy = policy

    def verdict(self, change: Change, now: datetime) -> Outcome | None:
        """FIXED, NOT_FIXED or CANT_TELL with the figures; None: check again later."""
        gateway_id, minutes = change.plan.nat_gateway_id, self._policy.verify_minutes
        if change.verify_from is None or gateway_id is None:
            return Outcome(Verdict.CANT_TELL, "the plan names no NAT gateway: there is nothing to measure")
        window = self._window(change, now)
        is_over = now - change.verify_from >= self._policy.verify_limit
        if window is None:
            missed = f"{count(minutes, 'minute')} could not be measured in time"
            return Outcome(Verdict.CANT_TELL, missed) if is_over else None
        try:
            outcome = self._judge(change.plan, gateway_id, change.plan.baseline, window)
        except AzureError as error:
            log.warning("change %s: the verdict could not be measured: %s", change.id, error)
            outcome = Outcome(Verdict.CANT_TELL, f"the metrics could not be read: {error}")
        # A failure in one window may be the last one: the next windows are judged too, until the limit.
        return outcome if is_over or outcome.verdict is Verdict.FIXED else None

    def is_measurable(self, change: Change, now: datetime) -> bool:
        """Whether the first window of judged minutes has passed."""
        return self._window(change, now) is not None

    def authorize_command(self, cluster_id: str, addresses: Sequence[str]) -> str:
        """The command that adds addresses to the API server's list; empty when there is no need."""
        try:
            cluster = self._discovery.cluster(cluster_id)
        except AzureError as error:
            log.warning("the API server's list could not be read: %s", error)
            return ""
        is_needed = bool(cluster.authorized_ip_ranges) and not cluster.is_private
        return authorize_command(cluster, addresses) if is_needed else ""

    def little_left(self, change: Change, now: datetime) -> str:
        """Says so when the gateway's connections reach 70 % of its capacity; empty otherwise, or when unknown."""
        gateway_id = change.plan.nat_gateway_id
        window = complete_window(now, self._policy.ingestion_lag_minutes, self._policy.verify_minutes)
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
            connections=complete_series(self._metrics.nat_gateway_connections(gateway_id, window)),
            datapath=complete_series(self._metrics.nat_gateway_datapath(gateway_id, window)),
            drops=complete_series(self._metrics.nat_gateway_drops(gateway_id, window)),
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
        return tuple(series for series in complete_series(answer) if series.backend_ip in moved)

    def _window(self, change: Change, now: datetime) -> Window | None:
        lag, minutes = self._policy.ingestion_lag_minutes, self._policy.verify_minutes
        return window_since(change.verify_from, now, lag, minutes) if change.verify_from else None
