"""What a change's page says, in words: the template only lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..chat.words import (
    CHECK_WORDS,
    NODE_COLUMNS,
    STATE_WORDS,
    cost_in_words,
    egress_addresses,
    node_rows,
    resource_kind,
    resource_name,
    step_in_words,
)
from ..core.as_code import as_bicep, as_terraform
from ..model.change import Change, ChangeState, JournalEntry
from ..model.incident import Incident
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
    Step,
)
from ..model.resource_id import ResourceId
from ..texts import capital, count, duration, sentence, utc

SHOWN_NODES = 10
_TITLES = {
    PlanKind.ATTACH_NAT_GATEWAY: "NAT gateway for {cluster}",
    PlanKind.DETACH_NAT_GATEWAY: "Roll-back on {cluster}",
    PlanKind.ADVICE: "Advice for {cluster}",
    PlanKind.RESERVE_PUBLIC_IPS: "Public IPs for {cluster}",
    PlanKind.ADD_PUBLIC_IPS: "More public IPs for {cluster}",
    PlanKind.DELETE_NAT_GATEWAY: "Deletion on {cluster}",
}
_TONES: Mapping[ChangeState, str] = {
    ChangeState.PROPOSED: "waiting",
    ChangeState.APPROVED: "running",
    ChangeState.APPLYING: "running",
    ChangeState.VERIFYING: "running",
    ChangeState.STOPPED: "bad",
    ChangeState.FIXED: "good",
    ChangeState.DONE: "good",
    ChangeState.NOT_FIXED: "bad",
    ChangeState.FAILED: "bad",
    ChangeState.CANT_TELL: "waiting",
}
_CHECK_TONES = {
    CheckResult.PASS: "good",
    CheckResult.WARN: "waiting",
    CheckResult.BLOCK: "bad",
    CheckResult.COULD_NOT_CHECK: "bad",
}
_APPLIED = (
    ChangeState.VERIFYING,
    ChangeState.FIXED,
    ChangeState.NOT_FIXED,
    ChangeState.CANT_TELL,
    ChangeState.ROLLED_BACK,
)
_DECIDED = {"approve": "Approved", "deny": "Denied"}


@dataclass(frozen=True, slots=True)
class StepView:
    """``state`` is the journal's word, empty before the step begins."""

    words: str
    state: str
    note: str
    at: str


@dataclass(frozen=True, slots=True)
class CheckView:
    tone: str
    result: str
    name: str
    message: str
    remedy: str
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
class Trouble:
    """Why there is a plan. ``rows`` are as NODE_COLUMNS; those after the first ten are folded away."""

    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more_rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ChangeView:
    title: str
    cluster: str
    state: str
    tone: str
    summary: str
    decision: str
    expiry: str
    verdict: str
    figures: tuple[str, ...]
    stop_reason: str
    trouble: Trouble | None
    created: tuple[Created, ...]
    changed: tuple[Changed, ...]
    kept: tuple[str, ...]
    egress_labels: tuple[str, str]
    egress_now: tuple[str, ...]
    egress_then: tuple[str, ...]
    steps: tuple[StepView, ...]
    arithmetic: tuple[str, ...]
    missing: tuple[str, ...]
    checks: tuple[CheckView, ...]
    passed: tuple[CheckView, ...]
    notes: tuple[str, ...]
    way_back: str
    way_back_commands: str
    commands: str
    cost: str
    deleted: tuple[Created, ...]
    enlarged: str
    advice: tuple[str, ...]
    terraform: str
    bicep: str
    record: tuple[tuple[str, str], ...]
    is_moving: bool


