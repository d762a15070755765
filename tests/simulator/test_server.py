"""The HTTP edge, and answering many at once."""

from __future__ import annotations

import gc
import http.client
import ssl
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from simulator.requestlog import RequestLog
from tests.support.azure_in_process import serve_azure
from tests.support.clients import LOAD_BALANCER, Azure, azure


def connection(running: Azure) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(running.simulator.ca_path))
    return http.client.HTTPSConnection(running.simulator.url.removeprefix("https://"), context=context, timeout=30)


def test_connections_are_kept(storm: Azure) -> None:
    kept = connection(storm)
    try:
        for _ in range(3):
            kept.request("GET", "/_sim/clock")
            sock = kept.sock
            answer = kept.getresponse()
            assert (answer.status, answer.version) == (200, 11)
            answer.read()
            assert kept.sock is sock is not None
        kept.request("POST", "/_sim/faults", body=b"[]")
        assert kept.getresponse().read() == b"[]"
    finally:
        kept.close()


def test_a_connection_is_closed_when_its_client_has_gone() -> None:
    """Not by the garbage collector, which warns of it in whichever test comes next."""
    with serve_azure("storm") as served, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        others = set(threading.enumerate())
        requests.get(f"{served.url}/_sim/clock", verify=str(served.ca_path), timeout=30)
        for thread in set(threading.enumerate()) - others:
            thread.join(30)
        gc.collect()
    assert [str(warning.message) for warning in caught if "laddr" in str(warning.message)] == []


def test_chunked_bodies_are_read(storm: Azure) -> None:
    made = connection(storm)
    try:
        pieces = iter([b'{"text": "in ', b'two pieces"}'])
        made.request("POST", "/slack/services/T000/B000/secret", body=pieces, encode_chunked=True)
        assert made.getresponse().read() == b"ok"
    finally:
        made.close()
    assert storm.simulator.messages()[-1]["body"] == {"text": "in two pieces"}


@pytest.mark.parametrize("base", ["url", "http_url"])
def test_https_and_plain_http_have_the_same_content(storm: Azure, base: str) -> None:
    address = getattr(storm.simulator, base)
    state: Any = requests.get(f"{address}/_sim/state", verify=str(storm.simulator.ca_path), timeout=30).json()
    assert state["scenario"] == "storm"


def test_broken_json_is_a_bad_request(storm: Azure) -> None:
    path = "/providers/Microsoft.ResourceGraph/resources"
    answer = storm.send("POST", path, data=b"{")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")


def test_wrong_method_says_which_are_right(storm: Azure) -> None:
    answer = storm.send("DELETE", LOAD_BALANCER + "/outboundRules")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_many_clients_at_once(storm: Azure) -> None:
    metrics = f"{LOAD_BALANCER}/providers/Microsoft.Insights/metrics?metricnames=SnatConnectionCount&timespan=PT30M"
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: storm.send("GET", metrics).status_code, range(60)))
    assert answers == [200] * 60


def test_signatures_and_codes_are_not_logged() -> None:
    log = RequestLog()
    long = "x" * 40
    log.add("now", "POST", f"/teams/invoke?sig=short&c={long}&h={long}&api-version=2024-05-01&code=k", None, 202)
    (entry,) = log.after(0)
    assert entry["path"] == "/teams/invoke?sig=~&c=~&h=~&api-version=2024-05-01&code=~"


def test_a_managed_nat_gateway_is_there_from_the_start() -> None:
    subscription = "11111111-1111-4111-8111-111111111111"
    with azure("managed-nat-gateway", subscription) as running:
        group = f"/subscriptions/{subscription}/resourceGroups/MC_hosted_hosted_westeurope/providers/Microsoft.Network"
        (gateway,) = running.get(f"{group}/natGateways")["value"]
        assert len(gateway["properties"]["publicIpAddresses"]) == 2
        (vnet,) = running.get(f"{group}/virtualNetworks")["value"]
        assert vnet["properties"]["subnets"][0]["properties"]["natGateway"]["id"] == gateway["id"]
        assert running.get(f"{group}/loadBalancers/kubernetes")["properties"]["outboundRules"] == []
        metric = (
            "metricnames=SNATConnectionCount&aggregation=Total&timespan=PT10M&$filter=ConnectionState eq 'Attempted'"
        )
        body = running.get(f"{gateway['id']}/providers/Microsoft.Insights/metrics?{metric}")
        totals = [point["total"] for point in body["value"][0]["timeseries"][0]["data"] if "total" in point]
        assert min(totals[:-1]) > 4 * 30 * 60 * 0.7
