"""Compares snatbot's plans, made from the network alone, with the plans that a scenario declares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.cloud.arm import Arm
from shared.cloud.discovery import Discovery
from shared.cloud.network_facts import read_network_facts
from shared.core.planning.planner import plan_attachment
from shared.core.planning.request import PlanOptions
from shared.model.plan import AssociateSubnet, Demand
from simulator.scenario import Content

_DEMAND = Demand(ports=1_000, public_ip_count=1, is_lower_bound=False, arithmetic=())
_OPTIONS = PlanOptions(name_template="{kind}-snatbot-{cluster}-{number}")


def declared_plans(content: Content) -> list[dict[str, Any]]:
    return list(content.get("plan_truth") or [])


def plan_differences(content: Content, arm: Arm, now: datetime) -> Iterator[str]:
    """One sentence each; none where every plan is as declared."""
    discovery = Discovery(arm)
    for declared in declared_plans(content):
        name = declared["cluster"]
        facts = read_network_facts(arm, discovery, discovery.cluster(name).id, now)
        plan = plan_attachment(facts, _DEMAND, None, _OPTIONS)
        found = {
            "ownership": facts.cluster.vnet_ownership.value,
            "subnets": [step.subnet_id.name for step in plan.steps if isinstance(step, AssociateSubnet)],
            "blocked_by": sorted(check.name for check in plan.blockers),
        }
        for what, value in found.items():
            expected = declared.get(what, [])
            if value != expected:
                yield f"{name}: {what} {value or 'none'} instead of {expected or 'none'}"
