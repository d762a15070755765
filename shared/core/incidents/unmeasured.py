"""Clusters that are not measured: which, why and since when; posted when it lasts, and when it ends.

Each cluster counts on its own: it is posted after a grace period without a measurement, even if others were posted for
the same cause before. Further clusters with the same cause, and recoveries, go into the next post, at most one per
grace period. A cluster that disappears from the list though it was not deleted is posted at once, and so is an opt-out.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ...formatting import listed as in_words
from ...ids import short_key
from ...model.coverage import FleetRecord, UnmeasuredGroup
from ...model.finding import Finding, FindingKind, Severity
from ...model.reading import Cause
from ...model.tally import Tally, Unseen
from ...model.text import Text, arranged
from .standing_problems import StandingProblemNews


@dataclass(frozen=True, slots=True)
class UnmeasuredNews:
    """What to post: clusters that can't be measured as findings, recovered clusters as names, problems as sentences."""

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
    """What the list of clusters shows, whether or not they were measured."""

    listed: Mapping[str, str] = field(default_factory=dict)  # short key to name
    opted_out: Mapping[str, str] = field(default_factory=dict)  # short key to name
    lost: Mapping[str, str] = field(default_factory=dict)  # id to name: clusters that are unlisted though not deleted
    not_asked: frozenset[str] = frozenset()  # those of ``lost`` that Azure was not asked about, or gave no answer on


@dataclass(frozen=True, slots=True)
class OutageKey:
    subscription: str
    cause: Cause
    cluster: str  # short key


@dataclass(frozen=True, slots=True)
class Outage:
    """How long one cluster was not measured for one cause, and when that was posted."""

    since: datetime
    notified_at: datetime | None = None


_Outages = dict[OutageKey, Outage]


def update_unmeasured(
    record: FleetRecord, tally: Tally, listing: FleetListing, now: datetime, grace_period: timedelta
) -> tuple[FleetRecord, UnmeasuredNews]:
    """The new record and what to post; this leaves standing problems alone."""
    listed, lost = listing.listed, listing.lost
    outages = _current(record.unmeasured, tally, listed.keys() - listing.opted_out.keys(), now)
    outages, losses = _notify(outages, tally.unseen, listed, now, grace_period)
    recovered = _recovered(outages, tally, listed.keys())
    if record.back_at is not None and timedelta() <= now - record.back_at < grace_period:
        recovered = set()
    new_lost = {cluster_id: name for cluster_id, name in lost.items() if cluster_id not in record.lost}
    found = {short_key(cluster_id) for cluster_id in record.lost if cluster_id not in lost}
    found &= listed.keys() - _unmeasured_keys(tally)
    hidden = {short_key(cluster_id) for cluster_id in lost}
    announced = {key: name for key, name in record.opted_out.items() if key in listed or key in hidden}
    news = UnmeasuredNews(
        losses=(*losses, *_no_longer_listed(new_lost, listing.not_asked & new_lost.keys(), now)),
        seen_again=tuple(sorted(listed[key] for key in recovered | found)),
        opted_out=_names(listing.opted_out, announced),
        opted_in=_names({key: name for key, name in announced.items() if key in listed}, listing.opted_out),
    )
    after = replace(
        record,
        unmeasured=_packed({key: outage for key, outage in outages.items() if key.cluster not in recovered}),
        lost=dict(lost),
        opted_out={key: name for key, name in announced.items() if key in hidden} | dict(listing.opted_out),
        back_at=now if recovered else record.back_at,
        has_seen_clusters=record.has_seen_clusters or bool(listed),
    )
    return after, news


def _current(known: Iterable[UnmeasuredGroup], tally: Tally, watched: Set[str], now: datetime) -> _Outages:
    """Outages that last and outages that begin. A posted one remains until its end is posted.

    If a cluster has a posted outage, an outage for another cause counts only while it lasts.
    """
    before = {
        OutageKey(group.subscription, group.cause, key): Outage(
            min(group.since, now), group.notified_at and min(group.notified_at, now)
        )
        for group in known
        for key in group.keys
    }
    notified = {key.cluster for key, outage in before.items() if outage.notified_at}
    unmeasured, seen_now = _unmeasured_keys(tally), set(_outage_keys(tally.unseen))

    def lasts(key: OutageKey, outage: Outage) -> bool:
        if outage.notified_at is not None:
            return key.cluster in watched
        return key.cluster in unmeasured and (key in seen_now or key.cluster not in notified)

    lasting = {key: outage for key, outage in before.items() if lasts(key, outage)}
    return {key: Outage(now) for key in seen_now} | lasting


