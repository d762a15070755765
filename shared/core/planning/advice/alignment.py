"""Set the cluster's outbound type to match after its subnets got their NAT gateway.

Azure docs (aks/egress-outboundtype): in an own virtual network, loadBalancer and userAssignedNATGateway can change into
each other if the gateway is on the subnets first; AKS then removes what it created for the former type.
"""

from ....formatting import listed, public_ips_of
from ....model.check import Check, CheckId
from ....model.network import NetworkFacts
from ....model.plan import PlanKind
from ....model.text import Text
from ...az_cli import aks_update
from ...checks import CheckBuilder
from .. import preflight
from ..egress import egress_now
from ..plan_builder import GOES_ON, Outline
from ..sizing import PORTS_PER_IP


def align(facts: NetworkFacts) -> Outline:
    """``az aks update --outbound-type userAssignedNATGateway``, where every subnet has a gateway already."""
    return _alignment(facts, _checks(facts)).unless_blocked()


def align_afterwards(facts: NetworkFacts) -> Outline:
    """The same advice for after a plan that attaches the gateway is verified."""
    return _alignment(facts, (preflight.cluster.outbound_type_can_change(facts),)).unless_blocked()


def _alignment(facts: NetworkFacts, checks: tuple[Check, ...]) -> Outline:
    cluster = facts.cluster
    where = listed(egress_now(facts), 16) or Text("unknown")
    addresses = listed([ip.address for ip in facts.aks_outbound_ips if ip.address], 16) or Text("unknown")
    return Outline(
        kind=PlanKind.ALIGN_OUTBOUND_TYPE,
        summary=Text(
            "make AKS's own setting agree with the NAT gateway that {cluster} uses: outbound type "
            "userAssignedNATGateway instead of loadBalancer. snatbot's one-click rollback ends with it",
            cluster=cluster.name,
        ),
        commands=(aks_update(cluster, "--outbound-type", "userAssignedNATGateway"),),
        notes=(
            Text(
                "No traffic moves: it leaves from {addresses} already. Until then the load balancer's outbound rule "
                "and its public IPs stay, and are paid for.",
                addresses=where,
            ),
            GOES_ON,
        ),
        checks=checks,
        arithmetic=tuple(_arithmetic(facts)),
        irreversible=Text(
            "AKS removes what it made for the former type: expect its outbound rule to go from the load balancer, and "
            "its public IPs ({addresses}) to be lost for good. snatbot's one-click rollback of the NAT gateway ends "
            "with it: without an outbound rule nodes would have no egress. It works again once the outbound type is "
            "loadBalancer again.",
            addresses=addresses,
        ),
        rollback_text=Text(
            "set the outbound type to loadBalancer again: AKS makes a new outbound rule, with other addresses"
        ),
        rollback_commands=(aks_update(cluster, "--outbound-type", "loadBalancer"),),
    )


def _arithmetic(facts: NetworkFacts) -> list[Text]:
    lines = []
    for gateway in facts.attached_gateways:
        if gateway.public_ip_ids:
            ips = len(gateway.public_ip_ids)
            lines.append(
                Text(
                    "NAT gateway {gateway}: {ips} × {per_ip} = {ports} ports",
                    gateway=gateway.name,
                    ips=public_ips_of(ips),
                    per_ip=PORTS_PER_IP,
                    ports=ips * PORTS_PER_IP,
                )
            )
    return lines


def _checks(facts: NetworkFacts) -> tuple[Check, ...]:
    cluster = facts.cluster
    without = [subnet.name for subnet in facts.subnets if not subnet.nat_gateway_id]
    return (
        preflight.cluster.vnet_ownership(facts),
        preflight.cluster.outbound_type_can_change(facts),
        CheckBuilder(CheckId.OUTBOUND_TYPE, "managedClusters GET, networkProfile.outboundType").requires(
            cluster.is_on_load_balancer,
            Text("the outbound type is loadBalancer"),
            Text("the outbound type is {type}: there is nothing to align", type=cluster.outbound_type),
            Text("leave it as it is"),
        ),
        CheckBuilder(CheckId.NAT_GATEWAY, "subnets GET, natGateway").requires(
            bool(facts.subnets) and not without,
            Text("every subnet of the cluster has a NAT gateway"),
            Text("without a NAT gateway: {subnets}; their nodes would lose all egress", subnets=listed(without))
            if without
            else Text("no subnet could be read"),
            Text("attach the gateway to every subnet first"),
        ),
        preflight.subnets.subnets_readable(facts),
        preflight.subnets.outbound_pool(facts),
        preflight.cluster.cluster_is_settled(facts),
        CheckBuilder(CheckId.EXISTING_CONNECTIONS, "Azure docs: aks/egress-outboundtype").warns(
            Text("connections may be interrupted while AKS changes the outbound type"), Text("choose a quiet hour")
        ),
    )
