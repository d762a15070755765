"""Preconditions that the subnets and what is in them set."""

from __future__ import annotations

import shlex

from ....formatting import count, listed, marked
from ....model.network import NetworkFacts
from ....model.plan import Check, CheckResult
from ....model.provisioning import is_settled
from ....model.resource_id import ResourceId

_APPLIANCE_HOPS = ("virtualappliance", "virtualnetworkgateway")


def subnets_readable(facts: NetworkFacts) -> Check:
    name, source = "subnets", "subnets GET"
    read = {subnet.id.lower() for subnet in facts.subnets}
    missing = [ResourceId.parse(one).name for one in facts.cluster.subnet_ids if one.lower() not in read]
    if facts.unreadable or missing:
        return Check(
            name,
            CheckResult.COULD_NOT_CHECK,
            f"could not be read: {', '.join(map(str, facts.unreadable or missing))}",
            "grant the reading identity Reader on the virtual network's resource group",
            source,
        )
    bad = [
        f"`{subnet.name}` is {subnet.provisioning_state}"
        for subnet in facts.subnets
        if not is_settled(subnet.provisioning_state)
    ]
    if bad:
        return Check(name, CheckResult.BLOCK, "; ".join(bad), "repair or wait, then ask for a new plan", source)
    if len({str(ResourceId.parse(subnet.id).parent).lower() for subnet in facts.subnets}) > 1:
        return Check(
            name,
            CheckResult.BLOCK,
            "the node pools' subnets are in more than one virtual network: one NAT gateway serves one",
            "plan each virtual network by hand",
            source,
        )
    return Check(name, CheckResult.PASS, f"{count(len(facts.subnets), 'subnet')} read, all Succeeded", source=source)


def network_interfaces(facts: NetworkFacts) -> Check:
    """An interface in state Failed stops the association (Azure docs: nat-gateway/troubleshoot-nat)."""
    name, source = "network interfaces", "virtualMachineScaleSets networkInterfaces LIST, provisioningState"
    bad = [node for node in facts.nodes if node.provisioning_state and not is_settled(node.provisioning_state)]
    failed = [node.name for node in bad if node.provisioning_state.lower() == "failed"]
    if failed:
        return Check(
            name,
            CheckResult.BLOCK,
            f"the network interfaces of {listed(failed)} are Failed: Azure refuses to associate their subnet",
            "repair or delete those nodes, then ask for a new plan",
            source,
        )
    if bad:
        listing = listed([f"{node.name}: {node.provisioning_state}" for node in bad])
        return Check(
            name,
            CheckResult.WARN,
            f"network interfaces are being changed ({listing})",
            "wait until they are done",
            source,
        )
    return Check(name, CheckResult.PASS, "no network interface has failed", source=source)


def other_subscription(facts: NetworkFacts) -> Check:
    name, source = "subscription", "managedClusters GET, agentPoolProfiles[].vnetSubnetID"
    here = facts.cluster.subscription
    there = ResourceId.parse(facts.vnet_id).subscription if facts.vnet_id else here
    if there.lower() == here.lower():
        return Check(name, CheckResult.PASS, "cluster and virtual network are in one subscription", source=source)
    return Check(
        name,
        CheckResult.WARN,
        f"the virtual network is in another subscription ({there}): the NAT gateway is created and billed there",
        "make sure that its owners know",
        source,
    )


def existing_gateway(facts: NetworkFacts) -> Check:
    name, source = "NAT gateway", "subnets GET, natGateway"
    attached = {subnet.name: subnet.nat_gateway_id for subnet in facts.subnets if subnet.nat_gateway_id}
    if not attached:
        return Check(name, CheckResult.PASS, "no subnet has a NAT gateway yet", source=source)
    if all(gateway.lower() in facts.ours.created_ids for gateway in attached.values()):
        return Check(
            name,
            CheckResult.PASS,
            "the NAT gateway that is there was created by snatbot for this cluster",
            source=source,
        )
    listed = ", ".join(f"{subnet}: {ResourceId.parse(gateway).name}" for subnet, gateway in attached.items())
    return Check(
        name,
        CheckResult.BLOCK,
        f"there is a NAT gateway already ({listed}); snatbot does not replace it",
        "add public IPs to it with the command given, or look for failed connections in its own metrics",
        source,
    )


