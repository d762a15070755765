"""Messages about monitoring itself: clusters that can't be measured, recovered, opted out or left the fleet."""

from collections.abc import Sequence
from datetime import datetime

from ..errors import WHO_WROTE
from ..formatting import clusters_of, listed, number, percent, sentence, sentences, utc
from ..model.assessment import Assessment
from ..model.finding import Finding, Severity
from ..model.incident import Incident
from ..model.reading import Measured
from ..model.text import Text, verbatim
from .choices import HEADING
from .finding_labels import FINDING_MEANINGS, FINDING_TITLES
from .incident_head import SEVERITY_WORDS, headline, incident_footer
from .incident_messages import WITHDRAWN
from .message import EMPTY, Audience, Message, MessageKind, Section, Table, Tone, facts_of, sections_of

_FOOTER = Text("snatbot · coverage")
_UNSEEN = Text("SNAT failures there would go unseen until this is mended.")


def clusters_unmeasured(losses: Sequence[Finding]) -> Message:
    """Clusters that can't be measured, or are not listed any more. Posted once."""
    remedies = tuple(dict.fromkeys(sentences(loss.remedy) for loss in losses if loss.remedy))
    return Message(
        title=Text("snatbot can't see all clusters"),
        summary=sentences(losses[0].evidence),
        tone=Tone.WARNING,
        sections=sections_of(
            Section(Text("What is not seen"), bullets=tuple(sentences(loss.evidence) for loss in losses)),
            Section(Text("What to do"), bullets=remedies),
            _meaning(_UNSEEN),
        ),
        footer=_FOOTER,
    )


def clusters_recovered(names: Sequence[str], now: datetime, over: Sequence[str] = ()) -> Message:
    """Clusters of ``clusters_unmeasured`` recovered; ``over``: problems of ``monitoring_impaired`` that ended."""
    is_listed = bool(names) or len(over) > 1
    return Message(
        title=Text("snatbot sees these clusters again") if names else Text("snatbot watches as it should again"),
        summary=Text("{clusters} seen again ({names}).", clusters=clusters_of(len(names)), names=listed(names))
        if names
        else Text("This is over: {problem}", problem=sentence(over[0])),
        tone=Tone.GOOD,
        facts=facts_of((Text("Since"), utc(now))),
        sections=sections_of(Section(Text("This is over"), bullets=_sentences(over) if is_listed else ())),
        footer=_FOOTER,
    )


def monitoring_impaired(texts: Sequence[str]) -> Message:
    """What snatbot can't read, apart from single clusters: subscriptions, the list itself. Posted once."""
    return _problems(Text("snatbot can't watch as it should"), Text("What is missing"), texts, _UNSEEN, Tone.WARNING)


def tags_invalid(texts: Sequence[str]) -> Message:
    """Invalid tags on clusters. Posted once for each kind of mistake."""
    meaning = Text("The usual values hold on these clusters until the tags are mended.")
    return _problems(Text("Tags that can't be used"), Text("All of them"), texts, meaning)


def metrics_unbatched(texts: Sequence[str]) -> Message:
    """Where metrics can't be read in full batches. Posted once for each region."""
    meaning = Text(
        "Metrics are read with more requests there: a scan takes longer, and a large fleet may not fit into it. "
        "Clusters that it doesn't reach are not measured. Full batches are tried again every hour."
    )
    return _problems(Text("Metrics can't be read in full batches"), Text("Everywhere"), texts, meaning)


def messages_forged(texts: Sequence[str]) -> Message:
    """Messages in the outbox that this app did not sign. They were not delivered."""
    meaning = Text(
        "A message that snatbot wrote may be missing: look at its pages. Messages that waited while the first signing "
        "key was set are among these as well."
    )
    title = Text("Somebody else's message was held back")
    return _problems(title, Text("All of them"), texts, sentences(WHO_WROTE, meaning), Tone.ALARM)


def clusters_opted_out(names: Sequence[str]) -> Message:
    """Clusters whose tag excludes them from monitoring. Posted once for each cluster."""
    return Message(
        title=Text("Clusters opted out of SNAT monitoring"),
        summary=Text(
            "{clusters} with the tag `snatbot-watch` = `off` ({names}).",
            clusters=clusters_of(len(names)),
            names=listed(names),
        ),
        tone=Tone.NEUTRAL,
        sections=(_meaning(Text("They are not watched. Take the tag off to have them watched again.")),),
        footer=_FOOTER,
    )


