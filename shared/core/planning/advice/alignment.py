"""After subnets got their NAT gateway: let AKS's own model say so.

Azure docs, aks/egress-outboundtype: in a virtual network of one's own loadBalancer and userAssignedNATGateway can be
exchanged either way, with the gateway on the subnets first; AKS then removes what it made for the former type.
"""

from __future__ import annotations

from ....formatting import count, listed
from ....model.cluster import VnetOwnership
from ....model.network import NetworkFacts
from ....model.plan import Check, CheckResult, PlanKind
from ....model.resource_id import ResourceId
from ...az_cli import aks_update
from .. import preflight
from ..sizing import PORTS_PER_IP
from .advice import Advice, must


def align(facts: NetworkFacts) -> Advice:
    """``az aks update --outbound-type userAssignedNATGateway``, where every subnet has a gateway already."""
    return _alignment(facts, _checks(facts)).unless_blocked()


def align_afterwards(facts: NetworkFacts) -> Advice:
    """The same as it will be once a plan that attaches the gateway is proven."""
    return _alignment(facts, ())


def _alignment(facts: NetworkFacts, checks: tuple[Check, ...]) -> Advice:
    cluster = facts.cluster
    where = listed(_gateway_addresses(facts), 16) or "the NAT gateway"
    addresses = listed([ip.address for ip in facts.outbound_ips if ip.address], 16) or "unknown"
    return Advice(
        kind=PlanKind.ALIGN_OUTBOUND_TYPE,
        summary=(
            f"make AKS's own setting agree with the NAT gateway that {cluster.name} uses: outbound type "
            "userAssignedNATGateway instead of loadBalancer"
        ),
        commands=(aks_update(cluster, "--outbound-type userAssignedNATGateway"),),
        notes=(
            f"No traffic moves: it leaves from {where} already. Until then the load balancer's outbound rule and its "
            "public IPs stay, and are paid for.",
            "It needs Azure CLI 2.56 or later. AKS's documents foresee an interruption while it runs.",
            "snatbot sees the new outbound type and goes on watching the gateway.",
        ),
        checks=checks,
        arithmetic=tuple(_arithmetic(facts)),
        irreversible=(
            "AKS removes what it made for the former type: expect its outbound rule to go from the load balancer, and "
            f"its public IPs ({addresses}) to be lost for good. Afterwards the NAT gateway can be rolled back only "
            "when the outbound type is loadBalancer again."
        ),
        rollback_text=(
            "set the outbound type to loadBalancer again: AKS makes a new outbound rule, with other addresses"
        ),
        rollback_commands=(aks_update(cluster, "--outbound-type loadBalancer"),),
    )


def _arithmetic(facts: NetworkFacts) -> list[str]:
    served = [subnet for subnet in facts.subnets if subnet.nat_gateway_id]
    lines = [f"{len(served)} of {count(len(facts.subnets), 'subnet')} have a NAT gateway"]
    used = {(subnet.nat_gateway_id or "").lower() for subnet in served}
    for gateway in facts.nat_gateways:
        if gateway.id.lower() in used and gateway.public_ip_ids:
            ips = count(len(gateway.public_ip_ids), "public IP")
            ports = len(gateway.public_ip_ids) * PORTS_PER_IP
            lines.append(f"NAT gateway {gateway.name}: {ips} × {PORTS_PER_IP:,} = {ports:,} ports")
    return lines


def _gateway_addresses(facts: NetworkFacts) -> tuple[str, ...]:
    used = {(subnet.nat_gateway_id or "").lower() for subnet in facts.subnets}
    known = {ip.id.lower(): ip.address for ip in facts.group_ips}
    return tuple(
        known.get(one.lower()) or ResourceId.parse(one).name
        for gateway in facts.nat_gateways
        if gateway.id.lower() in used
        for one in gateway.egress_ids
    )


def _checks(facts: NetworkFacts) -> tuple[Check, ...]:
    cluster = facts.cluster
    without = [subnet.name for subnet in facts.subnets if not subnet.nat_gateway_id]
    kind = cluster.outbound_type
    found = [
        must(
            "virtual network",
            cluster.vnet_ownership is VnetOwnership.OWN,
            "the cluster's node pools are in your own virtual network",
            "AKS manages the virtual network, or a part of it: this outbound type is for networks of your own",
            "ask for a plan of kind managed_nat_gateway",
            "managedClusters GET, agentPoolProfiles[].vnetSubnetID",
        ),
        must(
            "outbound type",
            kind.lower() == "loadbalancer",
            "the outbound type is loadBalancer",
            f"the outbound type is {kind}: there is nothing to align",
            "leave it as it is",
            "managedClusters GET, networkProfile.outboundType",
        ),
        must(
            "NAT gateway",
            bool(facts.subnets) and not without,
            "every subnet of the cluster has a NAT gateway",
            f"without a NAT gateway: {listed(without) or 'no subnet could be read'}; its nodes would lose all egress",
            "attach the gateway to every subnet first",
            "subnets GET, natGateway",
        ),
        preflight.subnets_readable(facts),
        preflight.cluster_is_settled(facts),
        Check(
            "existing connections",
            CheckResult.WARN,
            "connections may be interrupted while AKS changes the outbound type",
            "choose a quiet hour",
            "Azure docs: aks/egress-outboundtype",
        ),
    ]
    return preflight.sorted_checks(found)
