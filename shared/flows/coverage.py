"""Telling who is not seen any more: once for the fleet, whichever worker notices."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ..chat import compose
from ..chat.message import Message
from ..cloud.errors import AzureError
from ..cloud.fleet import FleetDiscovery
from ..core.coverage import CoverageNews, look_at_coverage
from ..ids import short_key
from ..model.coverage import FleetRecord
from ..model.fleet import Fleet
from ..model.tally import Tally
from ..store.errors import StoreConflict
from ..store.records import FLEET_PARTITION, Put, Records
from .fleet_source import Found
from .outbox import Outbox, audit

log = logging.getLogger("snatbot.coverage")
MOST_LOST = 1000  # how many vanished clusters are remembered: more would not fit into a row
MOST_CONFIRMED = 50  # how many vanished clusters are asked for one by one in a look


class Coverage:
    def __init__(self, records: Records, discovery: FleetDiscovery, outbox: Outbox, patience: timedelta) -> None:
        """``patience``: how long clusters may go unmeasured before people are told."""
        self._records = records
        self._discovery = discovery
        self._outbox = outbox
        self._patience = patience

    def note(self, found: Found, tally: Tally, now: datetime, wall: datetime) -> CoverageNews:
        """Raises StoreError; of two workers at once one tells, and the other leaves it at that."""
        stored = self._records.fleet()
        record = stored.value if stored else FleetRecord()
        lost = self._lost(record, found) if found.before is not None else dict(record.lost)
        fleet = {short_key(target.cluster.id): target.cluster.name for target in found.fleet.clusters}
        after, news = look_at_coverage(record, tally, fleet, lost, now, self._patience)
        if after == record and news.is_empty:
            return news
        writes = [Put(after, stored.etag if stored else None)]
        for message in _messages(news, now):
            writes += self._outbox.rows("the fleet", message, wall)
        writes += [audit(now, "snatbot", "coverage lost", "fleet", loss.evidence) for loss in news.losses]
        writes += [audit(now, "snatbot", "opted out by tag", name) for name in news.opted_out]
        writes += [audit(now, "snatbot", "no longer opted out", name) for name in news.opted_in]
        try:
            self._records.commit_in(FLEET_PARTITION, writes[:100])
        except StoreConflict:
            log.info("another worker has told about coverage")
            return CoverageNews()
        for loss in news.losses:
            log.warning("%s", loss.evidence)
        return news

    def _lost(self, record: FleetRecord, found: Found) -> dict[str, str]:
        """Clusters that were listed before, are not now, and were not deleted as far as Azure says."""
        listed = {target.cluster.id.lower() for target in found.fleet.clusters}
        before = _names(found.before) if found.before else {}
        missing = {key: name for key, name in {**record.lost, **before}.items() if key not in listed}
        if found.fleet.unreadable:
            log.info("%d clusters are missing from the list", len(missing))
        lost = {
            key: name
            for number, (key, name) in enumerate(sorted(missing.items()))
            if number >= MOST_CONFIRMED or not self._is_gone(key)
        }
        return dict(list(lost.items())[:MOST_LOST])

    def _is_gone(self, cluster_id: str) -> bool:
        try:
            return self._discovery.is_gone(cluster_id)
        except AzureError as error:
            log.warning("whether %s was deleted could not be asked: %s", cluster_id, error)
            return False


def _names(fleet: Fleet) -> dict[str, str]:
    return {target.cluster.id.lower(): target.cluster.name for target in fleet.clusters}


def _messages(news: CoverageNews, now: datetime) -> list[Message]:
    found = []
    if news.losses:
        found.append(compose.coverage_lost(news.losses))
    if news.seen_again:
        found.append(compose.seen_again(news.seen_again, now))
    if news.opted_out:
        found.append(compose.opted_out(news.opted_out))
    return found
