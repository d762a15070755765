"""What is said about the watch itself: clusters that are not seen any more, are seen again, or opted out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..model.finding import Finding
from ..texts import capital, count, listed, sentence, utc
from .message import Message, Section, Tone

_FOOTER = "snatbot · coverage"


def coverage_lost(losses: Sequence[Finding]) -> Message:
    """Clusters that can't be measured, or are not listed any more. Said once."""
    remedies = tuple(dict.fromkeys(sentence(capital(loss.remedy)) for loss in losses if loss.remedy))
    sections = [Section("What is not seen", bullets=tuple(sentence(capital(loss.evidence)) for loss in losses))]
    if remedies:
        sections.append(Section("What to do", bullets=remedies))
    sections.append(Section("What this means", text="SNAT failures there would go unseen until this is mended."))
    return Message(
        title="snatbot can't see all clusters",
        summary=sentence(capital(losses[0].evidence)),
        tone=Tone.WARNING,
        sections=tuple(sections),
        footer=_FOOTER,
    )


def seen_again(names: Sequence[str], now: datetime) -> Message:
    """The end of what ``coverage_lost`` told."""
    return Message(
        title="snatbot sees these clusters again",
        summary=f"{count(len(names), 'cluster')} seen again: {listed(names)}.",
        tone=Tone.GOOD,
        facts=(("Since", utc(now)),),
        footer=_FOOTER,
    )


def opted_out(names: Sequence[str]) -> Message:
    """Clusters whose tag says that they are not to be watched. Said once a cluster."""
    return Message(
        title="Clusters opted out of SNAT monitoring",
        summary=f"{count(len(names), 'cluster')} with the tag `snatbot-watch` = `off`: {listed(names)}.",
        tone=Tone.NEUTRAL,
        sections=(
            Section("What this means", text="They are not watched. Take the tag off to have them watched again."),
        ),
        footer=_FOOTER,
    )
