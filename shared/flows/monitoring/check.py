"""Scan clusters on demand. Reads only: stores, posts and changes nothing."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from ...cloud.deadline import Deadline
from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError, NotFound
from ...cloud.fleet_query import FleetDiscovery
from ...core.detection.assess import PriorObservations
from ...core.detection.schedule import ScanSchedule, ScanScope
from ...errors import BadInput, NotFoundHere
from ...ids import short_key
from ...model.assessment import Assessment
from ...model.cluster import Cluster
from ...model.fleet import Unlisted, WatchedCluster
from ...model.metric import Window
from ...model.resource_id import ArmId
from ...model.text import Text
from .group_queries import unmeasured
from .inventory import FleetInventory
from .scan import FleetScanner, ScanResult


@dataclass(frozen=True, slots=True)
class CheckReport:
    at: datetime
    window: Window
    assessments: tuple[Assessment, ...]
    unreadable: tuple[Unlisted, ...] = ()  # what could not be listed: without it, silence would look healthy


@dataclass(frozen=True, slots=True)
class Check:
    discovery: Discovery
    fleet_discovery: FleetDiscovery
    inventory: FleetInventory
    scanner: FleetScanner
    schedule: ScanSchedule
    _: KW_ONLY
    deadline_seconds: float
    unmeasured_since: Callable[[], Mapping[str, datetime]] = dict  # by short key, from the last scan of the watch

    def all(
        self, now: datetime, minutes: int | None = None, on_progress: Callable[[int, int], None] | None = None
    ) -> CheckReport:
        """Every visible cluster. An error in one cluster does not hide the others.

        ``on_progress`` is called from several threads, with how many clusters are done and how many there are.
        Raises BadInput unless ``minutes`` of the window is 1 to 1,440.
        """
        scope = self._scope(now, minutes)
        fleet = self.inventory.get(now)
        return CheckReport(now, scope.window, self._assess(fleet.clusters, now, scope, on_progress), fleet.unreadable)

    def one(self, selector: str, now: datetime, minutes: int | None = None) -> CheckReport:
        """One cluster by resource id, or by a name that only one cluster has, read from Resource Manager.

        Raises NotFoundHere if there is none, BadInput if several have the name, or as ``all`` does.
        """
        scope = self._scope(now, minutes)
        cluster = self.find(selector)
        try:
            target = self.fleet_discovery.read_cluster(cluster)
        except AzureError as error:
            return CheckReport(now, scope.window, (Assessment(cluster, now, unmeasured(error)),))
        return CheckReport(now, scope.window, self._assess((target,), now, scope))

    def find(self, selector: str) -> Cluster:
        try:
            return self.discovery.cluster(selector)
        except NotFound:
            raise NotFoundHere(
                Text("no cluster {name} that this app's identity may read", name=repr(selector))
            ) from None

    def id_of(self, selector: str) -> ArmId:
        """A resource id as it is given, so also of a deleted cluster, and without Azure. Else as ``find``."""
        if not selector.startswith("/"):
            return self.find(selector).id
        try:
            return ArmId.parse(selector)
        except ValueError as error:
            raise BadInput(error.args[0]) from error

    def _scope(self, now: datetime, minutes: int | None) -> ScanScope:
        if minutes is not None and not 1 <= minutes <= 1440:
            raise BadInput(Text("window is {minutes:plain} minutes; it must be 1 to 1440", minutes=minutes))
        return self.schedule.full_scope(now, minutes)

    def _assess(
        self,
        targets: Sequence[WatchedCluster],
        now: datetime,
        scope: ScanScope,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Assessment, ...]:
        """In the order of ``targets``."""
        found: dict[str, Assessment] = {}
        lock = threading.Lock()
        since = self.unmeasured_since()

        def keep(group: Sequence[ScanResult]) -> None:
            with lock:
                found.update((result.assessment.cluster.id, result.assessment) for result in group)
                if on_progress:
                    on_progress(len(found), len(targets))

        def prior_of(target: WatchedCluster) -> PriorObservations:
            return PriorObservations(unmeasured_since=since.get(short_key(target.cluster.id)))

        self.scanner.scan(targets, scope, Deadline(self.deadline_seconds), now, keep, prior_of)
        return tuple(found[target.cluster.id] for target in targets)
