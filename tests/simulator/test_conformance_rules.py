"""The rules by which answers are compared, one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.conformance.compare import compare_bodies, compare_status
from simulator.conformance.difference import Difference, Kind, shown
from simulator.conformance.headers import compare_headers
from simulator.conformance.history import History, type_of
from simulator.conformance.known import KNOWN, Known, reason_for
from simulator.conformance.recorder import Recorder, hidden_request, recorder_of, restored_url
from simulator.conformance.recording import Exchange, Recording, load_file
from simulator.conformance.values import compare_texts

GUID, OTHER_GUID = "f67a4bea-fe8b-4f25-9f52-68ab8f135a61", "0c1212cd-dfa0-4194-b5a1-92c6cb5e23dc"
GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
OPERATION = f"https://management.azure.com/subscriptions/s/providers/Microsoft.Network/locations/x/operations/{GUID}"


@pytest.mark.parametrize(
    ("recorded", "simulated"),
    [
        ("Succeeded", "Succeeded"),
        (GUID, OTHER_GUID),
        (f'W/"{GUID}"', f'W/"{OTHER_GUID}"'),
        ("2024-04-09T01:50:00Z", "2026-01-01T10:00:00.1234567Z"),
        ("20.187.58.19", "203.0.113.4"),
        ("172.206.98.248/29", "203.0.113.8/29"),
        ("60-45-BD-00-6A-E0", "00-22-48-01-02-03"),
        ("1.30.11", "1.33.5"),
        ("00:00:05", "00:00:04"),
        ("REDACTED", "Bearer"),
        ("ssh-rsa AAAA~trimmed", "ssh-rsa"),
        (f"{GROUP}/publicIPAddresses/{GUID}", f"{GROUP}/publicIPAddresses/{OTHER_GUID}"),
        (f"{OPERATION}?api-version=1", f"{OPERATION.replace(GUID, OTHER_GUID)}?api-version=1&t=1&c=2&s=3&h=4"),
    ],
)
def test_what_differs_from_run_to_run_is_compared_by_shape(recorded: str, simulated: str) -> None:
    assert compare_texts(recorded, simulated) == "same"


@pytest.mark.parametrize(
    ("recorded", "simulated", "verdict"),
    [
        ("Standard", "standard", "casing"),
        ("Updating", "Succeeded", "other"),
        (GUID, "not-a-guid", "other"),
        ("10.0.0.4", "10.0.0.0/24", "other"),
        (f"{GROUP}/natGateways/a", f"{GROUP}/natGateways/b", "other"),
        (f"{GROUP}/natGateways/a", f"{GROUP}/NatGateways/a", "casing"),
        (f"{GROUP}/natGateways/a", f"{GROUP}/natGateways/a/b/c", "other"),
        (f"{OPERATION}?api-version=1&t=1", f"{OPERATION}?t=1", "other"),
        (f"{OPERATION}?api-version=1", f"{OPERATION.replace('azure.com', 'azure.us')}?api-version=1", "other"),
    ],
)
def test_everything_else_must_be_equal(recorded: str, simulated: str, verdict: str) -> None:
    assert compare_texts(recorded, simulated) == verdict


@pytest.mark.parametrize(
    ("recorded", "simulated", "said"),
    [
        ({"a": 1}, {}, ["missing a"]),
        ({}, {"a": 1}, ["extra a"]),
        ({"eTag": "x"}, {"etag": "x"}, ["eTag (casing): eTag → etag"]),
        ({"a": {"b": "Static"}}, {"a": {"b": "static"}}, ["a.b (casing): Static → static"]),
        ({"a": 1}, {"a": "1"}, ["a (type): number → string"]),
        ({"a": None}, {"a": []}, ["a (type): null → array"]),
        ({"a": True}, {"a": 1}, ["a (type): boolean → number"]),
        ({"a": False}, {"a": True}, ["a: false → true"]),
        ({"a": 4}, {"a": 30}, ["a: 4 → 30"]),
        ({"a": 2.0}, {"a": 2}, []),
        ({"a": [1, 2]}, {"a": [1]}, ["a[] (length): 2 → 1"]),
        (None, {"a": 1}, ["body (type): null → object"]),
        ({"message": "Resource a not found."}, {"message": "Resource b not found."}, []),
        ({"cost": 59}, {"cost": 0}, []),
        ({"timeseries": [{"data": [{"total": 5.0}]}]}, {"timeseries": [{"data": [{"total": 7}]}]}, []),
        (
            {"timeseries": [{"data": [{"total": 5}]}]},
            {"timeseries": [{"data": [{}]}]},
            ["missing timeseries[].data[].total"],
        ),
    ],
)
def test_bodies(recorded: Any, simulated: Any, said: list[str]) -> None:
    assert [str(each) for each in compare_bodies(recorded, simulated)] == said


def test_items_are_paired_by_name_whatever_their_order() -> None:
    recorded = [{"name": "a", "x": 1}, {"name": "b", "x": 2}, {"name": "c", "x": 3}]
    assert compare_bodies(recorded, list(reversed(recorded))) == []
    renamed = [{"name": "b", "x": 2}, {"name": "a", "x": 1}, {"name": "d", "x": 3}]
    assert [str(each) for each in compare_bodies(recorded, renamed)] == ["[].name: c → d"]


def test_cells_of_query_results_are_compared_by_type() -> None:
    recorded, simulated = {"data": [{"id": "x", "tags": {}}]}, {"data": [{"id": "y", "tags": None}]}
    opaque = frozenset({"data[].id", "data[].tags"})
    assert [str(each) for each in compare_bodies(recorded, simulated, opaque)] == ["data[].tags (type): object → null"]


def test_a_status_is_told_with_the_error_code() -> None:
    assert [str(each) for each in compare_status(201, 409, "Conflict")] == ["status: 201 → 409 Conflict"]
    assert compare_status(200, 200, None) == []


@pytest.mark.parametrize(
    ("recorded", "simulated", "said"),
    [
        ({"retry-after": "10"}, {"retry-after": "10"}, []),
        ({"retry-after": "10"}, {"retry-after": "3"}, ["header retry-after: 10 → 3"]),
        ({"retry-after": "10"}, {}, ["missing header retry-after"]),
        ({}, {"retry-after": "10"}, ["extra header retry-after"]),
        ({}, {"azure-asyncoperation": OPERATION}, ["extra header azure-asyncoperation"]),
        ({"location": OPERATION}, {"location": "/elsewhere"}, ["header location: … → …"]),
        ({"etag": f'W/"{GUID}"'}, {"etag": f'W/"{OTHER_GUID}"'}, []),
        ({"etag": f'W/"{GUID}"'}, {"etag": GUID}, ["header etag: … → (guid)"]),
        ({"content-type": "application/json"}, {"content-type": "application/json; charset=utf-8"}, []),
        (
            {"content-type": "application/json"},
            {"content-type": "text/plain"},
            ["header content-type: application/json → text/plain"],
        ),
        (
            {"x-ms-ratelimit-remaining-subscription-writes": "1199"},
            {"x-ms-ratelimit-remaining-subscription-global-writes": "11999"},
            [],
        ),
        (
            {"x-ms-ratelimit-remaining-subscription-writes": "1199"},
            {"x-ms-ratelimit-remaining-subscription-global-reads": "16499"},
            ["missing header x-ms-ratelimit-remaining-subscription-writes"],
        ),
        ({"x-rate-limit-remaining": "1"}, {}, ["missing header x-rate-limit-remaining"]),
        ({"date": "a", "x-ms-request-id": "b"}, {}, []),
    ],
)
def test_headers(recorded: dict[str, str], simulated: dict[str, str], said: list[str]) -> None:
    assert [str(each) for each in compare_headers(recorded, simulated, Recorder())] == said


def test_how_long_another_operation_takes_is_not_compared_in_refusals() -> None:
    assert compare_headers({"retry-after": "14"}, {"retry-after": "11"}, Recorder(), 429) == []


def test_what_a_recorder_drops_is_not_held_against_the_simulator() -> None:
    assert compare_headers({}, {"retry-after": "10"}, recorder_of("Azure/azure-cli")) == []
    assert compare_headers({}, {"retry-after": "10"}, recorder_of("someone/else")) != []
    assert hidden_request(Exchange(method="PUT", url="/x?y", request_body="mock_body")) is not None
    assert hidden_request(Exchange(method="PUT", url="/x?y")) is not None
    assert hidden_request(Exchange(method="GET", url="/x?y", status=200)) is None


def test_a_time_span_that_was_blanked_is_taken_from_the_answer() -> None:
    exchange = Exchange(method="GET", url="/m?timespan=0000-00-00&top=1", body={"timespan": "a/b"})
    assert restored_url(exchange) == "/m?timespan=a/b&top=1"


def test_reports_show_words_and_numbers_but_no_content() -> None:
    assert [shown(value) for value in (True, 4, None, "Succeeded", f"{GROUP}/natGateways/a", "x" * 60)] == [
        "true",
        "4",
        "null",
        "Succeeded",
        "…",
        "…",
    ]


# -- what Azure added later -----------------------------------------------------------------------


def answer(api_version: str, properties: dict[str, Any], date: str = "") -> Recording:
    url = f"{GROUP}/natGateways/a?api-version={api_version}"
    headers = {"date": date} if date else {}
    exchange = Exchange(method="GET", url=url, status=200, headers=headers, body={"properties": properties})
    return Recording("r", "r", "c", "recorded", "x/y", (exchange,))


EXTRA = Difference(Kind.EXTRA, "properties.new")


def test_a_key_that_all_later_answers_have_and_no_earlier_one_was_added_since() -> None:
    old, middle, new = answer("2020-01-01", {}), answer("2022-01-01", {}), answer("2024-01-01", {"new": 1})
    history = History([old, middle, new])
    assert history.added_since(old, old.exchanges[0], EXTRA)
    assert history.added_since(middle, middle.exchanges[0], EXTRA)
    assert not history.added_since(new, new.exchanges[0], EXTRA)


def test_a_key_that_comes_and_goes_was_not_added() -> None:
    old, new, newest = answer("2020-01-01", {}), answer("2022-01-01", {"new": 1}), answer("2024-01-01", {})
    history = History([old, new, newest])
    assert not history.added_since(old, old.exchanges[0], EXTRA)
    assert not history.added_since(newest, newest.exchanges[0], EXTRA)


def test_dates_count_before_api_versions() -> None:
    early = answer("2024-01-01", {}, "Mon, 01 Jan 2024 00:00:00 GMT")
    late = answer("2020-01-01", {"new": 1}, "Wed, 01 Jan 2025 00:00:00 GMT")
    assert History([early, late]).added_since(early, early.exchanges[0], EXTRA)
    assert not History([late, early]).added_since(late, late.exchanges[0], EXTRA)


def test_a_missing_key_is_never_excused() -> None:
    old, new = answer("2020-01-01", {}), answer("2024-01-01", {"new": 1})
    missing = Difference(Kind.MISSING, "properties.new")
    assert not History([old, new]).added_since(old, old.exchanges[0], missing)


# -- known differences ----------------------------------------------------------------------------


def test_known_differences_are_matched_by_type_and_place() -> None:
    known = [Known("why", ("microsoft.network/natgateways",), ("extra properties.x[].*",))]
    exchange = Exchange(method="GET", url=f"{GROUP}/natGateways/a?api-version=1")
    assert reason_for(exchange, Difference(Kind.EXTRA, "value[].properties.x[].y"), known) == "why"
    assert reason_for(exchange, Difference(Kind.MISSING, "properties.x[].y"), known) is None
    other = Exchange(method="GET", url=f"{GROUP}/routeTables/a?api-version=1")
    assert reason_for(other, Difference(Kind.EXTRA, "properties.x[].y"), known) is None


def test_known_differences_say_why_and_never_excuse_a_status() -> None:
    exchange = Exchange(method="GET", url=f"{GROUP}/natGateways/a?api-version=1")
    for each in KNOWN:
        assert each.reason.endswith(".")
        assert each.types
        assert each.places
        assert not each.covers(exchange, Difference(Kind.STATUS, "status", "200", "404"))


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"{GROUP}/virtualNetworks/v/subnets/s?x", "microsoft.network/virtualnetworks/subnets"),
        (
            "/subscriptions/s/providers/Microsoft.Network/locations/l/operations/o",
            "microsoft.network/locations/operations",
        ),
        (f"{GROUP}/loadBalancers/l/providers/Microsoft.Insights/metrics", "microsoft.insights/metrics"),
        ("/tenant/oauth2/v2.0/token", "/tenant/oauth2/v2.0/token"),
    ],
)
def test_the_type_of_what_is_asked_for(url: str, kind: str) -> None:
    assert type_of(Exchange(method="GET", url=url)) == kind


def test_a_file_is_read_with_its_kind_of_origin(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    exchange = {
        "n": 3,
        "request": {"method": "get", "url": "/a%20b?C=d"},
        "response": {"status": 200, "headers": {"ETag": "x"}},
    }
    content = {"title": "t", "category": "c", "provenance": "documentation example", "source": {"repo": "o/n"}}
    path.write_text(json.dumps(content | {"exchanges": [exchange]}))
    recording = load_file(path, "a.json")
    (loaded,) = recording.exchanges
    assert not recording.counts
    assert (recording.title, recording.repo) == ("t", "o/n")
    assert (loaded.method, loaded.path, loaded.query, loaded.headers) == ("GET", "/a b", {"c": "d"}, {"etag": "x"})
