"""Preconditions of attaching a NAT gateway: one small function each, from one snapshot of facts.

A check that could not be made counts as a block where a write depends on it: the bot never guesses.
"""

from __future__ import annotations

from collections.abc import Callable

from ..model.cluster import VnetOwnership
from ..model.network import NetworkFacts
from ..model.plan import Check, CheckResult
from ..model.resource_id import ResourceId
from ..texts import count

_APPLIANCE_HOPS = ("virtualappliance", "virtualnetworkgateway")


def check_all(facts: NetworkFacts) -> tuple[Check, ...]:
    """Every check, in the order a person would want to read them: what forbids first."""
    checks = [check(facts) for check in CHECKS]
    order = [CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK, CheckResult.WARN, CheckResult.PASS]
    return tuple(sorted(checks, key=lambda check: order.index(check.result)))


def vnet_ownership(facts: NetworkFacts) -> Check:
    name, source = "virtual network", "managedClusters GET, agentPoolProfiles[].vnetSubnetID"
    match facts.cluster.vnet_ownership:
        case VnetOwnership.OWN:
            return Check(
                name, CheckResult.PASS, "the cluster's node pools are in your own virtual network", source=source
            )
        case VnetOwnership.MANAGED:
            return Check(
                name,
                CheckResult.BLOCK,
                "AKS manages this cluster's virtual network: a NAT gateway of your own must not be attached there",
                "switch the cluster to a managed NAT gateway with the command given",
                source,
            )
    return Check(
        name,
        CheckResult.BLOCK,
        "some node pools name a subnet and some don't",
        "look at the node pools' vnetSubnetID before anything is changed",
        source,
    )


def outbound_type(facts: NetworkFacts) -> Check:
    name, source = "outbound type", "managedClusters GET, networkProfile.outboundType"
    kind = facts.cluster.outbound_type
    if kind.lower() != "loadbalancer":
        return Check(
            name,
            CheckResult.BLOCK,
            f"the cluster's outbound type is {kind}: its traffic does not leave through the load balancer",
            "look for the cause on the path that the cluster uses",
            source,
        )
    if facts.load_balancer is None or not facts.load_balancer.outbound_rules:
        return Check(
            name,
            CheckResult.BLOCK,
            "no load balancer with an outbound rule was found: there is nothing to relieve, and no way back",
            "look at the cluster's load balancer `kubernetes` in the portal",
            source,
        )
    return Check(name, CheckResult.PASS, "outbound traffic leaves through the load balancer", source=source)


def cluster_is_settled(facts: NetworkFacts) -> Check:
    name, source = "cluster state", "managedClusters GET, provisioningState and powerState"
    cluster = facts.cluster
    busy = [
        f"pool {pool.name}: {pool.provisioning_state}"
        for pool in cluster.pools
        if not _is_settled(pool.provisioning_state)
    ]
    if cluster.power_state.lower() != "running":
        return Check(name, CheckResult.BLOCK, f"the cluster is {cluster.power_state}", "start it first", source)
    if not _is_settled(cluster.provisioning_state):
        busy.insert(0, f"cluster: {cluster.provisioning_state}")
    if busy:
        return Check(
            name,
            CheckResult.BLOCK,
            f"an operation is running or has failed ({', '.join(busy)})",
            "wait until it has ended, or repair it, then ask for a new plan",
            source,
        )
    return Check(name, CheckResult.PASS, "cluster and node pools are running and settled", source=source)


