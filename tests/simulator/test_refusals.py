"""Every refusal that the simulator declares, as Azure's own SDKs meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.network import NetworkManagementClient

from simulator.refusal import Refusal
from simulator.refusal_table import declared, table
from simulator.services.authorization import refusals as front
from simulator.services.containerservice import refusals as aks
from simulator.services.entra.refusals import REFUSALS
from simulator.services.loganalytics import routes as logs
from simulator.services.network import refusals as net
from simulator.services.subscriptions import routes as groups
from tests.support.clients import SUBSCRIPTION, Azure, azure
from tests.support.every import every

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "simulator-refusals.md"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network"
FIRST, SECOND = ({"id": f"{NETWORK}/natGateways/{name}"} for name in ("first", "second"))
STANDARD = {"name": "Standard"}


class Calls:
    """Calls by the SDKs, without their retries, and without threads that wait for the end of what began."""

    def __init__(self, running: Azure) -> None:
        self.running = running
        self.network = running._client(NetworkManagementClient, retry_total=0)
        self.clusters = running._client(ContainerServiceClient, retry_total=0).managed_clusters

    def subnet(self, name: str, vnet: str = "vnet", headers: dict[str, str] | None = None, **changes: Any) -> None:
        """Read a subnet, change properties, write it back."""
        document = self.running.get(f"{NETWORK}/virtualNetworks/{vnet}/subnets/{name}")
        document["properties"] |= changes
        body = {"properties": document["properties"]}
        self.network.subnets.begin_create_or_update("net", vnet, name, body, headers=headers or {}, polling=False)

    def new_subnet(self, **properties: Any) -> None:
        self.network.subnets.begin_create_or_update("net", "vnet", "new", {"properties": properties}, polling=False)

    def gateway(self, name: str = "second", *, sku: str = "Standard", **changes: Any) -> None:
        top = {key: changes.pop(key) for key in ("zones", "location") if key in changes}
        body = {"location": "westeurope", "sku": {"name": sku}, "properties": changes} | top
        self.network.nat_gateways.begin_create_or_update("net", name, body, polling=False)

    def address(self, name: str, *, group: str = "net", sku: str = "Standard", **changes: Any) -> None:
        top = {key: changes.pop(key) for key in ("zones", "location") if key in changes}
        properties = {"publicIPAllocationMethod": "Static"} | changes
        body = {"location": "westeurope", "sku": {"name": sku}, "properties": properties} | top
        self.network.public_ip_addresses.begin_create_or_update(group, name, body, polling=False)

    def cluster(self, name: str, network: dict[str, Any] | None = None, **properties: Any) -> None:
        """Update a cluster as a whole, as `az aks update` does."""
        path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/aks/providers/Microsoft.ContainerService"
        document = self.running.get(f"{path}/managedClusters/{name}")
        wanted = document["properties"] | properties
        wanted["networkProfile"] = wanted["networkProfile"] | (network or {})
        self.clusters.begin_create_or_update(
            "aks", name, {"location": "westeurope", "properties": wanted}, polling=False
        )


def ids(kind: str, *names: str) -> list[dict[str, str]]:
    return [{"id": f"{NETWORK}/{kind}/{name}"} for name in names]


def busy(calls: Calls, **settings: Any) -> None:
    """Write a subnet, then another of the same virtual network while the first write runs."""
    with azure("storm") as running:
        other = Calls(running)
        running.simulator.add_event({"settings": {"operation_time_scale": 1, **settings}})
        body = {"properties": {"addressPrefix": "10.40.1.0/24", "defaultOutboundAccess": False}}
        other.network.subnets.begin_create_or_update("shop-network", "shop-vnet", "aks-user", body, polling=False)
        body = {"properties": {"addressPrefix": "10.40.0.0/24"}}
        other.network.subnets.begin_create_or_update("shop-network", "shop-vnet", "aks-system", body, polling=False)


def unready(calls: Calls) -> None:
    """Name a public IP that is still being written."""
    with azure("storm") as running:
        other = Calls(running)
        other.network.public_ip_addresses.begin_create_or_update(
            "shop-network",
            "late",
            {"location": "westeurope", "sku": STANDARD, "properties": {"publicIPAllocationMethod": "Static"}},
            polling=False,
        )
        late = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-network/providers/Microsoft.Network"
        properties = {"publicIpAddresses": [{"id": f"{late}/publicIPAddresses/late"}]}
        body = {"location": "westeurope", "sku": STANDARD, "properties": properties}
        other.network.nat_gateways.begin_create_or_update("shop-network", "early", body, polling=False)


def read_in_an_older_cloud(calls: Calls) -> None:
    """Read a cluster with a version that came later."""
    with azure("storm") as running:
        running.simulator.add_event({"settings": {"aks_api_versions": ["2024-01-01", "2025-05-01"]}})
        Calls(running).clusters.get("shop", "shop-prod")


def updated_twice(calls: Calls) -> None:
    """Update a cluster while it is being updated."""
    with azure("storm") as running:
        other = Calls(running)
        path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.ContainerService"
        body = running.get(f"{path}/managedClusters/shop-prod")
        for _ in range(2):
            other.clusters.begin_create_or_update("shop", "shop-prod", body, polling=False)


def over_quota(name: str) -> Callable[[Calls], None]:
    """Create one more than the quota in the scenario allows."""

    def call(calls: Calls) -> None:
        text = (HERE / "refusals.yaml").read_text()
        path = Path(calls.running.simulator.ca_path).parent / "quota.yaml"
        path.write_text(text.replace("quotas: {NatGateways: 2}", f"quotas: {{{name}: 2}}"))
        with azure(str(path)) as running:
            other = Calls(running)
            other.gateway("third") if name == "NatGateways" else other.address("more")

    return call


def three_from_a_pair(calls: Calls) -> None:
    """Take three addresses out of a prefix of two."""
    (prefix,) = ids("publicIPPrefixes", "spent")
    for number in range(3):
        calls.address(f"from-prefix-{number}", publicIPPrefix=prefix)


def another_region(calls: Calls) -> None:
    """Make a group again, elsewhere; the networks' SDK has no call for it."""
    url = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net?api-version=2021-04-01"
    answer = calls.network.send_request(HttpRequest("PUT", url, json={"location": "northeurope"}))
    answer.raise_for_status()


