"""Messages about an incident: opened, re-opened, failing, worse, or over; and advice instead of a plan."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ..core.az_cli import script
from ..formatting import duration, listed, minutes_of, percent, sentence, sentences, utc
from ..model.assessment import Assessment
from ..model.finding import FAILURES, FindingKind, Severity
from ..model.incident import Incident
from ..model.plan import Plan, PlanKind
from ..model.reading import Measured
from ..model.text import Text, arranged, verbatim
from .change_head import related_sections
from .choices import HEADING, PLAN_FOLLOWS, choices_without_plan
from .finding_labels import FINDING_MEANINGS
from .incident_details import BALANCER_KINDS, details
from .incident_head import SEVERITY_WORDS, WORST, failures_chart, headline, how_bad, incident_footer, standing
from .labels import check_commands, describe_check
from .message import EMPTY, Message, MessageKind, Section, Tone, facts_of, sections_of
from .portal import metrics_button

WITHDRAWN = Text(
    "It is withdrawn and can't be approved any more. If the trouble comes back, snatbot offers a new plan."
)


def incident_opened(incident: Incident, assessment: Assessment) -> Message:
    """A new incident. It does not wait for a plan, which has its own message."""
    title = arranged("{severity}: {headline}", severity=_word(incident), headline=headline(incident))
    return _with_steps(title, incident, assessment)


def incident_reopened(incident: Incident, assessment: Assessment) -> Message:
    """The incident re-opened within its cooldown."""
    title = Text("{severity} again: {headline}", severity=_word(incident), headline=headline(incident))
    return _with_steps(title, incident, assessment)


def incident_failing(incident: Incident, assessment: Assessment) -> Message:
    """A posted warning became failures: now the steps are needed."""
    title = Text("{severity} now: {headline}", severity=_word(incident), headline=headline(incident))
    return _with_steps(title, incident, assessment)


def incident_worsened(incident: Incident, assessment: Assessment) -> Message:
    """A posted incident got worse."""
    title = Text("Worse: {headline}", headline=headline(incident))
    return replace(_with_steps(title, incident, assessment), kind=MessageKind.WORSE)


def incident_advised(incident: Incident, plan: Plan) -> Message:
    """No plan can be approved against this incident: why, and what helps instead."""
    return Message(
        title=Text("What would help {cluster}", cluster=incident.cluster_name),
        summary=sentences(plan.summary),
        tone=Tone.WARNING,
        facts=facts_of(*standing(incident), *how_bad(incident)),
        buttons=metrics_button(incident.load_balancer_id, incident.gateway_ids),
        charts=failures_chart(incident),
        sections=sections_of(
            Section(
                Text("Why snatbot can't do it"),
                bullets=tuple(map(describe_check, plan.blockers)),
                code=check_commands(plan.blockers),
            ),
            Section(HEADING, text=sentences(plan.irreversible), code=script(plan.commands)),
            Section(Text("Please note"), bullets=tuple(map(sentence, plan.notes)), is_detail=True),
            *related_sections(plan, PlanKind.RELIEVE_LOAD_BALANCER, Text("Another way, without a gateway")),
        ),
        footer=incident_footer(incident),
        kind=MessageKind.ADVICE,
        subject=incident.id,
    )


def incident_cleared(incident: Incident, now: datetime, *, is_withdrawn: bool = False) -> Message:
    """The incident is over: since when.

    ``is_withdrawn``: its proposal ended too.
    """
    failed_at, quiet_since = incident.last_failed_at, incident.last_trouble_at or incident.since
    if failed_at:
        summary = Text("No outbound connection has failed since {time}.", time=failed_at)
        first, last = Text("First failure"), Text("Last failure")
        span = ((first, utc(incident.failing_since or failed_at)), (last, utc(failed_at)))
        meaning = Text("The failures have stopped.")
    else:
        summary = Text("Nothing of it was seen since {time}.", time=quiet_since)
        span = ((Text("First seen"), utc(incident.since)), (Text("Last seen"), utc(quiet_since)))
        meaning = Text("It came to no failed connection.")
    return Message(
        title=Text("Cleared: {headline}", headline=headline(incident)),
        summary=sentences(incident.closing_note) or summary,
        tone=Tone.GOOD,
        facts=facts_of(
            (Text("Cluster"), verbatim(incident.cluster_name)),
            *span,
            (Text("Cleared"), utc(incident.cleared_at or now)),
        ),
        sections=sections_of(
            Section(
                Text("What this means"),
                text=sentences(meaning, Text("Unless something was changed, the cause may still be there.")),
            ),
            Section(Text("The plan that waited"), text=WITHDRAWN if is_withdrawn else EMPTY),
        ),
        footer=incident_footer(incident),
        kind=MessageKind.CLEARED,
        subject=incident.id,
    )


def incident_silenced(incident: Incident, until: datetime | None, by: str) -> Message:
    """Who holds back posts about it, or lets them through again: ``until`` None."""
    trouble = headline(incident)
    if until:
        title = Text("Silenced: {headline}", headline=trouble)
        summary = Text(
            "Silenced by {person} until {time}. Measuring goes on, and what is still open afterwards is posted then.",
            person=by,
            time=until,
        )
    else:
        title = Text("Not silenced any more: {headline}", headline=trouble)
        summary = Text("{person} has ended the silence.", person=by)
    return Message(
        title=title,
        summary=summary,
        tone=Tone.NEUTRAL,
        facts=facts_of(*standing(incident), *how_bad(incident)),
        buttons=metrics_button(incident.load_balancer_id, incident.gateway_ids),
        footer=incident_footer(incident),
        kind=MessageKind.SILENCED,
        subject=incident.id,
    )


def _word(incident: Incident) -> Text:
    return SEVERITY_WORDS[incident.severity]


def _with_steps(title: Text, incident: Incident, assessment: Assessment) -> Message:
    """The head shows severity, since when and what to do; everything else is detail."""
    is_failing = incident.severity.rank >= Severity.FAILING.rank
    return Message(
        title=title,
        summary=_summary(incident, assessment),
        tone=Tone.ALARM if is_failing else Tone.WARNING,
        facts=facts_of(
            *how_bad(incident),
            _fullest(incident, assessment),
            *_since(incident, assessment),
            (Text("What it means"), _meaning(incident.kinds)),
        ),
        sections=sections_of(*_what_to_do(incident, assessment), *details(incident, assessment)),
        buttons=metrics_button(assessment.load_balancer_id, assessment.gateway_ids),
        footer=_footer(incident, assessment),
        charts=failures_chart(incident),
        kind=MessageKind.FAILING if is_failing else MessageKind.WARNING,
        subject=incident.id,
    )


def _fullest(incident: Incident, assessment: Assessment) -> tuple[Text, Text]:
    """Of a warning: once connections fail, it is the nodes where they fail that count."""
    ports = next((alarm.ports for alarm in assessment.alarms if alarm.ports and not incident.nodes), ())
    nodes = [
        Text(
            # Translators: {protocol} is TCP or UDP, whose ports are counted.
            "`{node}` ({share} of {protocol})",
            node=node.name or node.ip,
            share=percent(node.used, node.allocated),
            protocol=node.protocol.upper(),
        )
        for node in ports
    ]
    return Text("Fullest nodes"), listed(nodes, WORST)


def _meaning(kinds: Sequence[FindingKind]) -> Text:
    return next((FINDING_MEANINGS[kind] for kind in kinds if kind in FINDING_MEANINGS), EMPTY)


def _what_to_do(incident: Incident, assessment: Assessment) -> Iterator[Section]:
    if not BALANCER_KINDS.isdisjoint(incident.kinds):
        yield choices_without_plan(assessment.cluster, is_plan_due=incident.plan_due_at is not None)
        return
    alarms = assessment.alarms
    yield Section(
        HEADING,
        text=PLAN_FOLLOWS if incident.plan_due_at else EMPTY,
        bullets=tuple(dict.fromkeys(sentences(alarm.remedy) for alarm in alarms if alarm.remedy)),
        code=script(dict.fromkeys(command for alarm in alarms for command in alarm.commands)),
    )


def _summary(incident: Incident, assessment: Assessment) -> Text:
    if assessment.alarms:
        return sentences(assessment.alarms[0].evidence)
    if incident.evidence and not incident.failed:
        return sentences(incident.evidence)
    return Text.plural(
        "{count} new outbound connection failed in the last {minutes}.",
        "{count} new outbound connections failed in the last {minutes}.",
        count=incident.failed,
        minutes=minutes_of(incident.window_minutes),
    )


def _since(incident: Incident, assessment: Assessment) -> Iterator[tuple[Text, Text]]:
    """Failing since the first failed minute; an earlier warning is a separate fact."""
    failing = incident.failing_since if FAILURES & set(incident.kinds) else None
    first = failing or incident.since
    if incident.reopened and assessment.alarms:
        yield Text("First failure") if failing else Text("First seen"), utc(first)
        alarms = [alarm for alarm in assessment.alarms if alarm.kind in FAILURES] if failing else assessment.alarms
        again = (alarms or assessment.alarms)[0].since
        yield Text("Failing again since") if failing else Text("Again since"), utc(again)
        return
    if failing and incident.since < failing:
        yield Text("First warning"), utc(incident.since)
    length = duration(assessment.at - first)
    since = arranged("{time} ({duration})", time=first, duration=length)
    yield Text("Failing since") if failing else Text("Since"), since


def _footer(incident: Incident, assessment: Assessment) -> Text:
    reading = assessment.reading
    if not isinstance(reading, Measured):
        return incident_footer(incident)
    return Text(
        "snatbot · incident {id} · judged {start} to {end}",
        id=incident.id,
        start=reading.window.start,
        end=f"{reading.window.end:%H:%M}",
    )
