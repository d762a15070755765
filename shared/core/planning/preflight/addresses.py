"""Checks of public IPs, and of who depends on them."""

from __future__ import annotations

from ....formatting import count, listed, marked
from ....model.check import Check, CheckId
from ....model.cluster import Cluster
from ....model.network import NetworkFacts
from ...checks import CheckBuilder
from ..egress import egress_now


def basic_sku(facts: NetworkFacts) -> Check:
    """Basic load balancers and public IPs don't work with a NAT gateway (Azure docs: nat-gateway/nat-overview)."""
    check = CheckBuilder(CheckId.SKU, "managedClusters GET, loadBalancerSku; publicIPAddresses GET, sku")
    basic = [ip.name for ip in facts.outbound_ips if ip.sku.lower() == "basic"]
    if facts.cluster.load_balancer_sku.lower() == "basic":
        basic.insert(0, "the cluster's load balancer")
    if not basic:
        return check.passes(f"load balancer and public IPs are of SKU Standard {_looked_at(facts)}")
    return check.blocks(
        f"SKU Basic can't be in a subnet with a NAT gateway: {listed(basic)}", "upgrade to Standard first"
    )


def _looked_at(facts: NetworkFacts) -> str:
    ips = count(len(facts.outbound_ips), "outbound IP")
    return f"(looked at: the cluster's load balancer and {ips}, not what others have in the subnets)"


def internet_routing(facts: NetworkFacts) -> Check:
    """Azure docs: nat-gateway/nat-overview, limitations."""
    check = CheckBuilder(CheckId.ROUTING_PREFERENCE, "publicIPAddresses GET, ipTags")
    names = [ip.name for ip in facts.outbound_ips if ip.has_internet_routing]
    if not names:
        return check.passes(f"no public IP is routed over the internet {_looked_at(facts)}")
    return check.blocks(
        f"public IPs with routing preference Internet can't be used with a NAT gateway: {marked(names)}",
        "use public IPs with the default routing preference",
    )


def ddos_protection(facts: NetworkFacts) -> Check:
    """A NAT gateway's own public IPs can't be DDoS-protected (Azure docs: nat-gateway/nat-overview)."""
    check = CheckBuilder(
        CheckId.DDOS_PROTECTION, "publicIPAddresses GET, ddosSettings; virtualNetworks GET, enableDdosProtection"
    )
    given = (facts.given_prefix,) if facts.given_prefix else ()
    usable_ids = {*facts.ours.created_ids, *(prefix.id for prefix in given)}
    names = [ip.name for ip in (*facts.group_ips, *given) if ip.has_ddos_protection and ip.id in usable_ids]
    if names:
        return check.blocks(
            f"a DDoS-protected public IP can't be on a NAT gateway: {marked(names)}", "turn its own protection off"
        )
    if facts.vnet is not None and facts.vnet.has_ddos_protection:
        return check.warns(
            "the virtual network has a DDoS protection plan; a NAT gateway's public IPs can't be protected by one",
            "if Azure refuses the gateway for that reason, the change stops before any subnet is touched",
        )
    return check.passes("no DDoS protection is in the way")


def existing_connections(facts: NetworkFacts) -> Check:
    created = facts.ours.created_ids
    if facts.subnets and all(subnet.nat_gateway_id in created for subnet in facts.subnets):
        check = CheckBuilder(CheckId.EXISTING_CONNECTIONS, "subnets GET, natGateway")
        return check.passes("no subnet moves: open connections stay as they are")
    check = CheckBuilder(
        CheckId.EXISTING_CONNECTIONS,
        "Azure docs: nat-gateway/nat-overview and nat-gateway-v2-migrate, which differ",
    )
    return check.warns(
        "open outbound connections may drop when a subnet is associated; clients must reconnect",
        "choose a quiet hour if that hurts",
    )


def allow_lists(facts: NetworkFacts) -> Check:
    check = CheckBuilder(
        CheckId.ALLOW_LISTS,
        "loadBalancers GET, outbound rules' frontends; natGateways and networkInterfaces, public IPs",
    )
    return check.warns(
        f"the egress IPs change (now {listed(egress_now(facts), 16) or 'unknown'}); "
        "partners and firewalls that allow only these must get the new ones",
        "tell them before approving",
    )


def lists_of_ips(cluster: Cluster) -> str:
    """The places that list the cluster's egress IPs, in words."""
    of_api_server = " and the API server's authorized IP ranges" if cluster.restricts_api_server else ""
    return f"partners' allow-lists{of_api_server}"
