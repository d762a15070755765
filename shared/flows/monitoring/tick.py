"""The nouns of a tick: its policy, its time, and its result."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import datetime

from ...cloud.deadline import Deadline
from ...model.fleet import Unlisted
from ...model.tally import Effort, ShardReport, Tally

# Shares of a tick's time. Where listing takes longer, the list that is kept serves; later clusters are not scanned.
_FOR_LISTING = 0.4
_FOR_SCANNING = 0.7
WHOLE_FLEET = "inline"  # instead of a shard's key
_CANARY_SHARDS = 64  # of so many shards one samples batches at a tick


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    fan_out_above: int  # a fleet with more clusters is scanned by queue workers
    deadline_seconds: float  # of a tick


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick found, and what is due."""

    name: str
    tally: Tally  # with ``shards``: of their last scans
    unreadable: tuple[Unlisted, ...] = ()
    shards: tuple[str, ...] = ()  # keys of shards for workers to scan
    deliver: tuple[str, ...] = ()  # partitions with messages that are due
    advance: tuple[tuple[str, str], ...] = ()  # partitions and ids of changes that are due
    offer: tuple[tuple[str, str], ...] = ()  # partitions and ids of incidents to plan against
    problems: tuple[str, ...] = ()  # why nobody should rely on this tick
    effort: Effort = field(default_factory=Effort)

    @property
    def is_success(self) -> bool:
        """Whether silence after it means health."""
        return not self.problems


def is_canarys_turn(key: str, now: datetime) -> bool:
    """Whether a scan of this shard samples batches at this tick; the whole fleet always does."""
    return (
        key == WHOLE_FLEET or zlib.crc32(key.encode()) % _CANARY_SHARDS == int(now.timestamp() // 60) % _CANARY_SHARDS
    )


@dataclass(frozen=True, slots=True)
class ShardScan:
    """One scanned shard of a large fleet."""

    report: ShardReport
    deliver: tuple[str, ...]  # partitions with messages that this scan wrote


@dataclass(frozen=True, slots=True)
class TickTime:
    """Until when clusters are listed, scanned, and all is done: results have to be stored as well."""

    listing: Deadline
    scanning: Deadline
    all: Deadline

    @staticmethod
    def of(seconds: float) -> TickTime:
        return TickTime(Deadline(_FOR_LISTING * seconds), Deadline(_FOR_SCANNING * seconds), Deadline(seconds))