def subnets_readable(facts: NetworkFacts) -> Check:
    name, source = "subnets", "subnets GET"
    read = {subnet.id.lower() for subnet in facts.subnets}
    missing = [ResourceId.parse(one).name for one in facts.cluster.subnet_ids if one.lower() not in read]
    if facts.unreadable or missing:
        return Check(
            name,
            CheckResult.COULD_NOT_CHECK,
            f"could not be read: {', '.join(facts.unreadable or missing)}",
            "grant the reading identity Reader on the virtual network's resource group",
            source,
        )
    bad = [
        f"{subnet.name} is {subnet.provisioning_state}"
        for subnet in facts.subnets
        if not _is_settled(subnet.provisioning_state)
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


def existing_gateway(facts: NetworkFacts) -> Check:
    name, source = "NAT gateway", "subnets GET, natGateway"
    attached = {subnet.name: subnet.nat_gateway_id for subnet in facts.subnets if subnet.nat_gateway_id}
    if not attached:
        return Check(name, CheckResult.PASS, "no subnet has a NAT gateway yet", source=source)
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
            f"{', '.join(unclear)} has its own route for 0.0.0.0/0; whether a NAT gateway then works is undocumented",
            "watch the first subnet's gate",
            source,
        )
    return Check(name, CheckResult.PASS, "no default route to an appliance or gateway", source=source)


def authorized_ranges(facts: NetworkFacts) -> Check:
    name, source = "API server access", "managedClusters GET, apiServerAccessProfile"
    cluster = facts.cluster
    if cluster.is_private or not cluster.authorized_ip_ranges:
        return Check(name, CheckResult.PASS, "the API server does not restrict the nodes' egress IPs", source=source)
    return Check(
        name,
        CheckResult.BLOCK,
        "the API server has authorized IP ranges: nodes whose new egress IP is not listed would lose it",
        "reserve the public IPs first, add them to the authorized ranges, then ask for a new plan",
        source,
    )


def zones(facts: NetworkFacts) -> Check:
    name, source = "zones", "managedClusters GET, agentPoolProfiles[].availabilityZones"
    used = sorted({zone for pool in facts.cluster.pools for zone in pool.zones})
    if len(used) > 1:
        return Check(
            name,
            CheckResult.WARN,
            f"nodes are in zones {', '.join(used)}; a Standard NAT gateway sits in one: egress depends on that zone",
            source=source,
        )
    return Check(name, CheckResult.PASS, "the nodes do not span zones", source=source)


def shared_subnets(facts: NetworkFacts) -> Check:
    name, source = "others in the subnets", "subnets GET, ipConfigurations"
    group = f"/resourcegroups/{facts.cluster.node_resource_group}/".lower()
    others = sorted(
        f"{subnet.name}: {sum(group not in one.lower() for one in subnet.attached_ids)}"
        for subnet in facts.subnets
        if any(group not in one.lower() for one in subnet.attached_ids)
    )
    if others:
        return Check(
            name,
            CheckResult.WARN,
            f"network interfaces that are not this cluster's will change their egress IP too ({', '.join(others)})",
            "tell their owners",
            source,
        )
    return Check(name, CheckResult.PASS, "only this cluster's nodes are in the subnets", source=source)


def existing_connections(_: NetworkFacts) -> Check:
    return Check(
        "existing connections",
        CheckResult.WARN,
        "open outbound connections may drop when a subnet is associated; clients must reconnect",
        "choose a quiet hour if that hurts",
        "Azure docs: nat-gateway/nat-overview and nat-gateway-v2-migrate, which differ",
    )


def allow_lists(facts: NetworkFacts) -> Check:
    now = ", ".join(ip.address for ip in facts.outbound_ips if ip.address) or "unknown"
    return Check(
        "allow-lists",
        CheckResult.WARN,
        f"the egress IPs change (now {now}); partners and firewalls that allow only these must get the new ones",
        "tell them before approving",
        "loadBalancers GET, outbound rules' frontends",
    )


CHECKS: tuple[Callable[[NetworkFacts], Check], ...] = (
    vnet_ownership,
    outbound_type,
    cluster_is_settled,
    subnets_readable,
    existing_gateway,
    default_route,
    authorized_ranges,
    zones,
    shared_subnets,
    existing_connections,
    allow_lists,
)


def _is_settled(provisioning_state: str) -> bool:
    return provisioning_state.lower() == "succeeded"
