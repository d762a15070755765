"""What the page of a plan says, in words: the template only lays it out. A change's page says more, see change_view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..chat.labels import CHECK_LABELS, describe_cost, describe_step, resource_kind, resource_name
from ..formatting import capital, count, listed, sentence, sentences, utc
from ..model.plan import (
    AddPublicIps,
    AssociateSubnet,
    Check,
    CheckResult,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    Plan,
    PlanKind,
    RelatedPlan,
    Step,
)
from ..model.resource_id import ResourceId
from .export.bicep import as_bicep
from .export.terraform import as_terraform

TITLES: Mapping[PlanKind, str] = {
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
_CHECK_TONES = {
    CheckResult.PASS: "good",
    CheckResult.WARN: "waiting",
    CheckResult.BLOCK: "bad",
    CheckResult.COULD_NOT_CHECK: "bad",
}
_MEASURED = (PlanKind.NOT_SNAT, PlanKind.ALIGN_OUTBOUND_TYPE)
_NOTHING_TO_APPROVE = "This is for a person to do: snatbot changes nothing here, and there is nothing to approve."
_A_DRY_RUN = "This is a dry run: nothing was written, and nothing can be approved here."


@dataclass(frozen=True, slots=True)
class StepView:
    """``state`` is the journal's word, empty before the step begins."""

    words: str
    state: str = ""
    note: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class CheckView:
    tone: str
    result: str
    name: str
    message: str
    remedy: str
    commands: str
    source: str


@dataclass(frozen=True, slots=True)
class Created:
    kind: str
    name: str
    details: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One subnet's association, before and after, and the properties that stay as they are."""

    subnet: str
    before: str
    after: str
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RelatedView:
    """``kind`` is what to ask the page for, to see it in full."""

    title: str
    summary: str
    kind: str
    commands: str


@dataclass(frozen=True, slots=True)
class PlanView:
    title: str
    cluster: str
    state: str
    tone: str
    summary: str
    created: tuple[Created, ...]
    deleted: tuple[Created, ...]
    enlarged: str
    changed: tuple[Changed, ...]
    kept: tuple[str, ...]
    egress_labels: tuple[str, str]
    egress_now: tuple[str, ...]
    egress_then: tuple[str, ...]
    steps: tuple[StepView, ...]
    step_count: str
    arithmetic_heading: str
    arithmetic: tuple[str, ...]
    missing: tuple[str, ...]
    checks: tuple[CheckView, ...]
    passed: tuple[CheckView, ...]
    cost: str
    notes: tuple[str, ...]
    rollback_text: str
    rollback_commands: str
    irreversible: str
    commands: str
    terraform: str
    bicep: str
    related: tuple[RelatedView, ...]
    record: tuple[tuple[str, str], ...]
    nothing_to_decide: str


def plan_view(plan: Plan, related_kinds: Sequence[PlanKind] = tuple(PlanKind)) -> PlanView:
    """``related_kinds``: which of the plans beside it are worth showing now."""
    checks = tuple(map(_check, plan.checks))
    is_shown = bool(plan.steps or plan.egress_then)
    return PlanView(
        title=TITLES[plan.kind].format(cluster=plan.cluster_name),
        cluster=plan.cluster_name,
        state="Advice" if plan.kind.is_advice else "Dry run",
        tone="neutral",
        summary=sentences(plan.summary),
        created=tuple(_created(plan)),
        deleted=tuple(_lost(step) for step in plan.steps if isinstance(step, DeleteCreated)),
        enlarged="; ".join(_enlarged(step) for step in plan.steps if isinstance(step, AddPublicIps)),
        changed=tuple(_changed(step) for step in plan.steps if isinstance(step, AssociateSubnet)),
        kept=_kept(plan),
        egress_labels=("Now", "Then"),
        egress_now=plan.egress_now if is_shown else (),
        egress_then=plan.egress_then if is_shown else (),
        steps=tuple(StepView(_step(step, plan)) for step in plan.steps),
        step_count=count(len(plan.steps), "step"),
        arithmetic_heading="What was measured" if plan.kind in _MEASURED else "Why this size",
        arithmetic=tuple(map(capital, plan.demand.arithmetic)) if plan.demand else (),
        missing=plan.demand.missing if plan.demand else (),
        checks=tuple(check for check in checks if check.tone != "good"),
        passed=tuple(check for check in checks if check.tone == "good"),
        cost=sentence(describe_cost(plan.cost)) if plan.cost else "",
        notes=tuple(sentence(note) for note in plan.notes),
        rollback_text=sentences(plan.rollback_text)
        if plan.steps or plan.rollback_commands or plan.irreversible
        else "",
        rollback_commands="\n".join(plan.rollback_commands),
        irreversible=sentences(plan.irreversible),
        commands="\n".join(plan.commands),
        terraform=as_terraform(plan),
        bicep=as_bicep(plan),
        related=tuple(_related(one, plan) for one in plan.related if one.kind in related_kinds),
        record=_record(plan),
        nothing_to_decide=_NOTHING_TO_APPROVE if plan.kind.is_advice else _A_DRY_RUN,
    )


