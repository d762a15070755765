"""Checks of the subnets and of what is in them."""

from __future__ import annotations

from collections.abc import Sequence

from ....formatting import count, listed, marked, percent
from ....model.check import Check, CheckId
from ....model.network import NatGateway, NetworkFacts, Route, is_settled
from ....model.resource_id import ArmId
from ...az_cli import add_public_ips, az
from ...checks import CheckBuilder, grant_where
from ..placement import unplaced_members
from ..routes import PUBLIC_ADDRESSES, PublicRoutes, public_routes


def subnets_readable(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.SUBNETS, "subnets GET")
    read = {subnet.id for subnet in facts.subnets}
    missing = [subnet_id.name for subnet_id in facts.cluster.subnet_ids if subnet_id not in read]
    unread = facts.needed_unreadable
    if unread or missing:
        return check.unknown(
            f"could not be read: {', '.join(map(str, unread or missing))}",
            grant_where(unread, facts.vnet_id.resource_group if facts.vnet_id else ""),
        )
    bad = [
        f"`{subnet.name}` is {subnet.provisioning_state}"
        for subnet in facts.subnets
        if not is_settled(subnet.provisioning_state)
    ]
    if bad:
        return check.blocks("; ".join(bad), "repair or wait, then ask for a new plan")
    if len({subnet.id.parent for subnet in facts.subnets}) > 1:
        return check.blocks(
            "the node pools' subnets are in more than one virtual network: one NAT gateway serves one",
            "plan each virtual network by hand",
        )
    return check.passes(f"{count(len(facts.subnets), 'subnet')} read, all Succeeded")


def outbound_pool(facts: NetworkFacts) -> Check:
    """Members of the outbound pool use the load balancer, also nodes of no pool; the plan must move all of them."""
    check = CheckBuilder(
        CheckId.OUTBOUND_POOL,
        "loadBalancers GET, backendIPConfigurations; subnets GET; SnatConnectionCount, AllocatedSnatPorts by backend",
    )
    if not facts.cluster.subnet_ids:
        return check.passes("no node pool names a subnet to compare with")
    members = facts.load_balancer.outbound_ip_configuration_ids if facts.load_balancer else ()
    remedy = (
        "find their subnets in the portal; where no node pool names them (node auto-provisioning) change them by hand, "
        "else ask for a new plan"
    )
    unplaced = unplaced_members(facts)
    if facts.unplaced_ips:
        ips = listed([ip or "a node without address" for ip in facts.unplaced_ips])
        if unplaced or not members:
            return check.blocks(f"{ips} leave by the load balancer and are in no subnet known to the cluster", remedy)
        return check.warns(f"{ips}, in no subnet known to the cluster, left by the load balancer and are gone from it")
    if unplaced:
        words = (
            f"{len(unplaced)} of {count(len(members), 'member')} of the outbound pool are in no subnet known to the "
            f"cluster, such as {unplaced[0]}"
        )
        if facts.unplaced_ips is None:
            return check.unknown(f"{words}; whether they have traffic could not be measured", remedy)
        return check.warns(f"{words}; they have neither connections nor ports", remedy)
    return check.passes(f"{count(len(members), 'member')} of the outbound pool, all in the cluster's subnets")


def network_interfaces(facts: NetworkFacts) -> Check:
    """An interface in state Failed stops the association (Azure docs: nat-gateway/troubleshoot-nat)."""
    check = CheckBuilder(
        CheckId.NETWORK_INTERFACES, "networkInterfaces LIST, of scale sets and of machines, provisioningState"
    )
    bad = [node for node in facts.nodes if node.provisioning_state and not is_settled(node.provisioning_state)]
    failed = [node.name for node in bad if node.provisioning_state.lower() == "failed"]
    if failed:
        return check.blocks(
            f"the network interfaces of {listed(failed)} are Failed: Azure refuses to associate their subnet",
            "repair or delete those nodes, then ask for a new plan",
        )
    if bad:
        states = listed([f"{node.name}: {node.provisioning_state}" for node in bad])
        return check.warns(f"network interfaces are being changed ({states})", "wait until they are done")
    return check.passes("no network interface has failed")


def other_subscription(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.SUBSCRIPTION, "managedClusters GET, agentPoolProfiles[].vnetSubnetID")
    here = facts.cluster.subscription
    there = facts.vnet_id.subscription if facts.vnet_id else here
    if there.lower() == here.lower():
        return check.passes("cluster and virtual network are in one subscription")
    return check.warns(
        f"the virtual network is in another subscription ({there}): the NAT gateway is created and billed there",
        "make sure that its owners know",
    )


def existing_gateway(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.NAT_GATEWAY, "subnets GET, natGateway")
    attached = {subnet.name: subnet.nat_gateway_id for subnet in facts.subnets if subnet.nat_gateway_id}
    if not attached:
        return check.passes("no subnet has a NAT gateway yet")
    if all(gateway_id in facts.ours.created_ids for gateway_id in attached.values()):
        return check.passes("the NAT gateway that is there was created by snatbot for this cluster")
    names = ", ".join(f"{subnet}: {gateway_id.name}" for subnet, gateway_id in attached.items())
    commands = [add_public_ips(gateway) for gateway in foreign_gateways(facts)]
    with_command = "add public IPs to it with the command given, or " if commands else ""
    return check.blocks(
        f"there is a NAT gateway already ({names}); snatbot does not replace it",
        f"{with_command}look for failed connections in its own metrics",
        *commands,
    )


def foreign_gateways(facts: NetworkFacts) -> tuple[NatGateway, ...]:
    """Readable NAT gateways on the cluster's subnets that snatbot did not create."""
    return tuple(gateway for gateway in facts.attached_gateways if gateway.id not in facts.ours.created_ids)


