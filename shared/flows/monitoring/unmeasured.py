"""Notify people of clusters that can't be measured any more, and of what prevents monitoring: once for the fleet."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...chat import fleet_messages
from ...chat.first_message import Deployment, first_message
from ...chat.message import Message
from ...cloud.errors import AzureError
from ...cloud.fleet_query import FleetDiscovery
from ...core.detection.tags import TagRules, read_tags
from ...core.incidents.scan_health import nothing_found, nothing_measured, stale_list
from ...core.incidents.standing_problems import StandingProblemNews, by_subject, update_problems
from ...core.incidents.unmeasured import FleetListing, UnmeasuredNews, update_unmeasured
from ...formatting import clusters_of, listed
from ...ids import short_key
from ...model.coverage import FleetRecord, StandingProblem
from ...model.fleet import Fleet, Unlisted
from ...model.tally import Tally
from ...model.text import Text, arranged
from ...store.errors import StoreConflict
from ...store.records import FLEET_PARTITION, Put, Records, Stored
from ..notification.outbox import Outbox, audit
from .inventory import ListedFleet

log = logging.getLogger("snatbot.unmeasured")
MAX_MISSING = 1000  # at most so many unlisted clusters are stored, because more would not fit into a row
MAX_CONFIRMED = 50  # one scan asks Azure about at most so many of them


@dataclass(frozen=True, slots=True)
class UnmeasuredPolicy:
    grace_period: timedelta  # how long a problem must last before people are notified
    kept_for: timedelta  # lifetime of the list of clusters
    expects_clusters: bool = True  # finding no cluster at all is a problem


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the first tick of a new deployment posts to each channel, whatever the routes. It has no record yet."""

    deployment: Deployment
    outbox: Outbox

    def rows(self, clusters: int, tally: Tally, missing: Sequence[Text], wall: datetime) -> list[Put]:
        return self.outbox.rows("", first_message(clusters, tally, missing, self.deployment), wall)


