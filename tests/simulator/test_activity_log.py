"""Who wrote what: the activity log as its documents and the SDK have it, and writes that come in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.clients import DETECTOR, SUBSCRIPTION, Azure, azure

GROUP = "shop-network"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/shop-vnet"
SUBNET = f"{VNET}/subnets/aks-user"
EVENTS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
LAG_SECONDS = 300


@pytest.fixture(scope="module")
def storm() -> Iterator[Azure]:
    with azure("storm") as running:
        yield running


def write(running: Azure, label: str, *, if_match: str = "", **headers: str) -> Any:
    document = running.get(SUBNET)
    document["properties"]["label"] = label
    return running.send("PUT", SUBNET, json=document, headers={"If-Match": if_match or document["etag"], **headers})


def events(running: Azure, *clauses: str, **query: str) -> list[dict[str, Any]]:
    since = running.simulator.now() - timedelta(hours=1)
    wanted = " and ".join([f"eventTimestamp ge '{since:%Y-%m-%dT%H:%M:%SZ}'", *clauses])
    answer = running.send("GET", EVENTS, params={"$filter": wanted, "api-version": "2015-04-01", **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def test_a_write_is_in_the_log_after_the_lag_with_who_sent_it_and_how_it_went(storm: Azure) -> None:
    own = "7f0e3a52-0000-4000-8000-000000000001"
    began = storm.simulator.now()
    answer = write(storm, "first", **{"x-ms-correlation-request-id": own, "x-ms-client-request-id": own})
    assert answer.status_code == 200
    assert events(storm, f"correlationId eq '{own}'") == [], "not yet"
    storm.simulator.advance(LAG_SECONDS + 30)

    ended, accepted, started = events(storm, f"correlationId eq '{own}'")

    assert [event["status"]["value"] for event in (started, accepted, ended)] == ["Started", "Accepted", "Succeeded"]
    assert started["eventName"]["value"] == "BeginRequest"
    assert {event["operationId"] for event in (started, accepted, ended)} == {started["operationId"]}
    assert started["operationName"]["value"] == "Microsoft.Network/virtualNetworks/subnets/write"
    assert started["resourceId"] == SUBNET
    assert started["httpRequest"]["clientRequestId"] == own
    assert started["httpRequest"]["method"] == "PUT"
    assert started["claims"]["appid"] == DETECTOR
    assert began <= datetime.fromisoformat(started["eventTimestamp"]) <= began + timedelta(seconds=20)
    lag = datetime.fromisoformat(started["submissionTimestamp"]) - datetime.fromisoformat(started["eventTimestamp"])
    assert lag == timedelta(seconds=LAG_SECONDS)
    assert "requestbody" not in started["properties"]


def test_a_refused_write_is_there_as_failed_and_a_read_is_not(storm: Azure) -> None:
    own = "7f0e3a52-0000-4000-8000-000000000002"
    refused = write(storm, "stale", if_match='W/"old"', **{"x-ms-correlation-request-id": own})
    assert refused.status_code == 412
    storm.simulator.advance(LAG_SECONDS + 1)
    assert [event["status"]["value"] for event in events(storm, f"correlationId eq '{own}'")] == ["Failed", "Started"]
    assert {event["httpRequest"]["method"] for event in events(storm)} <= {"PUT", "PATCH", "DELETE"}


def test_the_sdk_reads_it_and_the_group_holds_children_too(storm: Azure) -> None:
    write(storm, "for the SDK")
    storm.simulator.advance(LAG_SECONDS + 30)
    since = storm.simulator.now() - timedelta(hours=1)
    wanted = f"eventTimestamp ge '{since:%Y-%m-%dT%H:%M:%SZ}' and resourceGroupName eq '{GROUP.upper()}'"
    with storm.monitor as client:
        found = list(client.activity_logs.list(filter=wanted))
    assert {event.operation_name.value for event in found} == {"Microsoft.Network/virtualNetworks/subnets/write"}
    assert {event.status.value for event in found} >= {"Started", "Succeeded"}


def test_the_filter_knows_the_documented_patterns_only(storm: Azure) -> None:
    assert events(storm, f"resourceUri eq '{VNET}'") == [], "a resource is itself, not what is in it"
    assert {event["resourceId"] for event in events(storm, f"resourceUri eq '{SUBNET}'")} == {SUBNET}
    only = events(storm, f"resourceUri eq '{SUBNET}'", **{"$select": "caller,eventTimestamp"})
    assert set(only[0]) == {"caller", "eventTimestamp"}
    for wanted in ("", "resourceGroupName eq 'x'", "eventTimestamp ge '2026-01-01T00:00:00Z' and caller eq 'me'"):
        refused = storm.send("GET", EVENTS, params={"$filter": wanted, "api-version": "2015-04-01"})
        assert refused.status_code == 400, wanted


def test_more_than_a_page_is_followed_by_its_link() -> None:
    with azure("quiet", DETECTOR) as running:
        subscription = running.simulator.state()["subscriptions"][0]
        address = f"/subscriptions/{subscription}/resourceGroups/many/providers/Microsoft.Network/publicIPAddresses"
        body = {"location": "westeurope", "properties": {"publicIPAllocationMethod": "Static"}}
        running.send("PUT", f"/subscriptions/{subscription}/resourcegroups/many", json={"location": "westeurope"})
        for number in range(34):
            running.send("PUT", f"{address}/one-{number}", json={**body, "sku": {"name": "Standard"}})
        running.simulator.advance(LAG_SECONDS + 60)
        since = running.simulator.now() - timedelta(hours=1)
        wanted = f"eventTimestamp ge '{since:%Y-%m-%dT%H:%M:%SZ}'"
        path = f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        page = running.send("GET", path, params={"$filter": wanted, "api-version": "2015-04-01"}).json()
        found = page["value"]
        while "nextLink" in page:
            page = running.get(page["nextLink"].removeprefix(running.simulator.url))
            found += page["value"]
        assert len({event["eventDataId"] for event in found}) == len(found) >= 34 * 3


THEIRS = {"subnet": "shop-vnet/aks-user", "set": {"label": "theirs"}, "by": "pipeline"}
COMING = {"to": "subnets/aks-user", "method": "PUT"}


def test_with_if_match_ignored_the_later_write_wins_and_nothing_says_so(fresh_storm: Azure) -> None:
    fresh_storm.simulator.add_event({"settings": {"if_match_honoured": False, "operation_time_scale": 0.0}})
    fresh_storm.simulator.add_event({"before_write": COMING, "put_subnet": THEIRS})
    document = fresh_storm.get(SUBNET)
    document["properties"]["defaultOutboundAccess"] = False
    answer = fresh_storm.send("PUT", SUBNET, json=document, headers={"If-Match": document["etag"]})
    assert answer.status_code == 200
    left = fresh_storm.get(SUBNET)["properties"]
    assert "label" not in left
    assert left["defaultOutboundAccess"] is False
    fresh_storm.simulator.advance(LAG_SECONDS + 30)
    written = events(fresh_storm, f"resourceUri eq '{SUBNET}'")
    started = [event for event in written if event["status"]["value"] == "Started"]
    assert [event["caller"] == "pipeline" for event in started] == [False, True], "theirs was first"


def test_with_if_match_honoured_the_same_write_is_refused(fresh_storm: Azure) -> None:
    fresh_storm.simulator.add_event({"settings": {"operation_time_scale": 0.0, "activity_log_bodies": True}})
    fresh_storm.simulator.add_event({"before_write": COMING, "put_subnet": THEIRS})
    assert write(fresh_storm, "mine").status_code == 412
    assert fresh_storm.get(SUBNET)["properties"]["label"] == "theirs"
    fresh_storm.simulator.advance(LAG_SECONDS + 30)
    (theirs,) = [
        event
        for event in events(fresh_storm)
        if event["caller"] == "pipeline" and event["status"]["value"] == "Started"
    ]
    assert json.loads(theirs["properties"]["requestbody"])["properties"]["label"] == "theirs"
