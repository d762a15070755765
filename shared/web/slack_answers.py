"""Answers to slash commands, from the same results as the pages and the terminal show. Pure functions."""

from ..chat.message import EMPTY, Button, Message, Section, Tone, facts_of, sections_of
from ..core.az_cli import script
from ..core.incidents.cluster_status import ClusterState
from ..flows.monitoring.check import CheckReport
from ..formatting import sentences
from ..model.plan import Plan
from ..model.text import Text, arranged, verbatim
from ..store.stop_switch import StopFlag
from .check_text import check_lines, needs_attention
from .fleet_view import FleetView
from .plan_text import plan_parts
from .plan_view import plan_view

_QUIET = (ClusterState.WELL, ClusterState.IDLE, ClusterState.DOES_NOT_APPLY)


def check_answer(report: CheckReport) -> Message:
    """Clusters with trouble first; the nodes of a single cluster."""
    clusters = sorted(report.assessments, key=lambda assessment: not needs_attention(assessment))
    found = [check_lines(assessment) for assessment in clusters]
    nodes = found[0][1] if len(found) == 1 else ()
    is_quiet = not report.unreadable and not any(map(needs_attention, clusters))
    sections = sections_of(
        Section(EMPTY, bullets=tuple(line for line, _ in found)),
        Section(Text("Nodes"), bullets=nodes),
        Section(Text("Could not be listed"), bullets=tuple(verbatim(str(unlisted)) for unlisted in report.unreadable)),
    )
    judged = Text("judged {start} to {end}", start=report.window.start, end=report.window.end)
    return Message(Text("Check"), sentences(judged), Tone.GOOD if is_quiet else Tone.WARNING, sections=sections)


def plan_answer(plan: Plan) -> Message:
    view = plan_view(plan)
    parts = [Section(heading, bullets=tuple(map(verbatim, lines))) for heading, lines in plan_parts(plan)]
    title = arranged("{title} ({state})", title=view.title, state=view.state)
    by_hand = Section(Text("By hand"), code=script(plan.commands))
    footer = Text("A dry run: nothing was written.")
    sections = sections_of(*parts, by_hand)
    return Message(title, sentences(plan.summary), Tone.NEUTRAL, sections=sections, footer=footer)


def status_answer(view: FleetView, stop: StopFlag) -> Message:
    troubled = [row for row in view.rows if row.state not in _QUIET]
    lines = tuple(
        Text("{cluster}: {state}; {about}", cluster=row.status.id.name, state=row.label, about=row.about)
        if row.about
        else arranged("{cluster}: {state}", cluster=row.status.id.name, state=row.label)
        for row in troubled
    )
    facts = facts_of(
        (Text("Clusters"), arranged("{counts}", counts=tuple(text for _, text, _ in view.counts))),
        (Text("Not scanned"), view.never_scanned_text if view.never_scanned else None),
        (Text("All changes"), Text("stopped by {who}: {why}", who=stop.by, why=stop.reason) if stop.is_set else None),
    )
    tone = Tone.WARNING if lines or stop.is_set or view.never_scanned or not view.fleet.clusters else Tone.GOOD
    return Message(Text("Status"), view.scanned, tone, facts=facts, sections=(Section(EMPTY, bullets=lines),))


def help_answer(command: str) -> Message:
    lines = (
        Text("`{command} check`: check all clusters now", command=command),
        Text("`{command} check CLUSTER`: check this cluster now, with its nodes", command=command),
        Text("`{command} plan CLUSTER`: what would cure it, as a dry run", command=command),
        Text("`{command} status`: what the last scan saw", command=command),
        Text("`{command} stop REASON`: stop all changes before their next step", command=command),
        Text("`{command} resume REASON`: lift that stop", command=command),
        Text(
            "`{command} silence CLUSTER MINUTES`: post nothing about it for so long; 60 minutes by default",
            command=command,
        ),
        Text("`{command} link`: link this Slack account with your work account", command=command),
    )
    footer = Text("Only you see the answers.")
    return Message(Text("Commands"), EMPTY, Tone.NEUTRAL, sections=(Section(EMPTY, bullets=lines),), footer=footer)


def stop_answer(stop: StopFlag) -> Message:
    text = Text("No change takes another step until a person lifts the stop: `python -m shared.cli start`")
    return Message(Text("All changes are stopped"), text, Tone.WARNING, facts=((Text("By"), verbatim(stop.by)),))


def done_answer(text: Text) -> Message:
    return Message(Text("Done"), text, Tone.GOOD)


def link_answer(url: str, why: Text = EMPTY) -> Message:
    """``why``: what was refused without it."""
    text = Text(
        "The link is for you only, works once and for ten minutes. It says which accounts are linked, and asks."
    )
    button = Button(Text("Link with my work account"), url, is_primary=True)
    title = Text("Nothing was done") if why else Text("Link this Slack account")
    return Message(title, why or text, Tone.NEUTRAL, buttons=(button,), footer=text if why else EMPTY)


def refusal_answer(why: Text) -> Message:
    return Message(Text("Nothing was done"), sentences(why), Tone.WARNING)
