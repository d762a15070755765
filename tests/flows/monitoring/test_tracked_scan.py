"""What is kept from scan to scan: where ports go on, what was allocated, and which regions are suspect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from shared.cloud.deadline import Deadline
from shared.cloud.metric_access import MetricAccess
from shared.cloud.metric_queries import SNAT_PORTS_BY_BACKEND, MetricQuery
from shared.cloud.metric_request import Answers
from shared.core.detection.schedule import ScanSchedule
from shared.core.detection.tags import TagRules
from shared.core.incidents.transition import IncidentPolicy
from shared.flows.incidents.track import IncidentTracker
from shared.flows.monitoring.canary import Canary
from shared.flows.monitoring.collect import MetricCollector
from shared.flows.monitoring.node_names import NodeNames
from shared.flows.monitoring.scan import FleetScanner
from shared.flows.monitoring.tick import WHOLE_FLEET, TickTime
from shared.flows.monitoring.tracked_scan import ScanTotals, TrackedScan
from shared.flows.notification.outbox import Outbox
from shared.model.cluster_status import ClusterStatus, OpenWork
from shared.model.finding import Severity
from shared.model.fleet import ScanProgress
from shared.model.metric import MINUTE, MetricAnswer
from shared.model.text import Text
from shared.store.active_clusters import ActiveClusterIndex
from shared.store.fleet_cache import PROGRESS, FleetCache, statuses_in
from shared.store.records import Records
from shared.store.table import Table
from tests.support.builders import START, answer, by_state, cluster, series
from tests.support.fakes import FakeAccess, FakeAzure, watched
from tests.support.tracking import LINKS

HEALTHY = by_state(Successful=dict.fromkeys(range(-60, 60), 9))
NODE = {"backendipaddress": "10.0.0.4", "protocoltype": "TCP", "isawaitingremoval": "False"}


class LyingAccess(FakeAccess):
    """A batch never has what a single request has."""

    def had_traffic(self, load_balancer_id: str) -> bool:
        return True

    def query_both_ways(self, *_: Any) -> tuple[MetricAnswer, MetricAnswer]:
        return MetricAnswer(()), HEALTHY

    def distrust(self, key: str) -> None:
        self.one_by_one[key] = Text("smaller batches")


def scan(
    table: Table, access: FakeAccess, minute: int, allocated: float = 1024, names: Sequence[str] = ("shop-prod",)
) -> ScanTotals:
    """By a process of its own: nothing is remembered but on storage."""
    every = (("UsedSnatPorts", 5.0), ("AllocatedSnatPorts", allocated))
    access.answers["ports"] = answer(
        *(series(dict.fromkeys(range(-60, 60), value), metric=name, **NODE) for name, value in every)
    )
    targets = watched(*(cluster(name=name) for name in names))
    azure, active = FakeAzure(targets), ActiveClusterIndex(table)
    collector = MetricCollector(access.access, NodeNames(azure.discovery).of)
    scanner = FleetScanner(collector, TagRules(), 1, canary=Canary(cast(MetricAccess, access)))
    policy = IncidentPolicy(clean_minutes=10, cooldown=timedelta(hours=1))
    tracker = IncidentTracker(Records(table), active, Outbox(("slack",)), policy, LINKS.page, is_offering=False)
    schedule = ScanSchedule(3, 5, timedelta(minutes=5))
    tracked = TrackedScan(scanner, azure.fleet, tracker, FleetCache(table), active, schedule)
    now: datetime = START + minute * MINUTE
    scanning = Deadline(35, lambda: access.seconds if isinstance(access, SlowAccess) else 0)
    return tracked.run(targets, WHOLE_FLEET, now, now, replace(TickTime.of(50), scanning=scanning))


def test_ports_are_read_when_due_and_go_on_where_they_ended(table: Table) -> None:
    windows = []
    for minute in (10, 11, 15, 40):
        access = FakeAccess({"state": HEALTHY})
        scan(table, access, minute)
        windows.append([asked for name, _, asked in access.asked if name == "ports"])
    (first,), not_due, (second,), (third,) = windows
    assert not_due == []
    assert (first.end, second.end) == (second.start, third.start)


class SlowAccess(FakeAccess):
    """The ports of each load balancer take 0.3 seconds."""

    seconds = 0.0

    def query(self, resource_ids: Sequence[str], region: str, question: MetricQuery, *rest: Any) -> Answers:
        if question.metric == SNAT_PORTS_BY_BACKEND.metric:
            self.seconds += 0.3 * len(resource_ids)
        return super().query(resource_ids, region, question, *rest)


def test_ports_of_a_fleet_that_is_too_slow_are_read_in_parts_and_connections_in_every_scan(table: Table) -> None:
    names = tuple(f"c{number}" for number in range(120))
    asked: list[list[str]] = []
    parts = []
    for minute in range(10, 18):
        access = SlowAccess({"state": HEALTHY})
        tally = scan(table, access, minute, names=names).tally
        asked.append([key for name, keys, _ in access.asked if name == "ports" for key in keys])
        assert sum(len(keys) for name, keys, _ in access.asked if name == "state") == 120
        assert (tally.measured, tally.not_reached) == (120, 0)
        parts.append(tally.port_parts)
    assert [len(keys) for keys in asked[:1]] == [100], "36 seconds would leave the other connections no time"
    assert parts == [2] * 8
    first, second, *rest = asked[1:]
    assert sorted(first + second) == sorted(set(first + second))
    assert len(first + second) == 120
    assert [bool(keys) for keys in rest] == [False] * 3 + [True, True], "every five minutes, as usual"


def test_a_smaller_allocation_is_noticed_by_the_next_process(table: Table) -> None:
    assert not scan(table, FakeAccess({"state": HEALTHY}), 10).notified
    assert scan(table, FakeAccess({"state": HEALTHY}), 20, allocated=512).notified


@pytest.mark.parametrize("lies", [1, 2])
def test_a_second_disagreement_is_said_though_another_process_saw_the_first(table: Table, lies: int) -> None:
    totals = [scan(table, LyingAccess({"state": HEALTHY}), 10 + minute) for minute in range(lies)]
    said = totals[-1].tally.one_by_one
    assert len(said) == lies - 1
    assert all("batches and single requests disagree" in text for text in said.values())


def status_after(table: Table) -> ClusterStatus:
    progress = FleetCache(table).read(ScanProgress, f"{PROGRESS}{WHOLE_FLEET}")
    assert progress is not None
    (status,) = statuses_in(progress).values()
    return status


def test_each_scan_stores_what_it_saw_of_each_cluster_in_the_row_that_it_writes_anyway(table: Table) -> None:
    scan(table, FakeAccess({"state": HEALTHY}), 10)
    first = status_after(table)
    assert (first.id, first.reading, first.severity, first.open) == (cluster().id, "measured", None, OpenWork())
    failing = by_state(Failed={20: 3}, Successful=dict.fromkeys(range(-60, 60), 9))
    scan(table, FakeAccess({"state": failing}), 26)
    second = status_after(table)
    assert second.severity is Severity.FAILING
    assert second.failed == 3
    assert second.open.incident_id
    scan(table, FakeAccess({"state": HEALTHY}), 27)
    assert status_after(table).open == second.open
