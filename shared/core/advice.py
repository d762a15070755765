"""What only a person may do, with the exact command: the bot never writes managedClusters nor anybody else's gateway.

Sources (Azure docs): aks/egress-outboundtype and aks/nat-gateway for the outbound types; aks/
configure-load-balancer-standard for the ports; nat-gateway/nat-sku for StandardV2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model.cluster import Cluster, VnetOwnership
from ..model.network import NetworkFacts
from ..model.plan import Demand
from ..model.resource_id import ResourceId, same_id
from ..texts import listed
from .demand import MAX_PUBLIC_IPS
from .egress import reserved_addresses
from .node_counts import nodes_at_most
from .preflight import authorize_command
from .relief import relieve

_STANDARD_V2_MISSING_IN = (
    "canadaeast",
    "indonesiacentral",
    "israelnorthwest",
    "qatarcentral",
    "swedensouth",
    "westindia",
)


@dataclass(frozen=True, slots=True)
class Advice:
    """``summary`` is the answer in one sentence, empty where the checks say it all; ``commands`` are for a person."""

    summary: str
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def advise(facts: NetworkFacts, demand: Demand) -> Advice:
    """The first that fits: each answer is one small function."""
    cluster = facts.cluster
    if demand.no_need:
        return _not_snat(facts, demand)
    if demand.public_ip_count > MAX_PUBLIC_IPS:
        return _too_large(facts, demand)
    if cluster.outbound_type.lower() != "loadbalancer":
        return Advice(
            f"the traffic of {cluster.name} does not leave through the load balancer: look at the path in use"
        )
    if cluster.vnet_ownership is VnetOwnership.MANAGED:
        return _managed_network(facts, demand)
    foreign = tuple(_more_ips_on_foreign(facts))
    if foreign:
        name = listed([one.name for one in facts.nat_gateways if _is_used(one.id, facts)])
        return Advice(f"{cluster.name} has a NAT gateway that snatbot did not create ({name})", foreign)
    if _is_dual_stack(facts):
        return _standard_v2(facts, demand)
    waiting = reserved_addresses(facts, "publicIPAddresses") or reserved_addresses(facts, "publicIPPrefixes")
    if waiting and cluster.authorized_ip_ranges and not cluster.is_private:
        return Advice(
            f"the public IPs of {cluster.name} are reserved: add them to the API server's authorized IP ranges, "
            "then ask for a new plan",
            (authorize_command(cluster, [ip.address for ip in waiting]),),
        )
    return Advice("")


def _not_snat(facts: NetworkFacts, demand: Demand) -> Advice:
    return Advice(
        f"the trouble of {facts.cluster.name} isn't SNAT: {demand.no_need}",
        (),
        (
            "Look at the targets (their limits, firewalls and certificates), at DNS inside the cluster, and at "
            "timeouts in the application. A NAT gateway would change egress IPs and cure nothing.",
        ),
    )


def _too_large(facts: NetworkFacts, demand: Demand) -> Advice:
    managed = _managed_network(facts, demand).commands if _is_managed_on_balancer(facts.cluster) else ()
    return Advice(
        f"{facts.cluster.name} would need {demand.public_ip_count} public IPs; "
        f"a NAT gateway has at most {MAX_PUBLIC_IPS}",
        managed,
        (
            "One gateway serves at most 16 public IPs. Split the node pools over several subnets with a gateway each, "
            "reach Azure services through private endpoints, and reuse connections in the application.",
        ),
    )


def _is_managed_on_balancer(cluster: Cluster) -> bool:
    return cluster.vnet_ownership is VnetOwnership.MANAGED and cluster.outbound_type.lower() == "loadbalancer"


def _managed_network(facts: NetworkFacts, demand: Demand) -> Advice:
    cluster = facts.cluster
    command = (
        f"az aks update -g {cluster.resource_group} -n {cluster.name} --outbound-type managedNATGateway "
        f"--nat-gateway-managed-outbound-ip-count {min(demand.public_ip_count, MAX_PUBLIC_IPS)} "
        f"--nat-gateway-idle-timeout {facts.outbound_idle_timeout_minutes}"
    )
    relief = relieve(facts, demand, nodes_at_most(cluster))
    return Advice(
        f"AKS manages the virtual network of {cluster.name}: switch it to a managed NAT gateway with the command given",
        (command,),
        (
            "There is no direct way back from managedNATGateway to loadBalancer. The egress IPs change, open "
            "connections drop, and the API server's authorized IP ranges must hold the new ones. "
            "snatbot sees the change and verifies it.",
            *((f"Or, without a new gateway, relieve the load balancer: {relief}",) if relief else ()),
        ),
    )


def _more_ips_on_foreign(facts: NetworkFacts) -> Iterator[str]:
    for gateway in facts.nat_gateways:
        if _is_used(gateway.id, facts):
            one = ResourceId.parse(gateway.id)
            yield (
                f"az network nat gateway update --subscription {one.subscription} -g {one.group} -n {one.name} "
                f"--public-ip-addresses {' '.join(gateway.public_ip_ids)} <id of each further public IP>"
            )


def _is_used(gateway_id: str, facts: NetworkFacts) -> bool:
    return any(same_id(subnet.nat_gateway_id, gateway_id) for subnet in facts.subnets)


def _is_dual_stack(facts: NetworkFacts) -> bool:
    by_cluster = any(family.lower() == "ipv6" for family in facts.cluster.ip_families)
    return by_cluster or any(subnet.has_ipv6 for subnet in facts.subnets)


def _standard_v2(facts: NetworkFacts, demand: Demand) -> Advice:
    """Zone-redundant and dual-stack, and not to be had by upgrading a Standard gateway."""
    cluster, location = facts.cluster, (facts.vnet_location or facts.cluster.location)
    if location.lower().replace(" ", "") in _STANDARD_V2_MISSING_IN:
        return Advice(f"{cluster.name} needs a StandardV2 NAT gateway, which {location} does not have")
    group = facts.nat_group_id.rpartition("/")[2]
    names = [f"pip-{cluster.name}-v2-{number}" for number in range(1, demand.public_ip_count + 1)]
    gateway = f"ng-{cluster.name}-v2"
    commands = [
        *(
            f"az network public-ip create -g {group} -n {name} -l {location} --sku StandardV2 "
            "--allocation-method Static --zone 1 2 3"
            for name in names
        ),
        f"az network nat gateway create -g {group} -n {gateway} -l {location} --sku StandardV2 "
        f"--idle-timeout {facts.outbound_idle_timeout_minutes} --public-ip-addresses {' '.join(names)}",
        *(
            f"az network vnet subnet update --ids {subnet.id} --nat-gateway "
            f"{facts.nat_group_id}/providers/Microsoft.Network/natGateways/{gateway}"
            for subnet in facts.subnets
        ),
    ]
    return Advice(
        f"{cluster.name} uses IPv6: a StandardV2 NAT gateway is needed, which a person creates",
        tuple(commands),
        (
            "StandardV2 needs public IPs of its own SKU; there is no upgrade from Standard to it and no way back. It "
            "replaces IPv6 egress through the load balancer's outbound rules too.",
        ),
    )
