"""What to do now, best choice first, with the cost of each."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.az_cli import script
from ..formatting import clip, listed, sentences
from ..model.cluster import Cluster, VnetOwnership
from ..model.plan import CURES, Plan, PlanKind, RelatedPlan
from .message import Section

HEADING = "What to do now"
_MOST_LINES = 2  # of commands; more are in the details
PLAN_FOLLOWS = (
    "snatbot works out a plan and what it costs, and posts it here. Nothing is changed until someone approves it."
)
_BY_HAND = "Steps and commands are among the details."


def choices_without_plan(cluster: Cluster, *, is_plan_due: bool) -> Section:
    """The choices before a plan is known, or without one: costs in general."""
    relief = (
        "Relief: more SNAT ports per node. Open connections drop; the egress IPs of now stay. "
        "`az aks update --load-balancer-outbound-ports`"
    )
    text = PLAN_FOLLOWS if is_plan_due else _BY_HAND
    return Section(HEADING, text=text, steps=(*_cure_in_general(cluster), relief))


def _cure_in_general(cluster: Cluster) -> Iterator[str]:
    cost = "Open connections may drop, egress IPs change, and it costs money"
    if cluster.vnet_ownership is VnetOwnership.OWN:
        yield f"Cure: a NAT gateway on the cluster's subnets. {cost}; it can be rolled back."
    elif cluster.vnet_ownership is VnetOwnership.MANAGED and not cluster.fixed_outbound_type_reason:
        command = "`az aks update --outbound-type managedNATGateway`"
        yield f"Cure: AKS's managed NAT gateway. {cost}; there is no direct way back. {command}"


def choices_of(plan: Plan) -> Iterator[Section]:
    """The plan, then relief with its command."""
    kind = "Cure" if plan.kind in CURES and plan.kind is not PlanKind.RESERVE_PUBLIC_IPS else "Plan"
    choices = [sentences(f"{kind}: {clip(plan.summary, 300)}", _costs(plan))]
    code = ""
    for related in plan.related:
        if related.kind is PlanKind.RELIEVE_LOAD_BALANCER:
            choices.append(sentences(f"Relief, by hand: {related.summary}", _costs_of_relief(plan, related)))
            code = script(related.commands)
    is_long = len(code.splitlines()) > _MOST_LINES
    yield Section(HEADING, steps=tuple(choices), code="" if is_long else code)
    yield Section("Commands of the relief", code=code if is_long else "", is_detail=True)


def _costs(plan: Plan) -> str:
    """The costs of this plan: connections, egress IPs, money, and whether it can be undone."""
    parts = []
    now, then = set(plan.egress_now), set(plan.egress_then)
    if plan.kind in (PlanKind.ATTACH_NAT_GATEWAY, PlanKind.DETACH_NAT_GATEWAY):
        parts.append("open connections may drop")
    if then and now and not now <= then:
        gained, lost = listed(plan.egress_then, 3), listed(plan.egress_now, 3)
        parts.append(f"egress IPs change (now {lost}, then {gained})")
    elif then - now and plan.kind is not PlanKind.RESERVE_PUBLIC_IPS:
        parts.append(f"egress IPs join those of now ({listed(sorted(then - now), 3)})")
    else:
        parts.append("egress IPs stay")
    if plan.cost is not None:
        known = plan.cost.per_month is not None
        parts.append(f"{plan.cost.per_month:,.2f} {plan.cost.currency} a month" if known else "price unknown here")
    if plan.kind is PlanKind.ATTACH_NAT_GATEWAY:
        parts.append("it can be rolled back")
    if plan.kind is PlanKind.DELETE_NAT_GATEWAY:
        parts.append("it can't be undone")
    return "; ".join(parts)


def _costs_of_relief(plan: Plan, relief: RelatedPlan) -> str:
    added = [address for address in relief.egress_then if address not in plan.egress_now]
    joined = f"egress IPs join those of now ({listed(added, 3)}), price unknown here" if added else "no new egress IP"
    return f"the way back drops them too; {joined}"
