"""One cluster, one look: from the series that Azure Monitor answered to findings, and to what becomes of its incident.

Pure, and the only way there is: the flows, the evaluation and the tests all come through here. What was not asked this
time is None; what was asked and not answered is an Unmeasured. A kind of trouble that was not looked for neither
opens nor clears anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...model.allocation import AllocationBaseline
from ...model.assessment import Assessment
from ...model.finding import Finding, FindingKind
from ...model.fleet import WatchedCluster, WatchedGateway
from ...model.load_balancer import Node
from ...model.metric import MetricAnswer, Window
from ...model.ports import PortHistory, PortReading
from ...model.reading import Cause, DoesNotApply, Measured, Reading, Unmeasured
from ..associations import Associations
from . import combine, ports
from . import load_balancer as detect
from .nat_gateway import read_gateway
from .node_counts import nodes_now
from .rules.allocation_cliff import allocation_cliff
from .rules.allocation_drift import allocation_drift
from .rules.allocation_unsatisfiable import allocation_unsatisfiable
from .rules.association_drift import association_drift, serving_gateways
from .rules.exhaustion import exhaustion_ahead
from .rules.failing import snat_failing
from .rules.nat_gateway import nat_gateway_datapath, nat_gateway_failing, nat_gateway_pressure
from .rules.pressure import port_pressure
from .rules.truncated import answer_cut
from .rules.unmeasured import bad_tags, not_measured
from .tags import TagRules
from .thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class LoadBalancerSeries:
    """SnatConnectionCount and ports of one load balancer.

    ``connections`` by state over the judged window. Where something failed: ``connections_by_backend`` (by backend
    and state, the same window) and ``connections_before`` (by state, two hours). ``allocated`` (AllocatedSnatPorts) is
    only looked at when there is no connection at all. ``ports`` and ``port_history`` where ports were looked at.
    """

    connections: MetricAnswer | Unmeasured
    allocated: MetricAnswer | None = None
    connections_by_backend: MetricAnswer | None = None
    connections_before: MetricAnswer | None = None
    ports: PortReading | None = None
    port_history: tuple[PortHistory, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewaySeries:
    """SNATConnectionCount by state over the judged window; the others over ``slow_window`` where looked at."""

    gateway: WatchedGateway
    connections: MetricAnswer | Unmeasured
    datapath: MetricAnswer | None = None
    open_connections: MetricAnswer | None = None
    slow_window: Window | None = None


@dataclass(frozen=True, slots=True)
class ClusterSeries:
    """All that was read of one cluster in one look. ``nodes`` where names are wanted."""

    target: WatchedCluster
    window: Window
    load_balancer: LoadBalancerSeries | None = None
    gateways: tuple[GatewaySeries, ...] = ()
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class PriorObservations:
    """What earlier looks and snatbot's own writes left.

    ``unmeasured_since`` is the first look in a row that could not measure the cluster.
    """

    associations: Associations = field(default_factory=Associations)
    allocation: AllocationBaseline | None = None
    unmeasured_since: datetime | None = None


_REPORT_A_FAULT = (
    "look at the resource in the portal; if it is well there, this is a fault of snatbot's: please report it"
)
_OTHER_WAYS = {
    "userdefinedrouting": "the cluster leaves by user-defined routing",
    "none": "the cluster has no way out of its own",
    "block": "the cluster's way out is blocked",
}


def assess(series: ClusterSeries, prior: PriorObservations, rules: TagRules, now: datetime) -> Assessment:
    """Readings and findings, worst first. ``rules`` are the owner's thresholds as the cluster's tags leave them."""
    cluster = series.target.cluster
    balancer = series.target.load_balancer
    reason = not_applicable(series.target, rules)
    if reason is None and series.target.unreadable:
        unread = Unmeasured(series.target.unreadable, _REPORT_A_FAULT, Cause.UNEXPECTED)
        found = [not_measured(unread, prior.unmeasured_since or now), bad_tags(rules.problems, now)]
        return Assessment(cluster, now, unread, _sorted(found))
    if reason is not None:
        reading: Reading = DoesNotApply(reason)
        return Assessment(cluster, now, reading, _sorted([bad_tags(rules.problems, now)]))
    of_balancer = _load_balancer_reading(series)
    of_gateways = [(one, _gateway_reading(one, series.window)) for one in series.gateways]
    reading = _combined(series, [of_balancer, *(one for _, one in of_gateways)])
    found = [
        *_load_balancer_findings(series, of_balancer, prior, rules.thresholds, now),
        *_gateway_findings(of_gateways, rules.thresholds),
        association_drift(cluster, serving_gateways(series.target), prior.associations, now),
        not_measured(reading, prior.unmeasured_since or now),
        bad_tags(rules.problems, now),
    ]
    return Assessment(
        cluster=cluster,
        at=now,
        reading=reading,
        findings=_sorted(found),
        load_balancer_id=balancer.id if balancer else None,
        evaluated_kinds=frozenset(_evaluated_kinds(series, reading)),
        gateway_ids=tuple(one.gateway.id for one in series.gateways),
    )


def not_applicable(target: WatchedCluster, rules: TagRules) -> str | None:
    """Why nothing is measured on this cluster; None when something is."""
    cluster = target.cluster
    if not rules.is_watched:
        return "its tag snatbot-watch=off opts the cluster out"
    if cluster.power_state.lower() != "running":
        return f"the cluster is {cluster.power_state.lower()}"
    if target.gateways or target.unreadable:
        return None
    if cluster.outbound_type.lower() in ("managednatgateway", "managednatgatewayv2", "userassignednatgateway"):
        return None  # its gateway can't be seen: that is not measured, not a reason to look away
    if cluster.outbound_type.lower() != "loadbalancer":
        way = _OTHER_WAYS.get(cluster.outbound_type.lower(), "traffic does not leave through the load balancer")
        return f"outbound type is {cluster.outbound_type}: {way}"
    if cluster.load_balancer_sku.lower() == "basic":
        return "the load balancer is Basic, which has no SNAT metric"
    return None


def _load_balancer_reading(series: ClusterSeries) -> Reading | None:
    """None: the cluster's traffic doesn't leave through a load balancer."""
    found = series.load_balancer
    if found is None:
        return None
    if isinstance(found.connections, Unmeasured):
        return found.connections
    reading = detect.read_load_balancer(series.window, found.connections, found.allocated)
    if not isinstance(reading, Measured) or reading.failed == 0:
        return reading
    history = found.connections_before or found.connections
    reading = replace(
        reading,
        failing_since=detect.failing_since(reading, history),
        trend=detect.trend(history, series.window.end),
    )
    if found.connections_by_backend is None:
        return reading
    return detect.with_nodes(reading, found.connections_by_backend, series.nodes)


def _gateway_reading(series: GatewaySeries, window: Window) -> Reading:
    if isinstance(series.connections, Unmeasured):
        return series.connections
    return read_gateway(series.gateway.name, window, series.connections, series.datapath)


def _combined(series: ClusterSeries, found: list[Reading | None]) -> Reading:
    present = [reading for reading in found if reading is not None]
    return combine.combined(present or [unseen_path(series.target)])


def unseen_path(target: WatchedCluster) -> Unmeasured:
    """Nothing was found that the cluster's traffic could be measured on."""
    cluster = target.cluster
    if cluster.outbound_type.lower() == "loadbalancer":
        return Unmeasured(
            f"no public Standard load balancer with an outbound rule in {cluster.node_resource_group}",
            "look at the cluster's load balancer `kubernetes` in the portal",
            Cause.NO_LOAD_BALANCER,
        )
    return Unmeasured(
        f"outbound type is {cluster.outbound_type}, and no NAT gateway could be found on its subnets",
        "grant this app's identity Reader where the NAT gateway is, if there is one",
        Cause.NO_LOAD_BALANCER,
    )


