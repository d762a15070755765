"""Read what the probes of a cluster saw lately, and which egress IPs its last plan expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...chat.labels import egress_addresses
from ...core.probing.summary import ProbeSummary, summarize
from ...ids import cluster_key
from ...model.change import Change, ChangeState
from ...model.cluster import Cluster
from ...store.errors import StoreError
from ...store.probes import ProbeKeys, ProbeReports
from ...store.records import Records

SHOWN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ReadProbes:
    keys: ProbeKeys
    reports: ProbeReports
    records: Records
    app_region: str  # empty: unknown

    def summary(self, partition: str, region: str, since: datetime, until: datetime) -> ProbeSummary | None:
        """None: the cluster has no probes. Raises StoreError."""
        reports = [report for report in self.reports.since(partition, since) if report.sent_at <= until]
        if not reports and not self.keys.valid(partition):
            return None
        is_app_elsewhere = is_elsewhere(self.app_region, region)
        return summarize(reports, since, self._expected(partition), is_app_elsewhere=is_app_elsewhere)

    def last_hour(self, cluster: Cluster, now: datetime) -> ProbeSummary | None:
        """None also if storage does not answer: neither a check nor an alarm waits for it."""
        try:
            return self.summary(cluster_key(cluster.id), cluster.location, now - SHOWN, now)
        except StoreError:
            return None

    def addresses(self, partition: str, now: datetime) -> Sequence[str]:
        """Egress IPs that tickets of the last hour prove. Raises StoreError."""
        return sorted({report.address for report in self.reports.since(partition, now - SHOWN)} - {""})

    def _expected(self, partition: str) -> Sequence[str]:
        """Of the newest plan: its addresses before or after, and both unless the change ended one way."""
        changes = [change for change in self.records.changes(partition) if change.plan.egress_now]
        if not changes:
            return ()
        newest = max(changes, key=lambda change: change.proposed_at)
        if not newest.is_begun:
            return newest.plan.egress_now
        then = self._then(partition, newest)
        has_moved = newest.state in (ChangeState.FIXED, ChangeState.ROLLED_BACK)
        return then if has_moved else (*newest.plan.egress_now, *then)

    def _then(self, partition: str, change: Change) -> Sequence[str]:
        journal = self.records.journal(partition, change.id)
        return egress_addresses(change.plan, [stored.value for stored in journal.values()])


def is_elsewhere(app_region: str, region: str) -> bool:
    """False also if a region is unknown."""
    return bool(app_region and region) and _plain(app_region) != _plain(region)


def _plain(region: str) -> str:
    """``West Europe`` and ``westeurope`` are the same."""
    return region.replace(" ", "").lower()
