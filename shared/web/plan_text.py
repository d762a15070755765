"""A plan as plain text for a terminal, with the same words as the page."""

from collections.abc import Iterable, Iterator

from ..chat.labels import CHECK_LABELS, describe_check, describe_cost
from ..core.az_cli import script, script_lines
from ..formatting import capital, sentence, sentences
from ..model.check import Check
from ..model.plan import Plan
from ..model.text import Text, arranged
from .export.bicep import as_bicep
from .export.terraform import as_terraform
from .plan_view import PlanView, plan_view, title_of


def plan_lines(plan: Plan, *, with_passed: bool = True) -> Iterator[Text]:
    """``with_passed``: also each check that passed; otherwise only how many there are."""
    view = plan_view(plan)
    yield arranged("{title} ({state})", title=view.title, state=view.state)
    yield sentences(plan.summary)
    for heading, lines in (*plan_parts(plan, with_passed=with_passed), *_how(view)):
        found = list(lines)
        if found:
            yield Text("")
            yield heading
            yield from (arranged("  {line}", line=line) for line in found)


def plan_parts(plan: Plan, *, with_passed: bool = True) -> Iterator[tuple[Text, Iterable[str]]]:
    """What it changes and why: headings, each with its lines."""
    view = plan_view(plan)
    yield from _what(view)
    yield from _why(view, with_passed)


def plan_as(plan: Plan, form: str) -> str:
    """The plan as ``az``, ``terraform`` or ``bicep``, ready for a file; empty if nothing can be expressed so."""
    match form:
        case "terraform":
            return as_terraform(plan)
        case "bicep":
            return as_bicep(plan)
    return script(plan.commands)


def _what(view: PlanView) -> Iterator[tuple[Text, Iterable[str]]]:
    for heading, resources in ((Text("Created"), view.created), (Text("Deleted"), view.deleted)):
        yield (
            heading,
            (_labelled(arranged("{kind} {name}", kind=of.kind, name=of.name), of.details) for of in resources),
        )
    changed = [view.enlarged] if view.enlarged else []
    for subnet in view.subnets:
        change = arranged("{before} → {after}", before=subnet.before, after=subnet.after)
        changed.append(Text("subnet {subnet}: NAT gateway {change}", subnet=subnet.name, change=change))
        if subnet.kept:
            changed.append(Text("keeps {properties}", properties=subnet.kept))
    yield Text("Changed"), changed
    yield Text("Kept"), view.kept
    if view.egress_now or view.egress_then:
        pairs = zip(view.egress_labels, (view.egress_now, view.egress_then), strict=True)
        yield Text("Egress IPs"), (_labelled(label, ips or Text("unknown")) for label, ips in pairs)
    steps = enumerate(view.steps, 1)
    yield Text("Steps"), (arranged("{number}. {step}", number=number, step=step.text) for number, step in steps)


def _why(view: PlanView, with_passed: bool) -> Iterator[tuple[Text, Iterable[str]]]:
    plan = view.plan
    checks = [line for check in (*view.concerns, *(view.passed if with_passed else ())) for line in _check(check)]
    if view.passed and not with_passed:
        count = len(view.passed)
        checks.append(
            Text.plural(
                "{count} check passed; `--all` shows it", "{count} checks passed; `--all` shows them", count=count
            )
        )
    yield Text("Checks"), checks
    if plan.demand:
        missing = [Text("not available: {inputs}", inputs=plan.demand.missing)] * bool(plan.demand.missing)
        yield Text("Size"), (*map(capital, plan.demand.arithmetic), *missing)
    yield Text("Cost"), [sentence(describe_cost(plan.cost))] if plan.cost else []
    yield Text("Please note"), map(sentence, plan.notes)


def _check(check: Check) -> Iterator[str]:
    label = arranged("{result}, {name:capital}", result=CHECK_LABELS[check.result], name=check.name)
    yield _labelled(label, describe_check(check))
    yield from (arranged("  {line}", line=line) for line in script_lines(check.commands))
    if check.source:
        yield Text("  source: {source}", source=check.source)


def _how(view: PlanView) -> Iterator[tuple[Text, Iterable[str]]]:
    plan = view.plan
    yield Text("By hand"), script_lines(plan.commands)
    yield Text("What can't be undone"), filter(None, [sentences(plan.irreversible)])
    undo = [Text("By hand:"), *script_lines(plan.rollback_commands)] if plan.rollback_commands else []
    yield Text("How to undo"), filter(None, [view.rollback_text, *undo])
    for beside in view.related:
        title = title_of(beside.kind, plan.cluster_name)
        heading = Text("Related plan (--kind {kind}): {title}", kind=beside.kind, title=title)
        yield heading, [sentences(beside.summary), *script_lines(beside.commands)]
    yield Text("Record"), (_labelled(label, value) for label, value in view.record)


def _labelled(label: str, value: str | tuple[str, ...]) -> Text:
    return arranged("{label}: {value}", label=label, value=value)
