"""Notes that several kinds of plan show."""

from __future__ import annotations

from ...formatting import listed, minutes_of, public_ips_of
from ...model.network import NetworkFacts
from ...model.text import Text

GOES_ON = Text("snatbot sees the change and goes on measuring.")


def manual_rule_notes(facts: NetworkFacts) -> tuple[Text, ...]:
    """Outbound rules that AKS does not manage (Azure/AKS#5634)."""
    rules = facts.load_balancer.manual_outbound_rules if facts.load_balancer else ()
    return tuple(
        Text(
            "The load balancer has an outbound rule that is not known as AKS's own: {rule}, {ports} ports per node, "
            "idle timeout {minutes}, {ips}. Sizing and idle timeout take AKS's own rule, else its profile.",
            rule=rule.name,
            ports=rule.allocated_outbound_ports,
            minutes=minutes_of(rule.idle_timeout_minutes),
            ips=public_ips_of(len(rule.ip_ids)),
        )
        for rule in rules
    )


def host_snat_notes(facts: NetworkFacts) -> tuple[Text, ...]:
    """A note for Windows node pools (AKS docs: nat-gateway)."""
    pools = [pool.name for pool in facts.cluster.pools if pool.has_host_snat]
    if not pools:
        return ()
    return (
        Text(
            "Windows pools ({pools}) have OutboundNAT on, which can only be turned off when a pool is made: their "
            "nodes translate pods' addresses themselves, whatever the egress, and can run out of ports of their own.",
            pools=listed(pools),
        ),
    )
