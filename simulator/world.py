"""The state behind all services, the clock, and the agenda of future events. One lock guards it all: handlers are
short, and simplicity matters more here than parallelism.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .clock import SimulatedClock, floor_to_minute
from .egress import gateway_addresses, path_of
from .errors import resource_group_not_found, subscription_not_found
from .faults import Faults
from .fleet import Cluster, Node, NodePool
from .physics.ports import load_balancer_timers, ports_per_node
from .physics.traffic import Traffic
from .probe_pods import ProbePod
from .readiness import update_readiness
from .settings import Settings
from .state.access import Access
from .state.activity_log import ActivityLog
from .state.chat import Slack, Teams
from .state.entra import Entra
from .state.identities import Identities
from .state.metric_source import Target
from .state.network import NAT_GATEWAY, NetworkState
from .state.operations import Operations
from .state.public_addresses import PublicAddresses
from .state.query_results import Cursors
from .throttle import Throttle
from .timeline import Happening, Watch


@dataclass(frozen=True)
class Subscription:
    """A subscription, in the tenant that owns it."""

    id: str
    name: str
    tenant: str


@dataclass
class ResourceGroup:
    """A resource group; `managed_by` names the cluster of a node resource group."""

    subscription: str
    name: str
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    managed_by: str | None = None


def epoch_minute(moment: datetime) -> int:
    """Whole minutes since 1970."""
    return int(moment.timestamp() // 60)


class World:
    """State, clock and agenda."""

    def __init__(self, clock: SimulatedClock, settings: Settings, scenario: str, seed: str) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.settings = settings
        self.scenario = scenario
        self.seed = seed
        self.started = floor_to_minute(clock.now())
        self.origin_minute = epoch_minute(self.started)
        self.subscriptions: dict[str, Subscription] = {}
        self.groups: dict[tuple[str, str], ResourceGroup] = {}
        self.clusters: dict[str, Cluster] = {}
        self.load_balancers: dict[str, Cluster] = {}
        self.subnet_pools: dict[str, list[NodePool]] = {}
        self.frontend_owners: dict[str, Cluster] = {}
        self.metric_sources: dict[str, Target] = {}
        """Metrics of resources that are not part of the fleet, by resource id in lower case."""
        self.public_addresses = PublicAddresses()
        self.access = Access()
        self.quotas: dict[str, int] = {}
        self.network = NetworkState(seed)
        self.identities = Identities()
        self.entra = Entra()
        self.slack = Slack()
        self.teams = Teams()
        self.operations = Operations(clock, seed, lambda: self.settings.operation_time_scale, self.now)
        self.traffic = Traffic(
            self.origin_minute - settings.history_minutes,
            drop_flows_on_path_change=settings.existing_flows == "drop",
        )
        self.faults = Faults()
        self.probes: list[ProbePod] = []
        self.activity = ActivityLog()
        self.watches: list[Watch] = []
        self.arrivals: list[Watch] = []
        self.happened: list[Happening] = []
        self.originals: dict[str, dict[str, Any]] = {}
        self.throttle = Throttle()
        self.cursors = Cursors()
        self._agenda: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order = itertools.count()
        self._moment: datetime | None = None

    # -- finding -------------------------------------------------------------------------------

    def subscription(self, subscription_id: str) -> Subscription:
        """The subscription, or 404."""
        found = self.subscriptions.get(subscription_id.lower())
        if found is None:
            raise subscription_not_found(subscription_id)
        return found

    def group(self, subscription_id: str, name: str) -> ResourceGroup:
        """The resource group, or 404 (for the subscription, then for the group)."""
        self.subscription(subscription_id)
        found = self.groups.get((subscription_id.lower(), name.lower()))
        if found is None:
            raise resource_group_not_found(name)
        return found

    def scope(self, params: Mapping[str, str]) -> tuple[str, str | None]:
        """The subscription, and the group if one is named, of a path's parameters; 404 unless they are there."""
        subscription_id, group = params["subscription"], params.get("group")
        if group is None:
            self.subscription(subscription_id)
        else:
            self.group(subscription_id, group)
        return subscription_id, group

    def make_group(
        self, subscription_id: str, name: str, location: str, managed_by: str | None = None
    ) -> ResourceGroup:
        """The resource group; created if it is missing."""
        group = ResourceGroup(subscription_id, name, location, managed_by=managed_by)
        return self.groups.setdefault((subscription_id.lower(), name.lower()), group)

    def clusters_in(self, subscription_id: str, group: str | None = None) -> list[Cluster]:
        """The clusters of a subscription, or of one of its resource groups."""
        found = (each for each in self.clusters.values() if each.subscription.lower() == subscription_id.lower())
        return [cluster for cluster in found if group is None or cluster.group.lower() == group.lower()]

    def clusters_with_nodes_in(self, subscription_id: str, group: str | None = None) -> list[Cluster]:
        """The clusters whose node resource groups are in a subscription, or are one of its resource groups."""
        found = self.clusters_in(subscription_id)
        return [cluster for cluster in found if group is None or cluster.node_group.lower() == group.lower()]

    def nodes_in_subnet(self, subnet_id: str) -> Iterable[Node]:
        """The nodes whose NICs are in a subnet."""
        return (node for pool in self.subnet_pools.get(subnet_id.lower(), []) for node in pool.nodes)

    # -- adding -------------------------------------------------------------------------------

    def add_cluster(self, cluster: Cluster) -> None:
        """Add a cluster, with its load balancer, scale sets and subnets."""
        self.clusters[cluster.id.lower()] = cluster
        self.load_balancers[cluster.load_balancer_id.lower()] = cluster
        for frontend in cluster.frontends:
            self.frontend_owners[frontend.public_ip_id.lower()] = cluster
        for pool in cluster.pools:
            self.subnet_pools.setdefault(pool.subnet_id.lower(), []).append(pool)
        minute = self.traffic.first_minute
        ports = ports_per_node(len(cluster.nodes), cluster.allocated_outbound_ports)
        timers = load_balancer_timers(cluster.idle_timeout_minutes)
        for node in cluster.nodes:
            self.traffic.place_node(node, node.load, ports, timers, minute)

    # -- time -------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The clock's time; while an action runs late because the clock jumped, the time at which it was due."""
        return self._moment or self.clock.now()

    def outside_now(self) -> datetime:
        """The machine's time, off by the scenario's skew: clients compare tokens and signatures with theirs."""
        return self.clock.wall() + timedelta(seconds=self.settings.clock_skew_seconds)

    def minute(self) -> int:
        """The simulated minute that is running."""
        return epoch_minute(self.clock.now())

    def at(self, moment: datetime, action: Callable[[datetime], None]) -> None:
        """Call `action(moment)` when the simulated clock reaches `moment`."""
        heapq.heappush(self._agenda, (moment, next(self._order), action))

    def at_minute(self, minute_after_start: float, action: Callable[[datetime], None]) -> None:
        """Call `action` so many minutes after the scenario's start."""
        self.at(self.started + timedelta(minutes=minute_after_start), action)

    def record_event(self, moment: datetime, what: str) -> None:
        """Record a scheduled event, for `/_sim/state`."""
        self.happened.append(Happening(moment, what))

    def note_write(self, method: str, path: str) -> None:
        """A write was accepted: schedule the actions that wait for it."""
        self._note(self.watches, method, path)

    def note_arrival(self, method: str, path: str) -> None:
        """A write has arrived: run the actions that come before it is handled."""
        self._note(self.arrivals, method, path)
        self.settle()  # also finishes operations of the actions that take no time

    def _note(self, watches: list[Watch], method: str, path: str) -> None:
        now = self.clock.now()
        for watch in list(watches):
            if watch.counts(method, path):
                self.at(now + timedelta(seconds=watch.seconds), watch.action)
                if not watch.repeat:
                    watches.remove(watch)
        self.settle()

    def settle(self) -> None:
        """Run all actions and finish all operations that are due by now, in the order of their times."""
        now = self.clock.now()
        while True:
            self.operations.settle(min(now, self._agenda[0][0]) if self._agenda else now)
            if not self._agenda or self._agenda[0][0] > now:
                return
            moment, _, action = heapq.heappop(self._agenda)
            self._moment = moment
            action(moment)
            self._moment = None

    # -- paths ------------------------------------------------------------------------------------

    def reroute(self, nodes: Iterable[Node], minute: int) -> None:
        """Send the new flows of `nodes` by the path that is configured now, from `minute` on."""
        for gateway in self.network.of_kind(NAT_GATEWAY):
            idle_minutes = int(gateway.properties.get("idleTimeoutInMinutes", 4))
            addresses = gateway_addresses(gateway.properties, self.network)
            self.traffic.set_gateway(gateway.key, addresses, idle_minutes, minute)
        by_path: dict[object, list[Node]] = {}
        for node in nodes:
            by_path.setdefault(path_of(node, self.network), []).append(node)
        for group in by_path.values():
            self.traffic.set_path(group, path_of(group[0], self.network), minute)
            update_readiness(self.network, minute, group)

    def all_nodes(self) -> list[Node]:
        """Every node of every cluster."""
        return [node for cluster in self.clusters.values() for node in cluster.nodes]
