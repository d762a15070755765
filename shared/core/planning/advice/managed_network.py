"""Advice for a virtual network that AKS manages: only AKS can attach a NAT gateway, and only a person may tell it to.

AKS docs (nat-gateway, egress-outboundtype): managedNATGateway has up to 16 public IPs and can't change back to
loadBalancer; with SKU StandardV2 it can't change at all.
"""

from collections.abc import Iterator

from ....formatting import addresses_of, public_ips_of, sentences
from ....model.check import Check, CheckId
from ....model.cluster import Cluster, VnetOwnership
from ....model.network import NetworkFacts
from ....model.plan import Demand, PlanKind
from ....model.text import Text, verbatim
from ...az_cli import use_managed_gateway
from ...checks import CheckBuilder
from .. import preflight
from ..plan_builder import GOES_ON, Outline, host_snat_notes
from ..sizing import MAX_PUBLIC_IPS
from .standard_v2 import region_has_it


def managed_gateway(facts: NetworkFacts, demand: Demand, idle_timeout_minutes: int | None = None) -> Outline:
    """``idle_timeout_minutes``: None keeps that of the load balancer."""
    cluster = facts.cluster
    ips = min(demand.public_ip_count, MAX_PUBLIC_IPS)
    sku = (
        Text("From SKU StandardV2 there is no way to any other outbound type or SKU; Standard can't carry IPv6.")
        if cluster.has_ipv6
        else Text("SKU Standard can become StandardV2 later, and from there nothing leads back.")
    )
    return Outline(
        kind=PlanKind.MANAGED_NAT_GATEWAY,
        summary=Text(
            "AKS manages the virtual network of {cluster}: let AKS replace the load balancer by a managed NAT gateway "
            "with {ips}, by the command given",
            cluster=cluster.name,
            ips=public_ips_of(ips),
        ),
        commands=(use_managed_gateway(cluster, ips, idle_timeout_minutes or facts.outbound_idle_timeout_minutes),),
        notes=(
            Text(
                "The new addresses are known only afterwards. With SKU StandardV2, where the region has it, create "
                "StandardV2 public IPs first and give them with --nat-gateway-outbound-ips instead of the count."
            ),
            *host_snat_notes(facts),
            GOES_ON,
        ),
        checks=tuple(_checks(facts)),
        egress_then=(Text("{addresses} that AKS makes", addresses=addresses_of(ips)),),
        irreversible=sentences(
            Text("There is no direct way back from managedNATGateway to loadBalancer."),
            sku,
            Text("The load balancer's present outbound addresses are lost for good."),
        ),
        rollback_text=Text("there is none that keeps egress up; its public IPs and idle timeout can be changed later"),
    ).unless_blocked()


def is_managed_on_balancer(cluster: Cluster) -> bool:
    return cluster.vnet_ownership is VnetOwnership.MANAGED and cluster.is_on_load_balancer


def described_outbound_type(cluster: Cluster) -> Text:
    """Such as ``managedNATGateway of SKU StandardV2``."""
    kind, sku = cluster.outbound_type, cluster.managed_gateway_sku
    return Text("{outbound_type} of SKU {sku}", outbound_type=kind, sku=sku) if sku else verbatim(kind)


def _checks(facts: NetworkFacts) -> Iterator[Check]:
    cluster = facts.cluster
    yield CheckBuilder(CheckId.VIRTUAL_NETWORK, "managedClusters GET, agentPoolProfiles[].vnetSubnetID").requires(
        cluster.vnet_ownership is VnetOwnership.MANAGED,
        Text("AKS manages the cluster's virtual network"),
        Text("the cluster, or a part of it, is in a virtual network of your own, where AKS makes no NAT gateway"),
        Text("ask for a plan without a kind: snatbot can attach a gateway there"),
    )
    yield preflight.cluster.on_load_balancer(facts)
    yield preflight.cluster.outbound_type_can_change(facts)
    if cluster.has_ipv6:
        yield region_has_it(facts)
    yield preflight.cluster.cluster_is_settled(facts)
    yield preflight.cluster.egress_gateway(facts)
    yield preflight.addresses.existing_connections(facts)
    yield preflight.addresses.allow_lists(facts)
    if cluster.restricts_api_server:
        yield CheckBuilder(CheckId.API_SERVER_ACCESS, "managedClusters GET, apiServerAccessProfile").warns(
            Text("the API server has authorized IP ranges: nodes lose it until the new addresses are in its list"),
            Text("add the new addresses right after the change, or make the list wider for that time"),
        )
