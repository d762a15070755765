"""Gate evidence from connection metrics: whether a moved subnet's traffic uses the new egress path."""

import logging

from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError
from ...cloud.metric_queries import NAT_CONNECTIONS, SNAT_CONNECTIONS_BY_BACKEND
from ...cloud.metrics import Metrics, complete_series
from ...core.remediation.gate import (
    Evidence,
    Passage,
    TrafficBefore,
    left_behind,
    through_gateway,
    through_load_balancer,
)
from ...core.remediation.measurement import MeasurementPolicy, total
from ...core.subnet_ranges import SubnetRanges
from ...model.change import Change
from ...model.metric import Series, Window
from ...model.plan import AssociateSubnet, ObserveEgress, Plan
from ...model.resource_id import ArmId
from ...model.text import Text
from .gate import Observation

log = logging.getLogger("snatbot.gate")


class TrafficEvidence:
    """``before``: new connections per minute on the gateway; None if they can't be measured."""

    name = "gateway_rate"

    def __init__(self, metrics: Metrics, discovery: Discovery, policy: MeasurementPolicy) -> None:
        self._metrics = metrics
        self._discovery = discovery
        self._policy = policy

    def before(self, change: Change, window: Window) -> float | None:
        step = change.current_step
        if not isinstance(step, AssociateSubnet) or step.after is None:
            return None
        try:
            return total(self._on_gateway(step.after, window), window, "attempted") / window.minutes
        except AzureError as error:
            log.warning("could not read the connections of the NAT gateway: %s", error)
            return None

    def read(self, observation: Observation) -> Evidence:
        step, ranges = observation.step, moved_ranges(observation.plan)
        had = TrafficBefore.of(observation.plan.baseline, step.subnet_id)
        if step.nat_gateway_id is None:
            evidence = self._back(observation, ranges, had.own)
        else:
            evidence = self._forward(observation, step.nat_gateway_id, had)
        if evidence.is_broken:
            return evidence
        if step.nat_gateway_id is not None and (behind := self._left_behind(observation, ranges)):
            return Evidence(Passage.SHUT, behind)
        if evidence.passage is Passage.SHUT and self._is_empty(step, ranges):
            return Evidence(Passage.UNKNOWN, Text("could not be measured: no node has its address in this subnet"))
        return evidence

    def _left_behind(self, observation: Observation, moved: SubnetRanges) -> Text:
        try:
            return left_behind(self._on_load_balancer(observation), observation.window, moved)
        except AzureError as error:
            return Text("who still leaves by the load balancer could not be measured: {error}", error=error.text)

    def _forward(self, observation: Observation, gateway_id: ArmId, had: TrafficBefore) -> Evidence:
        found = self._on_gateway(gateway_id, observation.window)
        before = (
            observation.before if observation.before is not None else _moved_before(observation.step, observation.plan)
        )
        attempted, failed = (
            total(found, observation.window, state) / observation.window.minutes for state in ("attempted", "failed")
        )
        return through_gateway(had, now=attempted, before=before, failed=failed)

    def _back(self, observation: Observation, ranges: SubnetRanges, own_before: float) -> Evidence:
        """An unreadable load balancer holds the gate only up to the limit: nodes may be without egress."""
        try:
            found = self._on_load_balancer(observation)
        except AzureError as error:
            is_late = observation.waited >= self._policy.limit
            text = Text("could not be measured: {error}", error=error.text)
            return Evidence(Passage.UNKNOWN if is_late else Passage.SHUT, text)
        own = [series for series in found if ranges.subnet_of(series.backend_ip) == observation.step.subnet_id]
        return through_load_balancer(own, observation.window, own_before, _failing_before(observation.plan))

    def _is_empty(self, step: ObserveEgress, ranges: SubnetRanges) -> bool:
        """A subnet without nodes, such as after a scale-down, has no traffic to show."""
        try:
            found = self._discovery.nodes(self._discovery.cluster(step.cluster_id))
        except AzureError as error:
            log.warning("could not read nodes: %s", error)
            return False
        here = (step.subnet_id in (node.subnet_id, ranges.subnet_of(node.ip)) for node in found.nodes)
        return found.is_complete and not any(here)

    def _on_gateway(self, gateway_id: ArmId, window: Window) -> tuple[Series, ...]:
        return complete_series(self._metrics.query(gateway_id, NAT_CONNECTIONS, window))

    def _on_load_balancer(self, observation: Observation) -> tuple[Series, ...]:
        return on_load_balancer(self._metrics, self._discovery, observation.step.cluster_id, observation.window)


def on_load_balancer(metrics: Metrics, discovery: Discovery, cluster_id: str, window: Window) -> tuple[Series, ...]:
    """New connections of every backend by state, also of unlisted ones. Raises AzureError."""
    balancer = discovery.load_balancer(discovery.cluster(cluster_id))
    return complete_series(metrics.query(balancer.id, SNAT_CONNECTIONS_BY_BACKEND, window)) if balancer else ()


def moved_ranges(plan: Plan) -> SubnetRanges:
    """The address ranges of the subnets that the plan moves."""
    moves = [step for step in plan.steps if isinstance(step, AssociateSubnet)]
    return SubnetRanges([(step.subnet_id, step.properties_before) for step in moves])


def _moved_before(step: ObserveEgress, plan: Plan) -> float:
    """If the gateway was not measured: the load balancer's traffic of the subnets that moved earlier."""
    earlier = plan.steps[: plan.steps.index(step)]
    gates = [gate for gate in earlier if isinstance(gate, ObserveEgress)]
    return sum(TrafficBefore.of(plan.baseline, gate.subnet_id).own for gate in gates)


def _failing_before(plan: Plan) -> float:
    baseline = plan.baseline
    if baseline is None or baseline.attempted_per_minute <= 0:
        return 0.0
    return 1 - baseline.successful_per_minute / baseline.attempted_per_minute
