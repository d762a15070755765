"""Messages about how a change ended."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..core.az_cli import script
from ..formatting import capital, listed, sentence, sentences
from ..model.audit import DayRoot
from ..model.change import Change, ChangeState, JournalEntry, Verdict
from ..model.plan import PlanKind
from ..model.text import Text
from .change_head import NO_REASON, OPEN_CHANGE, approved_by, change_message, related_sections
from .charts import chart, sparkline
from .choices import HEADING
from .incident_head import failures_chart
from .labels import egress_addresses, state_label
from .message import EMPTY, Button, Message, MessageKind, Section, Tone

_DELETING = Text("Deleting is a plan of its own, with its own approval, that names each public IP that is lost.")
_LEFT: Mapping[PlanKind, Text] = {
    PlanKind.DETACH_NAT_GATEWAY: Text("The NAT gateway and its public IPs are kept, and paid for."),
    PlanKind.RESERVE_PUBLIC_IPS: Text("If the public IPs are not wanted after all, they can be deleted."),
}


def concurrent_write_found(change: Change, reason: str, page_url: str, commands: Sequence[str]) -> Message:
    """A rollback is done, and somebody else wrote at the same time, so that their change may be lost."""
    text = Text("The rollback itself is done. Look at what was written, and restore it.")
    return change_message(
        change,
        MessageKind.OUTCOME,
        Text("Somebody else wrote to the network of {cluster}", cluster=change.cluster_name),
        sentences(reason),
        Tone.ALARM,
        sections=(Section(HEADING, text=text, code=script(commands)),),
        buttons=(Button(OPEN_CHANGE, page_url, is_primary=True),),
    )


def change_finished(change: Change, page_url: str, journal: Sequence[JournalEntry] = ()) -> Message:
    """The verdict with its figures. ``journal`` has the addresses of the new egress IPs."""
    title, tone = _finished(change)
    outcome = change.outcome
    results: list[Section] = []
    if outcome:
        is_done = change.state is ChangeState.DONE
        figures = tuple(map(capital, outcome.figures))
        results.append(Section(Text("Result") if is_done else Text("Measured"), bullets=figures, is_detail=not is_done))
        what_next = tuple(map(sentence, outcome.advice))
        results.append(Section(HEADING, bullets=what_next, code=script(outcome.commands)))
    attempted = outcome.attempted if outcome else None
    has_new_egress = change.state in (ChangeState.FIXED, ChangeState.ROLLED_BACK)
    egress = listed(egress_addresses(change.plan, journal), 16) or Text("unknown")
    return change_message(
        change,
        MessageKind.OUTCOME,
        title,
        sentences(outcome.reason if outcome else change.stop_reason) or NO_REASON,
        tone,
        facts=(
            (Text("Change"), capital(change.plan.summary)),
            (Text("Egress IPs"), egress if has_new_egress else EMPTY),
            (Text("Failed before"), sparkline(change.reason.failed_by_minute if change.reason else None)),
            (Text("On the NAT gateway"), sparkline(attempted)),
            approved_by(change),
        ),
        sections=(*results, *_afterwards(change)),
        buttons=_buttons(change, page_url),
        charts=(
            *failures_chart(change.reason, Text("Failed connections a minute, before")),
            *chart(Text("New connections a minute on the NAT gateway"), attempted),
        ),
    )


def _buttons(change: Change, page_url: str) -> tuple[Button, ...]:
    opens = Button(OPEN_CHANGE, page_url)
    if not change.leaves_something or change.state is ChangeState.FAILED:
        return (opens,)
    return (opens, Button(Text("Delete what is left"), f"{page_url}#decision"))


def _afterwards(change: Change) -> list[Section]:
    if change.state in (ChangeState.FAILED, ChangeState.SUPERSEDED) and change.is_begun:
        text = Text("What was done so far stays. Its page offers to roll it back or to delete what it created.")
        return [Section(Text("What is left"), text=sentences(text, _DELETING))]
    if change.leaves_something:
        return [Section(Text("What is left"), text=sentences(_LEFT[change.plan.kind], _DELETING))]
    if change.state is ChangeState.FIXED:
        align = related_sections(change.plan, PlanKind.ALIGN_OUTBOUND_TYPE, Text("For you to do"), is_detail=False)
        notes = Section(Text("Please note"), bullets=tuple(map(sentence, change.plan.notes)), is_detail=True)
        return [*align, notes]
    if change.state in (ChangeState.NOT_FIXED, ChangeState.CANT_TELL, ChangeState.FAILED):
        return [Section(Text("How to undo"), text=sentences(change.plan.rollback_text))]
    return []


def _finished(change: Change) -> tuple[Text, Tone]:
    cluster = change.cluster_name
    if change.outcome and change.outcome.verdict is Verdict.GIVEN_UP:
        return Text("The change on {cluster} was given up", cluster=cluster), Tone.NEUTRAL
    match change.state:
        case ChangeState.FIXED:
            return Text("Fixed: egress of {cluster} works through the NAT gateway", cluster=cluster), Tone.GOOD
        case ChangeState.NOT_FIXED:
            return Text("Not fixed: connections of {cluster} still fail", cluster=cluster), Tone.ALARM
        case ChangeState.CANT_TELL:
            return Text("Can't tell whether {cluster} is fixed", cluster=cluster), Tone.WARNING
        case ChangeState.ROLLED_BACK:
            return Text("Rolled back on {cluster}", cluster=cluster), Tone.NEUTRAL
        case ChangeState.DONE:
            return Text("Done on {cluster}", cluster=cluster), Tone.GOOD
        case ChangeState.FAILED:
            return Text("The change on {cluster} failed", cluster=cluster), Tone.ALARM
        case ChangeState.EXPIRED:
            return Text("The approval for {cluster} was not used in time", cluster=cluster), Tone.WARNING
    return Text("Plan for {cluster} {state}", cluster=cluster, state=state_label(change.state)), Tone.NEUTRAL


_SHOWN = 32  # characters of a root: as many as nobody can forge


def with_receipt(message: Message, receipt_url: str, root: DayRoot | None) -> Message:
    footer = message.footer
    if root is not None:
        footer = Text(
            "{footer} · audit sealed {day}: {root}", footer=footer, day=root.day.isoformat(), root=root.hash[:_SHOWN]
        )
    return replace(message, buttons=(*message.buttons, Button(Text("Receipt"), receipt_url)), footer=footer)
