"""The last scans in the text format of Prometheus. What nobody knows has no sample: a zero would say that all is well.

Source of the format: Prometheus docs, *exposition formats*, text format 0.0.4.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from .. import __version__
from ..core.incidents.cluster_status import STALE_AFTER, ClusterState, state_of
from ..flows.health import Health
from ..flows.monitoring.fleet_status import FleetStatus
from ..model.change import PENDING
from ..model.cluster_status import ClusterStatus, FailingNode, FullNode

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PORTS_STALE_AFTER = timedelta(minutes=70)  # PRESSURE_EVERY is at most 60
Sample = tuple[dict[str, str], float | datetime | None]  # labels, value; None: unknown
Metric = tuple[str, str, Sequence[Sample]]  # name, help, samples


def metrics_text(fleet: FleetStatus, health: Health, waiting: int, now: datetime) -> str:
    """``waiting``: messages in the outbox. Every metric is a gauge."""
    clusters = sorted(fleet.clusters, key=lambda status: status.id)
    found = [*_of_the_bot(health, waiting), *_of_the_fleet(fleet, now), *_of_clusters(clusters, now)]
    return "".join(line for name, about, samples in found for line in metric_lines(f"snatbot_{name}", about, samples))


def _of_the_bot(health: Health, waiting: int) -> Iterator[Metric]:
    yield "build_info", "The version that runs.", [({"version": __version__}, 1)]
    yield "healthy", "1 if /api/health answers 200.", [({}, health.is_healthy)]
    yield "last_scan_timestamp_seconds", "Last successful scan.", [({}, health.last_watch)]
    yield "last_delivery_timestamp_seconds", "Last message delivered.", [({}, health.last_delivery)]
    yield "messages_waiting", "Messages not delivered yet.", [({}, waiting)]


def _of_the_fleet(fleet: FleetStatus, now: datetime) -> Iterator[Metric]:
    if fleet.listed_at is None:  # nothing is known of any cluster
        return
    states = Counter(state_of(status, now) for status in fleet.clusters)
    changes = Counter(status.open.change_state for status in fleet.clusters)
    yield "clusters", "Clusters by state.", [({"state": state}, states[state]) for state in ClusterState]
    never_scanned = fleet.listed - len(fleet.clusters)
    yield "clusters_never_scanned", "Clusters in the list without a scan.", [({}, never_scanned)]
    yield "open_changes", "Open changes by state.", [({"state": state}, changes[state]) for state in PENDING]


def _of_clusters(clusters: Sequence[ClusterStatus], now: datetime) -> Iterator[Metric]:
    states: list[Sample] = [(_cluster(status) | {"state": state_of(status, now)}, 1) for status in clusters]
    measured: list[Sample] = [(_cluster(status), status.measured_at) for status in clusters]
    ports: list[Sample] = [(_cluster(status), status.ports_at) for status in clusters]
    yield "cluster_state", "1 for the state of a cluster.", states
    yield "cluster_measured_timestamp_seconds", "Last scan that measured it.", measured
    yield "cluster_ports_timestamp_seconds", "Last scan that read its ports.", ports
    failed: list[Sample] = []
    nodes: list[Sample] = []
    used: list[Sample] = []
    allocated: list[Sample] = []
    for status in (status for status in clusters if now - status.at <= STALE_AFTER):
        if status.reading in ("measured", "idle"):
            failed.append((_cluster(status), status.failed))
        nodes += [(_node(status, node), node.failed) for node in status.failing_nodes]
        if status.ports_at and now - status.ports_at <= _PORTS_STALE_AFTER:
            full = [(_node(status, node) | {"protocol": node.protocol}, node) for node in status.full_nodes]
            used += [(labels, node.used) for labels, node in full]
            allocated += [(labels, node.allocated) for labels, node in full]
    yield "cluster_failed_connections", "Failed SNAT connections in WINDOW_MINUTES.", failed
    yield "node_failed_connections", "Of the ten worst nodes with failures, in WINDOW_MINUTES.", nodes
    yield "node_snat_ports_used", "Of the ten fullest nodes with half in use.", used
    yield "node_snat_ports_allocated", "Of the same nodes.", allocated


def _node(status: ClusterStatus, node: FailingNode | FullNode) -> dict[str, str]:
    return {**_cluster(status), "node": node.name, "ip": node.ip}


def _cluster(status: ClusterStatus) -> dict[str, str]:
    return {"cluster": status.id.name, "cluster_id": status.id}


def metric_lines(name: str, about: str, samples: Sequence[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {about}\n# TYPE {name} gauge\n"
    yield from sample_lines(name, samples)


def sample_lines(name: str, samples: Sequence[Sample]) -> Iterator[str]:
    for labels, value in samples:
        if value is None:
            continue
        number = value.timestamp() if isinstance(value, datetime) else value
        text = ",".join(f'{label}="{_escaped(content)}"' for label, content in labels.items())
        yield f"{name}{{{text}}} {number:.15g}\n" if text else f"{name} {number:.15g}\n"


def _escaped(content: str) -> str:
    return content.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
