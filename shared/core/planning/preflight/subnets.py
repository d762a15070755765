"""Checks of the subnets and of what is in them."""

from ....formatting import listed
from ....model.check import Check, CheckId
from ....model.network import NatGateway, NetworkFacts, is_settled
from ....model.text import Text, arranged
from ...az_cli import add_public_ips
from ...checks import CheckBuilder, grant_where
from ..placement import unplaced_members


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
    return check.passes(Text("subnets read, all Succeeded: {number}", number=len(facts.subnets)))


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
    return check.passes(Text("outbound pool members, all in the cluster's subnets: {number}", number=len(members)))


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
