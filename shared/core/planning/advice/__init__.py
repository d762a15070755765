"""What only a person may do, with the exact command: the bot never writes managedClusters nor anybody else's gateway.

Each answer is one module. ``advise`` picks the one that fits when nothing may be executed; ``asked_for`` gives the kind
that a person named, or says why it is not for this cluster.
"""

from __future__ import annotations

from ....model.cluster import VnetOwnership
from ....model.network import NetworkFacts
from ....model.plan import Demand, PlanKind
from .. import preflight
from ..egress import reserved_addresses
from ..plan_options import PlanOptions
from ..sizing import MAX_PUBLIC_IPS
from .advice import Advice, plan_of
from .alignment import align, align_afterwards
from .foreign_gateway import foreign_gateways, more_ips_on_foreign
from .managed_network import is_managed_on_balancer, managed_gateway
from .not_snat import not_snat
from .relief import relieve
from .standard_v2 import is_dual_stack, standard_v2
from .too_large import too_large

__all__ = [
    "ASKABLE",
    "Advice",
    "advise",
    "align",
    "align_afterwards",
    "asked_for",
    "not_snat",
    "plan_of",
    "relieve",
]

ASKABLE = (
    PlanKind.RELIEVE_LOAD_BALANCER,
    PlanKind.ALIGN_OUTBOUND_TYPE,
    PlanKind.MANAGED_NAT_GATEWAY,
    PlanKind.STANDARD_V2,
)


def asked_for(kind: PlanKind, facts: NetworkFacts, demand: Demand, options: PlanOptions) -> Advice:
    """One of ASKABLE."""
    match kind:
        case PlanKind.RELIEVE_LOAD_BALANCER:
            return relieve(facts, demand, options.idle_timeout_minutes)
        case PlanKind.ALIGN_OUTBOUND_TYPE:
            return align(facts)
        case PlanKind.MANAGED_NAT_GATEWAY:
            return managed_gateway(facts, demand, options.idle_timeout_minutes)
        case PlanKind.STANDARD_V2:
            return standard_v2(facts, demand, options)
    raise ValueError(f"{kind} is no advice that can be asked for; {', '.join(ASKABLE)} are")


def advise(facts: NetworkFacts, demand: Demand, options: PlanOptions) -> Advice:
    """The first that fits. An empty summary: the checks say it all."""
    cluster = facts.cluster
    if demand.public_ip_count > MAX_PUBLIC_IPS:
        managed = managed_gateway(facts, demand, options.idle_timeout_minutes)
        return too_large(facts, demand, managed if is_managed_on_balancer(cluster) else None)
    if cluster.outbound_type.lower() != "loadbalancer":
        return Advice(
            PlanKind.ADVICE,
            f"the traffic of {cluster.name} does not leave through the load balancer: look at the path in use",
        )
    if cluster.vnet_ownership is VnetOwnership.MANAGED:
        return managed_gateway(facts, demand, options.idle_timeout_minutes)
    if foreign_gateways(facts):
        return more_ips_on_foreign(facts)
    if is_dual_stack(facts):
        return standard_v2(facts, demand, options)
    waiting = reserved_addresses(facts, "publicIPAddresses") or reserved_addresses(facts, "publicIPPrefixes")
    if waiting and cluster.authorized_ip_ranges and not cluster.is_private:
        return Advice(
            PlanKind.ADVICE,
            f"the public IPs of {cluster.name} are reserved: add them to the API server's authorized IP ranges, "
            "then ask for a new plan",
            (preflight.authorize_command(cluster, [ip.address for ip in waiting]),),
        )
    return Advice(PlanKind.ADVICE, "")
