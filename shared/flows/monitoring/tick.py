"""The nouns of a tick: what it is told to do, what time it has, and what it saw and did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from ...cloud.deadline import Deadline
from ...model.tally import Effort, ShardReport, Tally

# Shares of a tick's time. Where listing takes longer, the list that is kept serves; what comes later is not looked at.
_FOR_LISTING = 0.4
_FOR_SCANNING = 0.7


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """``fan_out_above``: a fleet with more clusters is looked at by queue workers. ``deadline_seconds`` of a tick."""

    ingestion_lag_minutes: int
    window_minutes: int
    ports_every: timedelta
    fan_out_above: int
    deadline_seconds: float


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick saw and did.

    ``deliver``, ``advance`` and ``offer`` are partitions with messages, changes, and incidents to plan against that are
    due. ``shards`` are keys of shards that workers scan; then ``tally`` is of their last looks, and
    ``effort`` counts these in. ``problems`` say why this look is none to rely on.
    """

    name: str
    tally: Tally
    unreadable: tuple[str, ...] = ()
    shards: tuple[str, ...] = ()
    deliver: tuple[str, ...] = ()
    advance: tuple[tuple[str, str], ...] = ()
    offer: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    effort: Effort = field(default_factory=Effort)

    @property
    def is_success(self) -> bool:
        """Whether silence after it means health."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class ShardScan:
    """One shard of a large fleet, scanned. ``deliver`` are partitions with messages that this look wrote."""

    report: ShardReport
    deliver: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TickTime:
    """Until when clusters are listed, looked at, and all is done: what was seen has to be written down as well."""

    listing: Deadline
    scanning: Deadline
    all: Deadline

    @staticmethod
    def of(seconds: float) -> TickTime:
        return TickTime(Deadline(_FOR_LISTING * seconds), Deadline(_FOR_SCANNING * seconds), Deadline(seconds))
