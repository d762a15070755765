"""A plan as its page and the terminal show it. For a change, see change_view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..chat.labels import describe_ips, describe_step, resource_label, resource_name
from ..chat.message import facts_of, without_backticks
from ..formatting import addresses_of, capital, count, listed, sentences, utc
from ..model.change import StepState
from ..model.check import Check, CheckResult
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

Tone = Literal["good", "waiting", "bad", "running", "neutral"]
"""The colour of a chip, a class of the style sheet."""
_TITLES: Mapping[PlanKind, str] = {
    PlanKind.ATTACH_NAT_GATEWAY: "NAT gateway for {cluster}",
    PlanKind.DETACH_NAT_GATEWAY: "Roll-back on {cluster}",
    PlanKind.RESERVE_PUBLIC_IPS: "Public IPs for {cluster}",
    PlanKind.ADD_PUBLIC_IPS: "More public IPs for {cluster}",
    PlanKind.DELETE_NAT_GATEWAY: "Deletion on {cluster}",
    PlanKind.RELIEVE_LOAD_BALANCER: "Load balancer relief for {cluster}",
    PlanKind.ALIGN_OUTBOUND_TYPE: "Outbound type of {cluster}",
    PlanKind.MANAGED_NAT_GATEWAY: "Managed NAT gateway for {cluster}",
    PlanKind.STANDARD_V2: "StandardV2 NAT gateway for {cluster}",
    PlanKind.NOT_SNAT: "Not SNAT: {cluster}",
    PlanKind.TOO_LARGE: "Too large for one gateway: {cluster}",
    PlanKind.ADVICE: "Advice for {cluster}",
}
CHECK_TONES: Mapping[CheckResult, Tone] = {
    CheckResult.PASS: "good",
    CheckResult.WARN: "waiting",
    CheckResult.BLOCK: "bad",
    CheckResult.COULD_NOT_CHECK: "bad",
}
_KEPT: Mapping[PlanKind, tuple[str, ...]] = {
    PlanKind.ATTACH_NAT_GATEWAY: (
        "Every other property of the subnets; it is compared before and after each write.",
        "The load balancer, its rules and its public IPs: inbound traffic stays as it is.",
        "Nodes and node pools: nothing restarts.",
    ),
    PlanKind.DETACH_NAT_GATEWAY: (
        "The NAT gateway and its public IPs; deleting them is a decision of its own.",
        "Every other property of the subnets; it is compared before and after each write.",
    ),
    PlanKind.RESERVE_PUBLIC_IPS: (
        "All traffic: nothing uses the new public IPs before a plan of its own is approved.",
    ),
    PlanKind.ADD_PUBLIC_IPS: ("Every other property of the NAT gateway, its public IPs and its subnets.",),
    PlanKind.DELETE_NAT_GATEWAY: ("Everything that snatbot did not create.",),
}
_MEASURED = (PlanKind.NOT_SNAT, PlanKind.ALIGN_OUTBOUND_TYPE)
_NOTHING_TO_APPROVE = "This is for a person to do: snatbot changes nothing here, and there is nothing to approve."
_A_DRY_RUN = "This is a dry run: nothing was written, and nothing can be approved here."


@dataclass(frozen=True, slots=True)
class StepView:
    """A step and, once it began, its journal entry."""

    text: str
    state: StepState | None = None
    note: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class ResourceView:
    """A resource that the plan creates or deletes."""

    kind: str
    name: str
    details: str


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
    state: str
    tone: Tone
    created: tuple[ResourceView, ...]
    deleted: tuple[ResourceView, ...]
    enlarged: str
    subnets: tuple[SubnetView, ...]
    kept: tuple[str, ...]
    egress_labels: tuple[str, str]
    egress_now: tuple[str, ...]
    egress_then: tuple[str, ...]
    steps: tuple[StepView, ...]
    rollback_text: str
    related: tuple[RelatedPlan, ...]  # those that fit the present state
    related_heading: str
    record: tuple[tuple[str, str], ...]
    nothing_to_decide: str

    @property
    def title(self) -> str:
        return title_of(self.plan.kind, self.plan.cluster_name)

    @property
    def size_heading(self) -> str:
        return "What was measured" if self.plan.kind in _MEASURED else "Why this size"

    @property
    def concerns(self) -> tuple[Check, ...]:
        return tuple(check for check in self.plan.checks if check.result is not CheckResult.PASS)

    @property
    def passed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.plan.checks if check.result is CheckResult.PASS)


def title_of(kind: PlanKind, cluster_name: str) -> str:
    """``NAT gateway for shop-prod``"""
    return _TITLES[kind].format(cluster=cluster_name)


def plan_view(plan: Plan) -> PlanView:
    """The plan as advice, or as a dry run."""
    steps = plan.steps
    has_egress = bool(steps or plan.egress_then)
    return PlanView(
        plan=plan,
        state="Advice" if plan.kind.is_advice else "Dry run",
        tone="neutral",
        created=tuple(_created(plan)),
        deleted=tuple(_deleted(step) for step in steps if isinstance(step, DeleteCreated)),
        enlarged="; ".join(_enlarged(step) for step in steps if isinstance(step, AddPublicIps)),
        subnets=tuple(_subnet(step) for step in steps if isinstance(step, AssociateSubnet)),
        kept=tuple(_kept(plan)),
        egress_labels=("Now", "Then"),
        egress_now=plan.egress_now if has_egress else (),
        egress_then=plan.egress_then if has_egress else (),
        steps=tuple(StepView(_step(step, plan)) for step in steps),
        rollback_text=sentences(plan.rollback_text) if steps or plan.rollback_commands or plan.irreversible else "",
        related=plan.related,
        related_heading="Related plans",
        record=facts_of(
            ("Cluster", plan.cluster_id),
            ("Virtual network", plan.vnet_id),
            ("Planned", utc(plan.planned_at) if plan.planned_at else ""),
            ("Digest of the plan", plan.digest if steps else ""),
        ),
        nothing_to_decide=_NOTHING_TO_APPROVE if plan.kind.is_advice else _A_DRY_RUN,
    )


def _step(step: Step, plan: Plan) -> str:
    """A step whose resource exists uses it and creates nothing."""
    if isinstance(step, CreatePublicIp | CreatePublicIpPrefix) and step not in plan.new_steps():
        return f"Use {resource_label(step.id)} `{resource_name(step.id)}`, which is there"
    return describe_step(step)


def _created(plan: Plan) -> Iterator[ResourceView]:
    for step in plan.new_steps():
        match step:
            case CreatePublicIp():
                zones = f"zone {', '.join(step.zones)}" if step.zones else "no zone named"
                details = f"static, {step.location}, {zones}"
            case CreatePublicIpPrefix():
                details = f"{step.location}, {addresses_of(step.address_count)}"
            case CreateNatGateway():
                ips = without_backticks(describe_ips(step.egress_ids))
                details = f"{step.location}, TCP idle timeout {count(step.idle_timeout_minutes, 'minute')}, {ips}"
            case _:
                continue
        details = f"Standard, {details}, resource group {step.id.resource_group}"
        yield ResourceView(capital(resource_label(step.id)), resource_name(step.id), details)


def _deleted(step: DeleteCreated) -> ResourceView:
    details = f"{', '.join(step.addresses)}, lost for good" if step.addresses else "nothing uses it"
    return ResourceView(capital(resource_label(step.id)), resource_name(step.id), details)


def _enlarged(step: AddPublicIps) -> str:
    before, after = (
        ", ".join(map(resource_name, ids)) or "none"
        for ids in ((*step.before_ids, *step.before_prefix_ids), (*step.after_ids, *step.after_prefix_ids))
    )
    return f"{describe_step(step)}: {before} → {after}"


def _subnet(step: AssociateSubnet) -> SubnetView:
    kept = tuple(sorted(name for name in step.properties_before if name != "natGateway"))
    return SubnetView(resource_name(step.subnet_id), resource_name(step.before), resource_name(step.after), kept)


def _kept(plan: Plan) -> Iterator[str]:
    if names := listed([resource_name(id_) for id_ in plan.existing_ids], 16):
        yield f"What is there already and is used: {names}."
    yield from _KEPT.get(plan.kind, ())
