"""Verify a change by the NAT gateway's metrics."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError
from ...cloud.metric_queries import (
    NAT_CONNECTIONS,
    NAT_DATAPATH,
    NAT_DROPS,
    NAT_OPEN_CONNECTIONS,
)
from ...cloud.metrics import Metrics, complete_series
from ...core.planning.preflight.cluster import authorize_command
from ...core.planning.sizing import ENLARGE_AT, PORTS_PER_IP
from ...core.planning.usage import open_peak
from ...core.remediation.gate import left_behind
from ...core.remediation.measurement import MeasurementPolicy
from ...core.remediation.verdict import GatewayEvidence, judge_gateway
from ...model.change import Change, Outcome, Verdict
from ...model.metric import Window
from ...model.plan import Plan, PlanKind
from ...model.text import Text
from .traffic_evidence import moved_ranges, on_load_balancer

log = logging.getLogger("snatbot.verify")


class Verify:
    def __init__(
        self,
        metrics: Metrics,
        discovery: Discovery,
        policy: MeasurementPolicy,
        proof: Callable[[Change, datetime], tuple[Text, ...]] = lambda *_: (),
    ) -> None:
        """``proof``: further figures, which decide nothing."""
        self._metrics = metrics
        self._discovery = discovery
        self._policy = policy
        self._proof = proof

    def verdict(self, change: Change, now: datetime) -> Outcome | None:
        """FIXED, NOT_FIXED or CANT_TELL with the figures; None: check again later."""
        gateway_id, policy = change.plan.nat_gateway_id, self._policy
        if change.verify_from is None or gateway_id is None:
            return Outcome(Verdict.CANT_TELL, Text("the plan names no NAT gateway: there is nothing to measure"))
        window = policy.window_since(change.verify_from, now)
        is_over = now - change.verify_from >= policy.limit
        if window is None:
            missed = Text.plural(
                "{count} minute could not be measured in time",
                "{count} minutes could not be measured in time",
                count=policy.minutes,
            )
            return Outcome(Verdict.CANT_TELL, missed) if is_over else None
        try:
            outcome = judge_gateway(self._read(change.plan, gateway_id, window), change.plan.baseline, policy)
        except AzureError as error:
            log.warning("change %s: could not read the metrics for the verdict: %s", change.id, error)
            outcome = Outcome(Verdict.CANT_TELL, Text("the metrics could not be read: {error}", error=error.text))
        # A failure may be the last one, so later windows are judged too, until the limit.
        if not is_over and outcome.verdict is not Verdict.FIXED:
            return None
        return replace(outcome, figures=(*outcome.figures, *self._proof(change, now)))

    def is_measurable(self, change: Change, now: datetime) -> bool:
        """Whether the first window after the change is complete."""
        return change.verify_from is not None and self._policy.window_since(change.verify_from, now) is not None

    def authorize_command(self, cluster_id: str, addresses: Sequence[str]) -> str:
        """The command that adds the addresses to the API server's list; empty if not needed."""
        try:
            cluster = self._discovery.cluster(cluster_id)
        except AzureError as error:
            log.warning("could not read the API server's authorized IP ranges: %s", error)
            return ""
        return authorize_command(cluster, addresses) if cluster.restricts_api_server else ""

    def little_left(self, change: Change, now: datetime) -> Text:
        """A sentence if the gateway's connections reach 70 % of its capacity; else empty, also if unknown."""
        plan, window = change.plan, self._policy.complete_window(now)
        if plan.nat_gateway_id is None or not plan.egress_count:
            return Text("")
        try:
            peak = open_peak(window, self._metrics.query(plan.nat_gateway_id, NAT_OPEN_CONNECTIONS, window))
        except AzureError as error:
            log.warning("could not read open connections: %s", error)
            return Text("")
        share = (peak or 0.0) / (plan.egress_count * PORTS_PER_IP)
        if share < ENLARGE_AT:
            return Text("")
        return Text(
            "{percent} % of the NAT gateway's capacity is in use: a plan that adds public IPs is offered.",
            percent=round(100 * share),
        )

    def _read(self, plan: Plan, gateway_id: str, window: Window) -> GatewayEvidence:
        on_balancer = on_load_balancer(self._metrics, self._discovery, plan.cluster_id, window)
        is_moving = plan.kind is PlanKind.ATTACH_NAT_GATEWAY
        return GatewayEvidence(
            window=window,
            connections=complete_series(self._metrics.query(gateway_id, NAT_CONNECTIONS, window)),
            datapath=complete_series(self._metrics.query(gateway_id, NAT_DATAPATH, window)),
            drops=complete_series(self._metrics.query(gateway_id, NAT_DROPS, window)),
            load_balancer=on_balancer,
            left_behind=left_behind(on_balancer, window, moved_ranges(plan)) if is_moving else Text(""),
        )
