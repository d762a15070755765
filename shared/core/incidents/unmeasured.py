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
from ...model.coverage import Blindness, FleetRecord
from ...model.finding import Finding, FindingKind, Severity
from ...model.reading import Cause
from ...model.tally import Tally, Unseen
from .standing_problems import RemarkNews


@dataclass(frozen=True, slots=True)
class CoverageNews:
    """What is worth telling: losses as findings, clusters as names, what was remarked as sentences."""

    losses: tuple[Finding, ...] = ()
    seen_again: tuple[str, ...] = ()
    opted_out: tuple[str, ...] = ()
    opted_in: tuple[str, ...] = ()
    troubles: RemarkNews = field(default_factory=RemarkNews)
    bad_tags: RemarkNews = field(default_factory=RemarkNews)
    one_by_one: RemarkNews = field(default_factory=RemarkNews)

    @property
    def is_empty(self) -> bool:
        return self == CoverageNews()


@dataclass(frozen=True, slots=True)
class FleetSight:
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
class _Who:
    subscription: str
    cause: Cause
    key: str


@dataclass(frozen=True, slots=True)
class _Spell:
    """How long one cluster has not been measured for one cause, and when that was told."""

    since: datetime
    told_at: datetime | None = None


_Spells = dict[_Who, _Spell]


def look_at_coverage(
    record: FleetRecord, tally: Tally, sight: FleetSight, now: datetime, patience: timedelta
) -> tuple[FleetRecord, CoverageNews]:
    """What is remembered of clusters afterwards, and what is to be told; remarks stay."""
    listed, lost = sight.listed, sight.lost
    spells = _standing(record.unmeasured, tally, listed.keys() - sight.opted_out.keys(), now)
    spells, losses = _told(spells, tally.unseen, listed, now, patience)
    back = _back(spells, tally, listed.keys())
    if record.back_at is not None and timedelta() <= now - record.back_at < patience:
        back = set()
    new_lost = {key: name for key, name in lost.items() if key not in record.lost}
    found = {short_key(one) for one in record.lost if one not in lost} & listed.keys() - _blind(tally)
    hidden = {short_key(one) for one in lost}
    announced = {key: name for key, name in record.opted_out.items() if key in listed or key in hidden}
    news = CoverageNews(
        losses=(*losses, *_no_longer_listed(new_lost, sight.not_asked & new_lost.keys(), now)),
        seen_again=tuple(sorted(listed[key] for key in back | found)),
        opted_out=_names(sight.opted_out, announced),
        opted_in=_names({key: name for key, name in announced.items() if key in listed}, sight.opted_out),
    )
    after = replace(
        record,
        unmeasured=_packed({who: spell for who, spell in spells.items() if who.key not in back}),
        lost=dict(lost),
        opted_out={key: name for key, name in announced.items() if key in hidden} | dict(sight.opted_out),
        back_at=now if back else record.back_at,
        has_seen_clusters=record.has_seen_clusters or bool(listed),
    )
    return after, news


def _standing(known: Iterable[Blindness], tally: Tally, watched: Set[str], now: datetime) -> _Spells:
    """Spells that last and those that begin. What was told stays until its end is told.

    Of a cluster that was told already, another cause counts only while it lasts.
    """
    before = {
        _Who(one.subscription, one.cause, key): _Spell(min(one.since, now), one.told_at and min(one.told_at, now))
        for one in known
        for key in one.keys
    }
    told = {who.key for who, spell in before.items() if spell.told_at}
    blind, current = _blind(tally), set(_unseen(tally.unseen))

    def lasts(who: _Who, spell: _Spell) -> bool:
        if spell.told_at is not None:
            return who.key in watched
        return who.key in blind and (who in current or who.key not in told)

    lasting = {who: spell for who, spell in before.items() if lasts(who, spell)}
    return {who: _Spell(now) for who in current} | lasting


def _told(
    spells: _Spells, unseen: Iterable[Unseen], fleet: Mapping[str, str], now: datetime, patience: timedelta
) -> tuple[_Spells, list[Finding]]:
    """The spells after what is due was told, and what is to be told."""
    last: dict[tuple[str, Cause], datetime] = {}
    for who, spell in spells.items():
        if spell.told_at is not None:
            group = (who.subscription, who.cause)
            last[group] = max(spell.told_at, last.get(group, spell.told_at))
    after, losses = dict(spells), []
    for one in unseen:
        told_at = last.get((one.subscription, one.cause))
        if told_at is not None and now - told_at < patience:
            continue
        mine = {who: spells[who] for who in _unseen([one])}
        due = {who: spell for who, spell in mine.items() if spell.told_at is None and now - spell.since >= patience}
        if due:
            names = sorted(fleet.get(who.key, who.key) for who in due)
            losses.append(_not_measured(one, names, min(spell.since for spell in due.values())))
            after |= {who: replace(spell, told_at=now) for who, spell in due.items()}
    told = {who.key for who, spell in after.items() if spell.told_at == now}
    return {who: spell for who, spell in after.items() if spell.told_at or who.key not in told}, losses


def _back(spells: _Spells, tally: Tally, listed_keys: Set[str]) -> set[str]:
    """Clusters whose trouble was told and is over."""
    return {who.key for who, spell in spells.items() if spell.told_at} & listed_keys - _blind(tally)


def _packed(spells: _Spells) -> tuple[Blindness, ...]:
    """Clusters that went out of sight together share an entry: thousands of them have to fit into a row."""
    packed: dict[tuple[str, Cause, datetime, datetime | None], list[str]] = {}
    for who, spell in spells.items():
        packed.setdefault((who.subscription, who.cause, spell.since, spell.told_at), []).append(who.key)
    entries = [
        Blindness(subscription, cause, since, tuple(sorted(keys)), told_at)
        for (subscription, cause, since, told_at), keys in packed.items()
    ]
    return tuple(sorted(entries, key=lambda one: (one.since, one.subscription, one.cause, one.keys)))


def _blind(tally: Tally) -> set[str]:
    return {key for one in tally.unseen for key in one.keys}


def _unseen(unseen: Iterable[Unseen]) -> Iterator[_Who]:
    for one in unseen:
        for key in one.keys:
            yield _Who(one.subscription, one.cause, key)


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
