"""What queue workers report about the shards of a large fleet, which they scan for the ticks of the watch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ...core.incidents.tallies import not_reached
from ...errors import SnatbotError
from ...model.fleet import WatchedCluster
from ...model.tally import Effort, ShardReport, Tally
from ...model.text import Text
from ...store.fleet_cache import FleetCache

_REPORT = "report-"
_SKEW = timedelta(minutes=2)  # between workers' clocks


class ShardReports:
    def __init__(self, cache: FleetCache, max_age: timedelta) -> None:
        self._cache = cache
        self._max_age = max_age

    def is_scanned(self, key: str, tick: str, now: datetime) -> bool:
        """Whether the shard was already scanned for this tick or a later one."""
        report = self._cache.read(ShardReport, f"{_REPORT}{key}")
        return report is not None and report.tick >= tick and not _is_ahead(report, now)

    def write(self, key: str, report: ShardReport) -> None:
        self._cache.write(f"{_REPORT}{key}", report)

    def write_raised(self, key: str, error: Exception, now: datetime) -> None:
        """The last good report stays, together with the error of the later scan."""
        before = self._cache.read(ShardReport, f"{_REPORT}{key}") or ShardReport(now, "", Tally())
        self.write(key, replace(before, raised=error_text(error)))

    def total(
        self, shards: Mapping[str, Sequence[WatchedCluster]], now: datetime
    ) -> tuple[Tally, Effort, tuple[Text, ...]]:
        """The last results, their effort, and the errors of scans. A shard without a recent report was not reached."""
        reports = self._cache.read_all(ShardReport, _REPORT)
        tally, effort = Tally(), Effort()
        raised = set()
        for key, targets in shards.items():
            report = reports.get(key)
            if report is not None and report.raised:
                raised.add(report.raised)
            if report is None or not report.tick or now - report.at > self._max_age or _is_ahead(report, now):
                tally += not_reached(targets)
            else:
                tally, effort = tally + report.tally, effort + report.effort
        return tally, effort, tuple(sorted(raised))


def error_text(error: Exception) -> Text:
    """Only snatbot's own messages are shown; other errors' messages go to the log."""
    if not isinstance(error, SnatbotError):
        return Text("the last look ended with an error, {type}", type=type(error).__name__)
    return Text("the last look ended with an error, {type}: {error}", type=type(error).__name__, error=error.text)


def _is_ahead(report: ShardReport, now: datetime) -> bool:
    """Written by a worker whose clock was ahead: such a report would count for scans that did not happen."""
    return report.at > now + _SKEW
