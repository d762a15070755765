"""A snapshot for planning holds what was read, and names what was not."""

from __future__ import annotations

from typing import Any

import pytest

from shared.cloud.discovery import Discovery
from shared.cloud.errors import Forbidden, NotFound
from shared.cloud.network_facts import read_network_facts
from shared.core.planning.egress import egress_now
from shared.model.network import NetworkFacts
from shared.model.resource_id import ArmId
from tests.support.arm_network import (
    CLUSTER,
    LB,
    NET_GROUP,
    NODE_GROUP,
    NOW,
    OUT_IP,
    OWN_VNET,
    ROUTES,
    VNET,
    cluster,
    gateway,
    pool,
    public_ip,
    subnet,
)

from ..support.canned import Answer, Canned, forbidden

pytestmark = pytest.mark.disable_socket

GATEWAY = f"{NET_GROUP}/natGateways/theirs"
OTHER_ROUTES = "/subscriptions/s2/resourceGroups/hub/providers/Microsoft.Network/routeTables/rt"
ELSEWHERE = "/subscriptions/s2/resourceGroups/hub/providers/Microsoft.Network/natGateways/hub"


def facts(changes: dict[str, Answer] | None = None, **options: Any) -> NetworkFacts:
    canned = Canned(OWN_VNET | (changes or {}))
    return read_network_facts(canned.arm, Discovery(canned.arm), CLUSTER, NOW, **options)


def test_everything_is_read_in_the_order_in_which_subnets_would_move() -> None:
    found = facts()
    assert found.unreadable == ()
    assert (found.at, found.cluster.name) == (NOW, "prod")
    assert (found.vnet_id, found.vnet_location) == (VNET, "westeurope")
    assert [one.name for one in found.subnets] == ["apps", "sys"]
    assert [ip.address for ip in found.outbound_ips] == ["203.0.113.1"]
    assert found.taken_names == ("pip-taken",)


def machine_nic(subnet_name: str, network: str = VNET, **tags: str) -> dict[str, Any]:
    configuration = {
        "primary": True,
        "privateIPAddress": "10.0.2.4",
        "subnet": {"id": f"{network}/subnets/{subnet_name}"},
    }
    machine = f"{NODE_GROUP}/Microsoft.Compute/virtualMachines/aks-default-x7k2p"
    properties = {"virtualMachine": {"id": machine}, "ipConfigurations": [{"properties": configuration}]}
    return {
        "id": f"{NODE_GROUP}/Microsoft.Network/networkInterfaces/aks-default-x7k2p",
        "tags": tags,
        "properties": properties,
    }


NICS = f"{NODE_GROUP}/Microsoft.Network/networkInterfaces"
POOL_OF_NAP = {"karpenter.sh_nodepool": "default"}


def test_a_subnet_that_no_pool_names_and_nodes_are_in_is_the_clusters_too() -> None:
    found = facts({NICS: [machine_nic("nap", **POOL_OF_NAP)], f"{VNET}/subnets/nap": subnet("nap")})
    assert [each.name for each in found.subnets] == ["nap", "apps", "sys"]
    assert found.unreadable == ()


@pytest.mark.parametrize(("mode", "names"), [("Auto", ["nap", "apps", "sys"]), ("Manual", ["apps", "sys"])])
def test_a_subnet_that_a_change_moved_is_read_while_no_auto_provisioned_node_is_in_it(
    mode: str, names: list[str]
) -> None:
    of = cluster(pool("system", "sys", "System"), pool("apps", "apps"))
    of["properties"]["nodeProvisioningProfile"] = {"mode": mode}
    answers: dict[str, Answer] = {CLUSTER: of, f"{VNET}/subnets/nap": subnet("nap")}
    moved = (ArmId(f"{VNET}/subnets/nap"), ArmId(f"{VNET}/subnets/APPS"))
    assert [each.name for each in facts(answers, moved=moved).subnets] == names


def test_a_subnet_of_nodes_that_cant_be_read_is_named() -> None:
    found = facts({NICS: [machine_nic("nap", **POOL_OF_NAP)]})
    assert [str(each).partition(" (")[0] for each in found.unreadable] == ["subnet nap"]


def test_somebody_elses_machine_in_the_node_group_brings_no_subnet() -> None:
    assert [each.name for each in facts({NICS: [machine_nic("jump")]}).subnets] == ["apps", "sys"]


def test_nodes_in_a_network_that_aks_owns_bring_no_subnet() -> None:
    managed: dict[str, Answer] = {
        CLUSTER: cluster(pool("system", None, "System")),
        NICS: [machine_nic("aks", **POOL_OF_NAP)],
    }
    found = facts(
        managed | {f"{NODE_GROUP}/Microsoft.Network/{kind}": [] for kind in ("natGateways", "publicIPAddresses")}
    )
    assert (found.subnets, found.vnet_id) == ((), None)


def test_a_subnet_knows_the_routes_of_its_route_table() -> None:
    apps, system = facts().subnets
    assert [route.next_hop_type for route in apps.routes] == ["Internet"]
    assert system.routes == ()