def _load_balancer_findings(
    series: ClusterSeries, reading: Reading | None, prior: PriorObservations, thresholds: Thresholds, now: datetime
) -> Iterator[Finding | None]:
    found, balancer, cluster = series.load_balancer, series.target.load_balancer, series.target.cluster
    if found is None or reading is None:
        return
    yield snat_failing(reading, nodes_now(cluster), thresholds)
    yield answer_cut(series.window, reading, found.ports)
    if found.ports is not None:
        named = ports.named(found.ports, series.nodes)
        yield port_pressure(named, thresholds)
        yield exhaustion_ahead(named, found.port_history, thresholds)
        yield allocation_drift(named, prior.allocation)
    if balancer is not None:
        yield allocation_cliff(cluster, balancer, found.ports, now)
        yield allocation_unsatisfiable(cluster, balancer, now)


def _gateway_findings(found: list[tuple[GatewaySeries, Reading]], thresholds: Thresholds) -> Iterator[Finding | None]:
    for series, reading in found:
        yield nat_gateway_failing(series.gateway, reading, thresholds)
        if series.slow_window is not None and series.open_connections is not None:
            yield nat_gateway_pressure(series.gateway, series.slow_window, series.open_connections, thresholds)
        if series.slow_window is not None and series.datapath is not None:
            yield nat_gateway_datapath(series.gateway, series.slow_window, series.datapath, thresholds)


def _evaluated_kinds(series: ClusterSeries, reading: Reading) -> Iterator[FindingKind]:
    """The kinds that this look could have found."""
    yield FindingKind.ASSOCIATION_DRIFT
    if combine.is_measured(reading):
        yield FindingKind.SNAT_FAILING
        yield FindingKind.NAT_GATEWAY_FAILING
    found = series.load_balancer
    if found is None or found.ports is not None:
        yield FindingKind.PORT_PRESSURE
        yield FindingKind.EXHAUSTION_AHEAD
        yield FindingKind.ALLOCATION_DRIFT
        yield FindingKind.ALLOCATION_CLIFF
    yield FindingKind.ALLOCATION_UNSATISFIABLE
    if all(one.open_connections is not None for one in series.gateways):
        yield FindingKind.NAT_GATEWAY_PRESSURE
    if all(one.datapath is not None and one.slow_window is not None for one in series.gateways):
        yield FindingKind.NAT_GATEWAY_DATAPATH


def _sorted(found: list[Finding | None]) -> tuple[Finding, ...]:
    present = [finding for finding in found if finding is not None]
    return tuple(sorted(present, key=lambda finding: (-finding.severity.rank, list(FindingKind).index(finding.kind))))
