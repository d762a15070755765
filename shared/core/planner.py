"""From facts and demand to one exact plan, or to the advice that is the answer instead.

Own virtual network: a NAT gateway with public IPs, associated with every subnet one by one, a gate after each; where
the new addresses must be known first, reserving them is the plan. Anything else becomes advice with the ``az`` command
for a person: the bot never writes managedClusters.
"""

from __future__ import annotations

from dataclasses import replace

from ..model.network import NetworkFacts
from ..model.plan import Baseline, Check, CheckResult, Demand, Plan, PlanKind
from ..texts import count
from . import preflight
from .advice import advise
from .attachment import Draft, draft_attachment, plan_from
from .demand import MAX_PUBLIC_IPS
from .digest import digest
from .naming import PRODUCT_TAG, group_id
from .plan_policy import PlanPolicy
from .reservation import plan_reservation

__all__ = ["PRODUCT_TAG", "PlanPolicy", "plan_attachment"]
_API_SERVER = "API server access"


def plan_attachment(
    facts: NetworkFacts, demand: Demand, baseline: Baseline, policy: PlanPolicy, *, is_reserving: bool = False
) -> Plan:
    """An executable plan, or one whose checks say why it is not; then ``commands`` hold the advice, if there is any.

    ``is_reserving``: somebody asks to have the public IPs reserved first.
    """
    draft = None
    if facts.vnet_id is not None and facts.vnet_location:
        facts = replace(facts, nat_group_id=group_id(facts.vnet_id, policy.nat_resource_group))
        draft = draft_attachment(facts, demand.public_ip_count, policy)
    checks = _checks(facts, demand, draft)
    blockers = [check for check in checks if check.is_blocking]
    if draft is not None and (is_reserving or {check.name for check in blockers} == {_API_SERVER}):
        reservation = plan_reservation(facts, demand, policy)
        if reservation is not None:
            return reservation
    if draft is not None and not blockers:
        return plan_from(draft, facts, checks, demand, baseline, policy)
    found = advise(facts, demand)
    return Plan(
        kind=PlanKind.ADVICE,
        cluster_id=facts.cluster.id,
        cluster_name=facts.cluster.name,
        vnet_id=facts.vnet_id,
        summary=found.summary or f"nothing is changed on {facts.cluster.name}: {blockers[0].message}",
        steps=(),
        checks=checks,
        egress_now=tuple(ip.address for ip in facts.outbound_ips if ip.address),
        egress_then=(),
        way_back="nothing is changed",
        digest=digest(PlanKind.ADVICE, facts.cluster.id, ()),
        demand=demand,
        baseline=baseline,
        commands=found.commands,
        planned_at=facts.at,
        notes=found.notes,
    )


def _checks(facts: NetworkFacts, demand: Demand, draft: Draft | None) -> tuple[Check, ...]:
    if draft is None:
        return (*_demand_checks(demand), *preflight.check_all(facts))
    egress = draft.egress
    found = [
        *_demand_checks(demand),
        *_draft_checks(draft),
        *preflight.check_all(facts, draft.planned_ip_ids, egress.new_ips, 0 if draft.gateway else 1),
    ]
    return preflight.sorted_checks(found)


def _draft_checks(draft: Draft) -> tuple[Check, ...]:
    if draft.egress.problem:
        source, remedy = "publicIPPrefixes GET", "name another prefix in NAT_IPS, or set it to addresses or prefix"
        return (Check("public IP prefix", CheckResult.BLOCK, draft.egress.problem, remedy, source),)
    if not draft.has_work:
        return (
            Check(
                "work to do",
                CheckResult.BLOCK,
                "every subnet has snatbot's NAT gateway, and it has as many public IPs as are needed",
                "look for the cause elsewhere: the application, its targets, or DNS",
                "subnets GET; natGateways GET",
            ),
        )
    return ()


def _demand_checks(demand: Demand) -> tuple[Check, ...]:
    name = "size"
    if demand.public_ip_count > MAX_PUBLIC_IPS:
        return (
            Check(
                name,
                CheckResult.BLOCK,
                f"{count(demand.public_ip_count, 'public IP')} would be needed; a NAT gateway has at most "
                f"{MAX_PUBLIC_IPS}",
                "split the node pools over several subnets with a gateway each, and pool connections in the code",
                "UsedSnatPorts, see the arithmetic",
            ),
        )
    if demand.no_need:
        return (
            Check(
                "need",
                CheckResult.WARN,
                f"{demand.no_need}: if connections fail now, the trouble isn't SNAT",
                "look at the application, its targets and DNS before you change egress",
                "SnatConnectionCount and UsedSnatPorts",
            ),
        )
    if demand.missing:
        return (
            Check(
                name,
                CheckResult.WARN,
                f"sized without: {'; '.join(demand.missing)}",
                "more public IPs can be added later",
                "UsedSnatPorts",
            ),
        )
    return ()