def poll_unknown(calls: Calls) -> None:
    """Ask for an operation that never was; the SDK would do so with a stale continuation token."""
    url = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/locations/westeurope/operations/none"
    answer = calls.network.send_request(HttpRequest("GET", f"{url}?api-version=2024-05-01"))
    answer.raise_for_status()


def as_limited(call: Callable[[Calls], None]) -> Callable[[Calls], None]:
    """The same, by an identity that may only read."""
    return lambda calls: call(Calls(calls.running.identity("limited-client-id")))


def without_the_table(calls: Calls) -> None:
    """Query a table as somebody who may run queries, and not read that table."""
    action = "Microsoft.OperationalInsights/workspaces/query/ALBHealthEvent/read"
    calls.running.simulator.add_event({"take_role": {"identity": calls.running.client_id, "action": action}})
    url = f"{calls.running.simulator.url}/v1/workspaces/any/query"
    calls.network.send_request(HttpRequest("POST", url, json={"query": "ALBHealthEvent"})).raise_for_status()


def without_join(calls: Calls) -> None:
    with azure("missing-join-role", "11111111-1111-4111-8111-111111111111") as running:
        remediator = running.identity("remediator-client-id")
        network = remediator._client(NetworkManagementClient, retry_total=0)
        there = network.subnets.get("strict-network", "strict-vnet", "nodes")
        network.subnets.begin_create_or_update("strict-network", "strict-vnet", "nodes", there)


