"""Reduce a scan's result to what the fleet page shows, and order clusters by risk."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from ...model.assessment import Assessment
from ...model.cluster_status import ClusterStatus, EgressPath, FailingNode, FullNode, OpenWork
from ...model.finding import Severity
from ...model.fleet import WatchedCluster
from ...model.ports import NodePorts, PortReading
from ...model.reading import DoesNotApply, Idle, Measured, NodeFailures, Unmeasured
from ...model.text import Text

STALE_AFTER = timedelta(minutes=10)  # ticks come each minute
MOST_NODES = 10  # of a cluster, because the clusters of a scan share one row
_APPLIANCE, _NO_WAY_OUT = ("userdefinedrouting",), ("none", "block")


class ClusterState(StrEnum):
    """In falling order of risk. Only a scan of the last minutes can say that a cluster is well."""

    FAILING = "failing"
    NOT_MEASURED = "not measured"
    WARNING = "warning"
    WELL = "no trouble"
    IDLE = "idle"
    DOES_NOT_APPLY = "not watched"


def status_of(
    assessment: Assessment,
    target: WatchedCluster,
    ports: PortReading | None,
    work: OpenWork,
    before: ClusterStatus | None,
) -> ClusterStatus:
    """``ports``: None if this scan did not read them; what an earlier scan read then stays, with its time."""
    reading, worst = assessment.reading, assessment.findings[0] if assessment.findings else None
    is_unknown = isinstance(reading, Unmeasured | DoesNotApply)
    return ClusterStatus(
        id=assessment.cluster.id,
        location=assessment.cluster.location,
        egress=egress_path(target),
        at=assessment.at,
        reading=reading.kind,
        reason=reading.reason if isinstance(reading, Unmeasured | DoesNotApply) else Text(""),
        measured_at=(before.measured_at if before else None) if is_unknown else assessment.at,
        failed=reading.failed if isinstance(reading, Measured) else 0,
        severity=worst.severity if worst else None,
        kind=worst.kind if worst else None,
        ports_at=assessment.at if ports else before.ports_at if before else None,
        ports_share=_fullest(ports) if ports else before.ports_share if before else None,
        failing_nodes=_failing(reading.nodes) if isinstance(reading, Measured) else (),
        full_nodes=_full(ports.nodes) if ports else before.full_nodes if before else (),
        open=work,
    )


def egress_path(target: WatchedCluster) -> EgressPath:
    """By the outbound type, and by which of the cluster's subnets have a NAT gateway."""
    cluster, outbound_type = target.cluster, target.cluster.outbound_type.lower()
    if target.unreadable:
        return EgressPath.UNKNOWN
    if target.gateways:
        served = {subnet_id.lower() for gateway in target.gateways for subnet_id in gateway.subnet_ids}
        is_partly = any(subnet_id.lower() not in served for subnet_id in cluster.subnet_ids)
        return EgressPath.BOTH if target.load_balancer and is_partly else EgressPath.NAT_GATEWAY
    if outbound_type == "loadbalancer":
        return EgressPath.LOAD_BALANCER if target.load_balancer else EgressPath.UNKNOWN
    if outbound_type in _APPLIANCE:
        return EgressPath.APPLIANCE
    return EgressPath.NONE if outbound_type in _NO_WAY_OUT else EgressPath.UNKNOWN


def state_of(status: ClusterStatus, now: datetime) -> ClusterState:
    if status.reading == "does_not_apply":
        return ClusterState.DOES_NOT_APPLY
    rank = status.severity.rank if status.severity else -1
    if status.reading == "unmeasured" or now - status.at > STALE_AFTER:
        return ClusterState.NOT_MEASURED
    if rank >= Severity.FAILING.rank:
        return ClusterState.FAILING
    if rank >= Severity.WARNING.rank or status.open.incident_id:
        return ClusterState.WARNING
    return ClusterState.IDLE if status.reading == "idle" else ClusterState.WELL


def checked_state(assessment: Assessment) -> ClusterState:
    """Of a check that has just run. What it saw failing counts, even if it could not measure the rest."""
    rank = max((finding.severity.rank for finding in assessment.findings), default=-1)
    if isinstance(assessment.reading, DoesNotApply):
        return ClusterState.DOES_NOT_APPLY
    if rank >= Severity.FAILING.rank:
        return ClusterState.FAILING
    if isinstance(assessment.reading, Unmeasured):
        return ClusterState.NOT_MEASURED
    if rank >= Severity.WARNING.rank:
        return ClusterState.WARNING
    return ClusterState.IDLE if isinstance(assessment.reading, Idle) else ClusterState.WELL


def risk(status: ClusterStatus, now: datetime) -> tuple[object, ...]:
    """A sort key: the highest risk first, then by name."""
    state = list(ClusterState).index(state_of(status, now))
    rank = status.severity.rank if status.severity else -1
    has_work = bool(status.open.incident_id or status.open.change_id)
    return state, -rank, not has_work, -status.failed, -(status.ports_share or 0.0), status.id.name.lower(), status.id


def _fullest(ports: PortReading) -> float | None:
    return max((node.share for node in ports.nodes), default=None)


def _failing(nodes: Sequence[NodeFailures]) -> tuple[FailingNode, ...]:
    return tuple(FailingNode(node.ip, node.name, node.failed) for node in nodes[:MOST_NODES])


def _full(nodes: Sequence[NodePorts]) -> tuple[FullNode, ...]:
    shown = nodes[:MOST_NODES]
    return tuple(FullNode(node.ip, node.name, node.protocol, node.used, node.allocated) for node in shown)
