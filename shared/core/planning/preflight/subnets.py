"""Checks of the subnets and of what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....formatting import listed, marked, percent
from ....model.check import Check, CheckId
from ....model.network import NatGateway, NetworkFacts, Route, is_settled
from ....model.resource_id import ArmId
from ....model.text import Text, arranged
from ...az_cli import add_public_ips, az
from ...checks import CheckBuilder, grant_where
from ..placement import unplaced_members
from ..routes import PUBLIC_ADDRESSES, PublicRoutes, public_routes


def subnets_readable(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.SUBNETS, "subnets GET")
    read = {subnet.id for subnet in facts.subnets}
    missing = [subnet_id.name for subnet_id in facts.cluster.subnet_ids if subnet_id not in read]
    unread = facts.needed_unreadable
    if unread or missing:
        return check.unknown(
            Text("could not be read: {names}", names=tuple(map(str, unread or missing))),
            grant_where(unread, facts.vnet_id.resource_group if facts.vnet_id else ""),
        )
    bad = tuple(
        arranged("{name}: {state}", name=subnet.name, state=subnet.provisioning_state)
        for subnet in facts.subnets
        if not is_settled(subnet.provisioning_state)
    )
    if bad:
        return check.blocks(
            Text("an operation is running or has failed ({states})", states=bad),
            Text("wait until it has ended, or repair it, then ask for a new plan"),
        )
    if len({subnet.id.parent for subnet in facts.subnets}) > 1:
        return check.blocks(
            Text("the node pools' subnets are in more than one virtual network: one NAT gateway serves one"),
            Text("plan each virtual network by hand"),
        )
    return check.passes(
        Text.plural("{count} subnet read, Succeeded", "{count} subnets read, all Succeeded", count=len(facts.subnets))
    )


def outbound_pool(facts: NetworkFacts) -> Check:
    """Members of the outbound pool use the load balancer, also nodes of no pool; the plan must move all of them."""
    check = CheckBuilder(
        CheckId.OUTBOUND_POOL,
        "loadBalancers GET, backendIPConfigurations; subnets GET; SnatConnectionCount, AllocatedSnatPorts by backend",
    )
    if not facts.cluster.subnet_ids:
        return check.passes(Text("no node pool names a subnet to compare with"))
    members = facts.load_balancer.outbound_ip_configuration_ids if facts.load_balancer else ()
    remedy = Text(
        "find their subnets in the portal; where no node pool names them (node auto-provisioning) change them by hand, "
        "else ask for a new plan"
    )
    unplaced = unplaced_members(facts)
    if facts.unplaced_ips:
        ips = listed([ip or Text("a node without address") for ip in facts.unplaced_ips])
        if unplaced or not members:
            return check.blocks(
                Text("{ips} leave by the load balancer and are in no subnet known to the cluster", ips=ips), remedy
            )
        return check.warns(
            Text("{ips}, in no subnet known to the cluster, left by the load balancer and are gone from it", ips=ips)
        )
    if unplaced:
        traffic = (
            Text("whether they have traffic could not be measured")
            if facts.unplaced_ips is None
            else Text("they have neither connections nor ports")
        )
        found = Text(
            "{unplaced} of {members} members of the outbound pool are in no subnet known to the cluster, such as "
            "{example}; {traffic}",
            unplaced=len(unplaced),
            members=len(members),
            example=unplaced[0],
            traffic=traffic,
        )
        return check.unknown(found, remedy) if facts.unplaced_ips is None else check.warns(found, remedy)
    return check.passes(
        Text.plural(
            "{count} member of the outbound pool, in the cluster's subnets",
            "{count} members of the outbound pool, all in the cluster's subnets",
            count=len(members),
        )
    )


def network_interfaces(facts: NetworkFacts) -> Check:
    """An interface in state Failed stops the association (Azure docs: nat-gateway/troubleshoot-nat)."""
    check = CheckBuilder(CheckId.NETWORK_INTERFACES, "networkInterfaces LIST, provisioningState")
    bad = [node for node in facts.nodes if node.provisioning_state and not is_settled(node.provisioning_state)]
    failed = [node.name for node in bad if node.provisioning_state.lower() == "failed"]
    if failed:
        return check.blocks(
            Text(
                "the network interfaces of {nodes} are Failed: Azure refuses to associate their subnet",
                nodes=listed(failed),
            ),
            Text("repair or delete those nodes, then ask for a new plan"),
        )
    if bad:
        states = listed([f"{node.name}: {node.provisioning_state}" for node in bad])
        return check.warns(
            Text("network interfaces are being changed ({states})", states=states), Text("wait until they are done")
        )
    return check.passes(Text("no network interface has failed"))


def other_subscription(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.SUBSCRIPTION, "managedClusters GET, agentPoolProfiles[].vnetSubnetID")
    here = facts.cluster.subscription
    there = facts.vnet_id.subscription if facts.vnet_id else here
    if there.lower() == here.lower():
        return check.passes(Text("cluster and virtual network are in one subscription"))
    return check.warns(
        Text(
            "the NAT gateway is created and billed in the virtual network's subscription, {subscription}",
            subscription=there,
        ),
        Text("make sure that its owners know"),
    )


def existing_gateway(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.NAT_GATEWAY, "subnets GET, natGateway")
    attached = {subnet.name: subnet.nat_gateway_id for subnet in facts.subnets if subnet.nat_gateway_id}
    if not attached:
        return check.passes(Text("no subnet has a NAT gateway yet"))
    if all(gateway_id in facts.ours.created_ids for gateway_id in attached.values()):
        return check.passes(Text("snatbot created the subnets' NAT gateway for this cluster"))
    names = tuple(f"{subnet}: {gateway_id.name}" for subnet, gateway_id in attached.items())
    commands = [add_public_ips(gateway) for gateway in foreign_gateways(facts)]
    return check.blocks(
        Text("there is a NAT gateway already ({names}); snatbot does not replace it", names=names),
        Text("look for failed connections in its own metrics, and add public IPs to it if there are some"),
        *commands,
    )


def foreign_gateways(facts: NetworkFacts) -> tuple[NatGateway, ...]:
    """Readable NAT gateways on the cluster's subnets that snatbot did not create."""
    return tuple(gateway for gateway in facts.attached_gateways if gateway.id not in facts.ours.created_ids)


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


def dual_stack(facts: NetworkFacts) -> Check:
    """A Standard NAT gateway is IPv4 only and can't be in a subnet with IPv6 (Azure docs: nat-gateway/nat-overview)."""
    check = CheckBuilder(CheckId.IPV6, "managedClusters GET, networkProfile.ipFamilies; subnets GET, addressPrefixes")
    subnets = [subnet.name for subnet in facts.subnets if subnet.has_ipv6]
    if not facts.is_dual_stack:
        return check.passes(Text("cluster and subnets use IPv4 only"))
    return check.blocks(
        Text(
            "{names} has IPv6: a Standard NAT gateway is for IPv4 only", names=listed(subnets or [facts.cluster.name])
        ),
        Text("take a StandardV2 gateway: a plan of kind standard_v2 has the commands"),
    )
