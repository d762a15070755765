"""Checks of the cluster itself."""

from collections.abc import Iterable
from ipaddress import ip_network

from ....formatting import listed
from ....model.check import Check, CheckId
from ....model.cluster import Cluster, VnetOwnership
from ....model.network import NetworkFacts, is_settled
from ....model.resource_id import ArmId
from ....model.text import Text, arranged
from ...az_cli import aks_update
from ...checks import CheckBuilder


def vnet_ownership(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.VIRTUAL_NETWORK, "managedClusters GET, agentPoolProfiles[].vnetSubnetID")
    match facts.cluster.vnet_ownership:
        case VnetOwnership.OWN:
            return check.passes(Text("the cluster's node pools are in your own virtual network"))
        case VnetOwnership.MANAGED:
            return check.blocks(
                Text(
                    "AKS manages this cluster's virtual network: a NAT gateway of your own must not be attached there"
                ),
                Text("AKS can't make one either: a plan of kind relieve_load_balancer gives each node more ports")
                if facts.cluster.fixed_outbound_type_reason
                else Text("let AKS make a managed NAT gateway: a plan of kind managed_nat_gateway has the command"),
            )
        case VnetOwnership.MIXED:
            found = Text("some node pools name a subnet and some don't")
        case VnetOwnership.UNKNOWN:
            found = Text("whose virtual network the nodes are in is unknown: the cluster shows no node pool")
    return check.blocks(found, Text("look at the node pools' vnetSubnetID before anything is changed"))


def outbound_type(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.OUTBOUND_TYPE, "managedClusters GET, networkProfile.outboundType")
    kind = facts.cluster.outbound_type
    if kind.lower() == "userassignednatgateway" and _has_gateway_of_ours(facts):
        return check.passes(Text("outbound traffic leaves through snatbot's NAT gateway"))
    if not facts.cluster.is_on_load_balancer:
        return check.blocks(
            Text("not all outbound traffic leaves through the load balancer (outbound type {type})", type=kind),
            Text("look at the path that the cluster uses"),
        )
    if facts.load_balancer is None or not facts.load_balancer.outbound_rules:
        return check.blocks(
            Text("no load balancer with an outbound rule was found: there is nothing to relieve, and no way back"),
            Text("look at the cluster's load balancer `kubernetes` in the portal"),
        )
    return check.passes(Text("outbound traffic leaves through the load balancer"))


def on_load_balancer(facts: NetworkFacts) -> Check:
    """Whether all outbound traffic uses the load balancer."""
    cluster = facts.cluster
    return CheckBuilder(
        CheckId.OUTBOUND_TYPE, "managedClusters GET, networkProfile.outboundType; subnets GET, natGateway"
    ).requires(
        cluster.is_on_load_balancer and not any(subnet.nat_gateway_id for subnet in facts.subnets),
        Text("outbound traffic leaves through the load balancer"),
        Text(
            "not all outbound traffic leaves through the load balancer (outbound type {type})",
            type=cluster.outbound_type,
        ),
        Text("look at the path that the cluster uses"),
    )


def outbound_type_can_change(facts: NetworkFacts) -> Check:
    """AKS docs: node-auto-provisioning and egress-outboundtype."""
    reason = facts.cluster.fixed_outbound_type_reason
    return CheckBuilder(
        CheckId.OUTBOUND_TYPE_CHANGE, "managedClusters GET, nodeProvisioningProfile and agentPoolProfiles[].type"
    ).requires(
        not reason,
        Text("AKS can change the cluster's outbound type"),
        Text("AKS can't change the outbound type of this cluster: {reason}", reason=reason),
        Text("leave it as it is; in a virtual network of your own a NAT gateway on the subnets works without it"),
    )


def _has_gateway_of_ours(facts: NetworkFacts) -> bool:
    attached = [subnet.nat_gateway_id for subnet in facts.subnets if subnet.nat_gateway_id]
    return bool(attached) and all(gateway_id in facts.ours.created_ids for gateway_id in attached)


def cluster_is_settled(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.CLUSTER_STATE, "managedClusters GET, provisioningState and powerState")
    cluster = facts.cluster
    if cluster.power_state.lower() != "running":
        return check.blocks(Text("the cluster is {state}", state=cluster.power_state), Text("start it first"))
    states = [
        (Text("cluster"), cluster.provisioning_state),
        *((Text("pool {pool}", pool=pool.name), pool.provisioning_state) for pool in cluster.pools),
    ]
    busy = tuple(arranged("{name}: {state}", name=name, state=state) for name, state in states if not is_settled(state))
    if busy:
        return check.blocks(
            Text("an operation is running or has failed ({states})", states=busy),
            Text("wait until it has ended, or repair it, then ask for a new plan"),
        )
    return check.passes(Text("cluster and node pools are running and settled"))


