"""What is said about the watch itself: clusters that are not seen, seen again, opted out, or not watched any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..formatting import count, listed, sentence, sentences, utc
from ..model.assessment import Assessment
from ..model.finding import Finding
from ..model.incident import Incident
from .incident_messages import WITHDRAWN, subject
from .message import Message, Section, Tone

_FOOTER = "snatbot · coverage"


def clusters_unmeasured(losses: Sequence[Finding]) -> Message:
    """Clusters that can't be measured, or are not listed any more. Said once."""
    remedies = tuple(dict.fromkeys(sentences(loss.remedy) for loss in losses if loss.remedy))
    sections = [Section("What is not seen", bullets=tuple(sentences(loss.evidence) for loss in losses))]
    if remedies:
        sections.append(Section("What to do", bullets=remedies))
    sections.append(Section("What this means", text="SNAT failures there would go unseen until this is mended."))
    return Message(
        title="snatbot can't see all clusters",
        summary=sentences(losses[0].evidence),
        tone=Tone.WARNING,
        sections=tuple(sections),
        footer=_FOOTER,
    )


def monitoring_impaired(texts: Sequence[str]) -> Message:
    """What snatbot can't read or find, beside single clusters: subscriptions, the list itself. Said once."""
    return _remark(
        "snatbot can't watch as it should",
        Tone.WARNING,
        "What is missing",
        texts,
        "SNAT failures there would go unseen until this is mended.",
    )


def clusters_recovered(names: Sequence[str], now: datetime, over: Sequence[str] = ()) -> Message:
    """The end of what ``clusters_unmeasured`` said; ``over``: of what ``monitoring_impaired`` did."""
    return Message(
        title="snatbot sees these clusters again" if names else "snatbot watches as it should again",
        summary=f"{count(len(names), 'cluster')} seen again ({listed(names)})."
        if names
        else f"This is over: {sentence(over[0])}",
        tone=Tone.GOOD,
        facts=(("Since", utc(now)),),
        sections=(Section("This is over", bullets=_sentences(over)),) if over and (names or len(over) > 1) else (),
        footer=_FOOTER,
    )


def tags_invalid(texts: Sequence[str]) -> Message:
    """Tags on clusters that can't be used. Said once for each kind of mistake."""
    return _remark(
        "Tags that can't be used",
        Tone.NEUTRAL,
        "All of them",
        texts,
        "The usual values hold on these clusters until the tags are mended.",
    )


def metrics_unbatched(texts: Sequence[str]) -> Message:
    """Where metrics can't be read in batches: nothing is missed, it costs more requests. Said once for each place."""
    return _remark(
        "Metrics are read one by one",
        Tone.NEUTRAL,
        "Everywhere",
        texts,
        "Nothing is missed. Each load balancer takes a request of its own: a look takes longer, and a "
        "large fleet may not fit into it. Batches are tried again every hour.",
    )


def _remark(title: str, tone: Tone, heading: str, texts: Sequence[str], meaning: str) -> Message:
    """The first of ``texts`` up front, all of them under ``heading`` where there are several."""
    return Message(
        title=title,
        summary=sentences(texts[0]),
        tone=tone,
        sections=(
            *((Section(heading, bullets=_sentences(texts)),) if len(texts) > 1 else ()),
            Section("What this means", text=meaning),
        ),
        footer=_FOOTER,
    )


def clusters_opted_out(names: Sequence[str]) -> Message:
    """Clusters whose tag says that they are not to be watched. Said once a cluster."""
    return Message(
        title="Clusters opted out of SNAT monitoring",
        summary=f"{count(len(names), 'cluster')} with the tag `snatbot-watch` = `off` ({listed(names)}).",
        tone=Tone.NEUTRAL,
        sections=(
            Section("What this means", text="They are not watched. Take the tag off to have them watched again."),
        ),
        footer=_FOOTER,
    )


def metrics_contradicted(assessment: Assessment, now: datetime) -> Message:
    """Azure's own health events say that ports ran out, and the metric shows no failure. A notice, no incident."""
    return Message(
        title=f"Two witnesses disagree on {assessment.cluster.name}",
        summary=sentences(assessment.health_events.text if assessment.health_events else ""),
        tone=Tone.NEUTRAL,
        facts=(("Cluster", assessment.cluster.name), ("Seen", utc(now))),
        sections=(
            Section(
                "What this means",
                text="No incident is opened on this alone: failed connections are what counts. Look at the load "
                "balancer's SNAT metrics in the portal, and at what the cluster's applications say.",
            ),
        ),
        footer="snatbot · second witness",
    )


def monitoring_ended(incident: Incident, now: datetime, *, is_withdrawn: bool = False) -> Message:
    """An incident that was announced ends because its cluster is not looked at any more; its closing note says why.

    ``is_withdrawn``: the proposal that waited for a decision ended with it.
    """
    last = incident.last_failed_at or incident.last_trouble_at or incident.since
    sections = [
        Section(
            "What this means",
            text="The incident is closed, because nothing is measured on this cluster any more. "
            "That is no proof that the trouble is over.",
        )
    ]
    if is_withdrawn:
        sections.append(Section("The plan that waited", text=WITHDRAWN))
    return Message(
        title=f"{subject(incident)}: no longer watched",
        summary=sentences(incident.closing_note or "nothing is measured on this cluster any more"),
        tone=Tone.NEUTRAL,
        facts=(
            ("Cluster", incident.cluster_name),
            ("First seen", utc(incident.since)),
            ("Last seen", utc(last)),
            ("Closed", utc(incident.cleared_at or now)),
        ),
        sections=tuple(sections),
        footer=f"snatbot · incident {incident.id}",
    )


def _sentences(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(sentences(text) for text in texts)
