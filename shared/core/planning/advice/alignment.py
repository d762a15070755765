"""Set the cluster's outbound type to match after its subnets got their NAT gateway.

Azure docs (aks/egress-outboundtype): in an own virtual network, loadBalancer and userAssignedNATGateway can change into
each other if the gateway is on the subnets first; AKS then removes what it created for the former type.
"""

from __future__ import annotations

from ....formatting import count, listed
from ....model.check import Check, CheckId
from ....model.network import NetworkFacts
from ....model.plan import PlanKind
from ...az_cli import aks_update
from ...checks import CheckBuilder
from .. import preflight
from ..egress import egress_now
from ..plan_builder import Outline
from ..sizing import PORTS_PER_IP


def align(facts: NetworkFacts) -> Outline:
    """``az aks update --outbound-type userAssignedNATGateway``, where every subnet has a gateway already."""
    return _alignment(facts, _checks(facts)).unless_blocked()


def align_afterwards(facts: NetworkFacts) -> Outline:
    """The same advice for after a plan that attaches the gateway is verified."""
    return _alignment(facts, (preflight.cluster.outbound_type_can_change(facts),)).unless_blocked()


def _alignment(facts: NetworkFacts, checks: tuple[Check, ...]) -> Outline:
    cluster = facts.cluster
    where = listed(egress_now(facts), 16) or "the NAT gateway"
    addresses = listed([ip.address for ip in facts.aks_outbound_ips if ip.address], 16) or "unknown"
    return Outline(
        kind=PlanKind.ALIGN_OUTBOUND_TYPE,
        summary=(
            f"make AKS's own setting agree with the NAT gateway that {cluster.name} uses: outbound type "
            "userAssignedNATGateway instead of loadBalancer. snatbot's one-click roll-back ends with it"
        ),
        commands=(aks_update(cluster, "--outbound-type", "userAssignedNATGateway"),),
        notes=(
            f"No traffic moves: it leaves from {where} already. Until then the load balancer's outbound rule and its "
            "public IPs stay, and are paid for.",
            "AKS's documents foresee an interruption while it runs.",
            "snatbot sees the new outbound type and goes on watching the gateway.",
        ),
        checks=checks,
        arithmetic=tuple(_arithmetic(facts)),
        irreversible=(
            "AKS removes what it made for the former type: expect its outbound rule to go from the load balancer, and "
            f"its public IPs ({addresses}) to be lost for good. snatbot's one-click roll-back of the NAT gateway ends "
            "with it: without an outbound rule nodes would have no egress. It works again once the outbound type is "
            "loadBalancer again."
        ),
        rollback_text=(
            "set the outbound type to loadBalancer again: AKS makes a new outbound rule, with other addresses"
        ),
        rollback_commands=(aks_update(cluster, "--outbound-type", "loadBalancer"),),
    )


def _arithmetic(facts: NetworkFacts) -> list[str]:
    served = [subnet for subnet in facts.subnets if subnet.nat_gateway_id]
    lines = [f"{len(served)} of {count(len(facts.subnets), 'subnet')} have a NAT gateway"]
    for gateway in facts.attached_gateways:
        if gateway.public_ip_ids:
            ips = count(len(gateway.public_ip_ids), "public IP")
            ports = len(gateway.public_ip_ids) * PORTS_PER_IP
            lines.append(f"NAT gateway {gateway.name}: {ips} × {PORTS_PER_IP:,} = {ports:,} ports")
    return lines


def _checks(facts: NetworkFacts) -> tuple[Check, ...]:
    cluster = facts.cluster
    without = [subnet.name for subnet in facts.subnets if not subnet.nat_gateway_id]
    return (
        preflight.cluster.vnet_ownership(facts),
        preflight.cluster.outbound_type_can_change(facts),
        CheckBuilder(CheckId.OUTBOUND_TYPE, "managedClusters GET, networkProfile.outboundType").requires(
            cluster.is_on_load_balancer,
            "the outbound type is loadBalancer",
            f"the outbound type is {cluster.outbound_type}: there is nothing to align",
            "leave it as it is",
        ),
        CheckBuilder(CheckId.NAT_GATEWAY, "subnets GET, natGateway").requires(
            bool(facts.subnets) and not without,
            "every subnet of the cluster has a NAT gateway",
            f"without a NAT gateway: {listed(without) or 'no subnet could be read'}; its nodes would lose all egress",
            "attach the gateway to every subnet first",
        ),
        preflight.subnets.subnets_readable(facts),
        preflight.subnets.outbound_pool(facts),
        preflight.cluster.cluster_is_settled(facts),
        CheckBuilder(CheckId.EXISTING_CONNECTIONS, "Azure docs: aks/egress-outboundtype").warns(
            "connections may be interrupted while AKS changes the outbound type", "choose a quiet hour"
        ),
    )
