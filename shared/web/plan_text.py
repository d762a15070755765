"""A plan as plain text for a terminal, with the same words as the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..chat.labels import CHECK_LABELS, describe_check, describe_cost
from ..core.az_cli import script
from ..formatting import capital, sentence, sentences
from ..model.check import Check
from ..model.plan import Plan
from .export.bicep import as_bicep
from .export.terraform import as_terraform
from .plan_view import PlanView, plan_view, title_of


def plan_lines(plan: Plan) -> Iterator[str]:
    view = plan_view(plan)
    yield f"{view.title} ({view.state.lower()})"
    yield sentences(plan.summary)
    for heading, lines in (*_what(view), *_why(view), *_how(view)):
        found = list(lines)
        if found:
            yield ""
            yield heading
            yield from (f"  {line}" for line in found)


def plan_as(plan: Plan, form: str) -> str:
    """The plan as ``az``, ``terraform`` or ``bicep``, ready for a file; empty if nothing can be expressed so."""
    match form:
        case "terraform":
            return as_terraform(plan)
        case "bicep":
            return as_bicep(plan)
    return script(plan.commands)


def _what(view: PlanView) -> Iterator[tuple[str, Iterable[str]]]:
    for heading, resources in (("Created", view.created), ("Deleted", view.deleted)):
        yield heading, (f"{resource.kind} {resource.name}: {resource.details}" for resource in resources)
    changed = [view.enlarged] if view.enlarged else []
    for subnet in view.subnets:
        changed.append(f"subnet {subnet.name}: NAT gateway {subnet.before} → {subnet.after}")
        if subnet.kept:
            changed.append(f"  keeps {', '.join(subnet.kept)}")
    yield "Changed", changed
    yield "Kept", view.kept
    if view.egress_now or view.egress_then:
        pairs = zip(view.egress_labels, (view.egress_now, view.egress_then), strict=True)
        yield "Egress IPs", (f"{label.lower()}: {', '.join(ips) or 'unknown'}" for label, ips in pairs)
    yield "Steps", (f"{number}. {step.text}" for number, step in enumerate(view.steps, 1))


def _why(view: PlanView) -> Iterator[tuple[str, Iterable[str]]]:
    plan = view.plan
    yield "Checks", (line for check in (*view.concerns, *view.passed) for line in _check(check))
    if plan.demand:
        missing = [f"not available: {'; '.join(plan.demand.missing)}"] if plan.demand.missing else []
        yield "Size", (*map(capital, plan.demand.arithmetic), *missing)
    yield "Cost", [sentence(describe_cost(plan.cost))] if plan.cost else []
    yield "Please note", map(sentence, plan.notes)


def _check(check: Check) -> Iterator[str]:
    yield f"{CHECK_LABELS[check.result]}, {capital(check.name)}: {describe_check(check)}"
    yield from (f"  {command}" for command in _lines(check.commands))
    if check.source:
        yield f"  source: {check.source}"


def _how(view: PlanView) -> Iterator[tuple[str, Iterable[str]]]:
    plan = view.plan
    yield "By hand", _lines(plan.commands)
    yield "What can't be undone", filter(None, [sentences(plan.irreversible)])
    undo = ["by hand:", *_lines(plan.rollback_commands)] if plan.rollback_commands else []
    yield "How to undo", filter(None, [view.rollback_text, *undo])
    for beside in view.related:
        title = title_of(beside.kind, plan.cluster_name)
        yield f"Related plan (--kind {beside.kind}): {title}", [sentences(beside.summary), *_lines(beside.commands)]
    yield "Record", (f"{label}: {value}" for label, value in view.record)


def _lines(commands: Iterable[str]) -> list[str]:
    return script(commands).splitlines()
