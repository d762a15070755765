"""Checks of routes, which take precedence over a NAT gateway."""

from collections.abc import Mapping, Sequence

from ....formatting import listed, marked, percent
from ....model.check import Check, CheckId
from ....model.network import NetworkFacts, Route
from ....model.resource_id import ArmId
from ....model.text import Text, arranged
from ...az_cli import az
from ...checks import CheckBuilder
from ..routes import PUBLIC_ADDRESSES, PublicRoutes, public_routes


def default_route(facts: NetworkFacts) -> Check:
    """Traffic that routes send elsewhere never reaches a NAT gateway (Azure docs: nat-gateway/nat-overview)."""
    check = CheckBuilder(CheckId.DEFAULT_ROUTE, "routeTables GET, routes")
    found = {subnet.name: public_routes(subnet.routes) for subnet in facts.subnets}
    most = {name: _detours(routes) for name, routes in found.items() if routes.is_most or routes.drops}
    if most:
        return check.blocks(
            Text("routes take public addresses away, ahead of any NAT gateway ({routes})", routes=_by_subnet(most)),
            Text("look for SNAT exhaustion, or for what drops the traffic, where those routes lead"),
        )
    unknown = {name: _named(routes.unknown) for name, routes in found.items() if routes.unknown}
    if unknown:
        return check.unknown(
            Text("routes that can't be understood may precede a NAT gateway ({routes})", routes=_by_subnet(unknown)),
            Text("look at them in the portal, and change the subnets by hand"),
        )
    some = {name: _detours(routes) for name, routes in found.items() if routes.detours or routes.unsized}
    if some:
        return check.warns(
            Text(
                "traffic to some public addresses does not leave by a NAT gateway, and stays as it is ({routes})",
                routes=_by_subnet(some),
            ),
            Text("if the failed connections go there, look for SNAT exhaustion where those routes lead"),
        )
    default = [
        subnet.name for subnet in facts.subnets if any(route.prefix.strip() == "0.0.0.0/0" for route in subnet.routes)
    ]
    if default:
        return check.warns(
            Text(
                "own routes for 0.0.0.0/0 in {subnets}; whether a NAT gateway then works is undocumented",
                subnets=marked(default),
            ),
            Text("watch the first subnet's gate"),
        )
    return check.passes(Text("no route takes public addresses away"))


def _by_subnet(routes: Mapping[str, Text]) -> tuple[Text, ...]:
    return tuple(arranged("{subnet}: {routes}", subnet=subnet, routes=of) for subnet, of in routes.items())


def _detours(routes: PublicRoutes) -> Text:
    """``VirtualAppliance 10.9.0.4 for 0.0.0.0/1 and 128.0.0.0/1, 100 % of the public addresses``"""
    share = percent(routes.detoured, PUBLIC_ADDRESSES)
    sized = Text("{routes}, {share} of the public addresses", routes=_named(routes.detours), share=share)
    tags = Text("{routes}, how many addresses is unknown", routes=_named(routes.unsized))
    return arranged("{routes}", routes=(*[sized] * bool(routes.detours), *[tags] * bool(routes.unsized)))


def _named(routes: Sequence[Route]) -> Text:
    prefixes: dict[str, list[str]] = {}
    for route in routes:
        prefix = route.prefix or Text("{route}, which has no prefix", route=route.name)
        prefixes.setdefault(route.next_hop, []).append(prefix)
    hops = (Text("{hop} for {prefixes}", hop=hop, prefixes=listed(of, 16)) for hop, of in prefixes.items())
    return arranged("{hops}", hops=tuple(hops))


def propagated_routes(facts: NetworkFacts) -> Check:
    """A gateway may propagate a default route; only each network interface's effective routes would show it."""
    check = CheckBuilder(
        CheckId.PROPAGATED_ROUTES, "virtualNetworks GET, GatewaySubnet, RouteServerSubnet and peerings; routeTables GET"
    )
    if facts.vnet_id is None:
        return check.passes(Text("AKS owns the virtual network"))
    remedy = Text(
        "look for 0.0.0.0/0 among the effective routes of a node's network interface in the portal, or among what the "
        "gateway learned; the first subnet's gate would show it too"
    )
    vnet = ArmId.parse(facts.vnet_id)
    where = ("--subscription", vnet.subscription, "-g", vnet.resource_group, "-n", "<gateway>")
    command = az("network", "vnet-gateway", "list-learned-routes", *where)
    if facts.vnet is None:
        return check.unknown(
            Text("whether a VPN or ExpressRoute gateway or a Route Server announces a default route is unknown"),
            remedy,
            command,
            is_needed=False,
        )
    open_subnets = [subnet.name for subnet in facts.subnets if subnet.takes_propagated_routes]
    if not facts.vnet.learns_routes or not open_subnets:
        return check.passes(Text("no gateway or Route Server can announce a default route here"))
    return check.warns(
        Text(
            "a VPN or ExpressRoute gateway or a Route Server may announce routes to {subnets}; a default route among "
            "them would take precedence over the NAT gateway",
            subnets=listed(open_subnets),
        ),
        remedy,
        command,
    )


def kept_route_table(facts: NetworkFacts) -> Check:
    """Pods of kubenet clusters reach each other through it (AKS docs: configure-kubenet)."""
    check = CheckBuilder(CheckId.ROUTE_TABLE, "subnets GET, routeTable")
    kept = [f"{subnet.name}: {subnet.route_table_id.name}" for subnet in facts.subnets if subnet.route_table_id]
    if not kept:
        return check.passes(Text("the subnets have no route table"))
    return check.passes(Text("the route table stays as it is ({tables})", tables=listed(kept)))