def _related(one: RelatedPlan, plan: Plan) -> RelatedView:
    title = TITLES[one.kind].format(cluster=plan.cluster_name)
    return RelatedView(title, sentences(one.summary), one.kind.value, "\n".join(one.commands))


def _record(plan: Plan) -> tuple[tuple[str, str], ...]:
    rows = (
        ("Cluster", plan.cluster_id),
        ("Virtual network", plan.vnet_id or ""),
        ("Planned", utc(plan.planned_at) if plan.planned_at else ""),
        ("Digest of the plan", plan.digest if plan.steps else ""),
    )
    return tuple((label, value) for label, value in rows if value)


def _enlarged(step: AddPublicIps) -> str:
    before, after = (
        ", ".join(map(resource_name, ids)) or "none"
        for ids in ((*step.before_ids, *step.before_prefix_ids), (*step.after_ids, *step.after_prefix_ids))
    )
    return f"{describe_step(step)}: {before} → {after}"


def _step(step: Step, plan: Plan) -> str:
    """What is there already is used, not created again."""
    there = {one.lower() for one in plan.existing_ids}
    if isinstance(step, CreatePublicIp | CreatePublicIpPrefix) and step.id.lower() in there:
        kind = "public IP" if isinstance(step, CreatePublicIp) else "public IP prefix"
        return f"Use {kind} `{resource_name(step.id)}`, which is there"
    return describe_step(step)


def _created(plan: Plan) -> list[Created]:
    created = []
    there = {one.lower() for one in plan.existing_ids}
    for step in plan.steps:
        match step:
            case CreatePublicIp() | CreatePublicIpPrefix() | CreateNatGateway() if step.id.lower() in there:
                continue
            case CreatePublicIp():
                zones = f"zone {', '.join(step.zones)}" if step.zones else "no zone named"
                details = f"Standard, static, {step.location}, {zones}, resource group {_group(step.id)}"
                created.append(Created("Public IP", resource_name(step.id), details))
            case CreatePublicIpPrefix():
                addresses = count(2 ** (32 - step.length), "address", "addresses")
                details = f"Standard, {step.location}, {addresses}, resource group {_group(step.id)}"
                created.append(Created("Public IP prefix", resource_name(step.id), details))
            case CreateNatGateway():
                details = (
                    f"Standard, {step.location}, TCP idle timeout {count(step.idle_timeout_minutes, 'minute')}, "
                    f"{_ips(step)}, resource group {_group(step.id)}"
                )
                created.append(Created("NAT gateway", resource_name(step.id), details))
    return created


def _ips(step: CreateNatGateway) -> str:
    prefixes = [f"public IP prefix {resource_name(one)}" for one in step.public_ip_prefix_ids]
    return " and ".join([*([count(len(step.public_ip_ids), "public IP")] if step.public_ip_ids else []), *prefixes])


def _lost(step: DeleteCreated) -> Created:
    kind = {"natgateways": "NAT gateway", "publicipaddresses": "Public IP"}.get(
        resource_kind(step.id), "Public IP prefix"
    )
    details = f"{', '.join(step.addresses)}, lost for good" if step.addresses else "nothing uses it"
    return Created(kind, resource_name(step.id), details)


def _changed(step: AssociateSubnet) -> Changed:
    kept = tuple(sorted(name for name in step.properties_before if name != "natGateway"))
    return Changed(resource_name(step.subnet_id), resource_name(step.before), resource_name(step.after), kept)


def _kept(plan: Plan) -> tuple[str, ...]:
    names = listed([resource_name(one) for one in plan.existing_ids], 16)
    reserved = (f"What is there already and is used: {names}.",) if names else ()
    return (*reserved, *_kept_by_kind(plan))


def _kept_by_kind(plan: Plan) -> tuple[str, ...]:
    match plan.kind:
        case PlanKind.ATTACH_NAT_GATEWAY:
            return (
                "Every other property of the subnets; it is compared before and after each write.",
                "The load balancer, its rules and its public IPs: inbound traffic stays as it is.",
                "Nodes and node pools: nothing restarts.",
            )
        case PlanKind.DETACH_NAT_GATEWAY:
            return (
                "The NAT gateway and its public IPs; deleting them is a decision of its own.",
                "Every other property of the subnets; it is compared before and after each write.",
            )
        case PlanKind.RESERVE_PUBLIC_IPS:
            return ("All traffic: nothing uses the new public IPs before a plan of its own is approved.",)
        case PlanKind.ADD_PUBLIC_IPS:
            return ("Every other property of the NAT gateway, its public IPs and its subnets.",)
        case PlanKind.DELETE_NAT_GATEWAY:
            return ("Everything that snatbot did not create.",)
        case _:
            return ()


def _check(check: Check) -> CheckView:
    return CheckView(
        tone=_CHECK_TONES[check.result],
        result=CHECK_LABELS[check.result],
        name=capital(check.name),
        message=sentences(check.message),
        remedy=sentences(check.remedy),
        commands="\n".join(check.commands),
        source=check.source,
    )


def _group(resource_id: str) -> str:
    return ResourceId.parse(resource_id).group
