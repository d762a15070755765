"""Delete old rows by ``core/incidents/retention``: a few clusters per tick, each once a day."""

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime

from ..cloud import api_versions
from ..cloud.arm import Arm
from ..cloud.deadline import Deadline, within
from ..cloud.errors import AzureError, NotFound
from ..core.incidents import retention
from ..model.resource_id import ArmId, same_id
from ..store.audit import AuditChain
from ..store.errors import StoreConflict
from ..store.fleet_cache import FleetCache
from ..store.probes import REPORTS_KEPT, ProbeReports
from ..store.records import Records

log = logging.getLogger("snatbot.retention")
_ROW = "retention"
_PARTITIONS_A_RUN = 20
_AUDIT_LINES_A_RUN = 1000  # of one cluster
_PROBE_REPORTS_A_RUN = 5000  # the same


@dataclass(frozen=True, slots=True)
class RetentionProgress:
    day: date
    after: str = ""  # the last partition that was processed on this day
    is_done: bool = False  # all partitions were processed
    behind: tuple[str, ...] = ()  # partitions with more old reports of probes than a run deletes


class Retention:
    def __init__(
        self, records: Records, audit_chain: AuditChain, cache: FleetCache, arm: Arm, reports: ProbeReports
    ) -> None:
        self._records = records
        self._audit_chain = audit_chain
        self._cache = cache
        self._arm = arm
        self._reports = reports

    def run(self, now: datetime, deadline: Deadline) -> None:
        """Raises StoreError. Duplicate or overlapping calls are harmless."""
        before = self._cache.read(RetentionProgress, _ROW) or RetentionProgress(now.date())
        is_over = before.is_done and before.day >= now.date()
        if is_over and not before.behind:
            return
        progress = before if is_over else self._go_on(before, now, deadline)
        behind = [
            partition  # after the others: a flood takes all the time that is left
            for partition in progress.behind
            if partition not in before.behind or deadline.is_over or self._prune_reports(partition, now)
        ]
        progress = replace(progress, behind=tuple(behind))
        if progress != before:
            self._cache.write(_ROW, progress)

    def _go_on(self, before: RetentionProgress, now: datetime, deadline: Deadline) -> RetentionProgress:
        """With the next partitions of the day."""
        behind = list(before.behind)
        progress = RetentionProgress(now.date()) if before.is_done else before
        with within(deadline):
            sealed = self._expire_roots(now)
            for _ in range(_PARTITIONS_A_RUN):
                partition = self._records.next_partition(progress.after)
                if partition is None or deadline.is_over:
                    progress = RetentionProgress(now.date(), progress.after, is_done=partition is None)
                    break
                if partition not in behind and self._prune_reports(partition, now):
                    behind.append(partition)
                self._prune(partition, now, sealed.get(partition, 0))
                progress = RetentionProgress(now.date(), partition)
        return replace(progress, behind=tuple(behind))

    def _expire_roots(self, now: datetime) -> dict[str, int]:
        """The last line of each partition that is sealed and old enough to be deleted: whole days go."""
        try:
            return self._audit_chain.expire_roots(retention.audit_limit(now).date())
        except StoreConflict:
            return {}

    def _prune_reports(self, partition: str, now: datetime) -> bool:
        """Whether there may be more, which the next run deletes."""
        before = now - REPORTS_KEPT
        try:
            return self._reports.delete_before(partition, before, _PROBE_REPORTS_A_RUN) == _PROBE_REPORTS_A_RUN
        except StoreConflict:  # another run deletes the same
            return True

    def _prune(self, partition: str, now: datetime, sealed: int) -> None:
        try:
            limit = retention.audit_limit(now)
            deleted = self._audit_chain.delete_lines(partition, limit, sealed, _AUDIT_LINES_A_RUN)
            deleted += self._records.delete_old_messages(partition, now - retention.KEPT)
            deleted += self._prune_cluster(partition, now)
        except StoreConflict:
            log.info("partition %s: concurrent write; the next attempt is tomorrow", partition)
            return
        if deleted:
            log.info("partition %s: %d old rows deleted", partition, deleted)

    def _prune_cluster(self, partition: str, now: datetime) -> int:
        record, deleted = self._records.cluster_in(partition), 0
        if record is None:
            return 0
        changes, incidents = self._records.changes(partition), self._records.incidents(partition)
        journals = {
            change.id: [stored.value for stored in self._records.journal(partition, change.id).values()]
            for change in changes
            if now - change.proposed_at > retention.KEPT
        }
        old_changes = retention.removable_changes(changes, journals, now, self._is_deleted)
        for change in old_changes:
            deleted += self._records.delete_change(partition, change.id)
        kept = [change for change in changes if change not in old_changes]
        old_incidents = retention.removable_incidents(incidents, kept, now)
        for incident in old_incidents:
            deleted += self._records.delete_incident(partition, incident.id)
        if not kept and len(old_incidents) == len(incidents) and retention.is_removable_record(record.value, now):
            deleted += self._records.delete_cluster(partition, record)
        return deleted

    def _is_deleted(self, resource_id: str) -> bool:
        """Whether Azure lists its siblings but not the resource; a 404 alone may be a missing permission."""
        target = ArmId.parse(resource_id)
        group = f"/subscriptions/{target.subscription}/resourceGroups/{target.resource_group}"
        try:
            beside = list(self._arm.list(f"{group}/providers/{target.type}", api_versions.NETWORK))
        except NotFound as error:
            return error.code == "ResourceGroupNotFound"
        except AzureError as error:
            log.info("%s can't be read; keeping its stored rows: %s", resource_id, error)
            return False
        return not any(same_id(str(item.get("id")), resource_id) for item in beside)
