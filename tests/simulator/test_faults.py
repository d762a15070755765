"""Faults on demand, the clock, and the control endpoints."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from simulator.clock import SimulatedClock
from simulator.faults import FaultError, Faults, parse_fault
from simulator.scenario import schema
from simulator.state.signing_keys import FORGERIES
from tests.support.azure_in_process import serve_azure
from tests.support.clients import DETECTOR, LOAD_BALANCER, SUBSCRIPTION, Azure

ADDRESS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-network/providers/Microsoft.Network/publicIPAddresses/one"
BODY = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}


@pytest.fixture(autouse=True)
def no_faults_left(storm: Azure) -> Any:
    yield
    storm.simulator.clear_faults()


def test_a_fault_strikes_the_nth_time_and_as_often_as_told(storm: Azure) -> None:
    then = {"status": 429, "headers": {"Retry-After": "7"}}
    storm.simulator.add_fault({"match": {"path": "loadBalancers"}, "nth": 2, "times": 2, "then": then})
    answers = [storm.send("GET", LOAD_BALANCER) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert answers[1].json()["error"]["code"] == "429"


def test_a_fault_may_be_for_one_method_or_one_identity_only(storm: Azure) -> None:
    storm.simulator.add_fault({"match": {"path": "loadBalancers", "method": "PUT"}, "then": {"status": 500}})
    storm.simulator.add_fault({"match": {"client_id": "somebody-else"}, "then": {"status": 500}})
    assert storm.send("GET", LOAD_BALANCER).status_code == 200
    storm.simulator.clear_faults()
    storm.simulator.add_fault({"match": {"client_id": DETECTOR}, "then": {"status": 503, "body": {"odd": True}}})
    answer = storm.send("GET", LOAD_BALANCER)
    assert (answer.status_code, answer.json()) == (503, {"odd": True})


def test_latency_delays_the_answer_and_nobody_else(storm: Azure) -> None:
    storm.simulator.add_fault({"match": {"path": "loadBalancers"}, "times": 1, "then": {"latency_seconds": 0.4}})
    began = time.monotonic()
    assert storm.send("GET", LOAD_BALANCER).status_code == 200
    assert time.monotonic() - began >= 0.4


def test_dropped_before_nothing_happens_dropped_after_it_has(storm: Azure) -> None:
    for drop, status in (("before", 404), ("after", 200)):
        storm.simulator.add_fault({"match": {"method": "PUT"}, "times": 1, "then": {"drop": drop}})
        with pytest.raises(requests.ConnectionError):
            storm.send("PUT", ADDRESS, json=BODY)
        assert storm.send("GET", ADDRESS).status_code == status
        assert [each["status"] for each in storm.simulator.requests()[-3:] if each["method"] == "PUT"] == [0]


def test_token_refusal(storm: Azure) -> None:
    storm.simulator.add_fault({"match": {"path": "/msi/token"}, "then": {"status": 500}})
    headers = {"X-IDENTITY-HEADER": "x"}
    url = f"{storm.simulator.http_url}/msi/token?resource=x"
    assert requests.get(url, headers=headers, timeout=30).status_code == 500


def test_a_chat_endpoint_can_be_down(storm: Azure) -> None:
    storm.simulator.add_fault({"match": {"path": "^/slack/"}, "then": {"status": 503, "body": "down"}})
    before = len(storm.simulator.messages())
    verify = str(storm.simulator.ca_path)
    answer = requests.post(storm.simulator.slack_webhook_url, json={"text": "x"}, verify=verify, timeout=30)
    assert (answer.status_code, answer.text) == (503, "down")
    assert len(storm.simulator.messages()) == before


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ({"then": {}}, "non-empty|too short|enough properties"),
        ({"then": {"status": 42}}, "then.status: 42 is less than the minimum of 100"),
        ({"then": {"drop": "sometimes"}}, "then.drop: 'sometimes' is not one of .'before'"),
        ({"then": {"mangle": "shredded"}}, "then.mangle: .* is not one of .'truncated', 'html'"),
        ({"then": {"id_token": "forged"}}, "then.id_token: .* is not one of .'alg_none'"),
        ({"match": {"path": "("}, "then": {"status": 500}}, "match.path: .* is not a 'regex'"),
        ({"nth": 0, "then": {"status": 500}}, "nth: 0 is less than the minimum of 1"),
        ({"then": {"latency_seconds": -1}}, "then.latency_seconds: -1 is less than the minimum of 0"),
        ({"when": "now", "then": {"status": 500}}, "when"),
    ],
)
def test_a_wrong_fault_is_refused_with_what_would_be_right(storm: Azure, described: dict[str, Any], words: str) -> None:
    with pytest.raises(FaultError, match=words):
        parse_fault(described)
    with pytest.raises(ValueError, match=words):
        storm.simulator.add_fault(described)


def test_every_forgery_of_id_tokens_can_be_asked_for() -> None:
    asked = schema()["$defs"]["fault"]["properties"]["then"]["properties"]["id_token"]["enum"]
    assert asked == list(FORGERIES)


def test_first_answer_wins_and_delays_add_up() -> None:
    faults = Faults()
    faults.add({"then": {"latency_seconds": 1}})
    faults.add({"then": {"latency_seconds": 2}})
    faults.add({"then": {"status": 500}})
    faults.add({"then": {"drop": "before"}})
    effects = faults.effects("GET", "/", None)
    assert effects.latency_seconds == 3
    assert effects.answer is not None
    assert (effects.answer.status, effects.drop) == (500, None)


def test_the_clock_jumps_forward_and_everything_follows(storm: Azure) -> None:
    before = storm.simulator.now()
    after = storm.simulator.advance(3600)
    assert timedelta(hours=1) <= after - before < timedelta(hours=1, seconds=30)
    date = storm.send("GET", LOAD_BALANCER).headers["Date"]
    assert datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC) >= after.replace(microsecond=0)


@pytest.mark.parametrize("body", [{"advance_seconds": -1}, {"now": "2020-01-01T00:00:00Z"}, {"now": "2999-01-01"}, {}])
def test_the_clock_never_goes_back_and_wants_a_zone(storm: Azure, body: dict[str, Any]) -> None:
    url, verify = f"{storm.simulator.url}/_sim/clock", str(storm.simulator.ca_path)
    assert requests.post(url, json=body, verify=verify, timeout=30).status_code == 400


def test_the_clock_has_a_speed() -> None:
    wall = [datetime(2026, 1, 1, tzinfo=UTC)]
    clock = SimulatedClock(wall=lambda: wall[0], speed=60)
    wall[0] += timedelta(seconds=2)
    assert clock.now() == datetime(2026, 1, 1, 0, 2, tzinfo=UTC)
    clock.move_to(datetime(2026, 1, 1, 1, tzinfo=UTC))
    wall[0] += timedelta(seconds=1)
    assert clock.now() == datetime(2026, 1, 1, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="speed"):
        SimulatedClock(speed=-1)


def test_unknown_control_endpoint(storm: Azure) -> None:
    answer = requests.get(f"{storm.simulator.url}/_sim/nothing", verify=str(storm.simulator.ca_path), timeout=30)
    assert (answer.status_code, "not a control endpoint" in answer.json()["error"]) == (400, True)


def test_faults_and_events_of_a_scenario(tmp_path: Any) -> None:
    path = tmp_path / "eventful.yaml"
    path.write_text(
        """
