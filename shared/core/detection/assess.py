"""Assess one cluster in one scan: from Azure Monitor's series to readings and findings.

Flows, evaluation and tests all use this function. A series that was not queried is None; a query without an answer is
Unmeasured. A scan neither opens nor clears kinds of findings that it could not evaluate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...model.assessment import Assessment
from ...model.finding import Finding, FindingKind
from ...model.fleet import WatchedCluster, WatchedGateway
from ...model.load_balancer import NodeList
from ...model.metric import MetricAnswer, Window
from ...model.ports import AllocationBaseline, PortHistory, PortReading
from ...model.reading import Cause, DoesNotApply, Idle, Measured, Reading, Unmeasured
from ...model.text import Text
from ..associations import Associations
from . import load_balancer, ports
from .combine import combined
from .nat_gateway import read_gateway
from .node_counts import nodes_now
from .rules.allocation import allocation_cliff, allocation_drift, allocation_unsatisfiable
from .rules.association_drift import association_drift, serving_gateways
from .rules.exhaustion import exhaustion_ahead
from .rules.failing import snat_failing
from .rules.nat_gateway import nat_gateway_datapath, nat_gateway_failing, nat_gateway_pressure
from .rules.pressure import port_pressure
from .rules.unmeasured import answer_cut, bad_tags, not_measured
from .tags import TagRules
from .thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class LoadBalancerSeries:
    connections: MetricAnswer | Unmeasured  # SnatConnectionCount by state in the scan's window
    allocated: MetricAnswer | None = None  # AllocatedSnatPorts, queried if there is no connection
    connections_by_backend: MetricAnswer | None = None  # by backend and state, queried if something failed
    connections_before: MetricAnswer | None = None  # by state over two hours, queried if something failed
    ports: PortReading | None = None
    port_history: tuple[PortHistory, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewaySeries:
    gateway: WatchedGateway
    connections: MetricAnswer | Unmeasured  # SNATConnectionCount by state in the scan's window
    datapath: MetricAnswer | None = None
    open_connections: MetricAnswer | None = None
    slow_window: Window | None = None  # of ``datapath`` and ``open_connections``; None if not due


@dataclass(frozen=True, slots=True)
class ClusterSeries:
    """Everything that one scan read of one cluster. ``nodes`` only if names are needed."""

    target: WatchedCluster
    window: Window
    load_balancer: LoadBalancerSeries | None = None
    gateways: tuple[GatewaySeries, ...] = ()
    nodes: NodeList = field(default_factory=NodeList)

    @property
    def ports(self) -> PortReading | None:
        return self.load_balancer.ports if self.load_balancer else None


@dataclass(frozen=True, slots=True)
class PriorObservations:
    """Results of earlier scans and of snatbot's own writes."""

    associations: Associations = field(default_factory=Associations)
    allocation: AllocationBaseline | None = None
    unmeasured_since: datetime | None = None  # the first of the consecutive scans that could not measure the cluster


_REPORT_A_FAULT = Text(
    "look at the resource in the portal; if it is well there, this is a fault of snatbot's: please report it"
)
_GATEWAY_TYPES = ("managednatgateway", "managednatgatewayv2", "userassignednatgateway")
_OTHER_WAYS = {
    "userdefinedrouting": Text("the cluster leaves by user-defined routing"),
    "none": Text("the cluster has no way out of its own"),
    "block": Text("the cluster's way out is blocked"),
}


def assess(series: ClusterSeries, prior: PriorObservations, rules: TagRules, now: datetime) -> Assessment:
    """Readings and findings, worst first. ``rules`` are the owner's thresholds with the cluster's tags applied."""
    target, cluster = series.target, series.target.cluster
    reason = not_applicable(target, rules)
    if reason is not None:
        return Assessment(cluster, now, DoesNotApply(reason), _sorted([bad_tags(rules.problems, now)]))
    if target.unreadable:
        unread = Unmeasured(target.unreadable, _REPORT_A_FAULT, Cause.UNEXPECTED)
        unusable = [not_measured(unread, prior.unmeasured_since or now), bad_tags(rules.problems, now)]
        return Assessment(cluster, now, unread, _sorted(unusable))
    of_balancer = _load_balancer_reading(series)
    of_gateways = [(gateway, _gateway_reading(gateway, series.window)) for gateway in series.gateways]
    readings = [of_balancer] if of_balancer else []
    readings += [gateway_reading for _, gateway_reading in of_gateways]
    reading = combined(readings or [_no_egress_path(target)])
    found = (
        *_load_balancer_findings(series, of_balancer, prior, rules.thresholds, now),
        *_gateway_findings(of_gateways, rules.thresholds),
        association_drift(cluster, serving_gateways(target), prior.associations, now),
        not_measured(reading, prior.unmeasured_since or now),
        bad_tags(rules.problems, now),
    )
    return Assessment(
        cluster=cluster,
        at=now,
        reading=reading,
        findings=_sorted(found),
        load_balancer_id=target.load_balancer.id if target.load_balancer else None,
        evaluated_kinds=frozenset(_evaluated_kinds(series, reading)),
        gateway_ids=tuple(each.gateway.id for each in series.gateways),
    )