@dataclass(frozen=True, slots=True)
class UnmeasuredClusters:
    records: Records
    discovery: FleetDiscovery
    outbox: Outbox
    default_rules: TagRules
    policy: UnmeasuredPolicy
    greeting: Greeting | None = None

    def update(self, found: ListedFleet, tally: Tally, now: datetime, wall: datetime) -> tuple[Text, ...]:
        """Post the news, and return why nobody should rely on this scan; empty if it is complete.

        Raises StoreError. Of two concurrent workers only one posts.
        """
        stored = self.records.fleet()
        record = stored.value if stored else FleetRecord()
        after, news = update_unmeasured(record, tally, self._listing(record, found), now, self.policy.grace_period)
        has_seen_clusters = after.has_seen_clusters or not self.policy.expects_clusters
        empty = nothing_found(found.fleet, has_seen_clusters=has_seen_clusters, are_some_lost=bool(after.lost))
        problems = (empty, *found.fleet.unreadable) if empty and not after.lost else found.fleet.unreadable
        greeting = None if stored else self.greeting
        troubles, trouble_news = self._troubles(record, problems, now, greeting)
        bad_tags, tag_news = update_problems(record.bad_tags, self._bad_tags(found), now, timedelta())
        one_by_one, slow_news = update_problems(record.one_by_one, tally.one_by_one, now, timedelta())
        after = replace(after, troubles=troubles, bad_tags=bad_tags, one_by_one=one_by_one)
        news = replace(news, troubles=trouble_news, bad_tags=tag_news, one_by_one=slow_news)
        greets = greeting.rows(len(found.fleet.clusters), tally, trouble_news.due, wall) if greeting else []
        self._store(stored, after, news, now, wall, greets)
        stale = stale_list(found.fleet, now, self.policy.kept_for)
        unsound = (stale, empty.text if empty else Text(""), nothing_measured(tally))
        return tuple(filter(None, unsound))

    def update_unlisted(self, problem: Unlisted, now: datetime, wall: datetime) -> None:
        """The clusters could not be listed, and no list is kept: all are unknown."""
        stored = self.records.fleet()
        record = stored.value if stored else FleetRecord()
        greeting = None if stored else self.greeting
        troubles, news = self._troubles(record, (problem,), now, greeting)
        greets = greeting.rows(0, Tally(), news.due, wall) if greeting else []
        self._store(stored, replace(record, troubles=troubles), UnmeasuredNews(troubles=news), now, wall, greets)

    def _troubles(
        self, record: FleetRecord, problems: Sequence[Unlisted], now: datetime, greeting: Greeting | None
    ) -> tuple[tuple[StandingProblem, ...], StandingProblemNews]:
        """A greeting names them at once, so that their end is posted."""
        grace_period = timedelta() if greeting else self.policy.grace_period
        return update_problems(record.troubles, by_subject(problems), now, grace_period)

    def _listing(self, record: FleetRecord, found: ListedFleet) -> FleetListing:
        names: dict[str, str] = {}
        opted_out: dict[str, str] = {}
        for target in found.fleet.clusters:
            key, name = short_key(target.cluster.id), target.cluster.name
            names[key] = name
            if not read_tags(target.cluster.tags, self.default_rules).is_watched:
                opted_out[key] = name
        if found.before is None:  # the list was not read again
            return FleetListing(names, opted_out, record.lost)
        return FleetListing(names, opted_out, *self._lost(record, found.fleet, found.before))

    def _bad_tags(self, found: ListedFleet) -> dict[str, Text]:
        """Each problem, with its clusters."""
        names: dict[Text, list[str]] = {}
        for target in found.fleet.clusters:
            for problem in read_tags(target.cluster.tags, self.default_rules).problems:
                names.setdefault(problem, []).append(target.cluster.name)
        return {
            str(problem): arranged(
                "{problem} ({clusters}: {names})", problem=problem, clusters=clusters_of(len(of)), names=listed(of)
            )
            for problem, of in names.items()
        }

    def _lost(self, record: FleetRecord, fleet: Fleet, fleet_before: Fleet) -> tuple[Mapping[str, str], frozenset[str]]:
        """Clusters that were listed before, are not now, and are not deleted as far as Azure says.

        Also clusters that Azure was not asked about. New ones come first: clusters that were lost before are most
        likely still lost.
        """
        current = {target.cluster.id.lower() for target in fleet.clusters}
        before = {target.cluster.id.lower(): target.cluster.name for target in fleet_before.clusters}
        missing = {key: name for key, name in {**record.lost, **before}.items() if key not in current}
        order = sorted(missing, key=lambda key: (key in record.lost, key))
        gone = {key: self._is_gone(key) for key in order[:MAX_CONFIRMED]}
        kept = sorted([key for key in order if not gone.get(key)][:MAX_MISSING])
        return {key: missing[key] for key in kept}, frozenset(key for key in kept if gone.get(key) is None)

    def _is_gone(self, cluster_id: str) -> bool | None:
        """None: Azure did not answer."""
        try:
            return self.discovery.is_gone(cluster_id)
        except AzureError as error:
            log.warning("%s: could not check if it was deleted: %s", cluster_id, error)
            return None

    def _store(
        self,
        before: Stored[FleetRecord] | None,
        after: FleetRecord,
        news: UnmeasuredNews,
        now: datetime,
        wall: datetime,
        greets: Sequence[Put],
    ) -> None:
        if not greets and news.is_empty and after == (before.value if before else FleetRecord()):
            return
        writes = [Put(after, before.etag if before else None), *greets]
        for message in _messages(replace(news, troubles=StandingProblemNews()) if greets else news, now):
            writes += self.outbox.rows("", message, wall)
        lines = list(_lines(news, now))
        try:
            self.records.commit_with_audit(FLEET_PARTITION, writes, lines)
        except StoreConflict:
            log.info("another worker has posted about unmeasured clusters")
            return
        for line in lines:
            log.warning("%s", line.value)


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


def _lines(news: UnmeasuredNews, now: datetime) -> Iterator[Put]:
    yield from (audit(now, "snatbot", "coverage lost", loss.evidence) for loss in news.losses)
    yield from (audit(now, "snatbot", "can't be read", text) for text in news.troubles.due)
    yield from (audit(now, "snatbot", "opted out by tag", name) for name in news.opted_out)
    yield from (audit(now, "snatbot", "no longer opted out", name) for name in news.opted_in)
