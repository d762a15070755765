"""A NAT gateway of SKU StandardV2: zone-redundant and dual-stack, and not to be had by upgrading a Standard one.

Azure docs, nat-gateway/nat-sku: public IPs of its own SKU, no upgrade in place, not in every region; IPv6 egress by a
load balancer's outbound rules ends where one is attached.
"""

from __future__ import annotations

from itertools import islice

from ....formatting import count
from ....model.cluster import VnetOwnership
from ....model.network import NetworkFacts
from ....model.plan import Check, Demand, PlanKind
from ...az_cli import associate_command
from .. import preflight
from ..naming import free_names, group_id, network_id
from ..plan_options import PlanOptions
from ..sizing import MAX_PUBLIC_IPS
from .advice import Advice, must

_MISSING_IN = (
    "canadaeast",
    "indonesiacentral",
    "israelnorthwest",
    "qatarcentral",
    "swedensouth",
    "westindia",
)


def standard_v2(facts: NetworkFacts, demand: Demand, options: PlanOptions) -> Advice:
    """The gateway, its public IPs and its association with every subnet, by hand."""
    cluster = facts.cluster
    ips = min(demand.public_ip_count, MAX_PUBLIC_IPS)
    reason = ", which uses IPv6" if is_dual_stack(facts) else ""
    return Advice(
        kind=PlanKind.STANDARD_V2,
        summary=(
            f"a StandardV2 NAT gateway with {count(ips, 'public IP')} for {cluster.name}{reason}: zone-redundant, for "
            "IPv4 and IPv6, and created by a person"
        ),
        commands=tuple(_commands(facts, ips, options)),
        notes=(
            "The commands make IPv4 addresses. IPv6 egress needs IPv6 addresses of SKU StandardV2 on the gateway too.",
            "An empty subnet made before April 2025 may refuse it (Azure docs: nat-gateway/troubleshoot-nat).",
            "snatbot sees the gateway and watches it.",
        ),
        checks=preflight.sorted_checks(_checks(facts)),
        egress_then=tuple(_names("pip", facts, ips, options)),
        irreversible=(
            "There is no upgrade from Standard to StandardV2 and none back, and public IPs of the one SKU don't go "
            "with the other: going back means other addresses. IPv6 egress by the load balancer's outbound rules ends."
        ),
        rollback_text="take the gateway off the subnets again: egress then leaves as before",
        rollback_commands=tuple(associate_command(subnet.id, subnet.nat_gateway_id) for subnet in facts.subnets),
    ).unless_blocked()


def is_dual_stack(facts: NetworkFacts) -> bool:
    by_cluster = any(family.lower() == "ipv6" for family in facts.cluster.ip_families)
    return by_cluster or any(subnet.has_ipv6 for subnet in facts.subnets)


def _names(kind: str, facts: NetworkFacts, number: int, options: PlanOptions) -> list[str]:
    taken = {name.lower() for name in facts.taken_names}
    return list(islice(free_names(kind, facts.cluster, options.name_template, taken), number))


def _commands(facts: NetworkFacts, ips: int, options: PlanOptions) -> list[str]:
    if facts.vnet_id is None:
        return []
    group = group_id(facts.vnet_id, options.nat_resource_group)
    _, _, subscription, _, group_name = group.split("/")
    where = f"--subscription {subscription} -g {group_name}"
    location = facts.vnet_location or facts.cluster.location
    names = _names("pip", facts, ips, options)
    (gateway,) = _names("ng", facts, 1, options)
    idle = options.idle_timeout_minutes or facts.outbound_idle_timeout_minutes
    return [
        *(
            f"az network public-ip create {where} -n {name} -l {location} --sku StandardV2 --allocation-method Static "
            "--zone 1 2 3"
            for name in names
        ),
        f"az network nat gateway create {where} -n {gateway} -l {location} --sku StandardV2 --idle-timeout {idle} "
        f"--public-ip-addresses {' '.join(names)}",
        *(associate_command(subnet.id, network_id(group, "natGateways", gateway)) for subnet in facts.subnets),
    ]


def _checks(facts: NetworkFacts) -> list[Check]:
    location = facts.vnet_location or facts.cluster.location
    return [
        must(
            "virtual network",
            facts.cluster.vnet_ownership is VnetOwnership.OWN,
            "the cluster's node pools are in your own virtual network",
            "AKS manages the virtual network, or a part of it: a gateway of your own must not be attached there",
            "ask for a plan of kind managed_nat_gateway",
            "managedClusters GET, agentPoolProfiles[].vnetSubnetID",
        ),
        must(
            "region",
            location.lower().replace(" ", "") not in _MISSING_IN,
            f"`{location}` has StandardV2 NAT gateways",
            f"`{location}` has no StandardV2 NAT gateways",
            "take a Standard one, for IPv4",
            "Azure docs: nat-gateway/nat-sku",
        ),
        preflight.subnets_readable(facts),
        preflight.default_route(facts),
        preflight.cluster_is_settled(facts),
        preflight.existing_connections(facts),
        preflight.allow_lists(facts),
    ]
