"""What Azure Monitor answers becomes series of judged points, and a missing value stays missing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.cloud import metric_queries
from shared.cloud.errors import AzureError, Forbidden, MetricUnavailable, NotRegistered, Throttled, UnexpectedAnswer
from shared.cloud.metric_queries import sum_over
from shared.cloud.parse.metric import parse_batch
from shared.model.metric import MetricAnswer, Series, Window
from tests.support.metric_json import WINDOW, at, of_backends, read, stamp

pytestmark = pytest.mark.disable_socket

BALANCER = "/subscriptions/s/resourceGroups/mc/providers/Microsoft.Network/loadBalancers/kubernetes"


def answer(*data: dict[str, Any], name: str = "SnatConnectionCount", **more: Any) -> dict[str, Any]:
    dimensions = [{"name": {"value": "BackendIPAddress"}, "value": "10.0.0.4"}]
    series = [{"metadatavalues": dimensions, "data": list(data)}] if data else []
    return {"value": [{"name": {"value": name}, "errorCode": "Success", "timeseries": series, **more}]}


def points(item: dict[str, Any], metric: str = "SnatConnectionCount") -> list[tuple[datetime, float]]:
    (series,) = read(item, metric, "Total", WINDOW, 2000).series
    return list(series.points)


def test_a_minute_without_a_value_is_left_out_and_a_zero_is_kept() -> None:
    item = answer({"timeStamp": stamp(0), "total": 3}, {"timeStamp": stamp(1)}, {"timeStamp": stamp(2), "total": 0})
    assert points(item) == [(at(0), 3.0), (at(2), 0.0)]


IMPOSSIBLE = ["NaN", float("nan"), float("inf"), "many", "5", -1, -0.1, 1e13, 10**400, True, [], {}]


@pytest.mark.parametrize("value", IMPOSSIBLE)
def test_a_value_that_cannot_be_makes_its_minute_unknown(value: Any) -> None:
    item = answer({"timeStamp": stamp(0), "total": value}, {"timeStamp": stamp(1), "total": 1})
    found = read(item, "SnatConnectionCount", "Total", WINDOW, 2000)
    assert [list(series.points) for series in found.series] == [[(at(1), 1.0)]]
    assert found.unknown == {at(0)}


def test_an_unknown_minute_is_one_backends_in_all_its_states_and_no_other_backends() -> None:
    found = read(of_backends(a=(-1, 5), b=(3, 7)), "SnatConnectionCount", "Total", WINDOW, 2000)
    assert [series.points for series in found.series] == [(), (), ((at(0), 3.0),), ((at(0), 7.0),)]


def test_points_outside_the_window_are_left_out() -> None:
    item = answer(*({"timeStamp": stamp(minute), "total": 1} for minute in (-1, 0, 4, 5, 90)))
    assert [time for time, _ in points(item)] == [at(0), at(4)]


def test_of_two_points_for_a_minute_the_later_counts_and_order_is_by_time() -> None:
    item = answer(
        {"timeStamp": stamp(2), "total": 1}, {"timeStamp": stamp(1), "total": 5}, {"timeStamp": stamp(2), "total": 7}
    )
    assert points(item) == [(at(1), 5.0), (at(2), 7.0)]


def test_times_are_understood_with_fractions_offsets_and_without_zone() -> None:
    item = answer(
        {"timeStamp": "2026-11-22T10:00:00.1234567Z", "total": 1},
        {"timeStamp": "2026-11-22T12:01:00+02:00", "total": 2},
        {"timeStamp": "2026-11-22T10:02:00", "total": 3},
    )
    assert points(item) == [(at(0), 1.0), (at(1), 2.0), (at(2), 3.0)]


@pytest.mark.parametrize("text", ["yesterday", "", "0001-01-01T00:00:00+14:00", 5])
def test_a_value_of_no_time_makes_the_answer_none(text: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="timeStamp"):
        points(answer({"timeStamp": stamp(0), "total": 1}, {"timeStamp": text, "total": 4}))


def test_dimension_names_become_lower_case_and_values_stay() -> None:
    (series,) = read(answer({"timeStamp": stamp(0), "total": 1}), "SnatConnectionCount", "Total", WINDOW, 10).series
    assert series.dimensions == {"backendipaddress": "10.0.0.4"}


def test_no_series_is_an_answer() -> None:
    assert read(answer(), "SnatConnectionCount", "Total", WINDOW, 2000) == MetricAnswer(())


def test_the_name_in_the_answer_may_differ_in_case() -> None:
    assert points(answer({"timeStamp": stamp(0), "total": 1}, name="snatconnectioncount")) == [(at(0), 1.0)]


def test_an_answer_from_before_error_codes_is_a_success() -> None:
    item = answer({"timeStamp": stamp(0), "total": 1})
    del item["value"][0]["errorCode"]
    assert points(item) == [(at(0), 1.0)]


def test_a_failed_metric_inside_a_success_is_an_error_with_azures_words() -> None:
    item = answer(errorCode="InternalServerError", errorMessage="Try later.")
    with pytest.raises(MetricUnavailable, match=r"InternalServerError: Try later\."):
        read(item, "SnatConnectionCount", "Total", WINDOW, 2000)


def test_an_answer_about_another_metric_is_an_error() -> None:
    with pytest.raises(MetricUnavailable, match="SnatConnectionCount"):
        read(answer(name="ByteCount"), "SnatConnectionCount", "Total", WINDOW, 2000)


def test_as_many_series_as_asked_for_means_some_may_be_missing() -> None:
    item = answer({"timeStamp": stamp(0), "total": 1})
    item["value"][0]["timeseries"] *= 10
    assert read(item, "SnatConnectionCount", "Total", WINDOW, 10).is_truncated
    assert not read(item, "SnatConnectionCount", "Total", WINDOW, 11).is_truncated
    assert not read(item, "SnatConnectionCount", "Total", WINDOW, None).is_truncated


def two_metrics(**second: Any) -> dict[str, Any]:
    first, other = answer(timeseries=[{"metadatavalues": [], "data": []}]), answer(name="ByteCount", **second)
    return {"value": [*first["value"], *other["value"]]}


def test_of_several_metrics_each_series_says_which_it_is() -> None:
    item = two_metrics(timeseries=[{"metadatavalues": [], "data": []}])
    found = read(item, "SnatConnectionCount,ByteCount", "Total", WINDOW, 3)
    assert [one.dimensions for one in found.series] == [{"metric": "SnatConnectionCount"}, {"metric": "ByteCount"}]
    assert not found.is_truncated
    assert read(item, "SnatConnectionCount,ByteCount", "Total", WINDOW, 2).is_truncated, "or it may be"


def test_several_metrics_of_which_one_failed_are_no_answer() -> None:
    with pytest.raises(MetricUnavailable, match="later"):
        read(
            two_metrics(errorCode="InternalError", errorMessage="later"),
            "SnatConnectionCount,ByteCount",
            "Total",
            WINDOW,
            9,
        )


def test_ports_of_a_node_are_the_sum_over_its_frontends() -> None:
    def series(frontend: str, backend: str, *values: tuple[int, float]) -> Series:
        return Series(
            {"backendipaddress": backend, "frontendipaddress": frontend, "protocoltype": "TCP"},
            tuple((at(minute), value) for minute, value in values),
        )

    given = MetricAnswer(
        (
            series("f1", "10.0.0.4", (0, 100.0), (1, 100.0)),
            series("f2", "10.0.0.4", (1, 24.0), (2, 24.0)),
            series("f1", "10.0.0.5", (0, 7.0)),
        ),
        is_truncated=True,
    )
    four, five = sum_over(given, "frontendipaddress").series
    assert four.dimensions == {"backendipaddress": "10.0.0.4", "protocoltype": "TCP"}
    assert four.points == ((at(0), 100.0), (at(1), 124.0), (at(2), 24.0))
    assert five.points == ((at(0), 7.0),)
    assert sum_over(given, "frontendipaddress").is_truncated


def body(recordings: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((recordings / "07-metrics" / name).read_text())["exchanges"][0]["response"][
        "body"
    ]
    return found


def whole(start: str, hours: int) -> Window:
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return Window(begin, begin + timedelta(hours=hours))


def test_a_recorded_answer_with_two_dimensions(recordings: Path) -> None:
    item = body(recordings, "grafana-two-dimensions-three-series-2020.json")
    found = read(item, "BlobCapacity", "Average", whole("2020-06-30T09:00", 4), 10)
    assert [series.dimensions["blobtype"] for series in found.series] == [
        "PageBlob",
        "BlockBlob",
        "Azure Data Lake Storage",
    ]
    assert found.series[0].points[0][1] == 675530
    assert [value for _, value in found.series[1].points] == [0, 0, 0], "zeros are values"


def test_recorded_buckets_without_data_are_no_points(recordings: Path) -> None:
    item = body(recordings, "cli-vm-cpu-gaps-pt1m-2023.json")
    assert len(item["value"][0]["timeseries"][0]["data"]) == 60
    (series,) = read(item, "percentage cpu", "Average", whole("2023-12-19T06:00", 3), None).series
    assert series.points == ()


def test_a_recorded_answer_without_any_series(recordings: Path) -> None:
    item = body(recordings, "python-filter-wildcard-no-series-2022.json")
    name = item["value"][0]["name"]["value"]
    assert read(item, name, "Count", WINDOW, 10) == MetricAnswer(())


def test_a_documented_failure_of_one_metric_of_two(recordings: Path) -> None:
    item = body(recordings, "spec-200-with-per-metric-error.json")
    with pytest.raises(MetricUnavailable, match="InvalidSamplingType"):
        read(item, "MongoRequestsCount", "Average", whole("2021-06-07T21:00", 5), None)
    assert read(item, "MongoRequests", "Average", whole("2021-06-07T21:00", 5), None).series[0].points


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TooManyRequests", Throttled),
        ("ResourceRequestsThrottled", Throttled),
        ("AuthorizationFailed", Forbidden),
        ("Forbidden", Forbidden),
        ("SubscriptionNotRegistered", NotRegistered),
        ("InvalidSamplingType", MetricUnavailable),
    ],
)
def test_why_a_metric_inside_a_success_failed_is_told_apart(code: str, kind: type[AzureError]) -> None:
    item = answer(id=f"{BALANCER}/providers/Microsoft.Insights/metrics/x", errorCode=code, errorMessage="No.")
    with pytest.raises(kind) as raised:
        read(item, "SnatConnectionCount", "Total", WINDOW, 2000)
    assert type(raised.value) is kind
    assert raised.value.code == code
    if kind is Forbidden:
        assert raised.value.remedy.endswith(f"Microsoft.Insights/metrics/read on {BALANCER.lower()}")


def test_a_throttled_metric_inside_a_success_says_how_long() -> None:
    item = answer(errorCode="TooManyRequests", errorMessage="Retry after '17' seconds.")
    with pytest.raises(Throttled) as raised:
        read(item, "SnatConnectionCount", "Total", WINDOW, 2000)
    assert raised.value.retry_after_seconds == 17


def renamed(value: Any, spell: Any) -> Any:
    if isinstance(value, dict):
        return {spell(name): renamed(entry, spell) for name, entry in value.items()}
    return [renamed(entry, spell) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("spell", [str.upper, str.lower, str.capitalize])
def test_names_in_another_case_are_read_alike(spell: Any) -> None:
    item = answer({"timeStamp": stamp(0), "total": 3}, errorMessage=None, id=None)
    assert points(renamed(item, spell)) == points(item) == [(at(0), 3.0)]
    failed = answer(errorCode="InternalServerError", errorMessage="Try later.")
    with pytest.raises(MetricUnavailable, match="Try later"):
        points(renamed(failed, spell))


def test_members_that_are_not_documented_change_nothing() -> None:
    item = answer({"timeStamp": stamp(0), "total": 3, "median": {"x": [1]}}, percentile=[{"p": 99}])
    assert points({**item, "traceId": None}) == [(at(0), 3.0)]


@pytest.mark.parametrize("absent", [None, []])
def test_null_lists_are_empty(absent: Any) -> None:
    assert read(answer(timeseries=absent), "SnatConnectionCount", "Total", WINDOW, 9) == MetricAnswer(())
    series = {"metadatavalues": absent, "data": absent}
    found = read(answer(timeseries=[series]), "SnatConnectionCount", "Total", WINDOW, 9)
    assert found == MetricAnswer((Series({}, ()),))


@pytest.mark.parametrize("odd", [{"timeseries": {}}, {"timeseries": [None]}, {"timeseries": "none"}, {"errorCode": 5}])
def test_another_type_than_documented_is_an_error_that_names_the_member(odd: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer, match=next(iter(odd))):
        points(answer({"timeStamp": stamp(0), "total": 3}, **odd))


@pytest.mark.parametrize("member", ["data", "metadatavalues"])
@pytest.mark.parametrize("odd", [{}, "none", [None], [{"timeStamp": 5, "value": 5, "total": 1}]])
def test_another_type_inside_a_series_is_an_error_of_its_row_that_names_the_member(member: str, odd: Any) -> None:
    series = {"metadatavalues": [], "data": [], member: odd}
    rows = {"values": [{"resourceid": "/bad", **answer(timeseries=[series])}, {"resourceid": "/good", **answer()}]}
    query = replace(metric_queries.SNAT_CONNECTIONS, top=9)
    found = parse_batch(json.dumps(rows).encode(), query, WINDOW)
    assert isinstance(found["/bad"], UnexpectedAnswer)
    assert member in str(found["/bad"])
    assert found["/good"] == MetricAnswer(())
