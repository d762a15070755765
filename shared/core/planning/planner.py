"""Turn facts and demand into one executable plan, or into advice.

In an own virtual network the plan creates public IPs and a NAT gateway and attaches it to one subnet after another,
with a gate after each. If the new addresses must be known first, the plan reserves them. Everything else is advice with
``az`` commands for a person, because the bot never writes managedClusters. If the measured ports are not short, the
answer is "no change", unless a person asks for a kind of plan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...model.check import Check, CheckId
from ...model.network import NetworkFacts
from ...model.plan import Baseline, Demand, Plan, PlanKind
from ...model.text import Text
from ..checks import CheckBuilder, sort_checks
from . import preflight
from .advice.alignment import align, align_afterwards
from .advice.choose import ASKABLE, advise, asked_for, not_snat
from .advice.relief import relieve
from .attach import Draft, draft_attachment, plan_from
from .naming import group_id
from .plan_builder import build_plan
from .request import DRY_RUN, PlanOptions, PlanRequest
from .reserve import plan_reservation, why_not_the_switch
from .sizing import MAX_PUBLIC_IPS
from .writes import planned_ip_ids

_BY_METRICS = "SnatConnectionCount, UsedSnatPorts"


def plan_attachment(
    facts: NetworkFacts, demand: Demand, baseline: Baseline | None, options: PlanOptions, request: PlanRequest = DRY_RUN
) -> Plan:
    """The executable plan; or advice, which has no steps: its summary, commands and checks are the answer."""
    options = replace(options, tags={**options.tags, **request.tags})
    has_vnet = facts.vnet_id is not None and bool(facts.vnet_location)
    if facts.vnet_id is not None and has_vnet:
        facts = replace(facts, nat_group_id=group_id(facts.vnet_id, options.nat_resource_group))
    if request.kind in ASKABLE:
        return build_plan(asked_for(request.kind, facts, demand, options), facts, demand, baseline)
    draft = draft_attachment(facts, demand.public_ip_count, options) if has_vnet else None
    if request.kind is None and _is_needless(facts, demand, draft):
        return build_plan(not_snat(facts, demand), facts, demand, baseline, align(facts).as_related)
    relief = relieve(facts, demand, options.idle_timeout_minutes).as_related
    checks = sort_checks(_checks(facts, demand, draft, baseline))
    blockers = [check for check in checks if check.is_blocking]
    if draft is not None:
        reservation = _reservation(facts, demand, draft, blockers, options, request)
        if reservation is not None:
            return reservation
        if not blockers:
            # These steps remain for a person after the change is verified.
            is_left = bool(draft.moves) and facts.cluster.is_on_load_balancer
            related = (*relief, *(align_afterwards(facts).as_related if is_left else ()))
            plan = plan_from(draft, facts, checks, demand, baseline, options, related)
            return replace(plan, is_requested=request.kind is not None)
    found = advise(facts, demand, options)
    name = facts.cluster.name
    summary = found.summary or Text("{cluster} stays as it is: {reason}", cluster=name, reason=blockers[0].message)
    return build_plan(replace(found, summary=summary, checks=checks), facts, demand, baseline, relief)


def _reservation(
    facts: NetworkFacts,
    demand: Demand,
    draft: Draft,
    blockers: Sequence[Check],
    options: PlanOptions,
    request: PlanRequest,
) -> Plan | None:
    """Only reserve public IPs, if a person asks for that or the API server's list must allow them first."""
    is_requested = request.kind is PlanKind.RESERVE_PUBLIC_IPS
    if not is_requested and {check.id for check in blockers} != {CheckId.API_SERVER_ACCESS}:
        return None
    planned = planned_ip_ids(draft.steps, facts)
    why = [why_not_the_switch(facts, check, planned) for check in blockers if check.id is CheckId.API_SERVER_ACCESS]
    plan = plan_reservation(facts, draft.egress, demand, options, (*_demand_checks(demand), *why))
    return replace(plan, is_requested=is_requested) if plan else None


def _is_needless(facts: NetworkFacts, demand: Demand, draft: Draft | None) -> bool:
    """Whether ports on the present egress path were measured and are enough, and no subnet lost snatbot's gateway."""
    if not demand.no_need or facts.ours.port_trouble:
        return False
    if draft is not None and draft.gateway is not None and draft.gateway.subnet_ids:
        return not draft.moves
    return facts.cluster.is_on_load_balancer and not any(subnet.nat_gateway_id for subnet in facts.subnets)


def _checks(facts: NetworkFacts, demand: Demand, draft: Draft | None, baseline: Baseline | None) -> Iterator[Check]:
    yield from _demand_checks(demand)
    if draft is not None:
        yield from draft.egress.checks
        if not draft.egress.checks and not draft.has_work:
            yield CheckBuilder(CheckId.WORK_TO_DO, "subnets GET; natGateways GET").blocks(
                Text("every subnet has snatbot's NAT gateway, and it has as many public IPs as are needed"),
                Text("if something fails now, the trouble isn't SNAT: look at the application, its targets and DNS"),
            )
    if baseline is None:
        yield CheckBuilder(CheckId.PROOF, "SnatConnectionCount").warns(
            Text("present connections could not be measured: snatbot can't tell afterwards whether the change helped"),
            Text("plan again when the metrics can be read, or judge by the application's own figures"),
        )
    yield from preflight.check_all(facts, draft.steps if draft else ())


def _demand_checks(demand: Demand) -> Iterator[Check]:
    if demand.public_ip_count > MAX_PUBLIC_IPS:
        yield CheckBuilder(CheckId.SIZE, _BY_METRICS).blocks(
            Text(
                "{number} public IPs are needed; a NAT gateway takes at most {most}",
                number=demand.public_ip_count,
                most=MAX_PUBLIC_IPS,
            ),
            Text("split the node pools over several subnets with a gateway each, and pool connections in the code"),
        )
    elif demand.no_need:
        yield CheckBuilder(CheckId.NEED, _BY_METRICS).warns(
            Text("planned ahead of need: {measured}", measured=demand.no_need),
            Text("if something fails now, the trouble isn't SNAT: look at the application, its targets and DNS"),
        )
    elif demand.missing:
        yield CheckBuilder(CheckId.SIZE, _BY_METRICS).warns(
            Text("sized without: {inputs}", inputs=demand.missing), Text("more public IPs can be added later")
        )