def not_applicable(target: WatchedCluster, rules: TagRules) -> Text | None:
    """Why nothing is measured on this cluster; None if something is."""
    cluster, outbound_type = target.cluster, target.cluster.outbound_type.lower()
    if not rules.is_watched:
        return Text("its tag snatbot-watch=off opts the cluster out")
    if cluster.power_state.lower() != "running":
        # Translators: {state} is Azure's word, such as stopped.
        return Text("the cluster is {state}", state=cluster.power_state.lower())
    if target.gateways or target.unreadable or outbound_type in _GATEWAY_TYPES:
        return None  # an unreadable gateway is not measured, but the cluster is not skipped
    if outbound_type != "loadbalancer":
        way = _OTHER_WAYS.get(outbound_type, Text("traffic does not leave through the load balancer"))
        return Text("outbound type is {outbound_type}: {way}", outbound_type=cluster.outbound_type, way=way)
    if cluster.load_balancer_sku.lower() == "basic":
        return Text("the load balancer is Basic, which has no SNAT metric")
    return None


def _load_balancer_reading(series: ClusterSeries) -> Reading | None:
    """None: the cluster's traffic does not use a load balancer."""
    found = series.load_balancer
    if found is None:
        return None
    if isinstance(found.connections, Unmeasured):
        return found.connections
    reading = load_balancer.read_load_balancer(series.window, found.connections, found.allocated)
    if not isinstance(reading, Measured) or reading.failed == 0:
        return reading
    history = found.connections_before or found.connections
    reading = replace(
        reading,
        failing_since=load_balancer.failing_since(reading, history),
        trend=load_balancer.trend(history, series.window.end),
        failed_by_minute=load_balancer.count_by_minute(history, series.window.end),
    )
    if found.connections_by_backend is None:
        return reading
    return load_balancer.with_nodes(reading, found.connections_by_backend, series.nodes)


def _gateway_reading(series: GatewaySeries, window: Window) -> Reading:
    if isinstance(series.connections, Unmeasured):
        return series.connections
    return read_gateway(series.gateway.name, window, series.connections, series.datapath)


def _no_egress_path(target: WatchedCluster) -> Unmeasured:
    cluster = target.cluster
    if cluster.outbound_type.lower() == "loadbalancer":
        return Unmeasured(
            Text(
                "no public Standard load balancer with an outbound rule in {resource_group}",
                resource_group=cluster.node_resource_group,
            ),
            Text("look at the cluster's load balancer `kubernetes` in the portal"),
            Cause.NO_LOAD_BALANCER,
        )
    return Unmeasured(
        Text(
            "outbound type is {outbound_type}, and no NAT gateway could be found on its subnets",
            outbound_type=cluster.outbound_type,
        ),
        Text("grant this app's identity Reader where the NAT gateway is, if there is one"),
        Cause.NO_LOAD_BALANCER,
    )


def _load_balancer_findings(
    series: ClusterSeries, reading: Reading | None, prior: PriorObservations, thresholds: Thresholds, now: datetime
) -> Iterator[Finding | None]:
    found, cluster = series.load_balancer, series.target.cluster
    if found is None or reading is None:
        return
    yield snat_failing(reading, nodes_now(cluster, series.target.load_balancer), thresholds)
    yield answer_cut(series.window, reading, found.ports)
    if found.ports is not None:
        named = ports.named(found.ports, series.nodes)
        yield port_pressure(named, thresholds)
        yield exhaustion_ahead(named, found.port_history, thresholds)
        yield allocation_drift(named, prior.allocation)
    if series.target.load_balancer is not None:
        yield allocation_cliff(cluster, series.target.load_balancer, found.ports, now)
        yield allocation_unsatisfiable(cluster, series.target.load_balancer, now)


def _gateway_findings(
    found: Sequence[tuple[GatewaySeries, Reading]], thresholds: Thresholds
) -> Iterator[Finding | None]:
    for series, reading in found:
        yield nat_gateway_failing(series.gateway, reading)
        if series.slow_window is not None and series.open_connections is not None:
            yield nat_gateway_pressure(series.gateway, series.slow_window, series.open_connections, thresholds)
        if series.slow_window is not None and series.datapath is not None:
            yield nat_gateway_datapath(series.gateway, series.slow_window, series.datapath, thresholds)


def _evaluated_kinds(series: ClusterSeries, reading: Reading) -> Iterator[FindingKind]:
    """The kinds that this scan evaluated."""
    yield FindingKind.ASSOCIATION_DRIFT
    yield FindingKind.ALLOCATION_UNSATISFIABLE
    if isinstance(reading, Measured | Idle):
        yield FindingKind.SNAT_FAILING
        yield FindingKind.NAT_GATEWAY_FAILING
    if series.load_balancer is None or series.ports is not None:
        yield FindingKind.PORT_PRESSURE
        yield FindingKind.EXHAUSTION_AHEAD
        yield FindingKind.ALLOCATION_DRIFT
        yield FindingKind.ALLOCATION_CLIFF
    if all(each.open_connections is not None for each in series.gateways):
        yield FindingKind.NAT_GATEWAY_PRESSURE
    if all(each.datapath is not None and each.slow_window is not None for each in series.gateways):
        yield FindingKind.NAT_GATEWAY_DATAPATH


def _sorted(found: Sequence[Finding | None]) -> tuple[Finding, ...]:
    present = [finding for finding in found if finding is not None]
    if not present:
        return ()
    kinds = list(FindingKind)
    return tuple(sorted(present, key=lambda finding: (-finding.severity.rank, kinds.index(finding.kind))))
