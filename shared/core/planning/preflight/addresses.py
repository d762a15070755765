"""Preconditions that addresses set, and who depends on them."""

from __future__ import annotations

from ....formatting import count, listed, marked
from ....model.network import NetworkFacts, PublicIp
from ....model.plan import Check, CheckResult
from ..egress import egress_now


def basic_sku(facts: NetworkFacts) -> Check:
    """Basic load balancers and public IPs don't go with a NAT gateway (Azure docs: nat-gateway/nat-overview)."""
    name, source = "SKU", "managedClusters GET, loadBalancerSku; publicIPAddresses GET, sku"
    basic = [ip.name for ip in facts.outbound_ips if ip.sku.lower() == "basic"]
    if facts.cluster.load_balancer_sku.lower() == "basic":
        basic.insert(0, "the cluster's load balancer")
    if not basic:
        message = f"load balancer and public IPs are of SKU Standard {_looked_at(facts)}"
        return Check(name, CheckResult.PASS, message, source=source)
    return Check(
        name,
        CheckResult.BLOCK,
        f"SKU Basic can't be in a subnet with a NAT gateway: {listed(basic)}",
        "upgrade to Standard first",
        source,
    )


def _looked_at(facts: NetworkFacts) -> str:
    ips = count(len(facts.outbound_ips), "outbound IP")
    return f"(looked at: the cluster's load balancer and {ips}, not what others have in the subnets)"


def internet_routing(facts: NetworkFacts) -> Check:
    """Azure docs: nat-gateway/nat-overview, limitations."""
    name, source = "routing preference", "publicIPAddresses GET, ipTags"
    found = [ip.name for ip in facts.outbound_ips if ip.has_internet_routing]
    if not found:
        message = f"no public IP is routed over the internet {_looked_at(facts)}"
        return Check(name, CheckResult.PASS, message, source=source)
    return Check(
        name,
        CheckResult.BLOCK,
        f"public IPs with routing preference Internet can't be used with a NAT gateway: {marked(found)}",
        "use public IPs with the default routing preference",
        source,
    )


def ddos_protection(facts: NetworkFacts) -> Check:
    """A NAT gateway's own public IPs can't be DDoS-protected (Azure docs: nat-gateway/nat-overview)."""
    name, source = "DDoS protection", "publicIPAddresses GET, ddosSettings; virtualNetworks GET, enableDdosProtection"
    found = [
        ip.name for ip in (*facts.group_ips, *_given(facts)) if ip.has_ddos_protection and _is_for_us(facts, ip.id)
    ]
    if found:
        return Check(
            name,
            CheckResult.BLOCK,
            f"a DDoS-protected public IP can't be on a NAT gateway: {marked(found)}",
            "turn its own protection off",
            source,
        )
    if facts.vnet is not None and facts.vnet.has_ddos_protection:
        return Check(
            name,
            CheckResult.WARN,
            "the virtual network has a DDoS protection plan; a NAT gateway's public IPs can't be protected by one",
            "if Azure refuses the gateway for that reason, the change stops before any subnet is touched",
            source,
        )
    return Check(name, CheckResult.PASS, "no DDoS protection is in the way", source=source)


def _given(facts: NetworkFacts) -> tuple[PublicIp, ...]:
    return (facts.given_prefix,) if facts.given_prefix else ()


def _is_for_us(facts: NetworkFacts, ip_id: str) -> bool:
    given = facts.given_prefix
    return ip_id.lower() in facts.ours.created_ids or (given is not None and given.id.lower() == ip_id.lower())


def existing_connections(facts: NetworkFacts) -> Check:
    name = "existing connections"
    moving = [one for one in facts.subnets if (one.nat_gateway_id or "").lower() not in facts.ours.created_ids]
    if facts.subnets and not moving:
        message = "no subnet moves: open connections stay as they are"
        return Check(name, CheckResult.PASS, message, source="subnets GET, natGateway")
    return Check(
        name,
        CheckResult.WARN,
        "open outbound connections may drop when a subnet is associated; clients must reconnect",
        "choose a quiet hour if that hurts",
        "Azure docs: nat-gateway/nat-overview and nat-gateway-v2-migrate, which differ",
    )


def allow_lists(facts: NetworkFacts) -> Check:
    now = ", ".join(egress_now(facts)) or "unknown"
    return Check(
        "allow-lists",
        CheckResult.WARN,
        f"the egress IPs change (now {now}); partners and firewalls that allow only these must get the new ones",
        "tell them before approving",
        "loadBalancers GET, outbound rules' frontends; natGateways GET, public IPs",
    )
