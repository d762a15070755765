"""A watch on a fleet that the test makes up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from shared.chat.message import Message
from shared.cloud.request_count import RequestCount
from shared.core.detection.schedule import ScanSchedule
from shared.core.detection.tags import TagRules
from shared.core.incidents.transition import IncidentPolicy
from shared.flows.health import Health, read_health
from shared.flows.incidents.deleted_clusters import DeletedClusters
from shared.flows.incidents.track import IncidentTracker
from shared.flows.monitoring.inventory import FleetInventory
from shared.flows.monitoring.shard_reports import ShardReports
from shared.flows.monitoring.tick import Tick, WatchPolicy
from shared.flows.monitoring.tracked_scan import TrackedScan
from shared.flows.monitoring.unmeasured import Greeting, UnmeasuredClusters, UnmeasuredPolicy
from shared.flows.monitoring.watch import Watch
from shared.flows.notification.outbox import Outbox, message_of
from shared.ids import cluster_key
from shared.model.metric import MetricAnswer
from shared.store.active_clusters import ActiveClusterIndex
from shared.store.fleet_cache import FleetCache
from shared.store.liveness import Liveness
from shared.store.records import FLEET_PARTITION, Records
from shared.store.table import Table
from tests.support.builders import answer, at, by_state, cluster, series
from tests.support.fakes import FakeAccess, FakeAzure, make_scanner, watched
from tests.support.tracking import LINKS

HEALTHY = by_state(Successful=dict.fromkeys(range(-60, 400), 100))
SICK = by_state(Failed={3: 5}, Successful=dict.fromkeys(range(-60, 400), 100))
BACKENDS = answer(series({3: 5}, connectionstate="Failed", backendipaddress="10.0.0.4"))
COVERAGE = UnmeasuredPolicy(grace_period=timedelta(minutes=15), kept_for=timedelta(minutes=10))
SCHEDULE = ScanSchedule(3, 5, timedelta(minutes=5))
POLICY = WatchPolicy(1000, 50.0)


def ports(used: float, limit: float = 1024) -> dict[str, MetricAnswer]:
    node = {"backendipaddress": "10.0.0.4", "protocoltype": "TCP", "isawaitingremoval": "False"}
    every = (("UsedSnatPorts", used), ("AllocatedSnatPorts", limit))
    both = answer(*(series(dict.fromkeys(range(-60, 400), value), metric=name, **node) for name, value in every))
    return {"ports": both, "history": both}


class World:
    """A watch on real storage and a fleet that the test makes up. ``new_process`` forgets what was in memory."""

    def __init__(
        self,
        table: Table,
        *names: str,
        policy: WatchPolicy = POLICY,
        usual: TagRules | None = None,
        coverage: UnmeasuredPolicy = COVERAGE,
        greeting: Greeting | None = None,
    ) -> None:
        self.azure = FakeAzure(watched(*(cluster(name=name) for name in names)))
        self.access = FakeAccess({"state": HEALTHY})
        self.table = table
        self.policy = policy
        self.count = RequestCount()
        self.coverage, self.greeting = coverage, greeting
        self.usual = usual or TagRules()
        self.records, self.liveness = Records(table), Liveness(table)
        self.cache, self.active_clusters = FleetCache(table), ActiveClusterIndex(table)
        self.watch = self.new_process()

    def new_process(self) -> Watch:
        outbox = Outbox(("slack",))
        tracker = IncidentTracker(
            self.records,
            self.active_clusters,
            outbox,
            IncidentPolicy(clean_minutes=10, cooldown=timedelta(hours=1)),
            LINKS.page,
            is_offering=False,
        )
        self.watch = Watch(
            FleetInventory(self.azure.fleet, self.cache, timedelta(minutes=10)),
            TrackedScan(
                make_scanner(self.azure, self.access, self.usual),
                self.azure.fleet,
                tracker,
                self.cache,
                self.active_clusters,
                SCHEDULE,
            ),
            UnmeasuredClusters(self.records, self.azure.fleet, outbox, self.usual, self.coverage, self.greeting),
            DeletedClusters(self.records, self.active_clusters, self.azure.fleet, outbox),
            self.records,
            ShardReports(self.cache, SCHEDULE.ports_every + timedelta(minutes=2)),
            self.liveness,
            self.count,
            self.policy,
        )
        return self.watch

    def tick(self, minute: int) -> Tick:
        tick = self.watch.run(at(minute), at(minute))
        for shard in tick.shards:
            self.watch.scan_shard(shard, tick.name, at(minute), at(minute))
        return tick

    def told(self, name: str = "") -> list[Message]:
        partition = cluster_key(cluster(name=name).id) if name else FLEET_PARTITION
        return [message_of(row.value) for row in self.records.outbox(partition)]

    def titles(self, name: str = "") -> list[str]:
        return [message.title for message in self.told(name)]


Make = Callable[..., World]


def health(world: World, minute: int) -> Health:
    return read_health(world.liveness, at(minute), timedelta(minutes=15))
