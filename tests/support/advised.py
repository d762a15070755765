"""Networks that each advice is for, and the plans that come of them."""

from __future__ import annotations

from dataclasses import replace

from shared.core.planning.planner import plan_attachment
from shared.core.planning.request import PlanRequest
from shared.model.cluster import LoadBalancerProfile, NodePool
from shared.model.network import NetworkFacts
from shared.model.plan import Demand, Plan, PlanKind
from shared.model.text import Text
from tests.support.builders import (
    BASELINE,
    DEMAND,
    PLAN_OPTIONS,
    SYSTEM_SUBNET,
    USER_SUBNET,
    cluster,
    facts,
    nat_gateway,
    subnet,
)

COUNTED = cluster(load_balancer_profile=LoadBalancerProfile(managed_outbound_ip_count=1))
MEASURED = replace(DEMAND, ports=30_000, busiest_node_ports=5_000)
CALM = Demand(
    500, 1, False, (Text("public IPs: 1"),), no_need=Text("no SNAT connection failed among 9,000 in the last hour")
)
MANAGED = facts(
    cluster([NodePool("system", "System", 3, 3)], load_balancer_profile=LoadBalancerProfile(0, 30, 1)),
    vnet_id=None,
    vnet_location=None,
    subnets=(),
    nat_group_id="",
)
THEIRS = facts(
    subnets=(
        subnet(USER_SUBNET, nat_gateway_id=nat_gateway().id),
        subnet(SYSTEM_SUBNET, nat_gateway_id=nat_gateway().id),
    ),
    nat_gateways=(nat_gateway(),),
)
FITTING = {
    PlanKind.RELIEVE_LOAD_BALANCER: facts(COUNTED),
    PlanKind.ALIGN_OUTBOUND_TYPE: THEIRS,
    PlanKind.MANAGED_NAT_GATEWAY: MANAGED,
    PlanKind.STANDARD_V2: facts(),
}


def ask(kind: PlanKind | None, of: NetworkFacts, demand: Demand = MEASURED) -> Plan:
    return plan_attachment(of, demand, BASELINE, PLAN_OPTIONS, PlanRequest(kind))


def every_answer() -> dict[str, Plan]:
    """Each kind of advice by its name, as somebody would see it."""
    found = {kind.value: ask(kind, FITTING[kind]) for kind in FITTING}
    found["not_snat"] = ask(None, facts(), CALM)
    found["too_large"] = ask(None, facts(COUNTED), replace(MEASURED, public_ip_count=17))
    found["not for this cluster"] = ask(PlanKind.STANDARD_V2, MANAGED)
    return found
