"""A plan as its page and the terminal show it. For a change, see change_view."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..chat.labels import describe_step, resource_label, resource_name
from ..chat.message import facts_of
from ..formatting import addresses_of, capital, listed, minutes_of, public_ips_of, sentences, utc
from ..model.change import StepState
from ..model.check import Check, CheckId, CheckResult
from ..model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    Plan,
    PlanKind,
    RelatedPlan,
    Step,
)
from ..model.text import Text, arranged

Tone = Literal["good", "waiting", "bad", "running", "neutral"]
"""The colour of a chip, a class of the style sheet."""
CHECK_TONES: Mapping[CheckResult, Tone] = {
    CheckResult.PASS: "good",
    CheckResult.WARN: "waiting",
    CheckResult.BLOCK: "bad",
    CheckResult.COULD_NOT_CHECK: "bad",
}
_SUBNETS_KEPT = Text("Every other property of the subnets; it is compared before and after each write.")
_KEPT: Mapping[PlanKind, tuple[Text, ...]] = {
    PlanKind.ATTACH_NAT_GATEWAY: (
        _SUBNETS_KEPT,
        Text("The load balancer, its rules and its public IPs: inbound traffic stays as it is."),
        Text("Nodes and node pools: nothing restarts."),
    ),
    PlanKind.DETACH_NAT_GATEWAY: (
        Text("The NAT gateway and its public IPs; deleting them is a decision of its own."),
        _SUBNETS_KEPT,
    ),
    PlanKind.RESERVE_PUBLIC_IPS: (
        Text("All traffic: nothing uses the new public IPs before another plan is approved."),
    ),
    PlanKind.ADD_PUBLIC_IPS: (Text("Every other property of the NAT gateway, its public IPs and its subnets."),),
    PlanKind.DELETE_NAT_GATEWAY: (Text("Everything that snatbot did not create."),),
}
_MEASURED = (PlanKind.NOT_SNAT, PlanKind.ALIGN_OUTBOUND_TYPE)
_NOTHING_TO_APPROVE = Text("This is for a person to do: snatbot changes nothing here, and there is nothing to approve.")
_A_DRY_RUN = Text("This is a dry run: nothing was written, and nothing can be approved here.")


@dataclass(frozen=True, slots=True)
class StepView:
    """A step and, once it began, its journal entry."""

    text: Text
    state: StepState | None = None
    note: Text = Text("")
    at: Text = Text("")


@dataclass(frozen=True, slots=True)
class ResourceView:
    """A resource that the plan creates or deletes."""

    kind: Text
    name: str
    details: Text


@dataclass(frozen=True, slots=True)
class SubnetView:
    """A subnet's NAT gateway before and after, and its unchanged properties."""

    name: str
    before: str
    after: str
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with the values derived from it."""

    plan: Plan
    state: Text
    tone: Tone
    created: tuple[ResourceView, ...]
    deleted: tuple[ResourceView, ...]
    enlarged: Text
    subnets: tuple[SubnetView, ...]
    kept: tuple[Text, ...]
    egress_labels: tuple[Text, Text]
    egress_now: tuple[str, ...]
    egress_then: tuple[str, ...]
    steps: tuple[StepView, ...]
    rollback_text: Text
    related: tuple[RelatedPlan, ...]  # those that fit the present state
    related_heading: Text
    record: tuple[tuple[str, str], ...]
    nothing_to_decide: Text

    @property
    def title(self) -> Text:
        return title_of(self.plan.kind, self.plan.cluster_name)

    @property
    def size_heading(self) -> Text:
        return Text("What was measured") if self.plan.kind in _MEASURED else Text("Why this size")

    @property
    def concerns(self) -> tuple[Check, ...]:
        return tuple(check for check in self.plan.checks if check.result is not CheckResult.PASS)

    @property
    def drops(self) -> tuple[Check, ...]:
        """What may happen to open connections."""
        return tuple(check for check in self.concerns if check.id is CheckId.EXISTING_CONNECTIONS)

    @property
    def has_blockers(self) -> bool:
        return any(check.is_blocking for check in self.plan.checks)

    @property
    def passed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.plan.checks if check.result is CheckResult.PASS)


def title_of(kind: PlanKind, cluster_name: str) -> Text:
    """``NAT gateway for shop-prod``"""
    titles = {
        PlanKind.ATTACH_NAT_GATEWAY: Text("NAT gateway for {cluster}", cluster=cluster_name),
        PlanKind.DETACH_NAT_GATEWAY: Text("Rollback on {cluster}", cluster=cluster_name),
        PlanKind.RESERVE_PUBLIC_IPS: Text("Public IPs for {cluster}", cluster=cluster_name),
        PlanKind.ADD_PUBLIC_IPS: Text("More public IPs for {cluster}", cluster=cluster_name),
        PlanKind.DELETE_NAT_GATEWAY: Text("Deletion on {cluster}", cluster=cluster_name),
        PlanKind.RELIEVE_LOAD_BALANCER: Text("Load balancer relief for {cluster}", cluster=cluster_name),
        PlanKind.ALIGN_OUTBOUND_TYPE: Text("Outbound type of {cluster}", cluster=cluster_name),
        PlanKind.MANAGED_NAT_GATEWAY: Text("Managed NAT gateway for {cluster}", cluster=cluster_name),
        PlanKind.STANDARD_V2: Text("StandardV2 NAT gateway for {cluster}", cluster=cluster_name),
        PlanKind.NOT_SNAT: Text("Not SNAT: {cluster}", cluster=cluster_name),
        PlanKind.TOO_LARGE: Text("Too large for one gateway: {cluster}", cluster=cluster_name),
        PlanKind.ADVICE: Text("Advice for {cluster}", cluster=cluster_name),
    }
    return titles[kind]


def plan_view(plan: Plan) -> PlanView:
    """The plan as advice, or as a dry run."""
    steps = plan.steps
    has_egress = bool(steps or plan.egress_then)
    return PlanView(
        plan=plan,
        state=Text("Advice") if plan.kind.is_advice else Text("Dry run"),
        tone="neutral",
        created=tuple(_created(plan)),
        deleted=tuple(_deleted(step) for step in steps if isinstance(step, DeleteCreated)),
        enlarged=next((_enlarged(step) for step in steps if isinstance(step, AddPublicIps)), Text("")),
        subnets=tuple(_subnet(step) for step in steps if isinstance(step, AssociateSubnet)),
        kept=tuple(_kept(plan)),
        egress_labels=(Text("Now"), Text("Then")),
        egress_now=plan.egress_now if has_egress else (),
        egress_then=plan.egress_then if has_egress else (),
        steps=tuple(StepView(_step(step, plan)) for step in steps),
        rollback_text=sentences(plan.rollback_text if steps or plan.rollback_commands or plan.irreversible else ""),
        related=plan.related,
        related_heading=Text("Related plans"),
        record=facts_of(
            (Text("Cluster"), plan.cluster_id),
            (Text("Virtual network"), plan.vnet_id),
            (Text("Planned"), utc(plan.planned_at) if plan.planned_at else ""),
            (Text("Digest of the plan"), plan.digest if steps else ""),
        ),
        nothing_to_decide=_NOTHING_TO_APPROVE if plan.kind.is_advice else _A_DRY_RUN,
    )


def _step(step: Step, plan: Plan) -> Text:
    """A step whose resource exists uses it and creates nothing."""
    if isinstance(step, CreatePublicIp | CreatePublicIpPrefix) and step not in plan.new_steps():
        return Text("Use the present {kind} `{name}`", kind=resource_label(step.id), name=resource_name(step.id))
    return describe_step(step)


def _created(plan: Plan) -> Iterator[ResourceView]:
    details: tuple[str, ...]
    for step in plan.new_steps():
        match step:
            case CreatePublicIp():
                zones = Text("zone {zones}", zones=step.zones) if step.zones else Text("no zone named")
                details = (Text("static"), step.location, zones)
            case CreatePublicIpPrefix():
                details = (step.location, addresses_of(step.address_count))
            case CreateNatGateway():
                idle = Text("TCP idle timeout {idle}", idle=minutes_of(step.idle_timeout_minutes))
                ips = [public_ips_of(len(step.public_ip_ids))] * bool(step.public_ip_ids)
                prefixes = [Text("public IP prefix {prefix}", prefix=id_.name) for id_ in step.public_ip_prefix_ids]
                details = (step.location, idle, *ips, *prefixes)
            case _:
                continue
        group = Text("resource group {group}", group=step.id.resource_group)
        shown = arranged("{details}", details=("Standard", *details, group))
        yield ResourceView(capital(resource_label(step.id)), resource_name(step.id), shown)


def _deleted(step: DeleteCreated) -> ResourceView:
    lost = Text("{addresses}, lost for good", addresses=step.addresses)
    details = lost if step.addresses else Text("nothing uses it")
    return ResourceView(capital(resource_label(step.id)), resource_name(step.id), details)


def _enlarged(step: AddPublicIps) -> Text:
    before, after = (
        tuple(map(resource_name, ids)) or Text("none")
        for ids in ((*step.before_ids, *step.before_prefix_ids), (*step.after_ids, *step.after_prefix_ids))
    )
    return arranged("{step}: {before} → {after}", step=describe_step(step), before=before, after=after)


def _subnet(step: AssociateSubnet) -> SubnetView:
    kept = tuple(sorted(name for name in step.properties_before if name != "natGateway"))
    return SubnetView(resource_name(step.subnet_id), resource_name(step.before), resource_name(step.after), kept)


def _kept(plan: Plan) -> Iterator[Text]:
    if names := listed([resource_name(id_) for id_ in plan.existing_ids], 16):
        yield Text("What is there already and is used: {names}.", names=names)
    yield from _KEPT.get(plan.kind, ())
