"""A plan as plain text for a terminal: the same words as the page, each part under its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..model.plan import Plan
from .export.bicep import as_bicep
from .export.terraform import as_terraform
from .plan_view import CheckView, PlanView, plan_view

FORMS = ("az", "terraform", "bicep")


def plan_lines(plan: Plan) -> Iterator[str]:
    view = plan_view(plan)
    yield f"{view.title} ({view.state.lower()})"
    yield view.summary
    for heading, lines in (*_what(view), *_why(view), *_how(view)):
        found = list(lines)
        if found:
            yield ""
            yield heading
            yield from (f"  {line}" for line in found)


def plan_as(plan: Plan, form: str) -> str:
    """One of FORMS, ready to be written to a file; empty when the plan holds nothing to write as that."""
    match form:
        case "terraform":
            return as_terraform(plan)
        case "bicep":
            return as_bicep(plan)
    return "\n".join(plan.commands)


def _what(view: PlanView) -> Iterator[tuple[str, Iterable[str]]]:
    yield "Created", (f"{one.kind} {one.name}: {one.details}" for one in view.created)
    yield "Deleted", (f"{one.kind} {one.name}: {one.details}" for one in view.deleted)
    changed = [view.enlarged] if view.enlarged else []
    for one in view.changed:
        changed.append(f"subnet {one.subnet}: NAT gateway {one.before} → {one.after}")
        if one.kept:
            changed.append(f"  keeps {', '.join(one.kept)}")
    yield "Changed", changed
    yield "Kept", view.kept
    if view.egress_now or view.egress_then:
        pairs = zip(view.egress_labels, (view.egress_now, view.egress_then), strict=True)
        yield "Egress IPs", (f"{label.lower()}: {', '.join(ips) or 'unknown'}" for label, ips in pairs)
    yield "Steps", (f"{number}. {step.words}" for number, step in enumerate(view.steps, 1))


def _why(view: PlanView) -> Iterator[tuple[str, Iterable[str]]]:
    yield "Checks", (line for check in (*view.checks, *view.passed) for line in _check(check))
    missing = [f"not available: {'; '.join(view.missing)}"] if view.missing else []
    yield "Size", (*view.arithmetic, *missing)
    yield "Cost", [view.cost] if view.cost else []
    yield "Please note", view.notes


def _check(check: CheckView) -> Iterator[str]:
    yield f"{check.result}, {check.name}: {' '.join(part for part in (check.message, check.remedy) if part)}"
    yield from (f"  {command}" for command in check.commands.splitlines())
    if check.source:
        yield f"  source: {check.source}"


def _how(view: PlanView) -> Iterator[tuple[str, Iterable[str]]]:
    yield "By hand", view.commands.splitlines()
    yield "What can't be undone", [view.irreversible] if view.irreversible else []
    undo = view.rollback_commands.splitlines()
    yield (
        "How to undo",
        [*([view.rollback_text] if view.rollback_text else []), *(f"by hand: {command}" for command in undo)],
    )
    for one in view.related:
        yield f"Related plan (--kind {one.kind}): {one.title}", [one.summary, *one.commands.splitlines()]
    yield "Record", (f"{label}: {value}" for label, value in view.record)
