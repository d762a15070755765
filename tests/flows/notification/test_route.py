"""With ROUTES a message finds its channels when it is delivered; who was told of an incident is told how it goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.chat.message import Message, Tone
from shared.flows.notification.deliver import Deliver
from shared.flows.notification.outbox import Outbox
from shared.flows.notification.route import Router
from shared.ids import cluster_key
from shared.model.audit import OutboxMessage
from shared.model.finding import Severity
from shared.model.incident import ClusterRecord
from shared.model.text import Text
from shared.routes import Route
from shared.store.liveness import Liveness
from shared.store.records import FLEET_PARTITION, Put, Records
from tests.support.channels import FakeChannel, down
from tests.support.nouns import make_cluster, make_incident

CLUSTER = make_cluster()
PARTITION = cluster_key(CLUSTER.id)
WALL = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INCIDENT = replace(make_incident(), severity=Severity.WARNING)
ALARM = Message(Text("Alarm"), Text("summary"), Tone.ALARM, subject=INCIDENT.id)
ROUTES = (
    Route(to=("pager", "payments"), tags={"team": "pay"}, severity="failing"),
    Route(to=("payments",), tags={"team": "pay"}),
)


class Told:
    def __init__(self, records: Records, liveness: Liveness) -> None:
        self.records = records
        self.channels = {name: FakeChannel() for name in ("slack", "payments", "pager")}
        self.wall = WALL
        self.flow = self._flow(records, liveness)

    def _flow(self, records: Records, liveness: Liveness) -> Deliver:
        names = tuple(self.channels)
        return Deliver(records, liveness, self.channels, Router(records, ROUTES, ("slack",), names))

    def store(self, severity: Severity = Severity.WARNING, **tags: str) -> None:
        record = ClusterRecord(CLUSTER.id, CLUSTER.name, tags=tags)
        stored = self.records.incident_in(PARTITION, INCIDENT.id), self.records.cluster_in(PARTITION)
        etags = [found.etag if found else None for found in stored]
        self.records.commit_in(PARTITION, [Put(replace(INCIDENT, severity=severity), etags[0]), Put(record, etags[1])])

    def tell(self, message: Message = ALARM, partition: str = PARTITION) -> dict[str, int]:
        """How many each channel got by now."""
        self.wall += MINUTE
        self.records.commit_in(partition, Outbox(("",)).rows(CLUSTER.name, message, self.wall))
        self.flow.run(partition, self.wall)
        return {name: len(channel.posted) for name, channel in self.channels.items() if channel.posted}


@pytest.fixture
def told(records: Records, liveness: Liveness) -> Told:
    return Told(records, liveness)


def test_tags_and_severity_choose_and_the_rest_goes_to_the_default(told: Told) -> None:
    told.store(Severity.CRITICAL, Team="pay")
    assert told.tell() == {"pager": 1, "payments": 1}
    assert told.tell(replace(ALARM, subject="a change without an incident")) == {"pager": 1, "payments": 2}
    assert told.tell(partition=FLEET_PARTITION) == {"pager": 1, "payments": 2, "slack": 1}


def test_who_was_told_of_an_incident_is_told_how_it_goes_on(told: Told) -> None:
    """Otherwise the pager would never hear that it is over."""
    told.store(Severity.WARNING, team="pay")
    assert told.tell() == {"payments": 1}
    told.store(Severity.FAILING, team="pay")
    assert told.tell() == {"payments": 2, "pager": 1}
    told.store(Severity.WARNING)
    assert told.tell() == {"payments": 3, "pager": 2, "slack": 1}


def test_each_channel_has_its_own_retries(told: Told) -> None:
    told.store(Severity.FAILING, team="pay")
    told.channels["pager"].trouble = down()
    assert told.tell() == {"payments": 1}
    (row,) = told.records.outbox(PARTITION)
    assert (row.value.channel, row.value.attempts) == ("pager", 1)
    told.channels["pager"].trouble = lambda _: None
    told.flow.run(PARTITION, told.wall + 2 * MINUTE)
    assert told.channels["pager"].posted == ["Alarm"]
    assert told.records.outbox(PARTITION) == ()


def test_without_a_record_of_the_cluster_the_default_is_told(told: Told) -> None:
    assert told.tell() == {"slack": 1}


def test_a_message_that_cannot_be_read_is_given_to_the_default(told: Told) -> None:
    told.records.commit_in(PARTITION, [Put(OutboxMessage("m1", CLUSTER.name, "", "{", WALL, WALL))])
    told.flow.run(PARTITION, WALL)
    (row,) = told.records.outbox(PARTITION)
    assert (row.value.channel, row.value.refusals) == ("slack", 1)


def test_two_workers_that_route_the_same_message_make_no_double(told: Told, liveness: Liveness) -> None:
    told.store(Severity.FAILING, team="pay")
    first = told.flow._router

    class Meanwhile(Router):
        def route(self, partition: str, row: Any) -> None:
            first.route(partition, row)
            first.route(partition, row)

    told.flow._router = Meanwhile(told.records, ROUTES, ("slack",), tuple(told.channels))
    assert told.tell() == {"pager": 1, "payments": 1}


def test_a_channel_that_is_gone_is_not_chosen(told: Told, records: Records, liveness: Liveness) -> None:
    told.store(Severity.FAILING, team="pay")
    told.tell()
    del told.channels["pager"]
    told.flow = told._flow(records, liveness)
    assert told.tell() == {"payments": 2}


def test_who_was_told_is_forgotten_once_it_rests(told: Told) -> None:
    told.store(Severity.FAILING, team="pay")
    told.tell()
    assert told.records.delete_old_messages(PARTITION, WALL + timedelta(days=1)) == 1
    assert told.records.notified_channels(PARTITION, INCIDENT.id) is None