def default_route(facts: NetworkFacts) -> Check:
    """Traffic that routes send elsewhere never reaches a NAT gateway (Azure docs: nat-gateway/nat-overview)."""
    check = CheckBuilder(CheckId.DEFAULT_ROUTE, "routeTables GET, routes")
    found = {subnet.name: public_routes(subnet.routes) for subnet in facts.subnets}
    most = [f"{name}: {_detours(routes)}" for name, routes in found.items() if routes.is_most or routes.drops]
    if most:
        return check.blocks(
            f"routes take public addresses away, ahead of any NAT gateway ({'; '.join(most)})",
            "look for SNAT exhaustion, or for what drops the traffic, where those routes lead",
        )
    unknown = [f"{name}: {_named(routes.unknown)}" for name, routes in found.items() if routes.unknown]
    if unknown:
        return check.unknown(
            f"routes that can't be understood may go ahead of a NAT gateway ({'; '.join(unknown)})",
            "look at them in the portal, and change the subnets by hand",
        )
    some = [f"{name}: {_detours(routes)}" for name, routes in found.items() if routes.detours or routes.unsized]
    if some:
        return check.warns(
            f"traffic to some public addresses does not leave by a NAT gateway, and stays as it is ({'; '.join(some)})",
            "if the failed connections go there, look for SNAT exhaustion where those routes lead",
        )
    default = [subnet.name for subnet in facts.subnets if any(_is_default(route) for route in subnet.routes)]
    if default:
        return check.warns(
            f"own routes for 0.0.0.0/0 in {marked(default)}; whether a NAT gateway then works is undocumented",
            "watch the first subnet's gate",
        )
    return check.passes("no route takes public addresses away")


def _is_default(route: Route) -> bool:
    return route.prefix.strip() == "0.0.0.0/0"


def _detours(routes: PublicRoutes) -> str:
    """``VirtualAppliance 10.9.0.4 for 0.0.0.0/1 and 128.0.0.0/1, 100 % of the public addresses``"""
    share = f"{percent(routes.detoured, PUBLIC_ADDRESSES)} of the public addresses"
    tags = f"{_named(routes.unsized)}, how many addresses is unknown" if routes.unsized else ""
    return "; ".join(filter(None, (f"{_named(routes.detours)}, {share}" if routes.detours else "", tags)))


def _named(routes: Sequence[Route]) -> str:
    prefixes: dict[str, list[str]] = {}
    for route in routes:
        prefixes.setdefault(route.next_hop, []).append(route.prefix or f"{route.name}, which has no prefix")
    return ", ".join(f"{hop} for {listed(of, 16)}" for hop, of in prefixes.items())


def propagated_routes(facts: NetworkFacts) -> Check:
    """A gateway may propagate a default route; only each network interface's effective routes would show it."""
    check = CheckBuilder(
        CheckId.PROPAGATED_ROUTES, "virtualNetworks GET, GatewaySubnet, RouteServerSubnet and peerings; routeTables GET"
    )
    if facts.vnet_id is None:
        return check.passes("AKS owns the virtual network")
    node = f" {facts.nodes[0].name}" if facts.nodes else ""
    remedy = (
        f"look for 0.0.0.0/0 among the effective routes of node{node}'s network interface in the portal, or among what "
        "the gateway learned"
    )
    vnet = ArmId.parse(facts.vnet_id)
    where = ("--subscription", vnet.subscription, "-g", vnet.resource_group, "-n", "<gateway>")
    command = az("network", "vnet-gateway", "list-learned-routes", *where)
    if facts.vnet is None:
        return check.unknown(
            "whether a VPN or ExpressRoute gateway or a Route Server announces a default route is unknown",
            remedy,
            command,
            is_needed=False,
        )
    open_subnets = [subnet.name for subnet in facts.subnets if subnet.takes_propagated_routes]
    if not facts.vnet.learns_routes or not open_subnets:
        return check.passes("no gateway or Route Server can announce a default route here")
    return check.warns(
        f"a VPN or ExpressRoute gateway or a Route Server may announce routes to {listed(open_subnets)}, and they were "
        "not read; a default route among them would go ahead of the NAT gateway",
        f"{remedy}; the first subnet's gate would show it too",
        command,
    )


def kept_route_table(facts: NetworkFacts) -> Check:
    """Pods of kubenet clusters reach each other through it (AKS docs: configure-kubenet)."""
    check = CheckBuilder(CheckId.ROUTE_TABLE, "subnets GET, routeTable")
    kept = [f"{subnet.name}: {subnet.route_table_id.name}" for subnet in facts.subnets if subnet.route_table_id]
    if not kept:
        return check.passes("the subnets have no route table")
    return check.passes(f"the route table stays as it is ({listed(kept)}); it is read back after the write")


def dual_stack(facts: NetworkFacts) -> Check:
    """A Standard NAT gateway is IPv4 only and can't be in a subnet with IPv6 (Azure docs: nat-gateway/nat-overview)."""
    check = CheckBuilder(CheckId.IPV6, "managedClusters GET, networkProfile.ipFamilies; subnets GET, addressPrefixes")
    subnets = [subnet.name for subnet in facts.subnets if subnet.has_ipv6]
    if not facts.is_dual_stack:
        return check.passes("cluster and subnets use IPv4 only")
    where = f"subnet {listed(subnets)} has IPv6 addresses" if subnets else "the cluster is dual-stack"
    return check.blocks(
        f"{where}: a Standard NAT gateway does IPv4 only and can't be used there",
        "a StandardV2 gateway can: a plan of kind standard_v2 has the commands",
    )
