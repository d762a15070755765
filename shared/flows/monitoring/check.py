"""Look at clusters and say what is there. Reads only: nothing is remembered, posted or changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ...cloud.deadline import Deadline
from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError, NotFound
from ...cloud.fleet_query import FleetDiscovery
from ...core.detection import load_balancer
from ...core.detection.assess import PriorObservations
from ...errors import BadInput, NotFoundHere
from ...ids import short_key
from ...model.assessment import Assessment
from ...model.cluster import Cluster
from ...model.fleet import WatchedCluster
from ...model.metric import Window
from .explain import unmeasured
from .inventory import FleetInventory
from .scan import FleetScanner, ScanResult
from .scan_scope import SLOW_WINDOW, ScanScope


@dataclass(frozen=True, slots=True)
class CheckReport:
    """``unreadable`` names what could not even be listed: silence there is not health."""

    at: datetime
    window: Window
    assessments: tuple[Assessment, ...]
    unreadable: tuple[str, ...] = ()


class Check:
    def __init__(
        self,
        discovery: Discovery,
        fleet_discovery: FleetDiscovery,
        inventory: FleetInventory,
        scanner: FleetScanner,
        *,
        ingestion_lag_minutes: int,
        window_minutes: int,
        deadline_seconds: float,
        unmeasured_since: Callable[[], Mapping[str, datetime]] = dict,
    ) -> None:
        """``unmeasured_since``: since when clusters, by short key, are known not to be measured."""
        self._discovery = discovery
        self._fleet_discovery = fleet_discovery
        self._inventory = inventory
        self._scanner = scanner
        self._lag_minutes = ingestion_lag_minutes
        self._window_minutes = window_minutes
        self._deadline_seconds = deadline_seconds
        self._unmeasured_since = unmeasured_since

    def window(self, now: datetime, minutes: int | None = None) -> Window:
        """The judged window. Raises BadInput unless ``minutes`` is 1 to 1,440."""
        if minutes is not None and not 1 <= minutes <= 1440:
            raise BadInput(f"window is {minutes} minutes; it must be 1 to 1440")
        return load_balancer.complete_window(now, self._lag_minutes, minutes or self._window_minutes)

    def all(self, now: datetime, minutes: int | None = None) -> CheckReport:
        """Every cluster that can be found. One cluster's trouble does not hide the others."""
        window = self.window(now, minutes)
        fleet = self._inventory.get(now)
        return CheckReport(now, window, self._assess(fleet.clusters, now, window), fleet.unreadable)

    def one(self, selector: str, now: datetime, minutes: int | None = None) -> CheckReport:
        """One cluster by resource id, or by name when only one has it, as Resource Manager knows it now.

        Raises NotFoundHere when there is none, BadInput when the name fits several.
        """
        window = self.window(now, minutes)
        cluster = self.find(selector)
        try:
            target = self._fleet_discovery.read_cluster(cluster)
        except AzureError as error:
            return CheckReport(now, window, (Assessment(cluster, now, unmeasured(error)),))
        return CheckReport(now, window, self._assess((target,), now, window))

    def find(self, selector: str) -> Cluster:
        try:
            return self._discovery.cluster(selector)
        except NotFound:
            raise NotFoundHere(f"no cluster {selector!r} that this app's identity may read") from None

    def _assess(self, targets: Sequence[WatchedCluster], now: datetime, window: Window) -> tuple[Assessment, ...]:
        """In the order of ``targets``. Ports are looked at as well: somebody wants to know."""
        found: dict[str, Assessment] = {}
        lock = threading.Lock()

        def keep(group: Sequence[ScanResult]) -> None:
            with lock:
                found.update((result.assessment.cluster.id, result.assessment) for result in group)

        scope = ScanScope(window, ports=window, slow=Window(window.end - SLOW_WINDOW, window.end))
        since = self._unmeasured_since()

        def prior_of(target: WatchedCluster) -> PriorObservations:
            return PriorObservations(unmeasured_since=since.get(short_key(target.cluster.id)))

        self._scanner.scan(targets, scope, Deadline(self._deadline_seconds), now, keep, prior_of)
        return tuple(found[target.cluster.id] for target in targets)
