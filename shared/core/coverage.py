"""Coverage of the fleet: who is not seen, why and since when, said once and when it is over.

Clusters that are not measured are told when that has lasted for a settable time: a single empty answer is no news. A
cluster that is no longer listed though it was not deleted is told at once, and so is one that opts out by its tag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..model.coverage import Blindness, FleetRecord
from ..model.finding import Finding, FindingKind, Severity
from ..model.tally import Tally
from ..texts import count, listed, utc


@dataclass(frozen=True, slots=True)
class CoverageNews:
    """What is worth telling: losses as findings, the other lists as names."""

    losses: tuple[Finding, ...] = ()
    seen_again: tuple[str, ...] = ()
    opted_out: tuple[str, ...] = ()
    opted_in: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.losses or self.seen_again or self.opted_out or self.opted_in)


def look_at_coverage(
    record: FleetRecord, tally: Tally, lost: Mapping[str, str], now: datetime, patience: timedelta
) -> tuple[FleetRecord, CoverageNews]:
    """``lost``: ids and names of clusters that vanished from the list and were not deleted, all that are known of."""
    known = {(one.unseen.subscription, one.unseen.cause): one for one in record.blind}
    blind = []
    for unseen in tally.unseen:
        before = known.get((unseen.subscription, unseen.cause))
        since = before.since if before else now
        blind.append(Blindness(unseen, since, bool(before and before.is_told)))
    still = {(one.unseen.subscription, one.unseen.cause) for one in blind}
    due = [one for one in blind if not one.is_told and now - one.since >= patience]
    new_lost = {key: name for key, name in lost.items() if key not in record.lost}
    over = [one for key, one in known.items() if one.is_told and key not in still]
    back = [name for key, name in record.lost.items() if key not in lost]
    unseen_now = {name for one in tally.unseen for name in one.names}
    again = {*back, *(name for one in over for name in one.unseen.names)} - unseen_now
    news = CoverageNews(
        losses=(*(_not_measured(one) for one in due), *_no_longer_listed(new_lost, now)),
        seen_again=tuple(sorted(again)),
        opted_out=_names(tally.opted_out, record.opted_out),
        opted_in=_names(record.opted_out, tally.opted_out) if tally.clusters else (),
    )
    told = tuple(replace(one, is_told=True) if one in due else one for one in blind)
    opted_out = dict(tally.opted_out) if tally.clusters else record.opted_out
    return FleetRecord(told, dict(lost), opted_out), news


def _names(these: Mapping[str, str], without: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for key, name in these.items() if key not in without))


def _not_measured(one: Blindness) -> Finding:
    unseen = one.unseen
    return Finding(
        kind=FindingKind.COVERAGE_LOSS,
        severity=Severity.WARNING,
        since=one.since,
        evidence=(
            f"{count(unseen.count, 'cluster')} in subscription {unseen.subscription} not measured since "
            f"{utc(one.since)}: {listed(unseen.names)}. {unseen.reason}"
        ),
        remedy=unseen.remedy,
    )


def _no_longer_listed(lost: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    if lost:
        yield Finding(
            kind=FindingKind.COVERAGE_LOSS,
            severity=Severity.WARNING,
            since=now,
            evidence=(
                f"{count(len(lost), 'cluster')} can no longer be seen, though Azure doesn't say that they were "
                f"deleted: {listed(sorted(lost.values()))}"
            ),
            remedy="see whether a role of this app's identity was taken away: it needs Reader on the subscription",
        )
