"""Look at clusters and say what is there. Reads only: nothing is remembered, posted or changed."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..cloud.discovery import Discovery
from ..cloud.errors import AzureError, Forbidden, MetricUnavailable, NotFound, Throttled, Unavailable
from ..cloud.metrics import Metrics
from ..core import detect
from ..core.findings.failing import snat_failing
from ..core.thresholds import Thresholds
from ..errors import BadInput, NotFoundHere
from ..model.assessment import Assessment
from ..model.cluster import Cluster
from ..model.finding import FAILURES
from ..model.load_balancer import LoadBalancer, Node
from ..model.metric import Window
from ..model.reading import DoesNotApply, Measured, Reading, Unmeasured

log = logging.getLogger("snatbot.check")
_WORKERS = 8
_LOOK_BACK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """``unreadable`` names what could not even be listed: silence there is not health."""

    at: datetime
    window: Window
    assessments: tuple[Assessment, ...]
    unreadable: tuple[str, ...] = ()


class Check:
    def __init__(
        self, discovery: Discovery, metrics: Metrics, *, ingestion_lag_minutes: int, window_minutes: int
    ) -> None:
        self._discovery = discovery
        self._metrics = metrics
        self._lag_minutes = ingestion_lag_minutes
        self._window_minutes = window_minutes

    def window(self, now: datetime, minutes: int | None = None) -> Window:
        """The judged window. Raises BadInput unless ``minutes`` is 1 to 1,440."""
        if minutes is not None and not 1 <= minutes <= 1440:
            raise BadInput(f"window is {minutes} minutes; it must be 1 to 1440")
        return detect.judged_window(now, self._lag_minutes, minutes or self._window_minutes)

    def all(self, now: datetime, minutes: int | None = None) -> CheckReport:
        """Every cluster that can be found. One cluster's trouble does not hide the others."""
        window = self.window(now, minutes)
        found = self._discovery.clusters()
        with ThreadPoolExecutor(_WORKERS) as pool:
            assessments = tuple(pool.map(lambda cluster: self.assess(cluster, now, window), found.clusters))
        return CheckReport(now, window, assessments, found.unreadable)

    def one(self, selector: str, now: datetime, minutes: int | None = None) -> CheckReport:
        """One cluster by resource id, or by name when only one has it.

        Raises NotFoundHere when there is none, BadInput when the name fits several.
        """
        window = self.window(now, minutes)
        cluster = self.find(selector)
        return CheckReport(now, window, (self.assess(cluster, now, window),))

    def find(self, selector: str) -> Cluster:
        try:
            return self._discovery.cluster(selector)
        except NotFound:
            raise NotFoundHere(f"no cluster {selector!r} that this app's identity may read") from None

    def assess(self, cluster: Cluster, now: datetime, window: Window) -> Assessment:
        """Never raises for what Azure answers: what could not be measured is the result."""
        balancer: LoadBalancer | None = None
        reading: Reading
        try:
            if (reason := _does_not_apply(cluster)) is not None:
                reading = DoesNotApply(reason)
            elif (balancer := self._discovery.load_balancer(cluster)) is None:
                reading = Unmeasured(
                    f"no public Standard load balancer with an outbound rule in {cluster.node_resource_group}",
                    "look at the cluster's load balancer `kubernetes` in the portal",
                )
            else:
                reading = self._read(cluster, balancer, window)
        except AzureError as error:
            log.warning("%s could not be measured: %s", cluster.name, error)
            reading = Unmeasured(*_explain(error))
        return Assessment(
            cluster=cluster,
            at=now,
            reading=reading,
            findings=tuple(found for found in (snat_failing(reading, 0, Thresholds()),) if found),
            looked_for=frozenset(FAILURES),
            load_balancer_id=balancer.id if balancer else None,
        )

    def _read(self, cluster: Cluster, balancer: LoadBalancer, window: Window) -> Reading:
        by_state = self._metrics.snat_connections(balancer.id, window, by_backend=False)
        has_points = any(series.points for series in by_state.series)
        allocated = None if has_points else self._metrics.allocated_snat_ports(balancer.id, window)
        reading = detect.read_load_balancer(window, by_state, allocated)
        if not isinstance(reading, Measured) or not reading.failed_minutes:
            return reading
        return self._detailed(reading, cluster, balancer)

    def _detailed(self, reading: Measured, cluster: Cluster, balancer: LoadBalancer) -> Measured:
        """Which nodes and since when: a help, not a condition. A measured failure is told even without them."""
        end = reading.window.end
        try:
            by_backend = self._metrics.snat_connections(balancer.id, reading.window, by_backend=True)
            reading = detect.with_nodes(reading, by_backend, self._nodes(cluster))
            history = self._metrics.snat_connections(balancer.id, Window(end - _LOOK_BACK, end), by_backend=False)
            return replace(reading, failing_since=detect.failing_since(reading, history))
        except AzureError as error:
            log.warning("%s fails, but its details could not be read: %s", cluster.name, error)
            return reading

    def _nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        """Names are a help, not a condition: failing IPs are reported even when the scale sets can't be read."""
        try:
            return self._discovery.nodes(cluster)
        except AzureError as error:
            log.warning("%s: node names could not be read: %s", cluster.name, error)
            return ()


def _does_not_apply(cluster: Cluster) -> str | None:
    if cluster.power_state.lower() != "running":
        return f"the cluster is {cluster.power_state.lower()}"
    if cluster.outbound_type.lower() != "loadbalancer":
        return f"outbound type is {cluster.outbound_type}: traffic does not leave through the load balancer"
    if cluster.load_balancer_sku.lower() == "basic":
        return "the load balancer is Basic, which has no SNAT metric"
    return None


def _explain(error: AzureError) -> tuple[str, str]:
    """Reason and remedy, the kinds of trouble told apart."""
    if isinstance(error, Forbidden):
        remedy = error.remedy or "grant this app's identity Reader and Monitoring Reader on the subscription"
        return f"Azure refused: {error.code or error.status}", remedy
    if isinstance(error, Throttled):
        return "Azure throttled the requests; the next look tries again", ""
    if isinstance(error, NotFound):
        return "it vanished while it was looked at, or may not be read", ""
    if isinstance(error, Unavailable):
        return f"Azure did not answer: {error}", ""
    if isinstance(error, MetricUnavailable):
        return f"Azure Monitor has no data of this metric: {error}", ""
    return f"Azure did not answer as documented: {error}", error.remedy
