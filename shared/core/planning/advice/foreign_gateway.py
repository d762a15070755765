"""A NAT gateway that somebody else attached: it is theirs to change."""

from __future__ import annotations

from ....formatting import listed
from ....model.network import NatGateway, NetworkFacts
from ....model.plan import PlanKind
from ...az_cli import az, named
from ..plan_builder import Advice


def foreign_gateways(facts: NetworkFacts) -> tuple[NatGateway, ...]:
    """Those on the cluster's subnets that this bot did not create."""
    return tuple(gateway for gateway in facts.attached_gateways if gateway.id not in facts.ours.created_ids)


def more_ips_on_foreign(facts: NetworkFacts) -> Advice:
    gateways = foreign_gateways(facts)
    return Advice(
        kind=PlanKind.ADVICE,
        summary=(
            f"a NAT gateway that snatbot did not create ({listed([gateway.name for gateway in gateways])}) serves "
            f"{facts.cluster.name}: ask its owner for more public IPs on it"
        ),
        commands=tuple(map(_command, gateways)),
        irreversible="A public IP that is taken off again ends the connections that use it.",
    )


def _command(gateway: NatGateway) -> str:
    ips = ("--public-ip-addresses", *gateway.public_ip_ids)
    return f"{az('network', 'nat', 'gateway', 'update', *named(gateway.id), *ips)} <id of each further public IP>"
