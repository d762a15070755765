"""From facts and demand to one exact plan, or to the advice that is the answer instead.

Own virtual network: a NAT gateway with public IPs, associated with every subnet one by one, a gate after each; where
the new addresses must be known first, reserving them is the plan. Anything else becomes advice with the ``az`` command
for a person: the bot never writes managedClusters. Ports that were measured and are not short need no change at all:
then that is the answer, unless somebody wishes for the change by its kind.
"""

from __future__ import annotations

from dataclasses import replace

from ...formatting import count
from ...model.network import NetworkFacts
from ...model.plan import Baseline, Check, CheckResult, Demand, Plan, PlanKind, RelatedPlan
from . import preflight
from .advice import ASKABLE, advise, align, align_afterwards, asked_for, not_snat, plan_of, relieve
from .attach import Draft, draft_attachment, plan_from, steps_of
from .naming import PRODUCT_TAG, group_id
from .plan_options import PlanOptions
from .request import DRY_RUN, PlanRequest
from .reserve import plan_reservation, why_not_the_switch
from .sizing import MAX_PUBLIC_IPS
from .writes import planned_ip_ids

__all__ = ["PRODUCT_TAG", "PlanOptions", "PlanRequest", "plan_attachment"]
_API_SERVER = "API server access"


def plan_attachment(
    facts: NetworkFacts,
    demand: Demand,
    baseline: Baseline | None,
    options: PlanOptions,
    request: PlanRequest = DRY_RUN,
) -> Plan:
    """An executable plan, or one without steps: then its kind, ``commands`` and checks are the answer."""
    options = replace(options, tags={**options.tags, **request.tags})
    if facts.vnet_id is not None and facts.vnet_location:
        facts = replace(facts, nat_group_id=group_id(facts.vnet_id, options.nat_resource_group))
    if request.kind in ASKABLE:
        return plan_of(asked_for(request.kind, facts, demand, options), facts, demand, baseline)
    draft = None
    if facts.vnet_id is not None and facts.vnet_location:
        draft = draft_attachment(facts, demand.public_ip_count, options)
    if request.kind is None and _is_needless(facts, demand, draft):
        return plan_of(not_snat(facts, demand), facts, demand, baseline, align(facts).as_related)
    relief = relieve(facts, demand, options.idle_timeout_minutes).as_related
    checks = preflight.sorted_checks([*_checks(facts, demand, draft, options), *_proof_checks(baseline)])
    blockers = [check for check in checks if check.is_blocking]
    is_reserving = request.kind is PlanKind.RESERVE_PUBLIC_IPS
    if draft is not None and (is_reserving or {check.name for check in blockers} == {_API_SERVER}):
        planned = planned_ip_ids(steps_of(draft, facts, options), facts)
        why = [why_not_the_switch(facts, one, planned) for one in blockers if one.name == _API_SERVER]
        reservation = plan_reservation(facts, draft.egress, demand, options, (*_demand_checks(demand), *why))
        if reservation is not None:
            return replace(reservation, is_requested=is_reserving)
    if draft is not None and not blockers:
        plan = plan_from(draft, facts, checks, demand, baseline, options)
        return replace(plan, related=(*relief, *_left_afterwards(facts, draft)), is_requested=request.kind is not None)
    found = advise(facts, demand, options)
    summary = found.summary or f"nothing is changed on {facts.cluster.name}: {blockers[0].message}"
    found = replace(found, summary=summary, checks=checks)
    return plan_of(found, facts, demand, baseline, relief)


def _is_needless(facts: NetworkFacts, demand: Demand, draft: Draft | None) -> bool:
    """Measured on the path that the traffic takes, and not short; a subnet that lost our gateway is another matter."""
    if not demand.no_need or facts.ours.port_trouble:
        return False
    gateway = draft.gateway if draft else None
    if draft is not None and gateway is not None and gateway.subnet_ids:
        return not draft.moves
    is_on_balancer = facts.cluster.outbound_type.lower() == "loadbalancer"
    return is_on_balancer and not any(subnet.nat_gateway_id for subnet in facts.subnets)


def _left_afterwards(facts: NetworkFacts, draft: Draft) -> tuple[RelatedPlan, ...]:
    """What is left for a person once the gateway is proven."""
    is_left = bool(draft.moves) and facts.cluster.outbound_type.lower() == "loadbalancer"
    return align_afterwards(facts).as_related if is_left else ()


def _checks(facts: NetworkFacts, demand: Demand, draft: Draft | None, options: PlanOptions) -> tuple[Check, ...]:
    if draft is None:
        return (*_demand_checks(demand), *preflight.check_all(facts))
    steps = steps_of(draft, facts, options)
    found = [*_demand_checks(demand), *_draft_checks(draft), *preflight.check_all(facts, steps)]
    return preflight.sorted_checks(found)


def _draft_checks(draft: Draft) -> tuple[Check, ...]:
    if draft.egress.checks:
        return draft.egress.checks
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


def _proof_checks(baseline: Baseline | None) -> tuple[Check, ...]:
    if baseline is not None:
        return ()
    return (
        Check(
            "proof",
            CheckResult.WARN,
            "how many connections there are now could not be measured: afterwards nobody can tell from traffic whether "
            "the change helped, and it can't end as fixed",
            "plan again when the metrics can be read, or judge by the application's own figures",
            "SnatConnectionCount",
        ),
    )


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
                f"planned ahead of need: {demand.no_need}",
                "if something fails now, the trouble isn't SNAT: look at the application, its targets and DNS",
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
                "SnatConnectionCount and UsedSnatPorts",
            ),
        )
    return ()
