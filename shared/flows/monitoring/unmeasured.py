"""Telling who is not seen any more, and what stands in the way: once for the fleet, whichever worker notices."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...chat import fleet_messages
from ...chat.message import Message
from ...cloud.errors import AzureError
from ...cloud.fleet_query import FleetDiscovery
from ...core.detection.tags import TagRules, read_tags
from ...core.incidents.scan_health import nothing_found, nothing_measured, stale_list
from ...core.incidents.standing_problems import by_subject, update_problems
from ...core.incidents.unmeasured import FleetListing, UnmeasuredNews, update_unmeasured
from ...formatting import count, listed
from ...ids import short_key
from ...model.coverage import FleetRecord
from ...model.fleet import Fleet
from ...model.tally import Tally
from ...store.errors import StoreConflict
from ...store.records import FLEET_PARTITION, Put, Records
from ..notification.outbox import Outbox, audit
from .inventory import ListedFleet

log = logging.getLogger("snatbot.coverage")
MOST_LOST = 1000  # how many vanished clusters are remembered: more would not fit into a row
MOST_CONFIRMED = 50  # how many of them are asked for one by one in a look


@dataclass(frozen=True, slots=True)
class UnmeasuredPolicy:
    """``grace_period``: how long something may last before people are told. ``kept_for``: of the list of clusters.

    ``expects_clusters``: that none was ever found is a mistake.
    """

    grace_period: timedelta
    kept_for: timedelta
    expects_clusters: bool = True


class UnmeasuredClusters:
    def __init__(
        self, records: Records, discovery: FleetDiscovery, outbox: Outbox, usual: TagRules, policy: UnmeasuredPolicy
    ) -> None:
        self._records = records
        self._discovery = discovery
        self._outbox = outbox
        self._usual = usual
        self._policy = policy

    def note(self, found: ListedFleet, tally: Tally, now: datetime, wall: datetime) -> tuple[str, ...]:
        """Tells what is news, and returns why this look is none to rely on: nothing when it is.

        Raises StoreError; of two workers at once one tells, and the other leaves it at that.
        """
        stored = self._records.fleet()
        record = stored.value if stored else FleetRecord()
        sight, bad_tags = self._sight(record, found)
        after, news = update_unmeasured(record, tally, sight, now, self._policy.grace_period)
        empty = self._nothing_found(found.fleet, after)
        to_say = () if after.lost or not empty else (empty,)  # of those that were lost people know
        after, news = self._remark(after, news, by_subject((*to_say, *found.fleet.unreadable)), bad_tags, now)
        slow, slow_news = update_problems(after.one_by_one, tally.one_by_one, now, timedelta())
        after, news = replace(after, one_by_one=slow), replace(news, one_by_one=slow_news)
        self._keep(stored.etag if stored else None, record, after, news, now, wall)
        unfit = (stale_list(found.fleet, now, self._policy.kept_for), empty, nothing_measured(tally))
        return tuple(text for text in unfit if text)

    def note_unlisted(self, problem: str, now: datetime, wall: datetime) -> None:
        """The clusters could not be listed, and no list is kept: nothing is known of any of them."""
        stored = self._records.fleet()
        record = stored.value if stored else FleetRecord()
        troubles, said = update_problems(record.troubles, by_subject((problem,)), now, self._policy.grace_period)
        after = replace(record, troubles=troubles)
        self._keep(stored.etag if stored else None, record, after, UnmeasuredNews(troubles=said), now, wall)

    def _remark(
        self,
        record: FleetRecord,
        news: UnmeasuredNews,
        troubles: Mapping[str, str],
        bad_tags: Mapping[str, str],
        now: datetime,
    ) -> tuple[FleetRecord, UnmeasuredNews]:
        of_troubles, troubles_news = update_problems(record.troubles, troubles, now, self._policy.grace_period)
        of_tags, tags_news = update_problems(record.bad_tags, bad_tags, now, timedelta())
        after = replace(record, troubles=of_troubles, bad_tags=of_tags)
        return after, replace(news, troubles=troubles_news, bad_tags=tags_news)

    def _nothing_found(self, fleet: Fleet, record: FleetRecord) -> str:
        has_seen = record.has_seen_clusters or not self._policy.expects_clusters
        return nothing_found(fleet, has_seen_clusters=has_seen, are_some_lost=bool(record.lost))

    def _sight(self, record: FleetRecord, found: ListedFleet) -> tuple[FleetListing, dict[str, str]]:
        """What the list says of clusters, and of their tags."""
        names: dict[str, str] = {}
        opted_out: dict[str, str] = {}
        bad_tags: dict[str, list[str]] = {}
        for target in found.fleet.clusters:
            cluster, rules = target.cluster, read_tags(target.cluster.tags, self._usual)
            names[short_key(cluster.id)] = cluster.name
            if not rules.is_watched:
                opted_out[short_key(cluster.id)] = cluster.name
            for problem in rules.problems:
                bad_tags.setdefault(problem, []).append(cluster.name)
        lost, not_asked = (dict(record.lost), frozenset[str]()) if found.before is None else self._lost(record, found)
        remarks = {
            problem: f"{problem} ({count(len(of), 'cluster')}: {listed(of)})" for problem, of in bad_tags.items()
        }
        return FleetListing(names, opted_out, lost, not_asked), remarks

    def _lost(self, record: FleetRecord, found: ListedFleet) -> tuple[dict[str, str], frozenset[str]]:
        """Clusters that were listed before, are not now, and were not deleted as far as Azure says.

        Beside them those that it was not asked about. New ones are asked about first: whoever was hidden before is
        most likely hidden still.
        """
        listed = {target.cluster.id.lower() for target in found.fleet.clusters}
        before = _names(found.before) if found.before else {}
        missing = {key: name for key, name in {**record.lost, **before}.items() if key not in listed}
        order = sorted(missing, key=lambda key: (key in record.lost, key))
        gone = {key: self._is_gone(key) for key in order[:MOST_CONFIRMED]}
        kept = [key for key in order if not gone.get(key)][:MOST_LOST]
        return {key: missing[key] for key in sorted(kept)}, frozenset(key for key in kept if gone.get(key) is None)

    def _is_gone(self, cluster_id: str) -> bool | None:
        """None: Azure did not answer."""
        try:
            return self._discovery.is_gone(cluster_id)
        except AzureError as error:
            log.warning("whether %s was deleted could not be asked: %s", cluster_id, error)
            return None

    def _keep(
        self,
        etag: str | None,
        before: FleetRecord,
        after: FleetRecord,
        news: UnmeasuredNews,
        now: datetime,
        wall: datetime,
    ) -> None:
        if after == before and news.is_empty:
            return
        writes = [Put(after, etag)]
        for message in _messages(news, now):
            writes += self._outbox.rows("the fleet", message, wall)
        lines = [audit(now, "snatbot", event, subject) for event, subject in _events(news)]
        try:
            self._records.commit_with_audit(FLEET_PARTITION, writes, lines)
        except StoreConflict:
            log.info("another worker has told about coverage")
            return
        for event, subject in _events(news):
            log.warning("%s: %s", event, subject)


def _names(fleet: Fleet) -> dict[str, str]:
    return {target.cluster.id.lower(): target.cluster.name for target in fleet.clusters}


def _messages(news: UnmeasuredNews, now: datetime) -> Iterator[Message]:
    if news.losses:
        yield fleet_messages.clusters_unmeasured(news.losses)
    if news.troubles.due:
        yield fleet_messages.monitoring_impaired(news.troubles.due)
    if news.seen_again or news.troubles.over:
        yield fleet_messages.clusters_recovered(news.seen_again, now, news.troubles.over)
    if news.opted_out:
        yield fleet_messages.clusters_opted_out(news.opted_out)
    if news.bad_tags.due:
        yield fleet_messages.tags_invalid(news.bad_tags.due)
    if news.one_by_one.due:
        yield fleet_messages.metrics_unbatched(news.one_by_one.due)


def _events(news: UnmeasuredNews) -> Iterator[tuple[str, str]]:
    """Audit lines: what happened, to whom."""
    yield from (("coverage lost", loss.evidence) for loss in news.losses)
    yield from (("can't be read", text) for text in news.troubles.due)
    yield from (("opted out by tag", name) for name in news.opted_out)
    yield from (("no longer opted out", name) for name in news.opted_in)
