"""Read what the probes of a cluster saw lately, and which egress IPs its last plan expects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...chat.labels import egress_addresses
from ...core.probing.summary import Expectation, Hint, ProbeSummary, summarize
from ...formatting import listed
from ...ids import cluster_key
from ...model.change import Change, ChangeState
from ...model.cluster import Cluster
from ...model.probe import ProbeReport
from ...model.resource_id import ArmId
from ...model.text import Text
from ...store.errors import StoreError
from ...store.probes import ProbeKeys, ProbeReports
from ...store.records import Records

SHOWN = timedelta(hours=1)
NEWEST = timedelta(minutes=10)  # a probe reports every five minutes at least
_MOST_CLUSTERS, _MOST_READ = 20, 1000  # of one page
SETTLED = timedelta(minutes=10)  # a report of five minutes may have begun before the switch


@dataclass(frozen=True, slots=True)
class ReadProbes:
    keys: ProbeKeys
    reports: ProbeReports
    records: Records
    app_region: str  # empty: unknown

    def summary(self, partition: str, region: str, since: datetime, until: datetime) -> ProbeSummary | None:
        """None: the cluster has no probes. Raises StoreError."""
        since, found = self.reports.newest_since(partition, since, until)
        reports = [report for report in found if report.sent_at <= until]
        if not reports and not self.keys.valid(partition):
            return None
        is_app_elsewhere = is_elsewhere(self.app_region, region)
        return summarize(reports, since, self._expectation(partition), is_app_elsewhere=is_app_elsewhere)

    def last_hour(self, cluster: Cluster, now: datetime) -> ProbeSummary | None:
        """None also if storage does not answer: neither a check nor an alarm waits for it."""
        try:
            return self.summary(cluster_key(cluster.id), cluster.location, now - SHOWN, now)
        except StoreError:
            return None

    def newest(self, now: datetime) -> tuple[dict[ArmId, list[ProbeReport]], bool]:
        """The last report of each node in ten minutes, by cluster, and whether that is every cluster with a key.

        At most 101 queries: of 20 clusters one finds it, one reads its keys, and up to three read reports.
        """
        found: dict[ArmId, list[ProbeReport]] = {}
        for read, partition in enumerate(self.reports.partitions()):
            if read == _MOST_CLUSTERS:
                return found, False
            if keys := self.keys.valid(partition):
                ids = {key.id for key in keys}
                _, reports = self.reports.newest_since(partition, now - NEWEST, now, _MOST_READ)
                ordered = sorted(reports, key=lambda report: report.sent_at)
                last = {report.node: report for report in ordered if report.key_id in ids}
                found[keys[0].cluster_id] = list(last.values())
        return found, True

    def proof(self, change: Change, now: datetime) -> tuple[Text, ...]:
        """What probes saw before and after the switch, for its outcome; none if there is nothing, or no answer."""
        if change.started_at is None or change.applied_at is None:
            return ()
        try:
            found = self.summary(cluster_key(change.cluster_id), "", change.started_at - SHOWN, now)
        except StoreError:
            return ()
        settled = change.applied_at + SETTLED
        seen = [each.address for each in found.addresses if each.last_at > settled] if found else []
        switch = [each.text for each in found.observed if each.hint is Hint.SWITCH] if found else []
        return (*switch, *([Text("Egress IPs, proven by tickets: {addresses}", addresses=listed(seen))] * bool(seen)))

    def addresses(self, partition: str, now: datetime) -> Sequence[str]:
        """Egress IPs that tickets of the last hour prove. Raises StoreError."""
        _, reports = self.reports.newest_since(partition, now - SHOWN, now)
        return sorted({report.address for report in reports} - {""})

    def _expectation(self, partition: str) -> Expectation:
        """Of the newest plan: its addresses before or after, and both unless its change ended one way.

        None if it could not read those before, which an older plan does not know either.
        """
        newest = max(self.records.changes(partition), key=lambda change: change.proposed_at, default=None)
        if newest is None:
            return Expectation()
        now, started_at, applied_at = newest.plan.egress_now, newest.started_at, newest.applied_at
        if not newest.is_begun:
            return Expectation(now, newest.proposed_at)
        journal = self.records.journal(partition, newest.id)
        then = egress_addresses(newest.plan, [stored.value for stored in journal.values()])
        moving = (started_at, applied_at) if started_at and applied_at else None
        if newest.state in (ChangeState.FIXED, ChangeState.ROLLED_BACK):
            return Expectation(then, applied_at + SETTLED if applied_at else None, moving)
        return Expectation((*now, *then) if now else (), newest.proposed_at, moving)


def is_elsewhere(app_region: str, region: str) -> bool:
    """False also if a region is unknown."""
    return bool(app_region and region) and _plain(app_region) != _plain(region)


def _plain(region: str) -> str:
    """``West Europe`` and ``westeurope`` are the same."""
    return region.replace(" ", "").lower()