def change_view(
    change: Change, incident: Incident | None, journal: Sequence[JournalEntry], now: datetime | None
) -> ChangeView:
    plan, outcome = change.plan, change.outcome
    checks = tuple(map(_check, plan.checks))
    return ChangeView(
        title=_TITLES[plan.kind].format(cluster=change.cluster_name),
        cluster=change.cluster_name,
        state=capital(STATE_WORDS[change.state]),
        tone=_TONES.get(change.state, "neutral"),
        summary=sentence(capital(plan.summary)),
        decision=_decision(change),
        expiry=_expiry(change, now),
        verdict=sentence(capital(outcome.reason)) if outcome else "",
        figures=tuple(map(capital, outcome.figures)) if outcome else (),
        stop_reason=sentence(capital(change.stop_reason)),
        trouble=_trouble(incident) if incident else None,
        created=tuple(_created(plan.steps)),
        changed=tuple(_changed(step) for step in plan.steps if isinstance(step, AssociateSubnet)),
        kept=_kept(plan),
        egress_labels=("Before", "After") if change.state in _APPLIED else ("Now", "Then"),
        egress_now=plan.egress_now if plan.steps else (),
        egress_then=egress_addresses(plan, journal) if plan.steps else (),
        steps=_steps(plan.steps, journal),
        arithmetic=tuple(map(capital, plan.demand.arithmetic)) if plan.demand else (),
        missing=plan.demand.missing if plan.demand else (),
        checks=tuple(check for check in checks if check.tone != "good"),
        passed=tuple(check for check in checks if check.tone == "good"),
        notes=tuple(sentence(note) for note in plan.notes),
        way_back=sentence(capital(plan.way_back)) if plan.steps else "",
        way_back_commands="\n".join(plan.way_back_commands),
        commands="\n".join(plan.commands),
        cost=sentence(cost_in_words(plan.cost)) if plan.cost else "",
        deleted=tuple(_lost(step) for step in plan.steps if isinstance(step, DeleteCreated)),
        enlarged="; ".join(step_in_words(step) for step in plan.steps if isinstance(step, AddPublicIps)),
        advice=tuple(map(sentence, outcome.advice)) if outcome else (),
        terraform=as_terraform(plan),
        bicep=as_bicep(plan),
        record=_record(change),
        # While it runs the page reloads itself; a page with a form must not.
        is_moving=change.state in (ChangeState.APPROVED, ChangeState.APPLYING),
    )


def _decision(change: Change) -> str:
    decision = change.decision
    if decision is None:
        return ""
    return (
        f"{_DECIDED.get(decision.action, capital(decision.action))} by {decision.approver}, {utc(decision.decided_at)}"
    )


def _expiry(change: Change, now: datetime | None) -> str:
    if change.state is not ChangeState.PROPOSED:
        return ""
    at = utc(change.expires_at)
    if now is None:
        return f"Decide before {at}."
    if now >= change.expires_at:
        return f"Expired at {at}."
    return f"Decide within {duration(change.expires_at - now)}, before {at}."


def _trouble(incident: Incident) -> Trouble:
    failed = count(incident.failed, "new outbound connection")
    rows = node_rows(incident.nodes)
    where = f"on {count(len(rows), 'node')} " if rows else ""
    return Trouble(
        text=(
            f"{failed} failed {where}in {count(incident.window_minutes, 'minute')}: SNAT ports ran out. "
            f"First failure {utc(incident.since)}, last one {utc(incident.last_failed_at or incident.since)}."
        ),
        columns=NODE_COLUMNS,
        rows=rows[:SHOWN_NODES],
        more_rows=rows[SHOWN_NODES:],
    )


def _created(steps: Sequence[Step]) -> list[Created]:
    created = []
    for step in steps:
        match step:
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
    return count(len(step.public_ip_ids), "public IP") if step.public_ip_ids else "one public IP prefix"


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
        case PlanKind.ADVICE:
            return ("Everything: snatbot changes nothing here.",)


def _steps(steps: Sequence[Step], journal: Sequence[JournalEntry]) -> tuple[StepView, ...]:
    entries = {entry.step: entry for entry in journal}
    views = []
    for index, step in enumerate(steps):
        entry = entries.get(index)
        note = sentence(capital(entry.note)) if entry else ""
        at = utc(entry.updated_at) if entry else ""
        views.append(StepView(step_in_words(step), entry.state if entry else "", note, at))
    return tuple(views)


def _check(check: Check) -> CheckView:
    return CheckView(
        tone=_CHECK_TONES[check.result],
        result=CHECK_WORDS[check.result],
        name=capital(check.name),
        message=sentence(capital(check.message)),
        remedy=sentence(capital(check.remedy)),
        source=check.source,
    )


def _record(change: Change) -> tuple[tuple[str, str], ...]:
    plan = change.plan
    rows = [
        ("Change", change.id),
        ("Incident", change.incident_id or ""),
        ("Cluster", change.cluster_id),
        ("Virtual network", plan.vnet_id or ""),
        ("Asked for by", change.requested_by),
        ("Proposed", utc(change.proposed_at)),
        ("Decision", _decision(change)),
        ("Applied", utc(change.applied_at) if change.applied_at else ""),
        ("Takes back change" if plan.kind is PlanKind.DETACH_NAT_GATEWAY else "Of change", plan.of_change_id or ""),
        ("Digest of the plan", plan.digest),
    ]
    return tuple((label, value) for label, value in rows if value)


def _group(resource_id: str) -> str:
    return ResourceId.parse(resource_id).group
