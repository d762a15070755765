"""AKS manages the virtual network: only AKS may put a NAT gateway there, and only a person may tell AKS to.

Azure docs, aks/nat-gateway and aks/egress-outboundtype: managedNATGateway with up to 16 public IPs; no way back to
loadBalancer.
"""

from __future__ import annotations

from ....formatting import count
from ....model.cluster import Cluster, VnetOwnership
from ....model.network import NetworkFacts
from ....model.plan import Check, CheckResult, Demand, PlanKind
from ...az_cli import aks_update
from .. import preflight
from ..sizing import MAX_PUBLIC_IPS
from .advice import Advice, must


def managed_gateway(facts: NetworkFacts, demand: Demand, idle_timeout_minutes: int | None = None) -> Advice:
    """``idle_timeout_minutes`` None keeps that of the load balancer."""
    cluster = facts.cluster
    ips = min(demand.public_ip_count, MAX_PUBLIC_IPS)
    return Advice(
        kind=PlanKind.MANAGED_NAT_GATEWAY,
        summary=(
            f"AKS manages the virtual network of {cluster.name}: let AKS replace the load balancer by a managed NAT "
            f"gateway with {count(ips, 'public IP')}, by the command given"
        ),
        commands=(
            aks_update(
                cluster,
                "--outbound-type managedNATGateway",
                f"--nat-gateway-managed-outbound-ip-count {ips}",
                f"--nat-gateway-idle-timeout {idle_timeout_minutes or facts.outbound_idle_timeout_minutes}",
            ),
        ),
        notes=(
            "The egress IPs change, open connections drop, and the API server's authorized IP ranges and partners' "
            "allow-lists must hold the new addresses, which are known only afterwards.",
            "snatbot sees the change and verifies it.",
        ),
        checks=preflight.sorted_checks(_checks(facts)),
        egress_then=(f"{count(ips, 'address', 'addresses')} that AKS makes",),
        irreversible=(
            "There is no direct way back from managedNATGateway to loadBalancer, and the load balancer's present "
            "outbound addresses are lost for good."
        ),
        rollback_text="there is none that keeps egress up; its public IPs and idle timeout can be changed later",
    ).unless_blocked()


def is_managed_on_balancer(cluster: Cluster) -> bool:
    return cluster.vnet_ownership is VnetOwnership.MANAGED and cluster.outbound_type.lower() == "loadbalancer"


def _checks(facts: NetworkFacts) -> list[Check]:
    cluster = facts.cluster
    found = [
        must(
            "virtual network",
            cluster.vnet_ownership is VnetOwnership.MANAGED,
            "AKS manages the cluster's virtual network",
            "the cluster, or a part of it, is in a virtual network of your own, where AKS makes no NAT gateway",
            "ask for a plan without a kind: snatbot can attach a gateway there",
            "managedClusters GET, agentPoolProfiles[].vnetSubnetID",
        ),
        must(
            "outbound type",
            cluster.outbound_type.lower() == "loadbalancer",
            "outbound traffic leaves through the load balancer",
            f"the outbound type is {cluster.outbound_type}",
            "look at the path that the cluster uses",
            "managedClusters GET, networkProfile.outboundType",
        ),
        preflight.cluster_is_settled(facts),
        preflight.allow_lists(facts),
    ]
    if cluster.authorized_ip_ranges and not cluster.is_private:
        found.append(
            Check(
                "API server access",
                CheckResult.WARN,
                "the API server has authorized IP ranges: nodes lose it until the new addresses, known only "
                "afterwards, are in its list",
                "add the new addresses right after the change, or make the list wider for that time",
                "managedClusters GET, apiServerAccessProfile",
            )
        )
    return found
