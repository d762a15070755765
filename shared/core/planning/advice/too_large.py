"""More public IPs would be needed than one NAT gateway takes (Azure docs: nat-gateway-resource)."""

from __future__ import annotations

from ....model.network import NetworkFacts
from ....model.plan import Demand, PlanKind
from ..sizing import MAX_PUBLIC_IPS
from .advice import Advice


def too_large(facts: NetworkFacts, demand: Demand, managed: Advice | None) -> Advice:
    """``managed``: what AKS's own gateway would be, where AKS manages the network; 16 public IPs help there too."""
    return Advice(
        kind=PlanKind.TOO_LARGE,
        summary=(
            f"{demand.public_ip_count} public IPs would be needed for {facts.cluster.name}; "
            f"a NAT gateway has at most {MAX_PUBLIC_IPS}"
        ),
        commands=managed.commands if managed else (),
        notes=(
            "One gateway serves at most 16 public IPs. Split the node pools over several subnets with a gateway each, "
            "reach Azure services through private endpoints, and reuse connections in the application.",
            *(
                ("The command given is the largest managed NAT gateway: it helps, and does not reach.",)
                if managed
                else ()
            ),
        ),
        irreversible=managed.irreversible if managed else "",
    )