def incidents_opened(assessments: Sequence[Assessment]) -> Message:
    """Clusters of one subscription's region where trouble of the same kind begins in the same scan."""
    worst = max((assessment.alarms[0] for assessment in assessments), key=lambda alarm: alarm.severity.rank)
    cluster, is_failing = assessments[0].cluster, worst.severity.rank >= Severity.FAILING.rank
    rows = sorted(map(_failures_of, assessments), reverse=True)
    names = tuple(name for *_, name in rows)
    columns = (Text("Cluster"), Text("Failed"), Text("Share"))
    table = Table(columns, tuple((verbatim(name), number(failed), share) for failed, share, name in rows), figures=2)
    return Message(
        title=Text(
            "{severity}: {finding} on {clusters}",
            severity=SEVERITY_WORDS[worst.severity],
            finding=FINDING_TITLES[worst.kind],
            clusters=clusters_of(len(rows)),
        ),
        summary=Text(
            "It began within the same minutes in {region}, subscription {subscription}.",
            region=cluster.location,
            subscription=cluster.subscription,
        ),
        tone=Tone.ALARM if is_failing else Tone.WARNING,
        facts=facts_of(
            (Text("Since"), utc(min(assessment.alarms[0].since for assessment in assessments))),
            (Text("What it means"), FINDING_MEANINGS.get(worst.kind)),
        ),
        sections=sections_of(
            Section(
                HEADING,
                text=Text(
                    "Look first for what these clusters share: a release, or a service that all of them call. Each has "
                    "an incident of its own; news and plans for it are posted here."
                ),
            ),
            Section(Text("Failed connections"), table=table if rows[0][0] else None),
            Section(Text("All clusters"), text=listed(names, len(names)), is_detail=bool(rows[0][0])),
        ),
        footer=Text("snatbot · incidents that began together"),
        audience=Audience.CHATS,
    )


def _failures_of(assessment: Assessment) -> tuple[int, Text, str]:
    """Failed connections, their share and the cluster's name."""
    reading = assessment.reading
    failed, successful = (reading.failed, reading.successful) if isinstance(reading, Measured) else (0, 0)
    return failed, percent(failed, failed + successful), assessment.cluster.name


def metrics_contradicted(assessment: Assessment, now: datetime) -> Message:
    """Azure's health events show exhausted ports, and the metric shows no failure. A notice, no incident."""
    return Message(
        title=Text("Two witnesses disagree on {cluster}", cluster=assessment.cluster.name),
        summary=sentences(assessment.health_events.text if assessment.health_events else EMPTY),
        tone=Tone.NEUTRAL,
        facts=facts_of((Text("Cluster"), verbatim(assessment.cluster.name)), (Text("Seen"), utc(now))),
        sections=(
            _meaning(
                Text(
                    "No incident is opened on this alone: failed connections are what counts. Look at the load "
                    "balancer's SNAT metrics in the portal, and at what the cluster's applications say."
                )
            ),
        ),
        footer=Text("snatbot · second witness"),
    )


def monitoring_ended(incident: Incident, now: datetime, *, is_withdrawn: bool = False) -> Message:
    """A posted incident ends because its cluster is no longer monitored; its closing note says why.

    ``is_withdrawn``: its proposal ended too.
    """
    return Message(
        title=Text("{headline}: no longer watched", headline=headline(incident)),
        summary=sentences(incident.closing_note or Text("nothing is measured on this cluster any more")),
        tone=Tone.NEUTRAL,
        facts=facts_of(
            (Text("Cluster"), verbatim(incident.cluster_name)),
            (Text("First seen"), utc(incident.since)),
            (Text("Last seen"), utc(incident.last_failed_at or incident.last_trouble_at or incident.since)),
            (Text("Closed"), utc(incident.cleared_at or now)),
        ),
        sections=sections_of(
            _meaning(
                Text(
                    "The incident is closed, because nothing is measured on this cluster any more. That is no proof "
                    "that the trouble is over."
                )
            ),
            Section(Text("The plan that waited"), text=WITHDRAWN if is_withdrawn else EMPTY),
        ),
        footer=incident_footer(incident),
        kind=MessageKind.CLEARED,
        subject=incident.id,
    )


def trial_message(channel: str) -> Message:
    """What `test-message` posts."""
    return Message(
        title=Text("Test message from snatbot"),
        summary=Text(
            "Somebody asked for it. snatbot's messages arrive in channel {channel}; nothing is wrong.", channel=channel
        ),
        tone=Tone.NEUTRAL,
        footer=Text("snatbot · test"),
    )


def _problems(title: Text, heading: Text, texts: Sequence[str], meaning: Text, tone: Tone = Tone.NEUTRAL) -> Message:
    """The first of ``texts``, then all of them under ``heading`` if there are several."""
    bullets = _sentences(texts) if len(texts) > 1 else ()
    return Message(
        title=title,
        summary=sentences(texts[0]),
        tone=tone,
        sections=sections_of(Section(heading, bullets=bullets), _meaning(meaning)),
        footer=_FOOTER,
    )


def _meaning(text: Text) -> Section:
    return Section(Text("What this means"), text=text)


def _sentences(texts: Sequence[str]) -> tuple[Text, ...]:
    return tuple(map(sentences, texts))
