"""Notes that several kinds of plan show."""

from __future__ import annotations

from ...formatting import count, listed
from ...model.network import NetworkFacts


def manual_rule_notes(facts: NetworkFacts) -> tuple[str, ...]:
    """Outbound rules that AKS does not manage (Azure/AKS#5634)."""
    rules = facts.load_balancer.manual_outbound_rules if facts.load_balancer else ()
    maker = "AKS did not make" if facts.aks_outbound_rule else "is not known as AKS's own"
    return tuple(
        f"The load balancer has an outbound rule that {maker}: {rule.name}, "
        f"{rule.allocated_outbound_ports:,} ports a node, idle timeout {count(rule.idle_timeout_minutes, 'minute')}, "
        f"{count(len(rule.ip_ids), 'public IP')}. Sizing and idle timeout take AKS's own rule, else its profile."
        for rule in rules
    )


def host_snat_notes(facts: NetworkFacts) -> tuple[str, ...]:
    """A note for Windows node pools (AKS docs: nat-gateway)."""
    pools = [pool.name for pool in facts.cluster.pools if pool.has_host_snat]
    if not pools:
        return ()
    return (
        f"Windows pools ({listed(pools)}) have OutboundNAT on, which can only be turned off when a pool is made: their "
        "nodes translate pods' addresses themselves, whatever the egress, and can run out of ports of their own.",
    )