def default_route(facts: NetworkFacts) -> Check:
    name, source = "default route", "routeTables GET, routes"
    taken = [
        f"{subnet.name}: {subnet.default_route.next_hop_type} {subnet.default_route.next_hop_ip}".strip()
        for subnet in facts.subnets
        if subnet.default_route and subnet.default_route.next_hop_type.lower() in _APPLIANCE_HOPS
    ]
    if taken:
        return Check(
            name,
            CheckResult.BLOCK,
            f"0.0.0.0/0 goes to an appliance or gateway, ahead of any NAT gateway ({'; '.join(taken)})",
            "look for SNAT exhaustion on that appliance",
            source,
        )
    unclear = [subnet.name for subnet in facts.subnets if subnet.default_route]
    if unclear:
        return Check(
            name,
            CheckResult.WARN,
            f"own routes for 0.0.0.0/0 in {marked(unclear)}; whether a NAT gateway then works is undocumented",
            "watch the first subnet's gate",
            source,
        )
    return Check(name, CheckResult.PASS, "no default route to an appliance or gateway", source=source)


def propagated_routes(facts: NetworkFacts) -> Check:
    """A default route learned from a gateway can't be read without asking each network interface for it."""
    name, source = "propagated routes", "virtualNetworks GET, GatewaySubnet and peerings; routeTables GET"
    if facts.vnet_id is None:
        return Check(name, CheckResult.PASS, "AKS owns the virtual network", source=source)
    if facts.vnet is None:
        return Check(
            name,
            CheckResult.COULD_NOT_CHECK,
            "whether a VPN or ExpressRoute gateway announces a default route is unknown",
            _look_at_routes(facts),
            source,
            is_needed=False,
            commands=_learned_routes(facts),
        )
    open_subnets = [subnet.name for subnet in facts.subnets if subnet.takes_propagated_routes]
    if not facts.vnet.has_gateway or not open_subnets:
        return Check(name, CheckResult.PASS, "no gateway can announce a default route here", source=source)
    return Check(
        name,
        CheckResult.WARN,
        f"a VPN or ExpressRoute gateway may announce routes to {listed(open_subnets)}, and which ones was not read; a "
        "default route among them would go ahead of the NAT gateway",
        f"{_look_at_routes(facts)}; the first subnet's gate would show it too",
        source,
        commands=_learned_routes(facts),
    )


def _look_at_routes(facts: NetworkFacts) -> str:
    node = next((f" {one.name}" for one in facts.nodes), "")
    return (
        f"look for 0.0.0.0/0 among the effective routes of node{node}'s network interface in the portal, or among what "
        "the gateway learned"
    )


def _learned_routes(facts: NetworkFacts) -> tuple[str, ...]:
    vnet = ResourceId.parse(facts.vnet_id or "")
    where = shlex.join(["--subscription", vnet.subscription, "-g", vnet.group])
    return (f"az network vnet-gateway list-learned-routes {where} -n <gateway>",)


def kept_route_table(facts: NetworkFacts) -> Check:
    """Pods of kubenet clusters reach each other by it (AKS docs: configure-kubenet)."""
    name, source = "route table", "subnets GET, routeTable"
    kept = [
        f"{subnet.name}: {ResourceId.parse(subnet.route_table_id).name}"
        for subnet in facts.subnets
        if subnet.route_table_id
    ]
    if not kept:
        return Check(name, CheckResult.PASS, "the subnets have no route table", source=source)
    return Check(
        name,
        CheckResult.PASS,
        f"the route table stays as it is ({listed(kept)}); it is read back after the write",
        source=source,
    )


def dual_stack(facts: NetworkFacts) -> Check:
    """A Standard NAT gateway does IPv4 only, and not in a subnet with IPv6 (Azure docs: nat-gateway/nat-overview)."""
    name, source = "IPv6", "managedClusters GET, networkProfile.ipFamilies; subnets GET, addressPrefixes"
    by_cluster = any(family.lower() == "ipv6" for family in facts.cluster.ip_families)
    subnets = [subnet.name for subnet in facts.subnets if subnet.has_ipv6]
    if not by_cluster and not subnets:
        return Check(name, CheckResult.PASS, "cluster and subnets use IPv4 only", source=source)
    where = f"subnet {listed(subnets)} has IPv6 addresses" if subnets else "the cluster is dual-stack"
    return Check(
        name,
        CheckResult.BLOCK,
        f"{where}: a Standard NAT gateway does IPv4 only and can't be used there",
        "a StandardV2 gateway can; the commands for it are given",
        source,
    )
