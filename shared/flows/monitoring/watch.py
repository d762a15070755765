"""One tick: scan every cluster, track incidents, and return what is due.

A tick scans a small fleet itself. A large fleet is split into shards whose keys go onto a queue, and ``scan_shard``
scans each, in as many workers as the platform starts; a tick then adds up the last shard reports. Ticks may overlap, be
late or repeat: minutes count once, transitions are written once, and a shard is scanned once per tick.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ...cloud.deadline import within
from ...cloud.errors import AzureError
from ...cloud.request_count import RequestCount
from ...model.fleet import Unlisted
from ...model.tally import Effort, ShardReport, Tally
from ...model.text import Text
from ...store.errors import StoreError
from ...store.liveness import Liveness
from ...store.records import Key, Records
from ..incidents.deleted_clusters import DeletedClusters
from .inventory import CLUSTERS_UNLISTED, FleetInventory, ListedFleet, shards_of
from .shard_reports import ShardReports, error_text
from .tick import WHOLE_FLEET, ShardScan, Tick, TickTime, WatchPolicy
from .tracked_scan import TrackedScan
from .unmeasured import UnmeasuredClusters

log = logging.getLogger("snatbot.watch")


@dataclass(frozen=True, slots=True)
class Watch:
    inventory: FleetInventory
    tracked_scan: TrackedScan
    unmeasured: UnmeasuredClusters
    deleted_clusters: DeletedClusters
    records: Records
    reports: ShardReports
    liveness: Liveness
    count: RequestCount
    policy: WatchPolicy

    def run(self, now: datetime, wall: datetime) -> Tick:
        """Raises StoreError if storage is down.

        If the clusters can't be listed, the due rows are still returned, and the tick is no success. Liveness records a
        tick that raises.
        """
        try:
            with self.count.metered() as effort:
                tick = self._run(now, wall)
                return replace(tick, effort=tick.effort + effort())
        except Exception as error:
            try:
                self.liveness.record_failure("watch", wall, [error_text(error)], raised=True)
            except StoreError as unwritten:
                log.error("could not store the failed tick: %s", unwritten)
            raise

    def scan_shard(self, key: str, tick: str, now: datetime, wall: datetime) -> ShardScan | None:
        """One shard of a large fleet. None: it was already scanned for this tick or a later one."""
        if self.reports.is_scanned(key, tick, now):
            return None
        time = TickTime.of(self.policy.deadline_seconds)
        try:
            with self.count.metered() as effort:
                totals = self.tracked_scan.run(self.inventory.shard(key), key, now, wall, time)
                report = ShardReport(now, tick, totals.tally, effort())
        except Exception as error:
            self.reports.write_raised(key, error, now)
            raise
        self.reports.write(key, report)
        return ShardScan(report, tuple(sorted(totals.notified)))

    def _run(self, now: datetime, wall: datetime) -> Tick:
        name = f"{now:%Y%m%dt%H%M}"
        time = TickTime.of(self.policy.deadline_seconds)
        try:
            with within(time.listing):
                listed = self.inventory.get_and_store(now)
        except AzureError as error:
            problem = Unlisted(CLUSTERS_UNLISTED, error.text)
            log.error("%s", problem)
            self._track_unlisted(problem, now, wall)
            return self._with_due(Tick(name, Tally(), (problem,), problems=(problem.text,)), now, wall)
        targets = listed.fleet.clusters
        if len(targets) > self.policy.fan_out_above:
            shards = shards_of(targets)
            tally, effort, raised = self.reports.total(shards, now)
        else:
            shards, effort, raised = {}, Effort(), ()
            tally = self.tracked_scan.run(targets, WHOLE_FLEET, now, wall, time).tally
        with within(time.all):
            problems = (*raised, *self._track_unmeasured(listed, tally, now, wall))
        tick = Tick(name, tally, listed.fleet.unreadable, tuple(shards), problems=problems, effort=effort)
        return self._with_due(tick, now, wall, raised=bool(raised))

    def _track_unmeasured(self, listed: ListedFleet, tally: Tally, now: datetime, wall: datetime) -> tuple[Text, ...]:
        """Returns why nobody should rely on this scan; empty if it is complete."""
        try:
            problems = self.unmeasured.update(listed, tally, now, wall)
            if listed.before is not None:
                self.deleted_clusters.end_incidents(listed.fleet, now, wall)
        except StoreError as error:
            log.error("could not store coverage: %s", error)
            return (Text("could not store coverage: {error}", error=error.text),)
        return problems

    def _track_unlisted(self, problem: Unlisted, now: datetime, wall: datetime) -> None:
        try:
            self.unmeasured.update_unlisted(problem, now, wall)
        except StoreError as error:
            log.error("could not store coverage: %s", error)

    def _with_due(self, tick: Tick, now: datetime, wall: datetime, *, raised: bool = False) -> Tick:
        waiting = self.records.waiting_outbox()
        due = self.records.due(("change", "incident"), now)
        tick = replace(
            tick,
            deliver=tuple(sorted({entry.partition for entry in waiting if entry.due_at <= wall})),
            advance=_named("change-", due),
            offer=_named("incident-", due),
        )
        self.liveness.note_waiting(min((entry.created_at for entry in waiting), default=None))
        if tick.is_success:
            self.liveness.record_success("watch", wall)
        else:
            self.liveness.record_failure("watch", wall, tick.problems, raised=raised)
        return tick


def _named(prefix: str, due: Sequence[Key]) -> tuple[tuple[str, str], ...]:
    """Partitions and ids of one kind of row."""
    return tuple((key.partition, key.row.removeprefix(prefix)) for key in due if key.row.startswith(prefix))
