"""A NAT gateway of SKU StandardV2: zone-redundant and dual-stack; a Standard gateway can't be upgraded to it.

Azure docs (nat-gateway/nat-sku): it takes public IPs of its own SKU only and is not in every region; attaching it ends
IPv6 egress through a load balancer's outbound rules.
"""

from collections.abc import Iterator, Sequence

from ....formatting import public_ips_of
from ....model.check import Check, CheckId
from ....model.network import NetworkFacts
from ....model.plan import Demand, PlanKind
from ....model.resource_id import ArmId
from ....model.text import Text
from ...az_cli import associate_command, az, create_public_ip, named
from ...checks import CheckBuilder
from .. import preflight
from ..naming import new_ids
from ..plan_builder import GOES_ON, Outline, host_snat_notes
from ..request import PlanOptions
from ..sizing import MAX_PUBLIC_IPS

_MISSING_IN = ("canadaeast", "indonesiacentral", "israelnorthwest", "qatarcentral", "swedensouth", "westindia")


def standard_v2(facts: NetworkFacts, demand: Demand, options: PlanOptions) -> Outline:
    """Commands that create the gateway and its public IPs and attach it to every subnet."""
    cluster = facts.cluster
    ips = min(demand.public_ip_count, MAX_PUBLIC_IPS)
    ip_ids = new_ids(facts, "pip", ips, options.name_template) if facts.vnet_id else []
    return Outline(
        kind=PlanKind.STANDARD_V2,
        summary=Text(
            "a StandardV2 NAT gateway with {ips} for {cluster}: zone-redundant, for IPv4 and IPv6, created by a person",
            ips=public_ips_of(ips),
            cluster=cluster.name,
        ),
        commands=tuple(_commands(facts, ip_ids, options)),
        notes=(
            Text("The commands make IPv4 addresses. IPv6 egress needs IPv6 addresses of SKU StandardV2 on it too."),
            Text("An empty subnet made before April 2025 may refuse it (Azure docs: nat-gateway/troubleshoot-nat)."),
            *host_snat_notes(facts),
            GOES_ON,
        ),
        checks=_checks(facts),
        egress_then=tuple(ip_id.name for ip_id in ip_ids),
        irreversible=Text(
            "There is no upgrade from Standard to StandardV2 and none back, and public IPs of the one SKU don't go "
            "with the other: going back means other addresses. IPv6 egress by the load balancer's outbound rules ends."
        ),
        rollback_text=Text("take the gateway off the subnets again: egress then leaves as before"),
        rollback_commands=tuple(associate_command(subnet.id, subnet.nat_gateway_id) for subnet in facts.subnets),
    ).unless_blocked()


def _commands(facts: NetworkFacts, ip_ids: Sequence[ArmId], options: PlanOptions) -> Iterator[str]:
    if facts.vnet_id is None:
        return
    location = facts.vnet_location or facts.cluster.location
    (gateway_id,) = new_ids(facts, "ng", 1, options.name_template)
    idle = options.idle_timeout_minutes or facts.outbound_idle_timeout_minutes
    for ip_id in ip_ids:
        yield create_public_ip(ip_id, location, ("1", "2", "3"), sku="StandardV2")
    kind = ("-l", location, "--sku", "StandardV2", "--idle-timeout", str(idle))
    yield az("network", "nat", "gateway", "create", *named(gateway_id), *kind, "--public-ip-addresses", *ip_ids)
    for subnet in facts.subnets:
        yield associate_command(subnet.id, gateway_id)


def _checks(facts: NetworkFacts) -> tuple[Check, ...]:
    return (
        preflight.cluster.vnet_ownership(facts),
        region_has_it(facts),
        preflight.subnets.subnets_readable(facts),
        preflight.routes.default_route(facts),
        preflight.cluster.egress_gateway(facts),
        preflight.cluster.cluster_is_settled(facts),
        preflight.addresses.existing_connections(facts),
        preflight.addresses.allow_lists(facts),
    )


def region_has_it(facts: NetworkFacts) -> Check:
    location = facts.vnet_location or facts.cluster.location
    return CheckBuilder(CheckId.REGION, "Azure docs: nat-gateway/nat-sku").requires(
        location.lower().replace(" ", "") not in _MISSING_IN,
        Text("`{location}` has StandardV2 NAT gateways", location=location),
        Text("`{location}` has no StandardV2 NAT gateways", location=location),
        Text("take a Standard one, for IPv4"),
    )
