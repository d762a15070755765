"""A tick: what it asks of Azure and storage, what is remembered between ticks, and fan-out with the same results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

import pytest

from shared.chat.message import Message
from shared.clock import Instant, SystemClock
from shared.cloud.errors import AzureError, Forbidden, NotSent, Throttled, Unavailable
from shared.cloud.request_count import RequestCount
from shared.core.detection.schedule import ScanSchedule
from shared.core.detection.tags import TagRules
from shared.core.incidents.transition import IncidentPolicy
from shared.flows.approval.propose import Propose
from shared.flows.health import Health, read_health
from shared.flows.incidents.deleted_clusters import DeletedClusters
from shared.flows.incidents.silence import Silence
from shared.flows.incidents.track import IncidentTracker
from shared.flows.monitoring.inventory import FleetInventory
from shared.flows.monitoring.scan import FleetScanner
from shared.flows.monitoring.shard_reports import ShardReports
from shared.flows.monitoring.tick import Tick, WatchPolicy
from shared.flows.monitoring.tracked_scan import TrackedScan
from shared.flows.monitoring.unmeasured import UnmeasuredClusters, UnmeasuredPolicy
from shared.flows.monitoring.watch import Watch
from shared.flows.notification.outbox import Outbox, message_of
from shared.flows.planning.plan import Planner
from shared.ids import cluster_key, new_id
from shared.maintenance_windows import parse_maintenance
from shared.model.audit import AuditLine
from shared.model.change import Change, ChangeState
from shared.model.cluster import Cluster
from shared.model.fleet import Unlisted, WatchedCluster, WatchedGateway
from shared.model.health_event import HealthEventAccess
from shared.model.incident import IncidentState
from shared.model.metric import MetricAnswer
from shared.model.text import Text, verbatim
from shared.store.active_clusters import ActiveClusterIndex
from shared.store.audit_rows import row_of_line
from shared.store.fleet_cache import HEALTH_EVENTS, FleetCache
from shared.store.liveness import Liveness
from shared.store.records import FLEET_PARTITION, Put, Records
from shared.store.table import Table
from tests.support.builders import NETWORK, USER_SUBNET, answer, at, by_state, cluster, series
from tests.support.fakes import FakeAccess, FakeAzure, make_scanner, watched
from tests.support.nouns import started
from tests.support.storage import table_at
from tests.support.tracking import LINKS, FakePlanner, change_in

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
    ) -> None:
        self.azure = FakeAzure(watched(*(cluster(name=name) for name in names)))
        self.access = FakeAccess({"state": HEALTHY})
        self.table = table
        self.policy = policy
        self.count = RequestCount()
        self.coverage = coverage
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
            UnmeasuredClusters(self.records, self.azure.fleet, outbox, self.usual, self.coverage),
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


@pytest.fixture
def make(table: Table) -> Make:
    def world(*names: str, **more: Any) -> World:
        return World(table, *names, **more)

    return world


def count_requests(table: Table, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the table operations from now on; a query as often as it takes pages of a thousand rows."""
    client, seen = table.client(), []
    for name in ("get_entity", "query_entities", "upsert_entity", "submit_transaction", "delete_entity"):
        original = getattr(client, name)

        def counted(*args: Any, _name: str = name, _original: Any = original, **more: Any) -> Any:
            seen.append(_name)
            if _name != "query_entities":
                return _original(*args, **more)
            rows = list(_original(*args, **more))
            seen.extend([_name] * ((len(rows) - 1) // 1000))
            return rows

        monkeypatch.setattr(client, name, counted)
    return seen


def test_a_healthy_fleet_costs_a_few_requests_whatever_its_size(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make(*(f"c{number}" for number in range(120)))
    world.tick(8)
    world.access.asked.clear()
    seen = count_requests(world.table, monkeypatch)
    tick = world.tick(9)
    assert (tick.tally.clusters, tick.tally.measured) == (120, 120)
    assert world.access.names_asked() == ["state"], "nothing for the healthy besides"
    assert len(seen) <= 10, seen
    assert world.azure.reads == 1


def test_storage_requests_grow_with_what_changed_and_not_with_fleet_or_history(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def requests_of(clusters: int, old_lines: int) -> list[str]:
        """Of three ticks: nothing changes, a cluster begins to fail, and it goes on failing."""
        table = table_at(storage, f"t{new_id()}")
        world = World(table, *(f"c{number}" for number in range(clusters)), policy=WatchPolicy(5000, 600.0))
        lines = [AuditLine(new_id(), at(-10_000 + number), "snatbot", "x", "y") for number in range(old_lines)]
        for partition in (FLEET_PARTITION, cluster_key(cluster(name="c7").id)):
            for start in range(0, old_lines, 100):
                table.transaction(partition, [row_of_line(line) for line in lines[start : start + 100]])
        world.tick(8)
        with monkeypatch.context() as patch:
            seen = count_requests(table, patch)
            assert world.tick(9).tally.failing == 0
            world.access.answers |= {"state": lambda key: SICK if "mc_c7/" in key else HEALTHY, "backend": BACKENDS}
            assert world.tick(10).tally.failing == world.tick(11).tally.failing == 1
        return seen

    few, many = requests_of(10, 0), requests_of(1500, 2500)
    assert abs(len(many) - len(few)) <= 0.05 * len(few), (few, many)


def test_only_the_sick_are_looked_at_in_depth(make: Make) -> None:
    world = make("well", "sick")
    world.tick(8)
    world.access.asked.clear()
    world.access.answers |= {
        "state": lambda one: SICK if "mc_sick/" in one else HEALTHY,
        "before": SICK,
        "backend": BACKENDS,
    }
    tick = world.tick(9)
    assert (tick.tally.failing, tick.tally.effects) == (1, {"nothing": 1, "opened": 1})
    deep = {name: ids for name, ids, _ in world.access.asked if name != "state"}
    assert set(deep) == {"backend", "before"}
    assert all(len(ids) == 1 and "mc_sick/" in ids[0] for ids in deep.values())
    assert tick.deliver == (cluster_key(cluster(name="sick").id),)


def test_ports_are_looked_at_on_their_own_period_and_no_minute_twice(make: Make) -> None:
    world = make("a")
    world.access.answers |= ports(100)
    for minute in range(8, 30):
        if minute == 15:
            world.new_process()
        world.tick(minute)
    windows = [asked for name, _, asked in world.access.asked if name == "ports"]
    assert [asked.minutes for asked in windows] == [5] * len(windows)
    assert len(windows) == 5
    for first, second in pairwise(windows):
        assert first.end == second.start


def test_ports_of_a_cluster_in_trouble_are_looked_at_each_time(make: Make) -> None:
    world = make("a", "b")
    world.access.answers |= ports(900)
    world.tick(8)
    assert world.titles("a") == ["Early warning: SNAT port shortage on a"]
    world.access.answers |= ports(100)
    for minute in range(9, 30):
        world.tick(minute)
    assert world.titles("a")[-1] == "Cleared: SNAT port shortage on a"
    (incident,) = world.records.incidents(cluster_key(cluster(name="a").id))
    assert incident.cleared_at == at(18)


def test_fewer_ports_than_before_are_noticed_after_a_restart(make: Make) -> None:
    world = make("a")
    world.access.answers |= ports(10, 1024)
    world.tick(8)
    world.new_process()
    world.access.answers |= ports(10, 512)
    world.tick(13)
    assert world.titles("a") == ["Early warning: A cut of SNAT ports on a"]


def test_the_list_of_clusters_is_kept_over_restarts_and_renewed(make: Make) -> None:
    world = make("a", "b")
    for minute in range(8, 18):
        world.new_process()
        assert world.tick(minute).tally.clusters == 2
    assert world.azure.reads == 1
    world.tick(18)
    assert world.azure.reads == 2


def test_where_batches_are_refused_people_are_told_once_with_the_role_to_grant(make: Make) -> None:
    world = make("a")
    world.access.one_by_one = {"s1": Text("subscription s1: 401: no. Grant Monitoring Reader on /subscriptions/s1")}
    assert list(world.tick(8).tally.one_by_one) == ["s1"]
    world.new_process()
    world.tick(9)
    (message,) = world.told()
    assert message.title == "Metrics can't be read in full batches"
    assert "Grant Monitoring Reader on /subscriptions/s1" in message.summary
    fleet = world.records.fleet()
    assert fleet is not None
    assert [remark.key for remark in fleet.value.one_by_one] == ["s1"]
    world.access.one_by_one = {}
    world.tick(80)
    assert len(world.told()) == 1, "that it is over is in the line of the tick"


def test_whether_health_events_can_be_read_is_stored_once_and_when_it_changes(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = iter([None, Text("no"), Text("no"), None, Text("")])
    monkeypatch.setattr(FleetScanner, "health_event_problem", property(lambda _: next(problems)))
    world = make("a")
    stored = []
    for minute in range(8, 13):
        world.new_process()
        world.tick(minute)
        stored.append(world.cache.read(HealthEventAccess, HEALTH_EVENTS))
    no, well = HealthEventAccess(Text("no")), HealthEventAccess()
    assert stored == [None, no, no, no, well]


def test_an_outage_of_the_list_does_not_blind_the_watch(make: Make) -> None:
    world = make("a")
    world.tick(8)
    world.azure.trouble["read"] = Unavailable("POST resources", "busy", status=503)
    tick = world.tick(20)
    assert (tick.tally.measured, tick.is_success) == (1, True)
    assert "could not be listed" in tick.unreadable[0].subject


@pytest.mark.parametrize("error", [Forbidden("POST resources", "no"), Unavailable("POST resources", "no answer")])
def test_what_is_due_is_handed_out_though_clusters_cannot_be_listed(make: Make, error: AzureError) -> None:
    """A change that is half done, and a message that waits, must not wait for another service to come back."""
    world = make("shop-prod")
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    change = replace(change_in(ChangeState.APPLYING), due_at=at(9))
    partition = cluster_key(change.cluster_id)
    world.records.commit(change.cluster_id, [Put(change)])
    other = make("shop-prod")
    other.cache.delete(["inventory"])
    other.azure.trouble["read"] = error
    tick = other.tick(30)
    assert tick.deliver == (partition,)
    assert tick.advance == ((partition, change.id),)
    assert (tick.tally.clusters, len(tick.unreadable), tick.is_success) == (0, 1, False)
    assert world.liveness.last_success("watch") == at(8), "a tick that saw nothing is no success"


def test_one_throttled_cluster_group_does_not_hide_another(make: Make) -> None:
    world = make("a")
    world.azure.targets += watched(cluster(name="b", location="eastus"))
    error = Throttled("batch", "slow", status=529)
    world.access.answers["state"] = lambda one: error if "mc_a/" in one else HEALTHY
    tally = world.tick(8).tally
    assert (tally.measured, tally.unmeasured) == (1, 1)


def test_a_cluster_whose_row_makes_no_sense_is_not_measured_and_told_and_the_others_are_looked_at(make: Make) -> None:
    world = make("a")
    reason = "what Azure answers of the cluster can't be read: tags is -1; expected an object"
    bare = Cluster(cluster(name="b").id, "b", location="", node_resource_group="", outbound_type="")
    world.azure.targets += (WatchedCluster(bare, unreadable=verbatim(reason)),)
    for minute in (8, 23):
        tick = world.tick(minute)
        assert (tick.tally.measured, tick.tally.unmeasured, tick.tally.does_not_apply) == (1, 1, 0)
        assert health(world, minute).is_healthy
    (message,) = world.told()
    assert "b" in str(message)
    assert reason in str(message)


def test_a_look_that_raises_is_kept_as_such_until_one_succeeds(make: Make) -> None:
    world = make("a")
    world.tick(8)
    world.azure.trouble["read"] = cast(Any, TypeError("a secret"))
    with pytest.raises(TypeError):
        world.tick(20)
    found = health(world, 20)
    assert (found.is_healthy, found.problems) == (False, ("the last look ended with an error, TypeError",))
    del world.azure.trouble["read"]
    world.tick(21)
    assert health(world, 21).is_healthy


def test_a_part_whose_look_raises_is_not_well_until_one_succeeds(make: Make) -> None:
    world = make("a", "b", policy=WatchPolicy(1, 50.0))
    for minute in (8, 9):
        world.tick(minute)
    assert health(world, 9).is_healthy
    tick = world.watch.run(at(10), at(10))
    words: dict[str, Any] = {}
    world.access.answers["state"] = lambda _: words["a secret"]
    with pytest.raises(KeyError):
        world.watch.scan_shard(tick.shards[0], tick.name, at(10), at(10))
    world.access.answers["state"] = HEALTHY
    world.watch.run(at(11), at(11))
    found = health(world, 11)
    assert (found.is_healthy, found.problems) == (False, ("the last look ended with an error, KeyError",))
    assert world.watch.scan_shard(tick.shards[0], tick.name, at(11), at(11)) is not None, (
        "delivered again, it is looked at"
    )
    world.watch.run(at(12), at(12))
    assert health(world, 12).is_healthy


def test_every_one_of_many_clusters_that_opt_out_is_in_the_audit(make: Make) -> None:
    world = make()
    names = [f"c{number}" for number in range(230)]
    world.azure.targets = watched(*(cluster(name=name, tags={"snatbot-watch": "off"}) for name in names))
    world.tick(8)
    lines = [line for line in world.records.audit(FLEET_PARTITION) if line.event == "opted out by tag"]
    assert sorted(line.subject for line in lines) == sorted(names)
    assert world.titles() == ["Clusters opted out of SNAT monitoring"]


def test_a_cluster_that_vanishes_mid_tick_is_told_apart_from_trouble(make: Make) -> None:
    world = make("a", "b")
    gone = cluster(name="a")
    world.tick(8)
    world.azure.targets = watched(cluster(name="b"))
    world.azure.gone.add(gone.id.lower())
    world.tick(19)
    assert world.titles() == []
    world.azure.targets = ()
    world.tick(30)
    assert world.titles() == ["snatbot can't see all clusters"]
    world.azure.targets = watched(cluster(name="b"))
    world.tick(41)
    assert world.titles()[-1] == "snatbot sees these clusters again"


def test_a_role_that_was_taken_away_is_told_once(make: Make) -> None:
    world = make("a", "b")
    world.tick(8)
    world.access.answers["state"] = Forbidden("batch", "no", code="AuthorizationFailed")
    for minute in range(9, 60):
        world.tick(minute)
    (message,) = world.told()
    assert "2 clusters" in message.summary
    assert "AuthorizationFailed" in message.summary


def test_opting_out_is_announced_once_audited_and_ends_an_open_incident(make: Make) -> None:
    world = make("a")
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    world.azure.targets = watched(cluster(name="a", tags={"snatbot-watch": "off"}))
    for minute in range(19, 25):
        world.tick(minute)
    assert world.titles() == ["Clusters opted out of SNAT monitoring"]
    assert "opted out by tag" in [line.event for line in world.records.audit(FLEET_PARTITION)]
    (incident,) = world.records.incidents(cluster_key(cluster(name="a").id))
    assert (incident.state, "opts the cluster out" in incident.closing_note) == (IncidentState.CLEARED, True)


@pytest.mark.parametrize(
    ("after", "note"),
    [
        (cluster(name="a", power_state="Stopped"), "the cluster is stopped"),
        (cluster(name="a", outbound_type="userDefinedRouting"), "leaves by user-defined routing"),
    ],
)
def test_an_incident_ends_once_when_its_cluster_is_not_measured_any_more(make: Make, after: Cluster, note: str) -> None:
    world = make("a")
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    world.azure.targets = watched(after)
    for minute in range(19, 60):
        world.tick(minute)
    (incident,) = world.records.incidents(cluster_key(after.id))
    assert (incident.state, note in incident.closing_note) == (IncidentState.CLEARED, True)
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a", "SNAT port exhaustion on a: no longer watched"]
    assert note in world.told("a")[-1].summary.lower()


def test_an_incident_of_a_cluster_that_was_deleted_ends_once(make: Make) -> None:
    world = make("a", "b")
    world.access.answers |= {
        "state": lambda one: SICK if "mc_a/" in one else HEALTHY,
        "before": SICK,
        "backend": BACKENDS,
    }
    world.tick(8)
    gone = cluster(name="a")
    world.azure.targets = watched(cluster(name="b"))
    world.tick(19)
    assert world.records.incidents(cluster_key(gone.id))[0].state is IncidentState.OPEN, "it may merely be hidden"
    world.azure.gone.add(gone.id.lower())
    for minute in range(30, 60):
        world.tick(minute)
    (incident,) = world.records.incidents(cluster_key(gone.id))
    assert (incident.state, incident.closing_note) == (IncidentState.CLEARED, "the cluster was deleted")
    assert world.titles("a")[1:] == ["SNAT port exhaustion on a: no longer watched"]
    assert world.active_clusters.entries() == {}
    assert [line.detail for line in world.records.audit(cluster_key(gone.id))][-1] == "the cluster was deleted"


def test_a_change_under_way_keeps_the_incident_of_a_cluster_that_is_gone(make: Make) -> None:
    world = make("shop-prod")
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    shop = cluster()
    stored = world.records.cluster(shop.id)
    assert stored is not None
    change = change_in(ChangeState.APPLYING)
    world.records.commit(shop.id, [Put(change), Put(replace(stored.value, change_id=change.id), stored.etag)])
    world.azure.targets = ()
    world.azure.gone.add(shop.id.lower())
    world.tick(19)
    assert world.records.incidents(cluster_key(shop.id))[0].state is IncidentState.OPEN
    applying = world.records.change(cluster_key(shop.id), change.id)
    assert applying is not None
    world.records.commit(shop.id, [Put(replace(change, state=ChangeState.FAILED), applying.etag)])
    world.tick(30)
    assert world.records.incidents(cluster_key(shop.id))[0].state is IncidentState.CLEARED


def test_in_a_maintenance_window_nothing_is_posted_and_afterwards_what_still_stands(make: Make) -> None:
    world = make("a", usual=TagRules(maintenance=parse_maintenance("daily 10:00-10:20")))
    sick = by_state(Failed=dict.fromkeys(range(400), 1), Successful=dict.fromkeys(range(400), 100))
    world.access.answers |= {"state": sick, "before": sick, "backend": BACKENDS}
    for minute in range(8, 20):
        world.tick(minute)
    assert world.titles("a") == []
    assert len(world.records.incidents(cluster_key(cluster(name="a").id))) == 1
    world.tick(20)
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a"]


# --- a look that saw nothing is no good look ---


def health(world: World, minute: int) -> Health:
    return read_health(world.liveness, at(minute), timedelta(minutes=15))


@pytest.mark.parametrize("is_fanned_out", [False, True])
def test_a_fleet_that_nobody_reaches_is_not_well(make: Make, is_fanned_out: bool) -> None:
    world = make("a", "b", policy=replace(POLICY, fan_out_above=1) if is_fanned_out else POLICY)
    world.access.answers["state"] = NotSent("s", "the time for this look was over")
    for minute in range(8, 30):
        tick = world.watch.run(at(minute), at(minute))
    assert not tick.is_success
    assert "none of 2 clusters was measured" in tick.problems[0]
    found = health(world, 29)
    assert "no look at the clusters has succeeded" in found.problems[0]
    assert found.missing == tick.problems


def test_a_single_look_that_measures_nothing_does_not_page(make: Make) -> None:
    world = make("a")
    world.tick(8)
    world.access.answers["state"] = MetricAnswer(())
    assert not world.tick(9).is_success
    assert (health(world, 9).is_healthy, len(health(world, 9).missing)) == (True, 1)
    world.access.answers["state"] = HEALTHY
    assert world.tick(10).is_success
    assert health(world, 10).missing == ()


def test_that_no_cluster_was_ever_found_is_not_well_and_told_once_with_what_to_grant(make: Make) -> None:
    world = make()
    for minute in range(8, 60):
        tick = world.tick(minute)
    assert not tick.is_success
    assert "Monitoring Reader" in health(world, 59).missing[0]
    (message,) = world.told()
    assert message.title == "snatbot can't watch as it should"
    assert "No cluster was ever found: grant this app's identity Reader" in message.summary
    world.azure.targets = watched(cluster(name="a"))
    for minute in range(60, 80):
        tick = world.tick(minute)
    assert (tick.is_success, health(world, 79).missing) == (True, ())
    assert world.titles()[1:] == ["snatbot watches as it should again"]


def test_an_owner_without_clusters_can_say_so(make: Make) -> None:
    world = make(coverage=replace(COVERAGE, expects_clusters=False))
    for minute in range(8, 60):
        tick = world.tick(minute)
    assert (tick.is_success, world.titles()) == (True, [])


def test_when_every_cluster_was_deleted_nobody_is_paged_and_when_they_are_hidden_somebody_is(make: Make) -> None:
    world = make("a", "b")
    world.tick(8)
    world.azure.targets = ()
    world.azure.gone = {cluster(name=name).id.lower() for name in ("a", "b")}
    assert world.tick(19).is_success
    other = make("c")
    other.tick(30)
    other.azure.targets = ()
    assert "can be seen any more" in other.tick(41).problems[0]


def test_a_list_of_clusters_that_is_too_old_is_not_well_and_told_once(make: Make) -> None:
    world = make("a")
    world.tick(8)
    for minute in range(18, 80):
        world.azure.trouble["read"] = Unavailable("POST resources", f"busy since {minute}", status=503)
        tick = world.tick(minute)
        assert tick.is_success == (minute <= 38)
    assert tick.problems == ("the list of clusters is old: it is of 2026-11-22 10:08 UTC",)
    assert "no look at the clusters has succeeded" in health(world, 79).problems[0]
    assert world.titles() == ["snatbot can't watch as it should"]
    del world.azure.trouble["read"]
    assert world.tick(80).is_success
    assert world.titles()[1:] == ["snatbot watches as it should again"]


def test_clusters_that_could_never_be_listed_are_told_once(make: Make) -> None:
    world = make("a")
    world.azure.trouble["read"] = Forbidden("POST resources", "no", code="AuthorizationFailed")
    for minute in range(8, 60):
        assert not world.tick(minute).is_success
    assert world.titles() == ["snatbot can't watch as it should"]
    assert "AuthorizationFailed" in health(world, 59).missing[0]


def test_subscriptions_that_cannot_be_read_and_tags_that_cannot_be_used_are_told_once(make: Make) -> None:
    world = make()
    world.azure.targets = watched(cluster(name="a", tags={"snatbot-wach": "off"}), cluster(name="b"))
    world.azure.unreadable = (
        Unlisted(Text("subscription 123"), Text("it does not exist or this identity has no role in it")),
    )
    for minute in range(8, 60):
        assert world.tick(minute).is_success
    tags, subscription = world.told()
    assert "Tag snatbot-wach is not known (1 cluster: a)" in tags.summary
    assert "Subscription 123: it does not exist" in subscription.summary


def test_clusters_that_vanish_by_the_hundred_are_not_all_asked_for_and_it_is_said(make: Make) -> None:
    world = make(*(f"c{number:03}" for number in range(60)))
    world.tick(8)
    world.azure.targets = ()
    world.tick(19)
    (message,) = world.told()
    assert "60 clusters can no longer be seen, and Azure was not asked about 10 of them" in message.summary
    world.azure.gone = {cluster(name=f"c{number:03}").id.lower() for number in range(60)}
    world.tick(30)
    stored = world.records.fleet()
    assert stored is not None
    assert len(stored.value.lost) == 10, "the others were deleted, as Azure says when asked"


def test_one_look_by_a_clock_that_is_a_day_ahead_blinds_none_after_it(make: Make) -> None:
    world = make("a")
    world.access.answers |= ports(100)
    day = 24 * 60
    for minute in (8, 8 + day):
        world.tick(minute)
    world.access.asked.clear()
    for minute in range(9, 30):
        assert world.tick(minute).is_success
    assert world.access.names_asked().count("ports") >= 4
    assert (health(world, 30).last_watch, health(world, 30).missing) == (at(29), ())


def test_reports_of_workers_whose_clock_is_a_day_ahead_count_for_nothing(make: Make) -> None:
    world = make("a", "b", policy=replace(POLICY, fan_out_above=1))
    world.tick(8)
    world.tick(8 + 24 * 60)
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    assert world.tick(9).tally.not_reached == 2
    assert world.tick(10).tally.measured == 2
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a"]


def test_that_azure_could_not_be_asked_whether_a_cluster_was_deleted_is_said(make: Make) -> None:
    world = make("a", "b")
    world.tick(8)
    world.azure.targets = watched(cluster(name="b"))
    world.azure.trouble["is_gone"] = Unavailable("GET cluster", "the time for this was over")
    world.tick(19)
    (message,) = world.told()
    assert (
        "1 cluster can no longer be seen, and Azure was not asked about 1 of them or gave no answer" in message.summary
    )


# --- what was cured is watched ---


def applied_without_incident(world: World) -> Change:
    """A change that a person asked for beforehand, as proposing leaves it, and applied since."""
    planner = cast(Planner, FakePlanner(change_in(ChangeState.FIXED).plan))
    propose = Propose(planner, world.records, world.active_clusters, Outbox(()), LINKS, timedelta(hours=1))
    change = propose.propose(cluster().id, Instant(at(0), at(0)), "Ada")
    stored = world.records.change(cluster_key(change.cluster_id), change.id)
    assert stored is not None
    applied = replace(
        stored.value, state=ChangeState.FIXED, due_at=None, start=started(at(0)), step=len(change.plan.steps)
    )
    world.records.commit(change.cluster_id, [Put(applied, stored.etag)])
    return applied


def test_a_gateway_that_is_off_every_subnet_is_noticed_though_no_incident_asked_for_it(make: Make) -> None:
    world = make("shop-prod")
    applied_without_incident(world)
    for minute in (8, 19):
        world.tick(minute)
    assert world.titles("shop-prod") == ["Critical: A lost NAT gateway association on shop-prod"]


def test_a_subnet_that_lost_our_gateway_is_asked_for_again_and_then_critical(make: Make) -> None:
    world = make("shop-prod")
    shop = cluster()
    change = applied_without_incident(world)
    gateway_id = next(step.after for step in change.plan.steps if step.kind == "associate_subnet")
    assert gateway_id is not None
    subnets = [step.subnet_id for step in change.plan.steps if step.kind == "associate_subnet"]
    assert {one.lower() for one in subnets} == {one.lower() for one in shop.subnet_ids}
    ours = WatchedGateway(gateway_id, "ng", "westeurope", 2, (), cluster_tag=shop.name)
    world.azure.targets = watched(shop, gateways=(replace(ours, subnet_ids=tuple(subnets)),))
    world.access.answers["nat"] = by_state(Attempted=dict.fromkeys(range(-60, 400), 100))
    world.tick(8)
    assert world.titles("shop-prod") == []
    assert "nat" in world.access.names_asked(), "nothing that was cured goes unwatched"
    world.azure.targets = watched(shop, gateways=(replace(ours, subnet_ids=(USER_SUBNET,)),))
    world.azure.subnet_gateways = {one.lower(): gateway_id for one in subnets}
    world.tick(19)
    assert world.titles("shop-prod") == [], "the list was merely late"
    world.azure.subnet_gateways.pop(subnets[1].lower())
    world.tick(20)
    (message,) = world.told("shop-prod")
    assert message.title == "Critical: A lost NAT gateway association on shop-prod"
    assert NETWORK.split("/")[2] in str(message.sections), "the command that puts it back"


# --- fan-out ---


def summary(world: World, names: list[str]) -> dict[str, list[Any]]:
    return {
        name: [
            (one.state, one.severity, one.since, one.last_failed_at, one.failed, len(one.nodes))
            for one in world.records.incidents(cluster_key(cluster(name=name).id))
        ]
        for name in names
    }


def test_results_are_the_same_inline_and_by_workers(storage: str) -> None:
    names = [f"c{number:03}" for number in range(230)]
    found = []
    for prefix, above in (("inline", 1000), ("fanout", 10)):
        world = World(table_at(storage, prefix + new_id()), *names, policy=replace(POLICY, fan_out_above=above))
        world.access.answers |= {
            "ports": lambda one: ports(900 if "mc_c10" in one else 100)["ports"],
            "history": ports(900)["history"],
            "state": lambda one: (
                SICK if one.endswith(("mc_c007/providers/microsoft.network/loadbalancers/kubernetes",)) else HEALTHY
            ),
            "before": SICK,
            "backend": BACKENDS,
        }
        for minute in range(8, 12):
            tick = world.tick(minute)
        assert bool(tick.shards) == (above == 10)
        found.append((summary(world, names), [world.titles(name) for name in names], tick.tally))
    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1]
    inline, fan_out = found[0][2], found[1][2]
    assert (inline.clusters, inline.measured, inline.failing) == (fan_out.clusters, fan_out.measured, fan_out.failing)


def test_a_part_is_looked_at_once_a_tick_however_often_its_message_comes(make: Make) -> None:
    world = make(*(f"c{number}" for number in range(5)), policy=replace(POLICY, fan_out_above=1))
    tick = world.watch.run(at(8), at(8))
    (shard,) = tick.shards
    assert (tick.tally.clusters, tick.tally.not_reached) == (5, 5), "nobody has reported yet"
    assert world.watch.scan_shard(shard, tick.name, at(8), at(8)) is not None
    asked = len(world.access.asked)
    assert world.watch.scan_shard(shard, tick.name, at(8), at(8)) is None
    assert world.watch.scan_shard(shard, "20251122t1000", at(8), at(8)) is None, "of an older tick"
    assert len(world.access.asked) == asked
    assert world.watch.run(at(9), at(9)).tally.measured == 5
    late = world.watch.run(at(40), at(40)).tally
    assert (late.measured, late.not_reached) == (0, 5), "an old report is no report"


def test_what_a_worker_has_to_tell_is_handed_out_at_once(make: Make) -> None:
    world = make("well", "sick", policy=replace(POLICY, fan_out_above=1))
    world.access.answers |= {
        "state": lambda one: SICK if "mc_sick/" in one else HEALTHY,
        "before": SICK,
        "backend": BACKENDS,
    }
    tick = world.watch.run(at(8), at(8))
    (shard,) = tick.shards
    found = world.watch.scan_shard(shard, tick.name, at(8), at(8))
    assert found is not None
    assert found.deliver == (cluster_key(cluster(name="sick").id),)


def test_what_looking_took_is_counted_where_it_was_done(make: Make) -> None:
    world = make(*(f"c{number}" for number in range(5)), policy=replace(POLICY, fan_out_above=1))
    count = world.count

    def busy(_: str) -> MetricAnswer:
        count("GET", "/metrics")
        count.note_repeat()
        count("GET", "/metrics")
        return HEALTHY

    world.access.answers["state"] = busy
    tick = world.watch.run(at(8), at(8))
    assert tick.effort.requests == 0, "nobody has reported yet"
    (shard,) = tick.shards
    count("GET", "/somebody/else")
    found = world.watch.scan_shard(shard, tick.name, at(8), at(8))
    assert found is not None
    assert (found.report.effort.requests, found.report.effort.retries) == (10, 5)
    assert found.report.effort.seconds > 0
    effort = world.watch.run(at(9), at(9)).effort
    assert (effort.requests, effort.retries) == (10, 5), "the tick's line is of the whole fleet"
    world.policy = POLICY
    effort = world.new_process().run(at(10), at(10)).effort
    assert (effort.requests, effort.retries) == (10, 5)


def test_opting_out_is_not_announced_again_when_workers_are_late(make: Make) -> None:
    world = make(policy=replace(POLICY, fan_out_above=1))
    out = cluster(name="b", tags={"snatbot-watch": "off"})
    world.azure.targets = watched(cluster(name="a"), out, cluster(name="c", location="eastus"))
    for minute in (8, 9, 10):
        world.tick(minute)
    for minute in range(11, 22):
        tally = world.watch.run(at(minute), at(minute)).tally
    assert (tally.not_reached, tally.does_not_apply) == (2, 1)
    for minute in (22, 23, 24):
        world.tick(minute)
    assert world.titles() == ["Clusters opted out of SNAT monitoring"]


def test_workers_that_stay_away_are_told(make: Make) -> None:
    world = make(*(f"c{number}" for number in range(5)), policy=replace(POLICY, fan_out_above=1))
    for minute in range(8, 60):
        world.watch.run(at(minute), at(minute))
    (message,) = world.told()
    assert "5 clusters" in message.summary
    assert "no worker has looked at them lately" in message.summary


def test_a_part_that_is_no_more_is_empty(make: Make) -> None:
    world = make("a", policy=replace(POLICY, fan_out_above=1))
    found = world.watch.scan_shard("0123456789abcdef", "20261122t1008", at(8), at(8))
    assert found is not None
    assert (found.report.tally.clusters, found.deliver) == (0, ())


def test_what_the_deadline_cut_off_is_counted(make: Make) -> None:
    world = make("a", "b")
    world.access.answers["state"] = lambda one: NotSent("s", "over") if "mc_b/" in one else HEALTHY
    tally = world.tick(8).tally
    assert (tally.measured, tally.not_reached, tally.unmeasured) == (1, 1, 1)


# --- silence ---


def test_silence_holds_posts_back_and_ends_by_itself(make: Make) -> None:
    world = make("a")
    sick = by_state(Failed=dict.fromkeys(range(400), 1), Successful=dict.fromkeys(range(400), 100))
    world.access.answers |= {"state": sick, "before": sick, "backend": BACKENDS}
    silence = Silence(world.records, world.active_clusters, Outbox(()), SystemClock())
    record = silence.begin(cluster(name="a").id, at(30), "Ada", at(0))
    assert (record.silenced_until, record.silenced_by) == (at(30), "Ada")
    for minute in range(8, 30):
        world.tick(minute)
    assert world.titles("a") == []
    world.tick(30)
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a"]
    audited = [(line.actor, line.event) for line in world.records.audit(cluster_key(cluster(name="a").id))]
    assert ("Ada", "silenced until 2026-11-22 10:30 UTC") in audited


def test_silence_can_be_ended_early(make: Make) -> None:
    world = make("a")
    silence = Silence(world.records, world.active_clusters, Outbox(()), SystemClock())
    silence.begin(cluster(name="a").id, at(300), "Ada", at(0))
    silence.end(cluster(name="a").id, "Grace", at(5))
    world.access.answers |= {"state": SICK, "before": SICK, "backend": BACKENDS}
    world.tick(8)
    assert world.titles("a") == ["Failing: SNAT port exhaustion on a"]
