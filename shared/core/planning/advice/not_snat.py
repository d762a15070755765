"""The answer that no NAT gateway is: SNAT ports were measured, and they are not the trouble.

What it likely is instead: Azure docs, app-service/troubleshoot-intermittent-outbound-connection-errors and
load-balancer/troubleshoot-outbound-connection.
"""

from __future__ import annotations

from ....model.check import CheckId
from ....model.network import NetworkFacts
from ....model.plan import Demand, PlanKind
from ...checks import CheckBuilder
from ..plan_builder import Outline

_SOURCE = "SnatConnectionCount, UsedSnatPorts and AllocatedSnatPorts, or the NAT gateway's metrics"
_INSTEAD = (
    "Likely the targets: look at their limits, firewalls and certificates, and at their own figures of refused calls.",
    "Or DNS inside the cluster: look at CoreDNS's latency and errors, and at lookups that time out after 5 seconds.",
    "Or the application: timeouts shorter than the target's slow answers, a connection pool that is full, or idle "
    "connections that are cut after the idle timeout and used again.",
    "Or a network policy, a route or a firewall on the way, when the same target always fails.",
)


def not_snat(facts: NetworkFacts, demand: Demand) -> Outline:
    """``demand.no_need`` says what was measured: without it there is no such answer."""
    name = facts.cluster.name
    return Outline(
        kind=PlanKind.NOT_SNAT,
        summary=f"SNAT ports of {name} are not short, so they are not its trouble: {demand.no_need}",
        notes=(
            *_INSTEAD,
            "A NAT gateway would change the egress IPs and cure nothing. To plan one all the same, ahead of need, ask "
            "for a plan of kind attach_nat_gateway, or reserve_public_ips for the addresses alone.",
        ),
        arithmetic=demand.arithmetic[:1],
        checks=(CheckBuilder(CheckId.SNAT_PORTS, _SOURCE).passes(demand.no_need),),
    )
