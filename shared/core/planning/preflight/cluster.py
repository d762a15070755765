"""Preconditions that the cluster itself sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from ....formatting import listed
from ....model.cluster import Cluster, VnetOwnership
from ....model.network import NetworkFacts
from ....model.plan import Check, CheckResult
from ....model.provisioning import is_settled
from ...az_cli import aks_update


def vnet_ownership(facts: NetworkFacts) -> Check:
    name, source = "virtual network", "managedClusters GET, agentPoolProfiles[].vnetSubnetID"
    match facts.cluster.vnet_ownership:
        case VnetOwnership.OWN:
            return Check(
                name, CheckResult.PASS, "the cluster's node pools are in your own virtual network", source=source
            )
        case VnetOwnership.MANAGED:
            return Check(
                name,
                CheckResult.BLOCK,
                "AKS manages this cluster's virtual network: a NAT gateway of your own must not be attached there",
                "switch the cluster to a managed NAT gateway with the command given",
                source,
            )
    return Check(
        name,
        CheckResult.BLOCK,
        "some node pools name a subnet and some don't",
        "look at the node pools' vnetSubnetID before anything is changed",
        source,
    )


def outbound_type(facts: NetworkFacts) -> Check:
    name, source = "outbound type", "managedClusters GET, networkProfile.outboundType"
    kind = facts.cluster.outbound_type
    if kind.lower() == "userassignednatgateway" and _has_gateway_of_ours(facts):
        return Check(name, CheckResult.PASS, "outbound traffic leaves through snatbot's NAT gateway", source=source)
    if kind.lower() != "loadbalancer":
        return Check(
            name,
            CheckResult.BLOCK,
            f"the cluster's outbound type is {kind}: its traffic does not leave through the load balancer",
            "look for the cause on the path that the cluster uses",
            source,
        )
    if facts.load_balancer is None or not facts.load_balancer.outbound_rules:
        return Check(
            name,
            CheckResult.BLOCK,
            "no load balancer with an outbound rule was found: there is nothing to relieve, and no way back",
            "look at the cluster's load balancer `kubernetes` in the portal",
            source,
        )
    return Check(name, CheckResult.PASS, "outbound traffic leaves through the load balancer", source=source)


def _has_gateway_of_ours(facts: NetworkFacts) -> bool:
    attached = [subnet.nat_gateway_id for subnet in facts.subnets if subnet.nat_gateway_id]
    return bool(attached) and all(gateway.lower() in facts.ours.created_ids for gateway in attached)


def cluster_is_settled(facts: NetworkFacts) -> Check:
    name, source = "cluster state", "managedClusters GET, provisioningState and powerState"
    cluster = facts.cluster
    busy = [
        f"pool {pool.name}: {pool.provisioning_state}"
        for pool in cluster.pools
        if not is_settled(pool.provisioning_state)
    ]
    if cluster.power_state.lower() != "running":
        return Check(name, CheckResult.BLOCK, f"the cluster is {cluster.power_state}", "start it first", source)
    if not is_settled(cluster.provisioning_state):
        busy.insert(0, f"cluster: {cluster.provisioning_state}")
    if busy:
        return Check(
            name,
            CheckResult.BLOCK,
            f"an operation is running or has failed ({', '.join(busy)})",
            "wait until it has ended, or repair it, then ask for a new plan",
            source,
        )
    return Check(name, CheckResult.PASS, "cluster and node pools are running and settled", source=source)


def authorized_ranges(facts: NetworkFacts, planned_ip_ids: tuple[str, ...] = ()) -> Check:
    """Nodes reach a public API server from their egress IPs: each planned one must be in its list beforehand."""
    name, source = "API server access", "managedClusters GET, apiServerAccessProfile"
    cluster = facts.cluster
    if cluster.is_private or not cluster.authorized_ip_ranges:
        return Check(name, CheckResult.PASS, "the API server does not restrict the nodes' egress IPs", source=source)
    read = [facts.known_ips.get(one.lower()) for one in planned_ip_ids]
    known = [ip.address for ip in read if ip is not None and ip.address]
    missing = [address for address in known if not is_listed(address, cluster.authorized_ip_ranges)]
    if known and len(known) == len(planned_ip_ids) and not missing:
        return Check(
            name, CheckResult.PASS, f"the API server's authorized IP ranges hold {listed(known, 16)}", source=source
        )
    if missing and len(known) == len(planned_ip_ids):
        return Check(
            name,
            CheckResult.BLOCK,
            f"the API server's authorized IP ranges lack {listed(missing, 16)}: nodes would lose the API server",
            "add them to the authorized IP ranges, then ask for a new plan",
            source,
            commands=(authorize_command(cluster, missing),),
        )
    return Check(
        name,
        CheckResult.BLOCK,
        "the API server has authorized IP ranges: nodes whose new egress IP is not listed would lose it",
        "reserve the public IPs first, add them to the authorized ranges, then ask for a new plan",
        source,
    )


def is_listed(address: str, ranges: tuple[str, ...]) -> bool:
    """Whether a range of the list holds the address, or the whole of the prefix."""
    try:
        wanted = ip_network(address, strict=False)
    except ValueError:
        return False
    return any(wanted.version == one.version and wanted.subnet_of(one) for one in _networks(ranges))  # type: ignore[arg-type]


def _networks(ranges: tuple[str, ...]) -> Iterator[IPv4Network | IPv6Network]:
    for text in ranges:
        try:
            yield ip_network(text, strict=False)
        except ValueError:
            continue


def authorize_command(cluster: Cluster, addresses: Iterable[str]) -> str:
    """The whole merged list: the option replaces what is there (AKS docs: api-server-authorized-ip-ranges)."""
    new = [address if "/" in address else f"{address}/32" for address in addresses]
    merged = dict.fromkeys([*cluster.authorized_ip_ranges, *new])
    return aks_update(cluster, f"--api-server-authorized-ip-ranges {','.join(merged)}")


def zones(facts: NetworkFacts) -> Check:
    name, source = "zones", "managedClusters GET, agentPoolProfiles[].availabilityZones"
    used = sorted({zone for pool in facts.cluster.pools for zone in pool.zones})
    if len(used) > 1:
        return Check(
            name,
            CheckResult.WARN,
            f"nodes are in zones {', '.join(used)}; a Standard NAT gateway sits in one: egress depends on that zone",
            source=source,
        )
    return Check(name, CheckResult.PASS, "the nodes do not span zones", source=source)


def node_public_ips(facts: NetworkFacts) -> Check:
    """NAT gateway takes precedence over instance-level public IPs (Azure docs: nat-gateway/nat-overview)."""
    name, source = "node public IPs", "managedClusters GET, agentPoolProfiles[].enableNodePublicIP"
    pools = [pool.name for pool in facts.cluster.pools if pool.has_node_public_ips]
    if not pools:
        return Check(name, CheckResult.PASS, "nodes have no public IPs of their own", source=source)
    return Check(
        name,
        CheckResult.WARN,
        f"nodes of {listed(pools)} have public IPs of their own: they then leave through the NAT gateway instead, and "
        "inbound traffic to them stays as it is",
        "tell whoever expects calls from those addresses",
        source,
    )
