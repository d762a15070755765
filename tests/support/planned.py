"""Plans of attaching, and a NAT gateway and public IPs that the bot made earlier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.core.planning.planner import plan_attachment
from shared.core.planning.request import PlanRequest
from shared.model.network import NetworkFacts, Ours, PublicIp
from shared.model.plan import Plan
from shared.model.resource_id import ArmId
from tests.support.builders import BASELINE, DEMAND, NETWORK, PLAN_OPTIONS, cluster, facts, nat_gateway

TAGS = {"snatbot": "shop-prod"}
RANGES = cluster(authorized_ip_ranges=("192.0.2.0/24",))


def ip(number: int, **changed: Any) -> PublicIp:
    name = f"pip-snatbot-shop-prod-{number}"
    usual = PublicIp(
        ArmId(f"{NETWORK}/publicIPAddresses/{name}"), name, f"203.0.113.{number}", "Standard", "Succeeded", tags=TAGS
    )
    return replace(usual, **changed)


def ours(*ids: str) -> Ours:
    return Ours(frozenset(ArmId(resource_id.lower()) for resource_id in ids))


GATEWAY = nat_gateway(
    "ng-snatbot-shop-prod-1",
    public_ip_ids=(ip(1).id, ip(2).id),
    tags=TAGS,
    subnet_ids=(),
    properties={"idleTimeoutInMinutes": 30, "publicIpAddresses": [{"id": ip(1).id}, {"id": ip(2).id}]},
)


def plan(of: NetworkFacts, ips: int = 2, **changed: Any) -> Plan:
    request = PlanRequest(changed.pop("kind", None))
    wanted = replace(DEMAND, public_ip_count=ips)
    return plan_attachment(of, wanted, BASELINE, replace(PLAN_OPTIONS, **changed), request)


def reserved(*ips: PublicIp, of: Any = None, **changed: Any) -> NetworkFacts:
    known = ours(*(ip.id for ip in ips))
    return facts(of, group_ips=ips, ours=known, taken_names=tuple(ip.name for ip in ips), **changed)
