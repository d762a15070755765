"""What was seen is remembered and told: once, by whichever worker, whatever else goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import pytest

from shared.cloud.deadline import Deadline
from shared.core.probing.summary import Expectation, summarize
from shared.flows.incidents.cluster_state import Observation, read_state
from shared.flows.incidents.track import IncidentTracker, UpdateSummary
from shared.flows.notification.outbox import Outbox
from shared.ids import cluster_key, new_id
from shared.model.change import ChangeState, JournalEntry, StepState
from shared.model.cluster_status import OpenWork
from shared.model.health_event import HealthEventComparison, HealthEventVerdict
from shared.model.incident import ClusterRecord, IncidentState
from shared.model.plan import AssociateSubnet
from shared.model.probe import ProbeReport, TargetCounts
from shared.model.reading import Idle, Reading, Unmeasured
from shared.model.resource_id import ArmId
from shared.model.text import Text, verbatim
from shared.store.active_clusters import ActiveClusterIndex
from shared.store.errors import StoreUnavailable
from shared.store.records import Put, PutJournal, Records
from shared.store.table import Table
from tests.support.builders import assessment, at, cluster, minutes, window
from tests.support.nouns import GATEWAY, SUBNETS, make_change, make_plan, started
from tests.support.tracking import (
    CHANNELS,
    CLUSTER,
    LINKS,
    PARTITION,
    POLICY,
    TROUBLE,
    FakePlanner,
    World,
    plan_for,
)

WELL = minutes(0, 5)


@pytest.fixture
def world(records: Records) -> World:
    return World(records)


# --- remembering and telling ---


def test_trouble_is_remembered_audited_and_told_to_every_channel(world: World) -> None:
    assert world.tick(TROUBLE) == {"opened": 1}
    (incident,) = world.records.incidents(PARTITION)
    assert (incident.state, incident.failed) == (IncidentState.OPEN, 4)
    assert world.audited() == ["incident opened"]
    for channel in CHANNELS:
        (message,) = world.told(channel=channel)
        assert CLUSTER.name in message.title


def test_the_same_trouble_is_not_told_twice(world: World) -> None:
    world.tick(TROUBLE)
    assert world.tick(TROUBLE) == {"nothing": 1}
    assert world.tick(minutes(1, 6, {2: 4, 5: 9})) == {"nothing": 1}
    assert len(world.told()) == 1
    (incident,) = world.records.incidents(PARTITION)
    assert incident.last_failed_at == at(5)


def test_health_is_not_written_down(world: World) -> None:
    assert world.tick(minutes(0, 5)) == {"nothing": 1}
    assert world.records.cluster(CLUSTER.id) is None
    assert world.told() == []


def test_clean_minutes_clear_the_incident_and_that_is_told(world: World) -> None:
    world.tick(TROUBLE)
    world.tick(minutes(5, 10))
    assert world.tick(Idle(window(10, 15)), minute=18) == {"cleared": 1}
    (incident,) = world.records.incidents(PARTITION)
    assert (incident.state, incident.cleared_at) == (IncidentState.CLEARED, at(18))
    assert world.told()[-1].title.startswith("Cleared: ")
    assert world.audited() == ["incident opened", "incident cleared"]


def test_a_missing_measurement_neither_opens_nor_clears(world: World) -> None:
    unmeasured = Unmeasured(Text("Azure refused"), Text("grant Monitoring Reader"))
    assert world.tick(unmeasured) == {"nothing": 1}
    assert world.records.incidents(PARTITION) == ()
    world.tick(TROUBLE)
    for minute in range(9, 40, 10):
        assert world.tick(unmeasured, minute=minute) == {"nothing": 1}
    (incident,) = world.records.incidents(PARTITION)
    assert incident.state is IncidentState.OPEN
    assert len(world.told()) == 1


def test_trouble_that_returns_reopens_its_incident(world: World) -> None:
    world.tick(TROUBLE)
    world.tick(minutes(5, 10))
    world.tick(minutes(10, 15), minute=18)
    assert world.tick(minutes(20, 25, {24: 7}), minute=28) == {"reopened": 1}
    (incident,) = world.records.incidents(PARTITION)
    assert (incident.state, incident.reopened) == (IncidentState.OPEN, 1)
    assert " again: " in world.told()[-1].title


# --- several workers ---


def test_of_several_workers_at_once_one_opens_and_tells(azurite: str) -> None:
    """Real concurrency: each worker has a connection of its own, and they meet right before they remember."""
    clusters = [cluster(name=f"shop-{number}") for number in range(8)]
    sights = [Observation(assessment(TROUBLE, one)) for one in clusters]
    prefix, workers = f"t{new_id()}", 4
    barrier = threading.Barrier(workers, timeout=30)

    def work(_: int) -> Mapping[str, int]:
        own = World(Records(Table(prefix, connection_string=azurite)))
        attention = own.active_clusters.entries()
        barrier.wait()
        return own.tracker().track(sights, attention, at(8), at(8)).effects

    with ThreadPoolExecutor(workers) as pool:
        effects = list(pool.map(work, range(workers)))
    world = World(Records(Table(prefix, connection_string=azurite)))
    assert sum(effect.get("opened", 0) for effect in effects) == len(clusters)
    assert sum(sum(effect.values()) for effect in effects) == workers * len(clusters)
    for one in clusters:
        partition = cluster_key(one.id)
        assert len(world.records.incidents(partition)) == 1
        assert world.audited(partition) == ["incident opened"]
        assert [len(world.told(partition, channel)) for channel in CHANNELS] == [1, 1]


def test_of_several_workers_at_once_one_clears_and_tells(azurite: str) -> None:
    prefix = f"t{new_id()}"
    world = World(Records(Table(prefix, connection_string=azurite)))
    world.tick(TROUBLE)
    world.tick(minutes(5, 10))
    barrier = threading.Barrier(4, timeout=30)
    sight = Observation(assessment(minutes(10, 15), CLUSTER))

    def work(_: int) -> Mapping[str, int]:
        own = World(Records(Table(prefix, connection_string=azurite)))
        attention = own.active_clusters.entries()
        barrier.wait()
        return own.tracker().track([sight], attention, at(18), at(18)).effects

    with ThreadPoolExecutor(4) as pool:
        effects = list(pool.map(work, range(4)))
    assert sum(effect.get("cleared", 0) for effect in effects) == 1
    assert world.audited() == ["incident opened", "incident cleared"]
    assert len(world.told()) == 2


# --- trouble of its own ---


def test_a_record_that_cannot_be_read_does_not_hide_the_other_clusters(world: World, table: Table) -> None:
    other = cluster(name="other")
    row = {"PartitionKey": PARTITION, "RowKey": "cluster", "schema": 99, "json0": "{}"}
    table.client().create_entity(row)
    seen = world.see(Observation(assessment(TROUBLE, CLUSTER)), Observation(assessment(TROUBLE, other)))
    assert (seen.not_remembered, seen.effects) == (1, {"opened": 1})
    assert len(world.told(cluster_key(other.id))) == 1


def test_storage_that_is_down_is_told_and_not_tried_for_every_cluster() -> None:
    tried: list[str] = []

    class Down(Records):
        def __init__(self) -> None: ...

        def cluster(self, cluster_id: str) -> Any:
            tried.append(cluster_id)
            raise StoreUnavailable(Text("read cluster: storage could not be reached"))

    sights = [Observation(assessment(TROUBLE, cluster(name=f"shop-{number}"))) for number in range(50)]
    tracker = IncidentTracker(
        Down(), cast(ActiveClusterIndex, None), Outbox(CHANNELS), POLICY, LINKS.page, is_offering=False
    )
    with pytest.raises(StoreUnavailable):
        tracker.track(sights, {}, at(8), at(8))
    assert len(tried) <= 3


# --- health events beside the metric ---


def contradicted(reading: Reading = WELL) -> Observation:
    said = "Azure's health event SnatPortExhaustion at 10:03 UTC disagrees: the metric shows no failed connection"
    return Observation(
        replace(
            assessment(reading, CLUSTER),
            health_events=HealthEventComparison(HealthEventVerdict.CONTRADICTS, verbatim(said)),
        )
    )


def test_a_health_event_that_the_metric_does_not_show_is_posted_once_and_opens_nothing(records: Records) -> None:
    world = World(records)
    for minute in range(8, 120):
        assert world.see(contradicted(), minute=minute).effects == {"nothing": 1}
    (message,) = world.told()
    assert message.title == "Two witnesses disagree on shop-prod"
    assert records.incidents(PARTITION) == ()
    assert world.see(contradicted(), minute=120 + 24 * 60).notified == (PARTITION,), "once a day"


def test_a_health_event_beside_an_incident_that_people_know_is_no_news(records: Records) -> None:
    world = World(records)
    world.tick(TROUBLE)
    told = len(world.told())
    for minute in range(9, 60):
        world.see(contradicted(minutes(minute - 8, minute - 3)), minute=minute)
    assert [one.title for one in world.told()[told:]] == ["Cleared: SNAT port exhaustion on shop-prod"]


def test_in_silence_no_notice_is_posted(records: Records) -> None:
    world = World(records)
    assert world.see(replace(contradicted(), is_maintenance=True)).notified == ()
    assert world.told() == []


# --- with remediation on ---


def test_without_remediation_nothing_is_planned_and_there_is_no_button(world: World) -> None:
    world.tick(TROUBLE)
    assert world.records.due("incident", at(400)) == ()
    assert "works out a plan" not in str(world.told()[0])


def test_a_deadline_leaves_what_is_known_already_for_later_not_what_is_new(records: Records) -> None:
    world = World(records)
    old, new = cluster(name="old"), cluster(name="new")
    world.see(Observation(assessment(TROUBLE, old)))
    over = Deadline(0.0)
    sights = [
        Observation(assessment(TROUBLE, old)),
        Observation(assessment(TROUBLE, new)),
        Observation(assessment(minutes(0, 5))),
    ]
    keys = {sight.assessment.cluster.name: sight.key for sight in sights}
    work = {keys["old"]: None, keys["new"]: None, keys["shop-prod"]: OpenWork()}  # None: not known
    expected = UpdateSummary({"nothing": 1}, 2, work=work)
    assert world.tracker().track(sights, world.active_clusters.entries(), at(9), at(9), over) == expected
    seconds = iter((0.0, 0.0))
    once = Deadline(1.0, lambda: next(seconds, 2.0))
    assert world.tracker().track(sights, world.active_clusters.entries(), at(9), at(9), once).effects == {
        "opened": 1,
        "nothing": 1,
    }
    assert len(world.told(cluster_key(new.id))) == 1


@pytest.mark.parametrize(
    "state", [ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.STOPPED, ChangeState.VERIFYING]
)
def test_while_a_change_is_in_flight_nothing_clears_and_nothing_new_is_planned(
    records: Records, state: ChangeState
) -> None:
    planner = FakePlanner(plan_for())
    world = World(records, planner)
    world.tick(TROUBLE)
    world.offer()
    (proposed,) = records.changes(PARTITION)
    stored = records.change(PARTITION, proposed.id)
    assert stored is not None
    records.commit(CLUSTER.id, [Put(replace(proposed, state=state), stored.etag)])
    for start in range(5, 40, 5):
        assert world.tick(minutes(start, start + 5)) == {"nothing": 1}
    assert world.tick(minutes(40, 45, {44: 1}, nodes=9)) == {"worsened": 1}
    assert world.offer(minute=60) == []
    assert planner.asked == 1


def test_a_new_plan_takes_the_place_of_one_that_nobody_decided_on(records: Records) -> None:
    world = World(records, FakePlanner(plan_for()))
    world.tick(TROUBLE)
    world.offer()
    world.tick(minutes(5, 10))
    world.tick(minutes(10, 15), minute=18)
    world.tick(minutes(20, 25, {24: 7}), minute=28)
    world.offer(minute=28)
    states = {change.proposed_at: change.state for change in records.changes(PARTITION)}
    assert states == {at(8): ChangeState.SUPERSEDED, at(28): ChangeState.PROPOSED}


def test_a_subnet_that_is_being_written_is_expected_with_or_without_its_gateway(records: Records) -> None:
    """Between the write and the reading back: the journal knows of the write before Azure does."""
    world = World(records)
    change = replace(
        make_change(ChangeState.APPLYING, replace(make_plan(), cluster_id=CLUSTER.id)), start=started(at(0))
    )
    change = replace(change, step=3)
    entry = JournalEntry(3, StepState.STARTED, at(0), at(0))
    record = ClusterRecord(CLUSTER.id, CLUSTER.name, change_id=change.id)
    records.commit(CLUSTER.id, [Put(record), Put(change), PutJournal(change.id, entry)])
    subnet_id = SUBNETS[0].lower()
    assert subnet_id in read_state(world.tracker().records, CLUSTER.id, CLUSTER.name).associations.unverified

    done = replace(change, step=4)
    (stored,) = [records.change(PARTITION, change.id)]
    assert stored is not None
    back = replace(
        change, id="back", plan=replace(change.plan, steps=(take_off(subnet_id),)), step=0, start=started(at(1))
    )
    written = JournalEntry(0, StepState.STARTED, at(1), at(1))
    records.commit(CLUSTER.id, [Put(done, stored.etag), Put(back), PutJournal(back.id, written)])
    assert (
        read_state(world.tracker().records, CLUSTER.id, CLUSTER.name).associations.wanted(ArmId(subnet_id)) == GATEWAY
    )

    etag = records.journal(PARTITION, back.id)[0].etag
    records.commit(CLUSTER.id, [PutJournal(back.id, replace(written, may_be_written=True), etag)])
    known = read_state(world.tracker().records, CLUSTER.id, CLUSTER.name).associations
    assert (known.wanted(ArmId(subnet_id)), subnet_id in known.unverified) == (None, True)


def take_off(subnet_id: str) -> AssociateSubnet:
    return AssociateSubnet(ArmId(subnet_id), GATEWAY, None, {})


def test_an_alarm_says_what_probes_saw_from_inside(records: Records) -> None:
    world = World(records)
    counts = TargetCounts("api:443", 100, slow=7, retried=(7, 0, 0, 0))
    seen = summarize(
        [ProbeReport("0" * 32, "n", "p", at(7), at(7), at(7), "20.1.2.3", targets=(counts,))],
        at(0),
        Expectation(),
        is_app_elsewhere=False,
    )
    tracker = replace(world.tracker(), probes=lambda *_: seen)
    tracker.track([Observation(assessment(TROUBLE, CLUSTER))], {}, at(8), at(8))
    (message,) = world.told()
    section = message.sections[-1]
    assert (section.title, section.is_detail) == ("Seen from inside", True)
    assert section.bullets[0] == "100 new connections of egress probes in the last hour; slow or failed: 7."
    assert "20.1.2.3" in section.bullets[1]
    assert any("SYNs were lost" in bullet for bullet in section.bullets)
