"""Coverage of the fleet: who is not seen, why and since when, said once and when it is over.

Each cluster counts. One that is not measured is told when that has lasted for a settable time, also when others were
told for the same cause before: a single empty answer is no news. Who follows soon after a post about the same cause is
told with the next one, and so is who comes back: trouble that moves through a fleet must not post every minute. A
cluster that is no longer listed though it was not deleted is told at once, and so is one that opts out by its tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ...formatting import count, number, utc
from ...formatting import listed as in_words
from ...ids import short_key
from ...model.coverage import FleetRecord, UnmeasuredGroup
from ...model.finding import Finding, FindingKind, Severity
from ...model.reading import Cause
from ...model.tally import Tally, Unseen
from .standing_problems import StandingProblemNews


@dataclass(frozen=True, slots=True)
class UnmeasuredNews:
    """What is worth telling: losses as findings, clusters as names, what was remarked as sentences."""

    losses: tuple[Finding, ...] = ()
    seen_again: tuple[str, ...] = ()
    opted_out: tuple[str, ...] = ()
    opted_in: tuple[str, ...] = ()
    troubles: StandingProblemNews = field(default_factory=StandingProblemNews)
    bad_tags: StandingProblemNews = field(default_factory=StandingProblemNews)
    one_by_one: StandingProblemNews = field(default_factory=StandingProblemNews)

    @property
    def is_empty(self) -> bool:
        return self == UnmeasuredNews()


@dataclass(frozen=True, slots=True)
class FleetListing:
    """What the list of clusters says, whether or not they were measured.

    ``listed`` and ``opted_out``: short key and name. ``lost``: ids and names of clusters that vanished from the list
    and were not deleted, all that are known of. ``not_asked``: those of them that Azure was not asked about,
    or gave no answer.
    """

    listed: Mapping[str, str] = field(default_factory=dict)
    opted_out: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)
    not_asked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OutageKey:
    subscription: str
    cause: Cause
    key: str


@dataclass(frozen=True, slots=True)
class Outage:
    """How long one cluster has not been measured for one cause, and when that was told."""

    since: datetime
    notified_at: datetime | None = None


_Outages = dict[OutageKey, Outage]


def update_unmeasured(
    record: FleetRecord, tally: Tally, sight: FleetListing, now: datetime, grace_period: timedelta
) -> tuple[FleetRecord, UnmeasuredNews]:
    """What is remembered of clusters afterwards, and what is to be told; remarks stay."""
    listed, lost = sight.listed, sight.lost
    outages = _standing(record.unmeasured, tally, listed.keys() - sight.opted_out.keys(), now)
    outages, losses = _told(outages, tally.unseen, listed, now, grace_period)
    back = _recovered(outages, tally, listed.keys())
    if record.back_at is not None and timedelta() <= now - record.back_at < grace_period:
        back = set()
    new_lost = {key: name for key, name in lost.items() if key not in record.lost}
    found = {short_key(one) for one in record.lost if one not in lost} & listed.keys() - _unmeasured_keys(tally)
    hidden = {short_key(one) for one in lost}
    announced = {key: name for key, name in record.opted_out.items() if key in listed or key in hidden}
    news = UnmeasuredNews(
        losses=(*losses, *_no_longer_listed(new_lost, sight.not_asked & new_lost.keys(), now)),
        seen_again=tuple(sorted(listed[key] for key in back | found)),
        opted_out=_names(sight.opted_out, announced),
        opted_in=_names({key: name for key, name in announced.items() if key in listed}, sight.opted_out),
    )
    after = replace(
        record,
        unmeasured=_packed({who: outage for who, outage in outages.items() if who.key not in back}),
        lost=dict(lost),
        opted_out={key: name for key, name in announced.items() if key in hidden} | dict(sight.opted_out),
        back_at=now if back else record.back_at,
        has_seen_clusters=record.has_seen_clusters or bool(listed),
    )
    return after, news


def _standing(known: Iterable[UnmeasuredGroup], tally: Tally, watched: Set[str], now: datetime) -> _Outages:
    """Spells that last and those that begin. What was told stays until its end is told.

    Of a cluster that was told already, another cause counts only while it lasts.
    """
    before = {
        OutageKey(one.subscription, one.cause, key): Outage(
            min(one.since, now), one.notified_at and min(one.notified_at, now)
        )
        for one in known
        for key in one.keys
    }
    told = {who.key for who, outage in before.items() if outage.notified_at}
    blind, current = _unmeasured_keys(tally), set(_unseen(tally.unseen))

    def lasts(who: OutageKey, outage: Outage) -> bool:
        if outage.notified_at is not None:
            return who.key in watched
        return who.key in blind and (who in current or who.key not in told)

    lasting = {who: outage for who, outage in before.items() if lasts(who, outage)}
    return {who: Outage(now) for who in current} | lasting


def _told(
    outages: _Outages, unseen: Iterable[Unseen], fleet: Mapping[str, str], now: datetime, grace_period: timedelta
) -> tuple[_Outages, list[Finding]]:
    """The spells after what is due was told, and what is to be told."""
    last: dict[tuple[str, Cause], datetime] = {}
    for who, outage in outages.items():
        if outage.notified_at is not None:
            group = (who.subscription, who.cause)
            last[group] = max(outage.notified_at, last.get(group, outage.notified_at))
    after, losses = dict(outages), []
    for one in unseen:
        notified_at = last.get((one.subscription, one.cause))
        if notified_at is not None and now - notified_at < grace_period:
            continue
        mine = {who: outages[who] for who in _unseen([one])}
        due = {
            who: outage
            for who, outage in mine.items()
            if outage.notified_at is None and now - outage.since >= grace_period
        }
        if due:
            names = sorted(fleet.get(who.key, who.key) for who in due)
            losses.append(_not_measured(one, names, min(outage.since for outage in due.values())))
            after |= {who: replace(outage, notified_at=now) for who, outage in due.items()}
    told = {who.key for who, outage in after.items() if outage.notified_at == now}
    return {who: outage for who, outage in after.items() if outage.notified_at or who.key not in told}, losses


def _recovered(outages: _Outages, tally: Tally, listed_keys: Set[str]) -> set[str]:
    """Clusters whose trouble was told and is over."""
    return {who.key for who, outage in outages.items() if outage.notified_at} & listed_keys - _unmeasured_keys(tally)


def _packed(outages: _Outages) -> tuple[UnmeasuredGroup, ...]:
    """Clusters that went out of sight together share an entry: thousands of them have to fit into a row."""
    packed: dict[tuple[str, Cause, datetime, datetime | None], list[str]] = {}
    for who, outage in outages.items():
        packed.setdefault((who.subscription, who.cause, outage.since, outage.notified_at), []).append(who.key)
    entries = [
        UnmeasuredGroup(subscription, cause, since, tuple(sorted(keys)), notified_at)
        for (subscription, cause, since, notified_at), keys in packed.items()
    ]
    return tuple(sorted(entries, key=lambda one: (one.since, one.subscription, one.cause, one.keys)))


def _unmeasured_keys(tally: Tally) -> set[str]:
    return {key for one in tally.unseen for key in one.keys}


def _unseen(unseen: Iterable[Unseen]) -> Iterator[OutageKey]:
    for one in unseen:
        for key in one.keys:
            yield OutageKey(one.subscription, one.cause, key)


def _names(these: Mapping[str, str], without: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for key, name in these.items() if key not in without))


def _not_measured(unseen: Unseen, names: list[str], since: datetime) -> Finding:
    """``names`` of those that are told now; others may have been told before."""
    others = len(unseen.keys) - len(names)
    before = f", beside {number(others)} more for the same cause" if others else ""
    return Finding(
        kind=FindingKind.COVERAGE_LOSS,
        severity=Severity.WARNING,
        since=since,
        evidence=(
            f"{count(len(names), 'cluster')} in subscription {unseen.subscription} not measured since {utc(since)}: "
            f"{in_words(names)}{before}. {unseen.reason}"
        ),
        remedy=unseen.remedy,
    )


def _no_longer_listed(lost: Mapping[str, str], not_asked: Set[str], now: datetime) -> Iterator[Finding]:
    if not lost:
        return
    if not_asked:
        proof = f"and Azure was not asked about {number(len(not_asked))} of them or gave no answer"
    else:
        proof = "though Azure doesn't say that they were deleted"
    yield Finding(
        kind=FindingKind.COVERAGE_LOSS,
        severity=Severity.WARNING,
        since=now,
        evidence=f"{count(len(lost), 'cluster')} can no longer be seen, {proof}: {in_words(sorted(lost.values()))}",
        remedy="see whether a role of this app's identity was taken away: it needs Reader on the subscription",
    )
