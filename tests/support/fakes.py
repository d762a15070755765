"""Stand-ins for Azure: a list of clusters, and metrics that answer by question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from shared.cloud.deadline import Deadline
from shared.cloud.discovery import Discovery
from shared.cloud.errors import AzureError, NotFound
from shared.cloud.fleet_query import FleetDiscovery
from shared.cloud.metric_access import MetricAccess
from shared.cloud.metric_queries import MetricQuery
from shared.cloud.metric_request import Answers, MetricRequest
from shared.core.detection.tags import TagRules
from shared.flows.monitoring.collect import MetricCollector
from shared.flows.monitoring.node_names import NodeNames
from shared.flows.monitoring.scan import FleetScanner
from shared.model.cluster import Cluster
from shared.model.fleet import Fleet, Unlisted, WatchedCluster, WatchedGateway
from shared.model.load_balancer import LoadBalancer, Node, NodeList
from shared.model.metric import MetricAnswer, Window
from shared.model.text import Text, verbatim
from tests.support.builders import load_balancer

NOTHING = MetricAnswer(())
LONG_MINUTES = 60


def balancer_of(cluster: Cluster) -> LoadBalancer:
    """A load balancer of its own in the cluster's own node group."""
    usual = load_balancer()
    group = f"MC_{cluster.name}"
    return load_balancer(id=usual.id.replace(usual.id.split("/")[4], group))


def watched(*clusters: Cluster, gateways: tuple[WatchedGateway, ...] = ()) -> tuple[WatchedCluster, ...]:
    def balancer(cluster: Cluster) -> LoadBalancer | None:
        is_balanced = cluster.outbound_type == "loadBalancer" and cluster.load_balancer_sku != "basic"
        return balancer_of(cluster) if is_balanced else None

    return tuple(WatchedCluster(cluster, balancer(cluster), gateways) for cluster in clusters)


@dataclass
class FakeAccess:
    """``answers`` maps a question's name to the answer for every resource, or to a function of the resource's id.

    Names: ``state``, ``backend``, ``before`` (state, over an hour or more), ``allocated``, ``ports`` (used and
    allocated by backend), ``history`` (the same, or used alone, over an hour), ``nat``, ``open``, ``datapath``.
    """

    answers: dict[str, MetricAnswer | AzureError | Callable[[str], MetricAnswer | AzureError]] = field(
        default_factory=dict
    )
    asked: list[tuple[str, tuple[str, ...], Window]] = field(default_factory=list)
    one_by_one: dict[str, Text] = field(default_factory=dict)

    def query(
        self, resource_ids: Sequence[str], region: str, question: MetricQuery, window: Window, deadline: Deadline
    ) -> Answers:
        name = name_of(question, window)
        if resource_ids:
            self.asked.append((name, tuple(resource_id.lower() for resource_id in resource_ids), window))
        answer = self.answers.get(name, NOTHING)
        return {
            resource_id.lower(): answer(resource_id.lower()) if callable(answer) else answer
            for resource_id in resource_ids
        }

    def query_all(self, requests: Sequence[MetricRequest], deadline: Deadline, at_a_time: int = 1) -> list[Answers]:
        return [
            self.query(request.resource_ids, request.region, request.query, request.window, deadline)
            for request in requests
        ]

    uses_batches: bool = True

    def had_traffic(self, load_balancer_id: str) -> bool:
        return False

    def names_asked(self) -> list[str]:
        return [name for name, _, _ in self.asked]

    @property
    def access(self) -> MetricAccess:
        return cast(MetricAccess, self)


def name_of(question: MetricQuery, window: Window) -> str:
    is_long = window.minutes >= LONG_MINUTES
    match question.metric, question.filter:
        case "SnatConnectionCount", str(filters) if "Backend" in filters:
            return "backend"
        case "SnatConnectionCount", _:
            return "before" if is_long else "state"
        case "AllocatedSnatPorts", None:
            return "allocated"
        case "UsedSnatPorts,AllocatedSnatPorts", _:
            return "history" if is_long else "ports"
        case "UsedSnatPorts", _:
            return "history"
        case "SNATConnectionCount", _:
            return "nat"
        case "TotalConnectionCount", _:
            return "open"
        case "DatapathAvailability", _:
            return "datapath"
    raise AssertionError(question)


@dataclass
class FakeAzure:
    """A fleet that can be listed, or not. ``trouble`` maps a method's name to its exception."""

    targets: tuple[WatchedCluster, ...] = ()
    unreadable: tuple[Unlisted, ...] = ()
    trouble: dict[str, AzureError] = field(default_factory=dict)
    nodes_found: tuple[Node, ...] = (Node("aks-user-1-vmss000000", "user", "10.0.0.4"),)
    subnet_gateways: dict[str, str | None] = field(default_factory=dict)
    reads: int = 0
    gone: set[str] = field(default_factory=set)

    def _raise(self, name: str) -> None:
        if name in self.trouble:
            raise self.trouble[name]

    def read_fleet(self, now: datetime) -> Fleet:
        self.reads += 1
        self._raise("read")
        return Fleet(now, self.targets, self.unreadable)

    def read_cluster(self, cluster: Cluster) -> WatchedCluster:
        self._raise("one")
        return next(target for target in self.targets if target.cluster == cluster)

    def is_gone(self, cluster_id: str) -> bool:
        self._raise("is_gone")
        return cluster_id.lower() in self.gone

    def gateway_of_subnet(self, subnet_id: str) -> str | None:
        self._raise("gateway_of_subnet")
        return self.subnet_gateways.get(subnet_id.lower())

    def cluster(self, selector: str) -> Cluster:
        self._raise("cluster")
        for target in self.targets:
            if selector in (target.cluster.id, target.cluster.name):
                return target.cluster
        raise NotFound(f"cluster {selector}", "no such cluster", status=404)

    def nodes(self, of: Cluster, wanted: object = ()) -> NodeList:
        if "nodes" in self.trouble:
            return NodeList(unreadable=(verbatim(f"scale sets: {self.trouble['nodes']}"),))
        return NodeList(self.nodes_found, is_complete=True)

    @property
    def discovery(self) -> Discovery:
        return cast(Discovery, self)

    @property
    def fleet(self) -> FleetDiscovery:
        return cast(FleetDiscovery, self)


def make_scanner(azure: FakeAzure, access: FakeAccess, usual: TagRules | None = None, workers: int = 4) -> FleetScanner:
    measure = MetricCollector(access.access, NodeNames(azure.discovery).of)
    return FleetScanner(measure, usual or TagRules(), workers)