faults:
  - {match: {path: managedClusters}, times: 1, then: {status: 503}}
clusters:
  - name: one
    resource_group: one
    pools: [{name: nodepool1, mode: System, nodes: 2}]
events:
  - at_minute: 5
    faults: [{match: {path: loadBalancers}, then: {status: 529}}]
  - at_minute: 10
    clear_faults: true
    scale: {cluster: one, pool: nodepool1, nodes: 4}
  - at_minute: 15
    node_ready: {cluster: one, pool: nodepool1, instance: 1, ready: false}
    settings: {metrics: forbidden}
  - at_minute: 20
    outbound_type: {cluster: one, to: none}
"""
    )
    subscription = "11111111-1111-4111-8111-111111111111"
    with serve_azure(path, speed=0) as simulator:  # time stands still between two moves of it
        running = Azure(simulator, subscription)
        cluster = (
            f"/subscriptions/{subscription}/resourceGroups/one/providers/Microsoft.ContainerService/managedClusters/one"
        )
        group = f"/subscriptions/{subscription}/resourceGroups/MC_one_one_westeurope/providers"
        balancers = f"{group}/Microsoft.Network/loadBalancers"
        assert running.send("GET", cluster).status_code == 503
        assert running.get(cluster)["properties"]["agentPoolProfiles"][0]["count"] == 2
        simulator.advance(5 * 60)
        assert running.send("GET", balancers).status_code == 529
        simulator.advance(5 * 60)
        assert running.get(cluster)["properties"]["agentPoolProfiles"][0]["count"] == 4
        pools = running.get(balancers)["value"][0]["properties"]["backendAddressPools"]
        assert len(pools[1]["properties"]["backendIPConfigurations"]) == 4
        metric = f"{cluster}/providers/Microsoft.Insights/metrics?metricnames=kube_node_status_condition&timespan=PT5M"
        ready = metric + "&$filter=condition eq 'Ready' and status2 eq '*'&top=20"
        simulator.advance(4 * 60)
        assert running.send("GET", metric).status_code == 200
        statuses = running.get(ready)["value"][0]["timeseries"]
        assert len(statuses) == 1
        simulator.advance(2 * 60)
        assert running.send("GET", metric).status_code == 403
        simulator.advance(5 * 60)
        assert running.get(cluster)["properties"]["networkProfile"]["outboundType"] == "none"
        assert running.get(balancers)["value"][0]["properties"]["outboundRules"] == []