def _notify(
    outages: _Outages, unseen: Iterable[Unseen], names: Mapping[str, str], now: datetime, grace_period: timedelta
) -> tuple[_Outages, list[Finding]]:
    """The outages after posting, and what to post."""
    last_post: dict[tuple[str, Cause], datetime] = {}
    for key, outage in outages.items():
        if outage.notified_at is not None:
            group = (key.subscription, key.cause)
            last_post[group] = max(outage.notified_at, last_post.get(group, outage.notified_at))
    after, losses = dict(outages), []
    for cause in unseen:
        posted_at = last_post.get((cause.subscription, cause.cause))
        if posted_at is not None and now - posted_at < grace_period:
            continue
        silent = {key: outages[key] for key in _outage_keys([cause]) if outages[key].notified_at is None}
        due = {key: outage for key, outage in silent.items() if now - outage.since >= grace_period}
        if due:
            due_names = sorted(names.get(key.cluster, key.cluster) for key in due)
            losses.append(_not_measured(cause, due_names, min(outage.since for outage in due.values())))
            after |= {key: replace(outage, notified_at=now) for key, outage in due.items()}
    notified = {key.cluster for key, outage in after.items() if outage.notified_at == now}
    kept = {key: outage for key, outage in after.items() if outage.notified_at or key.cluster not in notified}
    return kept, losses


def _recovered(outages: _Outages, tally: Tally, listed_keys: Set[str]) -> set[str]:
    notified = {key.cluster for key, outage in outages.items() if outage.notified_at}
    return notified & listed_keys - _unmeasured_keys(tally)


def _packed(outages: _Outages) -> tuple[UnmeasuredGroup, ...]:
    """Merge clusters with the same outage into one entry, so that thousands of them fit into a row."""
    packed: dict[tuple[str, Cause, datetime, datetime | None], list[str]] = {}
    for key, outage in outages.items():
        group = (key.subscription, key.cause, outage.since, outage.notified_at)
        packed.setdefault(group, []).append(key.cluster)
    entries = [
        UnmeasuredGroup(subscription, cause, since, tuple(sorted(keys)), notified_at)
        for (subscription, cause, since, notified_at), keys in packed.items()
    ]
    return tuple(sorted(entries, key=lambda group: (group.since, group.subscription, group.cause, group.keys)))


def _unmeasured_keys(tally: Tally) -> set[str]:
    return {key.cluster for key in _outage_keys(tally.unseen)}


def _outage_keys(unseen: Iterable[Unseen]) -> Iterator[OutageKey]:
    for group in unseen:
        for key in group.keys:
            yield OutageKey(group.subscription, group.cause, key)


def _names(these: Mapping[str, str], without: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for key, name in these.items() if key not in without))


def _not_measured(unseen: Unseen, names: list[str], since: datetime) -> Finding:
    """``names`` are the clusters posted now; others may have been posted before."""
    others = len(unseen.keys) - len(names)
    before = Text("beside {count} more for the same cause", count=others) if others else Text("")
    loss = Text.plural(
        "{count} cluster in subscription {subscription} not measured since {since}: {names}",
        "{count} clusters in subscription {subscription} not measured since {since}: {names}",
        count=len(names),
        subscription=unseen.subscription,
        since=since,
        names=in_words(names),
    )
    return Finding(
        kind=FindingKind.COVERAGE_LOSS,
        severity=Severity.WARNING,
        since=since,
        evidence=arranged("{loss}. {reason}", loss=arranged("{parts}", parts=(loss, before)), reason=unseen.reason),
        remedy=unseen.remedy,
    )


def _no_longer_listed(lost: Mapping[str, str], not_asked: Set[str], now: datetime) -> Iterator[Finding]:
    if not lost:
        return
    names = in_words(sorted(lost.values()))
    if not_asked:
        evidence = Text.plural(
            "{count} cluster can no longer be seen, and Azure was not asked about {unasked} of them or gave no "
            "answer: {names}",
            "{count} clusters can no longer be seen, and Azure was not asked about {unasked} of them or gave no "
            "answer: {names}",
            count=len(lost),
            unasked=len(not_asked),
            names=names,
        )
    else:
        evidence = Text.plural(
            "{count} cluster can no longer be seen, though Azure doesn't say that they were deleted: {names}",
            "{count} clusters can no longer be seen, though Azure doesn't say that they were deleted: {names}",
            count=len(lost),
            names=names,
        )
    yield Finding(
        kind=FindingKind.COVERAGE_LOSS,
        severity=Severity.WARNING,
        since=now,
        evidence=evidence,
        remedy=Text("see whether a role of this app's identity was taken away: it needs Reader on the subscription"),
    )
