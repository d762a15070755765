"""What egress probes reported last, for Prometheus: names of blackbox_exporter where the meaning is the same."""

from collections.abc import Iterator, Mapping, Sequence

from ..core.probing.counts import RANGES_MS
from ..core.probing.summary import APP
from ..model.probe import ProbeReport, TargetCounts
from ..model.resource_id import ArmId
from .metrics_text import Metric, Sample, metric_lines, sample_lines

_MOST_NODES = 100  # of a cluster: names of nodes are what probes say
_HISTOGRAM = "snatbot_probe_connect_duration_seconds"
_BOUNDS = [f"{least / 1000:g}" for least, _ in RANGES_MS]


def probe_metrics(clusters: Mapping[ArmId, Sequence[ProbeReport]], is_complete: bool) -> str:
    """The last report of each node. Times of lookups, of TLS and of whole probes are not stored: no samples."""
    success: list[Sample] = []
    mean: list[Sample] = []
    histogram: list[str] = []
    nodes: list[Sample] = []
    for cluster_id, reports in sorted(clusters.items()):
        of_cluster = {"cluster": cluster_id.name, "cluster_id": cluster_id}
        nodes.append((of_cluster, len(reports)))
        worst = sorted(reports, key=lambda report: (-sum(each.trouble for each in report.targets), report.node))
        for node, counts in ((each.node, counts) for each in worst[:_MOST_NODES] for counts in each.targets):
            labels = {**of_cluster, "node": node, "target": counts.target}
            success.append((labels, counts.failed == 0))
            if counts.failed_otherwise:  # how many of these connected is not stored
                continue
            connected = counts.connections - counts.dns_failed - counts.timed_out
            histogram += _histogram(labels, counts, connected)
            if connected and (counts.target == APP or counts.target.endswith(":443")):
                mean.append(({**labels, "phase": "connect"}, counts.connect_ms / connected / 1000))
    parts: Sequence[Metric] = (
        ("snatbot_probes_complete", "0 if more than 20 clusters have reports.", [({}, is_complete)]),
        ("snatbot_probe_nodes", "Nodes that reported in ten minutes; the 100 worst are shown.", nodes),
        ("probe_success", "1 if no connection of the last report failed.", success),
        ("probe_http_duration_seconds", "Mean of the last report; TCP connect only.", mean),
    )
    lines = [line for name, about, found in parts for line in metric_lines(name, about, found)]
    about = f"# HELP {_HISTOGRAM} TCP connects of the last report: not a total, so no rate().\n"
    return "".join([*lines, about, f"# TYPE {_HISTOGRAM} histogram\n", *histogram])


def _histogram(labels: dict[str, str], counts: TargetCounts, connected: int) -> Iterator[str]:
    up_to = connected - counts.slow
    for bound, more in zip((*_BOUNDS, "+Inf"), (*counts.retried, 0), strict=True):
        yield from sample_lines(f"{_HISTOGRAM}_bucket", [({**labels, "le": bound}, up_to)])
        up_to += more
    yield from sample_lines(f"{_HISTOGRAM}_sum", [(labels, counts.connect_ms / 1000)])
    yield from sample_lines(f"{_HISTOGRAM}_count", [(labels, connected)])