def test_gateways_are_those_in_the_group_and_those_attached_from_elsewhere() -> None:
    found = facts(
        {
            f"{NET_GROUP}/natGateways": [gateway(GATEWAY)],
            f"{VNET}/subnets/apps": subnet("apps", natGateway={"id": GATEWAY.upper()}),
            f"{VNET}/subnets/sys": subnet("sys", natGateway={"id": ELSEWHERE}),
            ELSEWHERE: gateway(ELSEWHERE),
        }
    )
    assert [one.name for one in found.nat_gateways] == ["theirs", "hub"]
    assert found.taken_names == ("pip-taken", "theirs"), "names elsewhere are free here"


def test_names_are_taken_where_new_resources_would_go() -> None:
    own = "/subscriptions/s2/resourceGroups/nat/providers/Microsoft.Network"
    found = facts(
        {
            f"{own}/publicIPAddresses": [public_ip(f"{own}/publicIPAddresses/pip-1", "203.0.113.3")],
            f"{own}/natGateways": [gateway(f"{own}/natGateways/ng-1")],
            f"{NET_GROUP}/natGateways": [gateway(GATEWAY)],
        },
        nat_resource_group="nat",
    )
    assert found.taken_names == ("ng-1", "pip-1")
    assert {one.name for one in found.nat_gateways} == {"ng-1", "theirs"}


def test_without_a_load_balancer_egress_is_by_the_gateways_that_serve_the_cluster() -> None:
    ip = f"{NET_GROUP}/publicIPAddresses/nat"
    found = facts(
        {
            LB: NotFound("GET lb", "gone", status=404),
            f"{NET_GROUP}/natGateways": [gateway(GATEWAY, ip), gateway(f"{GATEWAY}-2", f"{ip}-of-another-team")],
            f"{VNET}/subnets/apps": subnet("apps", natGateway={"id": GATEWAY}),
            ip: public_ip(ip, "203.0.113.9"),
        }
    )
    assert found.load_balancer is None
    assert found.outbound_ips == ()
    assert egress_now(found) == ("203.0.113.9",)
    assert found.unreadable == ()


def test_a_network_that_aks_owns_has_no_vnet_of_ours_and_its_gateway_is_in_the_node_group() -> None:
    managed = f"{NODE_GROUP}/Microsoft.Network/natGateways/aks"
    ip = f"{NODE_GROUP}/Microsoft.Network/publicIPAddresses/aks"
    found = facts(
        {
            CLUSTER: cluster(pool("system", None, "System")),
            LB: NotFound("GET lb", "gone", status=404),
            f"{NODE_GROUP}/Microsoft.Network/natGateways": [gateway(managed, ip)],
            f"{NODE_GROUP}/Microsoft.Network/publicIPAddresses": [],
            ip: public_ip(ip, "203.0.113.7"),
        }
    )
    assert (found.vnet_id, found.vnet_location, found.subnets) == (None, None, ())
    assert found.outbound_ips == ()
    assert egress_now(found) == ("203.0.113.7",)
    assert found.unreadable == ()


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (LB, "load balancer"),
        (f"{NODE_GROUP}/Microsoft.Compute/virtualMachineScaleSets", "nodes"),
        (NICS, "nodes"),
        (VNET, "virtual network"),
        (f"{VNET}/subnets/apps", "subnet apps"),
        (ROUTES, "subnet apps"),
        (f"{NET_GROUP}/natGateways", "natGateways in resource group net"),
        (f"{NET_GROUP}/publicIPAddresses", "publicIPAddresses in resource group net"),
        (OUT_IP, "public IP out"),
    ],
)
def test_what_may_not_be_read_is_named_with_the_missing_action_and_the_rest_is_there(path: str, named: str) -> None:
    found = facts({path: forbidden("the/action")})
    (unreadable,) = map(str, found.unreadable)
    assert unreadable.startswith(f"{named} (")
    assert "the/action" in unreadable
    assert found.cluster.name == "prod"


def test_a_subnet_whose_route_table_is_hidden_is_left_out_rather_than_called_routeless() -> None:
    assert [one.name for one in facts({ROUTES: forbidden()}).subnets] == ["sys"]


def test_a_cluster_that_is_gone_raises() -> None:
    with pytest.raises(NotFound):
        facts({CLUSTER: NotFound("GET cluster", "gone", status=404)})


@pytest.mark.parametrize(
    ("path", "group"),
    [
        (LB, "MC_prod"),
        (f"{NODE_GROUP}/Microsoft.Compute/virtualMachineScaleSets", "MC_prod"),
        (f"{NET_GROUP}/publicIPAddresses", "net"),
        (OTHER_ROUTES, "hub"),  # the subnet can be read, its route table elsewhere can't
    ],
)
def test_what_could_not_be_read_names_the_group_that_was_asked_for(path: str, group: str) -> None:
    refused = Forbidden(f"GET {path}", "may not read it", code="AuthorizationFailed")
    apps = subnet("apps", routeTable={"id": OTHER_ROUTES}) if path == OTHER_ROUTES else subnet("apps")
    (unread,) = facts({f"{VNET}/subnets/apps": apps, path: refused}).unreadable
    assert unread.resource_group == group


def test_an_operation_without_a_group_names_none() -> None:
    assert forbidden().resource_group == ""
    assert NotFound("GET /subscriptions/s/resourcegroups/rg%20a/providers/x", "gone").resource_group == "rg a"
