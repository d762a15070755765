"""Advice for a virtual network that AKS manages: only AKS can attach a NAT gateway, and only a person may tell it to.

AKS docs (nat-gateway, egress-outboundtype): managedNATGateway has up to 16 public IPs and can't change back to
loadBalancer; with SKU StandardV2 it can't change at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from ....formatting import count
from ....model.check import Check, CheckId
from ....model.cluster import Cluster, VnetOwnership
from ....model.network import NetworkFacts
from ....model.plan import Demand, PlanKind
from ...az_cli import use_managed_gateway
from ...checks import CheckBuilder
from .. import preflight
from ..notes import host_snat_notes
from ..plan_builder import Outline
from ..sizing import MAX_PUBLIC_IPS
from .standard_v2 import region_has_it


def managed_gateway(facts: NetworkFacts, demand: Demand, idle_timeout_minutes: int | None = None) -> Outline:
    """``idle_timeout_minutes``: None keeps that of the load balancer."""
    cluster = facts.cluster
    ips = min(demand.public_ip_count, MAX_PUBLIC_IPS)
    back = "There is no direct way back from managedNATGateway to loadBalancer"
    one_way = (
        f"{back}, and from SKU StandardV2 none to any other outbound type or SKU; Standard can't carry IPv6"
        if cluster.has_ipv6
        else f"{back}. SKU Standard can become StandardV2 later, and from there nothing leads back"
    )
    return Outline(
        kind=PlanKind.MANAGED_NAT_GATEWAY,
        summary=(
            f"AKS manages the virtual network of {cluster.name}: let AKS replace the load balancer by a managed NAT "
            f"gateway with {count(ips, 'public IP')}, by the command given"
        ),
        commands=(use_managed_gateway(cluster, ips, idle_timeout_minutes or facts.outbound_idle_timeout_minutes),),
        notes=(
            f"The egress IPs change, open connections drop, and {preflight.addresses.lists_of_ips(cluster)} must hold "
            "the new addresses, which are known only afterwards.",
            "With SKU StandardV2, where the region has it, they can be known first: create StandardV2 public IPs and "
            "give them with --nat-gateway-outbound-ips instead of the count.",
            "The command names the SKU because AKS otherwise takes StandardV2 where the region has it.",
            *host_snat_notes(facts),
            "snatbot sees the change and verifies it.",
        ),
        checks=tuple(_checks(facts)),
        egress_then=(f"{count(ips, 'address', 'addresses')} that AKS makes",),
        irreversible=f"{one_way}. The load balancer's present outbound addresses are lost for good.",
        rollback_text="there is none that keeps egress up; its public IPs and idle timeout can be changed later",
    ).unless_blocked()


def is_managed_on_balancer(cluster: Cluster) -> bool:
    return cluster.vnet_ownership is VnetOwnership.MANAGED and cluster.is_on_load_balancer


def described_outbound_type(cluster: Cluster) -> str:
    """Such as ``managedNATGateway of SKU StandardV2``."""
    return " of SKU ".join(filter(None, (cluster.outbound_type, cluster.managed_gateway_sku)))


def _checks(facts: NetworkFacts) -> Iterator[Check]:
    cluster = facts.cluster
    yield CheckBuilder(CheckId.VIRTUAL_NETWORK, "managedClusters GET, agentPoolProfiles[].vnetSubnetID").requires(
        cluster.vnet_ownership is VnetOwnership.MANAGED,
        "AKS manages the cluster's virtual network",
        "the cluster, or a part of it, is in a virtual network of your own, where AKS makes no NAT gateway",
        "ask for a plan without a kind: snatbot can attach a gateway there",
    )
    yield CheckBuilder(CheckId.OUTBOUND_TYPE, "managedClusters GET, networkProfile").requires(
        cluster.is_on_load_balancer,
        "outbound traffic leaves through the load balancer",
        f"the outbound type is {described_outbound_type(cluster)}",
        "look at the path that the cluster uses",
    )
    yield preflight.cluster.outbound_type_can_change(facts)
    if cluster.has_ipv6:
        yield region_has_it(facts)
    yield preflight.cluster.cluster_is_settled(facts)
    yield preflight.cluster.egress_gateway(facts)
    yield preflight.addresses.allow_lists(facts)
    if cluster.restricts_api_server:
        yield CheckBuilder(CheckId.API_SERVER_ACCESS, "managedClusters GET, apiServerAccessProfile").warns(
            "the API server has authorized IP ranges: nodes lose it until the new addresses, known only "
            "afterwards, are in its list",
            "add the new addresses right after the change, or make the list wider for that time",
        )