def authorized_ranges(facts: NetworkFacts, planned_ip_ids: tuple[ArmId, ...] = ()) -> Check:
    """Nodes reach a public API server from their egress IPs, so its list must hold every planned IP beforehand."""
    check = CheckBuilder(CheckId.API_SERVER_ACCESS, "managedClusters GET, apiServerAccessProfile")
    cluster = facts.cluster
    if not cluster.restricts_api_server:
        return check.passes(Text("the API server does not restrict the nodes' egress IPs"))
    known = known_addresses(facts, planned_ip_ids)
    if not known or len(known) < len(planned_ip_ids):
        return check.blocks(
            Text("the API server has authorized IP ranges: nodes whose new egress IP is not listed would lose it"),
            Text("reserve the public IPs first, add them to the authorized ranges, then ask for a new plan"),
        )
    missing = [address for address in known if not is_listed(address, cluster.authorized_ip_ranges)]
    if missing:
        return check.blocks(
            Text(
                "the API server's authorized IP ranges lack {addresses}: nodes would lose the API server",
                addresses=listed(missing, 16),
            ),
            Text("add them to the authorized IP ranges, then ask for a new plan"),
            authorize_command(cluster, missing),
        )
    return check.passes(Text("the API server's authorized IP ranges hold {addresses}", addresses=listed(known, 16)))


def known_addresses(facts: NetworkFacts, ip_ids: Iterable[ArmId]) -> list[str]:
    ips = [facts.known_ips.get(ip_id) for ip_id in ip_ids]
    return [ip.address for ip in ips if ip is not None and ip.address]


def is_listed(address: str, ranges: Iterable[str]) -> bool:
    """Whether a range of the list holds the address, or the whole prefix."""
    return any(_holds(ip_range, address) for ip_range in ranges)


def _holds(ip_range: str, address: str) -> bool:
    try:
        return ip_network(address, strict=False).subnet_of(ip_network(ip_range, strict=False))  # type: ignore[arg-type]
    except (ValueError, TypeError):  # not an address, or IPv4 compared with IPv6
        return False


def authorize_command(cluster: Cluster, addresses: Iterable[str]) -> str:
    """The command with the whole merged list: the option replaces it (AKS docs: api-server-authorized-ip-ranges)."""
    new = [address if "/" in address else f"{address}/32" for address in addresses]
    merged = dict.fromkeys([*cluster.authorized_ip_ranges, *new])
    return aks_update(cluster, "--api-server-authorized-ip-ranges", ",".join(merged))


def zones(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.ZONES, "managedClusters GET, agentPoolProfiles[].availabilityZones")
    used = sorted({zone for pool in facts.cluster.pools for zone in pool.zones})
    if len(used) > 1:
        return check.warns(
            Text(
                "nodes are in zones {zones}; a Standard NAT gateway sits in one: egress depends on that zone",
                zones=tuple(used),
            )
        )
    return check.passes(Text("the nodes do not span zones"))


def node_public_ips(facts: NetworkFacts) -> Check:
    """A NAT gateway takes precedence over nodes' own public IPs (Azure docs: nat-gateway/nat-overview)."""
    check = CheckBuilder(
        CheckId.NODE_PUBLIC_IPS, "managedClusters GET, enableNodePublicIP; networkInterfaces LIST, publicIPAddress"
    )
    gateways = {pool.name for pool in facts.cluster.pools if pool.is_egress_gateway}
    pools = {pool.name for pool in facts.cluster.pools if pool.has_node_public_ips}
    pools |= {node.pool or node.name for node in facts.nodes if node.public_ip_ids and node.pool not in gateways}
    if not pools:
        return check.passes(Text("nodes have no public IPs of their own"))
    return check.warns(
        Text(
            "nodes of {pools} have public IPs of their own: their outbound traffic will leave through the NAT gateway, "
            "inbound traffic stays as it is",
            pools=listed(sorted(pools)),
        ),
        Text("tell those who expect calls from these addresses"),
    )


def egress_gateway(facts: NetworkFacts) -> Check:
    """AKS docs: configure-static-egress-gateway. A NAT gateway takes precedence (nat-gateway/nat-overview)."""
    check = CheckBuilder(CheckId.EGRESS_GATEWAY, "managedClusters GET, agentPoolProfiles[].mode")
    pools = [pool.name for pool in facts.cluster.pools if pool.is_egress_gateway]
    if not pools:
        return check.passes(Text("no node pool is a Static Egress Gateway"))
    if facts.subnets and _has_gateway_of_ours(facts) and all(subnet.nat_gateway_id for subnet in facts.subnets):
        return check.warns(
            Text("the NAT gateway takes precedence over a Static Egress Gateway (pool {pools})", pools=listed(pools)),
            Text("look from which address its pods leave"),
        )
    return check.blocks(
        Text(
            "pods leave by the public IP prefixes of a Static Egress Gateway (pool {pools}); a NAT gateway would take "
            "precedence, and partners who allow only these prefixes would refuse the traffic",
            pools=listed(pools),
        ),
        Text("relieve the load balancer instead, or move the pods' fixed addresses first"),
    )
