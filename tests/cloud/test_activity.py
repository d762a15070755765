"""The activity log as its documents show it, and answers that are not so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.cloud.activity import ActivityLog
from shared.cloud.arm import Arm
from shared.model.text import Text
from tests.support.activity_event import SUBNET, event, named

START = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


class Answering:
    """An ARM that knows one list."""

    def __init__(self, *events: Any) -> None:
        self.events = events
        self.query: dict[str, str | int] = {}

    def list(self, path: str, api_version: str, **query: str | int) -> Any:
        self.query = {"path": path, "api-version": api_version, **query}
        return iter(self.events)


def writes(*events: Any) -> Any:
    return ActivityLog(_arm(Answering(*events))).writes("s1", "net", START, START + timedelta(hours=1), [])


def _arm(answering: Answering) -> Arm:
    arm: Any = answering
    return arm  # type: ignore[no-any-return]


def test_the_events_of_an_operation_are_one_write_that_began_with_the_first() -> None:
    (write,) = writes(event("Succeeded", 9), event("Accepted", 4), event("Started", 3.5))
    assert write.at == START + timedelta(seconds=3.5)
    assert write.caller == "somebody@example.com"
    assert write.action == "Microsoft.Network/virtualNetworks/subnets/write"
    assert write.resource_id == SUBNET
    assert write.request_ids == {"c1", "r1"}
    assert write.app_id == "A1"
    assert not write.has_failed
    assert write.properties is None


def test_a_write_that_failed_says_so_and_reads_of_lists_are_no_writes() -> None:
    (write,) = writes(
        event("Started", 1),
        event("Failed", 2),
        event("Succeeded", 3, operationId="o2", operationName=named("Microsoft.Network/loadBalancers/health/action")),
    )
    assert write.has_failed


def test_what_was_sent_is_there_as_writable_properties_where_the_log_has_it() -> None:
    sent = {"properties": {"addressPrefix": "10.0.0.0/24", "provisioningState": "Succeeded", "natGateway": None}}
    (write,) = writes(event("Started", 1, properties={"requestbody": json.dumps(sent)}))
    assert write.properties == {"addressPrefix": "10.0.0.0/24"}


@pytest.mark.parametrize("text", ["", "not JSON", "[]", "{}", '{"properties": 5}', "null"])
def test_a_body_that_cannot_be_read_is_none(text: str) -> None:
    (write,) = writes(event("Started", 1, properties={"requestbody": text}))
    assert write.properties is None


def test_the_question_is_for_one_group_and_one_time() -> None:
    answering = Answering()
    assert ActivityLog(_arm(answering)).writes("s1", "net", START, START + timedelta(hours=1), []) == ()
    assert answering.query == {
        "path": "/subscriptions/s1/providers/Microsoft.Insights/eventtypes/management/values",
        "api-version": "2015-04-01",
        "$filter": "eventTimestamp ge '2026-11-22T20:00:00Z' and eventTimestamp le '2026-11-22T21:00:00Z' "
        "and resourceGroupName eq 'net'",
    }


@pytest.mark.parametrize(
    "broken",
    [
        {"eventTimestamp": "soon"},
        {"eventTimestamp": "0001-01-01T00:00:00+14:00"},
        {"operationName": "x"},
        {"operationId": None},
        {"claims": []},
    ],
)
def test_an_event_that_is_not_as_documented_is_told_and_the_others_are_there(broken: dict[str, Any]) -> None:
    unreadable: list[Text] = []
    answering = Answering(event("Started", 1), {**event("Started", 1, operationId="o2"), **broken}, 5)
    log = ActivityLog(_arm(answering))
    (write,) = log.writes("s1", "net", START, START + timedelta(hours=1), unreadable)
    assert (write.operation_id, len(unreadable)) == ("o1", 2)
