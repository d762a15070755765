"""What to do now, best choice first, with the cost of each."""

from collections.abc import Iterator

from ..core.az_cli import script
from ..core.planning.advice.quick_relief import QuickRelief, quick_relief
from ..formatting import clauses, listed, sentences
from ..model.cluster import Cluster, VnetOwnership
from ..model.plan import CURES, Plan, PlanKind, RelatedPlan
from ..model.text import Text
from .labels import monthly
from .message import EMPTY, Section

HEADING = Text("What to do now")
_MOST_COMMANDS = 1  # more are in the details
PLAN_FOLLOWS = Text(
    "snatbot works out a plan and what it costs, and posts it here. Nothing is changed until someone approves it."
)
_BY_HAND = Text("Steps and commands are among the details.")


def choices_without_plan(cluster: Cluster, *, is_plan_due: bool) -> Section:
    """The choices before a plan is known, or without one: costs in general."""
    relief = quick_relief(cluster)
    return Section(
        HEADING,
        text=PLAN_FOLLOWS if is_plan_due else EMPTY if relief else _BY_HAND,
        steps=(*_cure_in_general(cluster), _relief_in_general(relief)),
        code=script([relief.command]) if relief else EMPTY,
    )


def _relief_in_general(relief: QuickRelief | None) -> Text:
    if relief is None:
        return Text(
            "Relief: more SNAT ports per node. Open connections drop; the present egress IPs stay. "
            "`az aks update --load-balancer-outbound-ports`"
        )
    ports, ports_now = relief.ports, relief.ports_now
    if not relief.new_ips:
        return Text(
            "Relief: {ports} SNAT ports per node instead of {ports_now}. Open connections drop; egress IPs stay.",
            ports=ports,
            ports_now=ports_now,
        )
    return Text.plural(
        "Relief: {ports} SNAT ports per node instead of {ports_now}. Open connections drop; {count} egress IP joins "
        "those there are.",
        "Relief: {ports} SNAT ports per node instead of {ports_now}. Open connections drop; {count} egress IPs join "
        "those there are.",
        count=relief.new_ips,
        ports=ports,
        ports_now=ports_now,
    )


def _cure_in_general(cluster: Cluster) -> Iterator[Text]:
    if cluster.vnet_ownership is VnetOwnership.OWN:
        yield Text(
            "Cure: a NAT gateway on the cluster's subnets. Open connections may drop, egress IPs change, and it costs "
            "money; it can be rolled back."
        )
    elif cluster.vnet_ownership is VnetOwnership.MANAGED and not cluster.fixed_outbound_type_reason:
        yield Text(
            "Cure: AKS's managed NAT gateway. Open connections may drop, egress IPs change, and it costs money; there "
            "is no direct way back. `az aks update --outbound-type managedNATGateway`"
        )


def choices_of(plan: Plan) -> Iterator[Section]:
    """The plan, then relief with its command."""
    is_cure = plan.kind in CURES and plan.kind is not PlanKind.RESERVE_PUBLIC_IPS
    summary = Text("Cure: {plan}", plan=plan.summary) if is_cure else Text("Plan: {plan}", plan=plan.summary)
    choices = [sentences(summary, _costs(plan))]
    relief = next((related for related in plan.related if related.kind is PlanKind.RELIEVE_LOAD_BALANCER), None)
    if relief:
        summary = Text("Relief, by hand: {plan}", plan=relief.summary)
        choices.append(sentences(summary, _costs_of_relief(plan, relief)))
    code = script(relief.commands) if relief else EMPTY
    is_long = relief is not None and len(relief.commands) > _MOST_COMMANDS
    yield Section(HEADING, steps=tuple(choices), code=EMPTY if is_long else code)
    yield Section(Text("Commands of the relief"), code=code if is_long else EMPTY, is_detail=True)


def _costs(plan: Plan) -> Text:
    """The costs of this plan: connections, egress IPs, money, and whether it can be undone."""
    parts = []
    now, then = set(plan.egress_now), set(plan.egress_then)
    if plan.kind in (PlanKind.ATTACH_NAT_GATEWAY, PlanKind.DETACH_NAT_GATEWAY):
        parts.append(Text("open connections may drop"))
    if then and now and not now <= then:
        old, new = listed(plan.egress_now, 3), listed(plan.egress_then, 3)
        parts.append(Text("egress IPs change (now {old}, then {new})", old=old, new=new))
    elif then - now and plan.kind is not PlanKind.RESERVE_PUBLIC_IPS:
        parts.append(Text("egress IPs join the present ones ({added})", added=listed(sorted(then - now), 3)))
    else:
        parts.append(Text("egress IPs stay"))
    if plan.cost is not None:
        known = plan.cost.per_month
        parts.append(_UNKNOWN_PRICE if known is None else monthly(known, plan.cost.currency))
    if plan.kind is PlanKind.ATTACH_NAT_GATEWAY:
        parts.append(Text("it can be rolled back"))
    if plan.kind is PlanKind.DELETE_NAT_GATEWAY:
        parts.append(Text("it can't be undone"))
    return clauses(*parts)


_UNKNOWN_PRICE = Text("price unknown here")


def _costs_of_relief(plan: Plan, relief: RelatedPlan) -> Text:
    # Translators: going back to fewer ports drops the open connections too.
    back = Text("the way back drops them too")
    added = [address for address in relief.egress_then if address not in plan.egress_now]
    if not added:
        return clauses(back, Text("no new egress IP"))
    joined = Text("egress IPs join the present ones ({added})", added=listed(added, 3))
    return clauses(back, joined, _UNKNOWN_PRICE)
