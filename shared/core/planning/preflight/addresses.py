"""Checks of public IPs, and of who depends on them."""

from ....formatting import listed, marked
from ....model.check import Check, CheckId
from ....model.cluster import Cluster
from ....model.network import NetworkFacts
from ....model.text import Text, verbatim
from ...checks import CheckBuilder
from ..egress import egress_now


def basic_sku(facts: NetworkFacts) -> Check:
    """Basic load balancers and public IPs don't work with a NAT gateway (Azure docs: nat-gateway/nat-overview)."""
    check = CheckBuilder(CheckId.SKU, "managedClusters GET, loadBalancerSku; publicIPAddresses GET, sku")
    basic = [verbatim(ip.name) for ip in facts.outbound_ips if ip.sku.lower() == "basic"]
    if facts.cluster.load_balancer_sku.lower() == "basic":
        basic.insert(0, Text("the cluster's load balancer"))
    if not basic:
        return check.passes(Text("load balancer and outbound IPs are Standard; others in the subnets were not read"))
    return check.blocks(
        Text("SKU Basic can't be in a subnet with a NAT gateway: {names}", names=listed(basic)),
        Text("upgrade to Standard first"),
    )


def internet_routing(facts: NetworkFacts) -> Check:
    """Azure docs: nat-gateway/nat-overview, limitations."""
    check = CheckBuilder(CheckId.ROUTING_PREFERENCE, "publicIPAddresses GET, ipTags")
    names = [ip.name for ip in facts.outbound_ips if ip.has_internet_routing]
    if not names:
        return check.passes(Text("no outbound IP is routed over the internet; others in the subnets were not read"))
    return check.blocks(
        Text("public IPs with routing preference Internet can't go with a NAT gateway: {names}", names=marked(names)),
        Text("use public IPs with the default routing preference"),
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
            Text("a DDoS-protected public IP can't be on a NAT gateway: {names}", names=marked(names)),
            Text("turn its own protection off"),
        )
    if facts.vnet is not None and facts.vnet.has_ddos_protection:
        return check.warns(
            Text("the virtual network has a DDoS protection plan; it can't protect a NAT gateway's public IPs"),
            Text("if Azure refuses the gateway for that reason, the change stops before any subnet is touched"),
        )
    return check.passes(Text("no DDoS protection is in the way"))


def existing_connections(facts: NetworkFacts) -> Check:
    created = facts.ours.created_ids
    if facts.subnets and all(subnet.nat_gateway_id in created for subnet in facts.subnets):
        check = CheckBuilder(CheckId.EXISTING_CONNECTIONS, "subnets GET, natGateway")
        return check.passes(Text("no subnet moves: open connections stay as they are"))
    check = CheckBuilder(CheckId.EXISTING_CONNECTIONS, "Azure docs: nat-gateway/nat-overview, nat-gateway-v2-migrate")
    return check.warns(
        Text("open outbound connections may drop; clients must reconnect"),
        Text("choose a quiet hour"),
    )


def allow_lists(facts: NetworkFacts) -> Check:
    check = CheckBuilder(
        CheckId.ALLOW_LISTS,
        "loadBalancers GET, outbound rules' frontends; natGateways and networkInterfaces, public IPs",
    )
    return check.warns(
        Text(
            "the egress IPs change (now {addresses}); partners and firewalls that allow these must get the new ones",
            addresses=listed(egress_now(facts), 16) or Text("unknown"),
        ),
        Text("tell them before approving"),
    )


def lists_of_ips(cluster: Cluster) -> Text:
    """The lists that hold the cluster's egress IPs."""
    if cluster.restricts_api_server:
        return Text("partners' allow-lists and the API server's authorized IP ranges")
    return Text("partners' allow-lists")
