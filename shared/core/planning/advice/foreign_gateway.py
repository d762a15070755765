"""A NAT gateway that somebody else attached: it is theirs to change."""

from __future__ import annotations

from ....formatting import listed
from ....model.network import NatGateway, NetworkFacts
from ....model.plan import PlanKind
from ....model.resource_id import ResourceId, same_id
from .advice import Advice


def foreign_gateways(facts: NetworkFacts) -> tuple[NatGateway, ...]:
    """Those on the cluster's subnets that this bot did not create."""
    return tuple(
        gateway
        for gateway in facts.nat_gateways
        if any(same_id(subnet.nat_gateway_id, gateway.id) for subnet in facts.subnets)
        and gateway.id.lower() not in facts.ours.created_ids
    )


def more_ips_on_foreign(facts: NetworkFacts) -> Advice:
    gateways = foreign_gateways(facts)
    return Advice(
        kind=PlanKind.ADVICE,
        summary=(
            f"a NAT gateway that snatbot did not create ({listed([one.name for one in gateways])}) serves "
            f"{facts.cluster.name}: ask its owner for more public IPs on it"
        ),
        commands=tuple(_command(gateway) for gateway in gateways),
        irreversible="A public IP that is taken off again ends the connections that use it.",
    )


def _command(gateway: NatGateway) -> str:
    one = ResourceId.parse(gateway.id)
    return (
        f"az network nat gateway update --subscription {one.subscription} -g {one.group} -n {one.name} "
        f"--public-ip-addresses {' '.join(gateway.public_ip_ids)} <id of each further public IP>"
    )