CASES: dict[Refusal, Callable[[Calls], None]] = {
    net.OTHER_OPERATION: lambda calls: busy(calls),
    net.OTHER_OPERATION_CONFLICT: lambda calls: busy(calls, vnet_conflict="409"),
    net.NOT_PROVISIONED: unready,
    net.STALE_ETAG: lambda calls: calls.subnet("plain", headers={"If-Match": 'W/"old"'}),
    net.MISSING_REFERENCE: lambda calls: calls.gateway(publicIpAddresses=ids("publicIPAddresses", "nowhere")),
    net.BAD_REFERENCE: lambda calls: calls.gateway(publicIpAddresses=[{"id": "nonsense"}]),
    net.LOCATION_REQUIRED: lambda calls: calls.gateway(location=""),
    net.LOCATION_FIXED: lambda calls: calls.address("free", location="northeurope"),
    net.ZONES_FIXED: lambda calls: calls.address("free", zones=["2"]),
    net.ONE_ZONE: lambda calls: calls.network.nat_gateways.begin_create_or_update(
        "net", "new", {"location": "westeurope", "sku": STANDARD, "zones": ["1", "2"]}
    ),
    net.NO_PREFIX: lambda calls: calls.new_subnet(),
    net.PREFIX_OUTSIDE: lambda calls: calls.new_subnet(addressPrefix="10.99.0.0/24"),
    net.PREFIX_OVERLAPS: lambda calls: calls.new_subnet(addressPrefix="10.20.1.128/25"),
    net.PREFIX_IN_USE: lambda calls: calls.subnet("nodes", addressPrefix="10.20.6.0/24"),
    net.GATEWAY_OTHER_VNET: lambda calls: calls.subnet("nodes", "neighbour", natGateway=FIRST),
    net.GATEWAY_THERE: lambda calls: calls.subnet("nodes", natGateway=SECOND),
    net.GATEWAY_SUBNET: lambda calls: calls.subnet("GatewaySubnet", natGateway=FIRST),
    net.MANAGED_INSTANCE_SUBNET: lambda calls: calls.subnet("sql", natGateway=FIRST),
    net.FAILED_NIC: lambda calls: calls.subnet("failed", natGateway=FIRST),
    net.BASIC_IN_SUBNET: lambda calls: calls.subnet("basic", natGateway=FIRST),
    net.ADDRESS_IN_USE: lambda calls: calls.gateway(publicIpAddresses=ids("publicIPAddresses", "used")),
    net.PREFIX_IN_USE_BY_OTHER: lambda calls: calls.gateway(publicIpPrefixes=ids("publicIPPrefixes", "taken")),
    net.ADDRESS_SKU: lambda calls: calls.gateway(publicIpAddresses=ids("publicIPAddresses", "basic")),
    net.ADDRESS_ZONE: lambda calls: calls.network.nat_gateways.begin_create_or_update(
        "net",
        "second-zone",
        {
            "location": "westeurope",
            "sku": STANDARD,
            "zones": ["2"],
            "properties": {"publicIpAddresses": ids("publicIPAddresses", "zone-one")},
        },
    ),
    net.ADDRESS_VERSION: lambda calls: calls.gateway(publicIpAddresses=ids("publicIPAddresses", "six")),
    net.ADDRESS_ROUTING: lambda calls: calls.gateway(publicIpAddresses=ids("publicIPAddresses", "cold-potato")),
    net.ADDRESS_DDOS: lambda calls: calls.gateway(publicIpAddresses=ids("publicIPAddresses", "shielded")),
    net.ADDRESS_LIMIT: lambda calls: calls.gateway(publicIpPrefixes=ids("publicIPPrefixes", "wide")),
    net.UNKNOWN_MEMBER: lambda calls: calls.gateway(scope="Public"),
    net.IDLE_TIMEOUT: lambda calls: calls.gateway(idleTimeoutInMinutes=3),
    net.STATIC_REQUIRED: lambda calls: calls.address("new", publicIPAllocationMethod="Dynamic"),
    net.SKU_FIXED: lambda calls: calls.gateway(sku="StandardV2"),
    net.PREFIX_EXHAUSTED: three_from_a_pair,
    net.ADDRESS_QUOTA: over_quota("PublicIPAddresses"),
    net.GATEWAY_QUOTA: over_quota("NatGateways"),
    net.SUBNET_IN_USE: lambda calls: calls.network.subnets.begin_delete("net", "vnet", "nodes"),
    net.ADDRESS_HELD: lambda calls: calls.network.public_ip_addresses.begin_delete("net", "used"),
    net.PREFIX_HELD: lambda calls: calls.network.public_ip_prefixes.begin_delete("net", "taken"),
    net.GATEWAY_HELD: lambda calls: calls.network.nat_gateways.begin_delete("net", "first"),
    net.SECURITY_GROUP_HELD: lambda calls: calls.network.network_security_groups.begin_delete("net", "nsg"),
    net.ROUTE_TABLE_HELD: lambda calls: calls.network.route_tables.begin_delete("net", "table"),
    net.OPERATION_UNKNOWN: poll_unknown,
    front.NO_ROLE: as_limited(lambda calls: calls.gateway()),
    front.NO_LINKED_ROLE: without_join,
    front.DENY_ASSIGNMENT: lambda calls: calls.address("new", group="MC_aks_managed_westeurope"),
    front.LOCKED: lambda calls: calls.address("kept", group="locked"),
    front.POLICY: lambda calls: calls.network.route_tables.begin_create_or_update(
        "ruled", "new", {"location": "westeurope"}
    ),
    groups.GROUP_LOCATION: another_region,
    logs.NO_ACCESS: without_the_table,
    aks.API_VERSION: read_in_an_older_cloud,
    aks.BUSY: updated_twice,
    aks.STOPPED: lambda calls: calls.cluster("stopped"),
    aks.NOT_CREATED_HERE: lambda calls: calls.clusters.begin_create_or_update("aks", "new", {"location": "westeurope"}),
    aks.PROPERTY_FIXED: lambda calls: calls.cluster("own", nodeResourceGroup="MC_other"),
    aks.OUTBOUND_TYPE_UNKNOWN: lambda calls: calls.cluster("own", {"outboundType": "carrierPigeon"}),
    aks.OUTBOUND_TYPE_CHANGE: lambda calls: calls.cluster("managed", {"outboundType": "loadBalancer"}),
    aks.BASIC_LOAD_BALANCER: lambda calls: calls.cluster("basic", {"outboundType": "userAssignedNATGateway"}),
    aks.NO_GATEWAY_ON_SUBNET: lambda calls: calls.cluster("bare", {"outboundType": "userAssignedNATGateway"}),
    aks.NO_ROUTE_ON_SUBNET: lambda calls: calls.cluster("bare", {"outboundType": "userDefinedRouting"}),
    aks.PORTS: lambda calls: calls.cluster("own", {"loadBalancerProfile": {"allocatedOutboundPorts": 33000 - 1}}),
    aks.PROFILE: lambda calls: calls.cluster("own", {"loadBalancerProfile": {"idleTimeoutInMinutes": 3}}),
    aks.RANGES: lambda calls: calls.cluster("own", apiServerAccessProfile={"authorizedIPRanges": ["10.0.0/8x"]}),
}


@pytest.fixture(scope="module")
def calls() -> Iterator[Calls]:
    with azure(str(HERE / "refusals.yaml")) as running:
        yield Calls(running)


@pytest.mark.parametrize("refusal", CASES, ids=lambda refusal: f"{refusal.code}-{refusal.when[:40]}")
def test_what_azure_refuses_is_refused_in_azures_words(calls: Calls, refusal: Refusal) -> None:
    with pytest.raises(HttpResponseError) as raised:
        CASES[refusal](calls)
    answer: Any = raised.value.response
    body = answer.json()
    error = body.get("error", body)
    assert (answer.status_code, error["code"]) == (refusal.status, refusal.code), body
    if refusal.detail:
        assert error["details"][0]["code"] == refusal.detail
    assert error["message"]


def test_every_declared_refusal_has_a_case() -> None:
    assert set(CASES) | set(REFUSALS.values()) == set(declared())  # Entra's are in test_entra_*.py


def test_a_code_is_never_without_a_source() -> None:
    assert every(each.source and each.when for each in declared())


def test_the_published_table_is_in_step() -> None:
    published = PAGE.read_text(encoding="utf-8")
    assert published == table(), "run: python -m simulator.refusal_table > docs/simulator-refusals.md"
