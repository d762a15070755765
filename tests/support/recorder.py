"""Records traffic of a simulator, in the form in which recordings of the real services come."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from simulator.app import Simulator
from simulator.build import build_world
from simulator.clock import SimulatedClock
from simulator.conformance.stage import CLIENT, TENANT
from simulator.http import Request
from simulator.scenario import load
from simulator.state.identities import issue_token

BEGAN = datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
API = "api-version=2025-05-01"


class Recorder:
    """A scenario's simulator with a stopped clock, and the exchanges with it so far."""

    def __init__(self, scenario: str = "storm") -> None:
        self.world = build_world(load(scenario), SimulatedClock(wall=lambda: BEGAN))
        self.simulator = Simulator(self.world)
        self.exchanges: list[dict[str, Any]] = []

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Send a request and record it with its answer; the answer's body."""
        url = urlsplit(target)
        target = f"{url.path}?{url.query or API}"
        token = issue_token(CLIENT, TENANT, "https://management.azure.com", BEGAN)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(
            method=method,
            path=unquote(url.path),
            query=dict(parse_qsl(target.partition("?")[2])),
            headers={"authorization": f"Bearer {token}", **given},
            body=json.dumps(body).encode() if body is not None else b"",
            base_url="https://management.azure.com",
            raw_target=target,
        )
        response = self.simulator.handle(request).response
        assert response is not None
        content = response.encoded()[0]
        answer = json.loads(content) if content else None
        self.exchanges.append(
            {
                "n": len(self.exchanges),
                "request": {
                    "method": method,
                    "host": "management.azure.com",
                    "url": target,
                    "headers": given,
                    "body": body,
                },
                "response": {"status": response.status, "headers": dict(response.headers), "body": answer},
            }
        )
        return answer if isinstance(answer, dict) else {}

    def follow(self) -> None:
        """Poll the last answer's operation once while it runs, and once when it is over."""
        url = self.exchanges[-1]["response"]["headers"]["Azure-AsyncOperation"]
        self.ask("GET", url)
        self.world.clock.advance(600)
        self.ask("GET", url)

    def recording(self, title: str = "a flow", category: str = "flows") -> dict[str, Any]:
        """The content of a recording's file."""
        return {
            "title": title,
            "category": category,
            "provenance": "recorded",
            "source": {"repo": "example/recordings"},
            "exchanges": self.exchanges,
        }

    def save(self, folder: Path, name: str = "flow.json") -> Path:
        """The recording as a file in a folder."""
        path = folder / name
        path.write_text(json.dumps(self.recording()))
        return path


def attach_a_gateway() -> Recorder:
    """A public IP and a NAT gateway are made too fast, the gateway is attached, detached and deleted."""
    recorder = Recorder()
    vnet = recorder.ask("GET", f"/subscriptions/{_subscription(recorder)}/providers/Microsoft.Network/virtualNetworks")
    network = vnet["value"][0]
    group = network["id"].partition("/providers/")[0]
    address, gateway = (
        f"{group}/providers/Microsoft.Network/{each}" for each in ("publicIPAddresses/a", "natGateways/g")
    )
    standard = {"location": network["location"], "sku": {"name": "Standard"}}
    made = standard | {"properties": {"publicIpAddresses": [{"id": address}]}}
    recorder.ask("PUT", address, standard | {"properties": {"publicIPAllocationMethod": "Static"}})
    recorder.ask("PUT", gateway, made)
    recorder.world.clock.advance(5)
    recorder.ask("GET", address)
    recorder.ask("PUT", gateway, made)
    recorder.follow()
    subnet = network["properties"]["subnets"][0]
    attached = {"properties": subnet["properties"] | {"natGateway": {"id": gateway}}}
    recorder.ask("PUT", subnet["id"], attached, if_match='W/"stale"')
    recorder.ask("PUT", subnet["id"], attached)
    recorder.follow()
    recorder.ask("GET", subnet["id"])
    recorder.ask("GET", gateway)
    recorder.ask("DELETE", gateway)
    recorder.ask("PUT", subnet["id"], {"properties": subnet["properties"]})
    recorder.follow()
    recorder.ask("DELETE", gateway)
    recorder.follow()
    recorder.ask("GET", gateway)
    return recorder


def read_everything(scenario: str = "storm") -> Recorder:
    """Every kind of resource that a scenario has is listed and read."""
    recorder = Recorder(scenario)
    subscription = f"/subscriptions/{_subscription(recorder)}"
    for path in ("/subscriptions", "/tenants", subscription, f"{subscription}/resourceGroups"):
        recorder.ask("GET", path)
    for kind in (
        "Microsoft.Network/virtualNetworks",
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/natGateways",
        "Microsoft.Network/networkSecurityGroups",
        "Microsoft.Network/routeTables",
        "Microsoft.Network/loadBalancers",
        "Microsoft.ContainerService/managedClusters",
        "Microsoft.Compute/virtualMachineScaleSets",
    ):
        for each in recorder.ask("GET", f"{subscription}/providers/{kind}")["value"][:3]:
            recorder.ask("GET", each["id"])
            for child in _CHILDREN.get(kind, ()):
                recorder.ask("GET", f"{each['id']}/{child}")
    return recorder


_CHILDREN = {
    "Microsoft.Network/virtualNetworks": ("subnets", "providers/Microsoft.Authorization/permissions"),
    "Microsoft.Network/loadBalancers": ("frontendIPConfigurations", "backendAddressPools", "outboundRules"),
    "Microsoft.ContainerService/managedClusters": ("agentPools",),
    "Microsoft.Compute/virtualMachineScaleSets": ("virtualMachines", "networkInterfaces"),
}


def measure() -> Recorder:
    """Metrics of a load balancer: split, cut, defined, refused."""
    recorder = Recorder()
    balancers = recorder.ask(
        "GET", f"/subscriptions/{_subscription(recorder)}/providers/Microsoft.Network/loadBalancers"
    )
    resource = f"{balancers['value'][0]['id']}/providers/Microsoft.Insights"
    span = "timespan=2026-01-01T09:00:00Z/2026-01-01T10:00:00Z&api-version=2018-01-01"
    split = "metricnames=SnatConnectionCount&$filter=BackendIPAddress%20eq%20%27*%27"
    recorder.ask("GET", f"{resource}/metrics?{span}&{split}&interval=PT5M&aggregation=Total&top=3")
    recorder.ask("GET", f"{resource}/metrics?{span}&metricnames=AllocatedSnatPorts,UsedSnatPorts")
    recorder.ask("GET", f"{resource}/metrics?{span}&metricnames=NoSuchMetric")
    recorder.ask("GET", f"{resource}/metrics?{span}&metricnames=ByteCount&$filter=Nothing%20eq%20%27*%27")
    recorder.ask("GET", f"{resource}/metricDefinitions?api-version=2018-01-01")
    return recorder


def query() -> Recorder:
    """Resource Graph: rows, a page of them, none, and a query that can't be read."""
    recorder = Recorder()
    target = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
    scope = {"subscriptions": [_subscription(recorder)]}
    clusters = "resources | where type =~ 'microsoft.containerservice/managedclusters' | project id, tags"
    recorder.ask("POST", target, scope | {"query": clusters})
    recorder.ask("POST", target, scope | {"query": "project id", "options": {"$top": 2, "$skip": 1}})
    recorder.ask("POST", target, scope | {"query": "where type =~ 'microsoft.network/natgateways'"})
    recorder.ask("POST", target, scope | {"query": "where where where"})
    return recorder


def _subscription(recorder: Recorder) -> str:
    return next(iter(recorder.world.subscriptions.values())).id
