"""The metrics API: what recorded answers and Microsoft's documents say it does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.monitor.querymetrics import MetricsClient

from simulator.scenario import find
from tests.support.clients import LOAD_BALANCER, SUBSCRIPTION, Azure, azure
from tests.support.every import every

METRICS = f"{LOAD_BALANCER}/providers/Microsoft.Insights/metrics"


def span(running: Azure, minutes: int, *, seconds: int = 0) -> str:
    end = running.simulator.now().replace(microsecond=0) + timedelta(seconds=seconds)
    start = end - timedelta(minutes=minutes)
    return f"{start:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}"


def query(running: Azure, **parameters: str) -> Any:
    defaults = {"metricnames": "SnatConnectionCount", "aggregation": "Total", "timespan": span(running, 30)}
    return running.send("GET", METRICS, params=defaults | {"api-version": "2024-02-01"} | parameters)


def series(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"][0]["timeseries"]
    return found


def dimensions(line: dict[str, Any]) -> dict[str, str]:
    return {each["name"]["value"]: each["value"] for each in line["metadatavalues"]}


def test_answer_has_the_recorded_shape(storm: Azure) -> None:
    body = query(storm, timespan=span(storm, 60)).json()
    assert list(body) == ["cost", "timespan", "interval", "value", "namespace", "resourceregion"]
    assert body["cost"] == 59
    assert (body["interval"], body["resourceregion"]) == ("PT1M", "westeurope")
    assert body["namespace"] == "Microsoft.Network/loadBalancers"
    metric = body["value"][0]
    assert metric["id"] == f"{LOAD_BALANCER}/providers/Microsoft.Insights/metrics/SnatConnectionCount"
    assert metric["errorCode"] == "Success"
    assert set(metric) == {
        "id", "type", "name", "displayDescription", "unit", "timeseries", "errorCode",
    }  # fmt: skip
    assert metric["timeseries"][0]["metadatavalues"] == []
    assert len(metric["timeseries"][0]["data"]) == 60


def test_failed_connections_are_seen_on_three_nodes_only(storm: Azure) -> None:
    answer = query(storm, **{"$filter": "BackendIPAddress eq '*' and ConnectionState eq 'Failed'"}, top="100")
    assert [dimensions(each) for each in series(answer)] == [
        {"backendipaddress": f"10.40.1.{host}", "connectionstate": "Failed"} for host in (5, 8, 10)
    ]


def test_dimension_names_are_lower_case_and_sorted(storm: Azure) -> None:
    answer = query(storm, **{"$filter": "ConnectionState eq '*' and BackendIPAddress eq '10.40.1.5'"})
    names = [[each["name"]["value"] for each in line["metadatavalues"]] for line in series(answer)]
    assert names
    assert every(each == ["backendipaddress", "connectionstate"] for each in names)


def test_top_is_ten_unless_asked_and_cuts_silently(storm: Azure) -> None:
    wanted = {"$filter": "BackendIPAddress eq '*'"}
    assert len(series(query(storm, **wanted))) == 10
    assert len(series(query(storm, **wanted, top="200"))) == 12
    worst = series(query(storm, **wanted, top="3", orderby="total desc"))
    assert {dimensions(each)["backendipaddress"] for each in worst} == {"10.40.1.5", "10.40.1.8", "10.40.1.10"}


def test_a_bucket_without_data_has_only_a_timestamp_and_the_newest_is_partial(storm: Azure) -> None:
    wanted = {"$filter": "BackendIPAddress eq '10.40.1.5' and ConnectionState eq 'Failed'"}
    now = storm.simulator.now()
    data = series(query(storm, **wanted, timespan=span(storm, 30, seconds=300)))[0]["data"]
    visible = now - timedelta(minutes=2)
    for point in data:
        moment = datetime.fromisoformat(point["timeStamp"])
        if moment > visible:
            assert list(point) == ["timeStamp"]
    newest = [point["total"] for point in data if "total" in point]
    assert 0 <= newest[-1] <= max(newest)


def test_buckets_start_at_the_timespan_and_not_at_full_hours(storm: Azure) -> None:
    start = storm.simulator.now() - timedelta(minutes=47, seconds=13)
    text = f"{start:%Y-%m-%dT%H:%M:%SZ}/{start + timedelta(minutes=40):%Y-%m-%dT%H:%M:%SZ}"
    stamps = [p["timeStamp"] for p in series(query(storm, timespan=text, interval="PT5M"))[0]["data"]]
    assert stamps[0] == f"{start:%Y-%m-%dT%H:%M}:00Z"
    assert len(stamps) == 8


@pytest.mark.parametrize(
    "spelled",
    [
        lambda a, b: f"{a:%Y-%m-%d %H:%M:%S}/{b:%Y-%m-%d %H:%M:%S}",
        lambda a, b: f"{a:%Y-%m-%dT%H:%M:%S.0000000Z}/{b:%Y-%m-%dT%H:%M:%S.0000000Z}",
        lambda a, b: f"{a:%Y-%m-%dT%H%%3A%M%%3A%S%%2B00%%3A00}/{b:%Y-%m-%dT%H%%3A%M%%3A%S%%2B00%%3A00}",
        lambda a, b: f"{a + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}+02:00/{b:%Y-%m-%dT%H:%M:%SZ}",
        lambda a, b: f"{a:%Y-%m-%dT%H:%M:%SZ}/PT20M",
    ],
    ids=["space and no zone", "seven digits", "encoded twice", "other zone", "duration"],
)
def test_timespans_as_other_clients_write_them(storm: Azure, spelled: Any) -> None:
    end = datetime.now(UTC).replace(microsecond=0)
    body = query(storm, timespan=spelled(end - timedelta(minutes=20), end)).json()
    assert body["timespan"] == f"{end - timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}"


def test_a_bare_duration_ends_now(storm: Azure) -> None:
    assert len(series(query(storm, timespan="PT900.0S"))[0]["data"]) == 15


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"metricnames": "Nonsense"}, "Failed to find metric configuration for provider: Microsoft.Network"),
        ({"$filter": "Colour eq '*'"}, "does not support requested dimension combination: colour"),
        ({"interval": "PT3M"}, "Invalid time grain duration: PT3M"),
        ({"aggregation": "Median"}, "Invalid aggregation type"),
        ({"timespan": "yesterday/today"}, "Invalid time span"),
        ({"$filter": "ConnectionState equals 'Failed'"}, "Invalid filter"),
        ({"$filter": "ConnectionState eq 'a' or BackendIPAddress eq 'b'"}, "only join values of one dimension"),
        ({"top": "0"}, "Invalid top"),
        ({"orderby": "colour desc"}, "Invalid order by"),
        ({"metricnamespace": "Microsoft.Sql/servers"}, "Metric namespace"),
    ],
)
def test_refusals_are_flat_400s(storm: Azure, parameters: dict[str, str], words: str) -> None:
    answer = query(storm, **parameters)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message"}
    assert answer.json()["code"] == "BadRequest"
    assert words in answer.json()["message"]


def test_a_wrong_dimension_passes_when_dimensions_are_not_validated(storm: Azure) -> None:
    assert query(storm, **{"$filter": "Colour eq '*'", "ValidateDimensions": "false"}).status_code == 200


def test_one_metric_can_fail_in_a_200(storm: Azure) -> None:
    body = query(storm, metricnames="SnatConnectionCount,UsedSnatPorts", aggregation="Average").json()
    first, second = body["value"]
    assert (first["errorCode"], first["timeseries"]) == ("InvalidSamplingType", [])
    assert second["errorCode"] == "Success"
    assert second["timeseries"]


def test_used_ports_are_an_average_over_what_is_not_split(storm: Azure) -> None:
    def newest(**extra: str) -> list[tuple[dict[str, str], float]]:
        answer = query(storm, metricnames="UsedSnatPorts", aggregation="Average", top="200", **extra)
        return [
            (dimensions(each), [p["average"] for p in each["data"] if "average" in p][-2]) for each in series(answer)
        ]

    split = newest(**{"$filter": "BackendIPAddress eq '*' and ProtocolType eq '*'"})
    assert len(split) == 24
    hot = {d["backendipaddress"] for d, used in split if used > 1000}
    assert hot == {"10.40.1.5", "10.40.1.8", "10.40.1.10"}
    whole = newest()[0][1]
    assert whole == pytest.approx(sum(used for _, used in split) / 24, rel=0.05)
    assert whole < 300, "the mean hides the hot nodes"


def test_or_joins_values_of_one_dimension(storm: Azure) -> None:
    wanted = "(ConnectionState eq 'Failed' or ConnectionState eq 'Successful') and BackendIPAddress eq '10.40.1.5'"
    found = series(query(storm, **{"$filter": wanted}))
    assert sorted(dimensions(each)["connectionstate"] for each in found) == ["Failed", "Successful"]


def test_full_interval_is_one_bucket(storm: Azure) -> None:
    body = query(storm, interval="FULL", timespan=span(storm, 60)).json()
    assert body["interval"] == "PT1H"
    assert len(body["value"][0]["timeseries"][0]["data"]) == 1


def test_nothing_emitted_gives_no_series(storm: Azure) -> None:
    old = "2020-01-01T00:00:00Z/2020-01-01T01:00:00Z"
    assert series(query(storm, timespan=old, **{"$filter": "BackendIPAddress eq '*'"})) == []


def test_zeros_are_emitted_where_the_scenario_says_so(tmp_path: Path) -> None:
    path = tmp_path / "zeros.yaml"
    path.write_text("settings: {emit_zero_failed: true}\n" + find("storm").read_text())
    with azure(str(path)) as running:
        wanted = {"$filter": "BackendIPAddress eq '*' and ConnectionState eq 'Failed'"}
        found = series(query(running, **wanted, top="100"))
        assert len(found) == 12
        healthy = next(each for each in found if dimensions(each)["backendipaddress"] == "10.40.0.4")
        assert {p["total"] for p in healthy["data"] if "total" in p} == {0.0}


def test_definitions_leave_dimensions_out_where_there_are_none(storm: Azure) -> None:
    body = storm.get(f"{LOAD_BALANCER}/providers/microsoft.insights/metricDefinitions")
    by_name = {each["name"]["value"]: each for each in body["value"]}
    assert [d["value"] for d in by_name["SnatConnectionCount"]["dimensions"]] == [
        "FrontendIPAddress", "BackendIPAddress", "ConnectionState",
    ]  # fmt: skip
    assert by_name["UsedSnatPorts"]["primaryAggregationType"] == "Average"
    definitions = list(storm.monitor.metric_definitions.list(LOAD_BALANCER))
    assert len(definitions) == 8


def test_gateway_definitions_have_their_own_spelling() -> None:
    with azure("behind-nat-gateway", "11111111-1111-4111-8111-111111111111") as running:
        gateway = (
            "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/network"
            "/providers/Microsoft.Network/natGateways/calm-egress"
        )
        body = running.get(f"{gateway}/providers/Microsoft.Insights/metricDefinitions")
        names = {each["name"]["value"]: each for each in body["value"]}
        assert "SNATConnectionCount" in names
        assert "dimensions" not in names["PacketDropCount"]


def test_node_conditions_of_a_cluster(storm: Azure) -> None:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
    cluster = f"{group}/providers/Microsoft.ContainerService/managedClusters/shop-prod"
    path = f"{cluster}/providers/Microsoft.Insights/metrics"
    wanted = "condition eq 'Ready' and status2 eq 'Ready' and node eq '*'"
    parameters = {"metricnames": "kube_node_status_condition", "timespan": "PT10M", "$filter": wanted, "top": "100"}
    assert len(series(storm.send("GET", path, params=parameters))) == 12


def test_unknown_resource_is_404(storm: Azure) -> None:
    other = LOAD_BALANCER.replace("kubernetes", "other")
    answer = storm.send("GET", f"{other}/providers/Microsoft.Insights/metrics?metricnames=ByteCount")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


class TestBatch:
    @pytest.fixture
    def client(self, storm: Azure) -> Iterator[MetricsClient]:
        url = storm.simulator.metrics_url("westeurope")
        ca = str(storm.simulator.ca_path)
        with MetricsClient(url, storm, audience=storm.simulator.url, connection_verify=ca) as made:
            yield made

    def send(self, running: Azure, ids: list[str], region: str = "westeurope", **parameters: str) -> Any:
        defaults = {
            "api-version": "2024-02-01",
            "metricnamespace": "Microsoft.Network/loadBalancers",
            "metricnames": "SnatConnectionCount",
        }
        path = f"/metrics/{region}/subscriptions/{SUBSCRIPTION}/metrics:getBatch"
        given = {k: v for k, v in (defaults | parameters).items() if v}
        return running.send("POST", path + "?api-version=2024-02-01", params=given, json={"resourceids": ids})

    def test_sdk_reads_it(self, client: MetricsClient) -> None:
        results = client.query_resources(
            resource_ids=[LOAD_BALANCER],
            metric_namespace="Microsoft.Network/loadBalancers",
            metric_names=["SnatConnectionCount"],
            timespan=timedelta(minutes=20),
            granularity=timedelta(minutes=1),
            aggregations=["Total"],
            filter="BackendIPAddress eq '*' and ConnectionState eq 'Failed'",
            max_results=100,
        )
        found = results[0].metrics[0].timeseries
        assert {each.metadata_values["backendipaddress"] for each in found} == {
            "10.40.1.5", "10.40.1.8", "10.40.1.10",
        }  # fmt: skip

    def test_newer_version_has_no_cost_and_no_error_code(self, storm: Azure) -> None:
        answer = self.send(storm, [LOAD_BALANCER])
        body = answer.json()["values"][0]
        assert set(body) == {
            "starttime", "endtime", "interval", "value", "namespace", "resourceregion", "resourceid",
        }  # fmt: skip
        assert "errorCode" not in body["value"][0]
        assert body["resourceid"] == LOAD_BALANCER
        assert answer.headers["X-Rate-Limit-Limit"] == "30s"

    @pytest.mark.parametrize(
        ("ids", "parameters", "words"),
        [
            ([LOAD_BALANCER] * 51, {}, "the limit is 50"),
            ([LOAD_BALANCER], {"region": "northeurope"}, "in region westeurope"),
            ([LOAD_BALANCER], {"metricnamespace": ""}, "metricnamespace"),
            ([LOAD_BALANCER], {"metricnamespace": "Microsoft.Network/natGateways"}, "not of type"),
            ([], {}, "resourceids"),
        ],
    )
    def test_refusals(self, storm: Azure, ids: list[str], parameters: dict[str, str], words: str) -> None:
        answer = self.send(storm, ids, **parameters)
        assert answer.status_code == 400
        assert words in answer.json()["error"]["message"]

    def test_forbidden_metrics(self) -> None:
        with azure("metrics-forbidden", "11111111-1111-4111-8111-111111111111") as running:
            subscription = running.subscription
            lb = (
                f"/subscriptions/{subscription}/resourceGroups/MC_closed_closed_westeurope"
                "/providers/Microsoft.Network/loadBalancers/kubernetes"
            )
            answer = running.send("GET", f"{lb}/providers/Microsoft.Insights/metrics?metricnames=ByteCount")
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
            assert running.client_id in answer.json()["error"]["message"]
            path = f"/metrics/westeurope/subscriptions/{subscription}/metrics:getBatch?api-version=2024-02-01"
            many = running.send(
                "POST",
                path + "&metricnamespace=Microsoft.Network/loadBalancers&metricnames=ByteCount",
                json={"resourceids": [lb]},
            )
            assert many.status_code == 401

    def test_limits_where_the_scenario_sets_them(self, tmp_path: Path) -> None:
        path = tmp_path / "limited.yaml"
        limits = "settings: {batch_calls_per_30_seconds: 2, arm_reads_per_second: 0.5}\n"
        path.write_text(limits + find("storm").read_text())
        with azure(str(path)) as running:
            codes = [self.send(running, [LOAD_BALANCER]).status_code for _ in range(4)]
            assert 529 in codes
            answers = [running.send("GET", LOAD_BALANCER) for _ in range(8)]
            refused = next(each for each in answers if each.status_code == 429)
            assert int(refused.headers["Retry-After"]) >= 1
            running.simulator.advance(60)
            assert running.send("GET", LOAD_BALANCER).status_code == 200
