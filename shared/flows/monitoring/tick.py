"""The policy, the time and the result of a tick."""

import zlib
from dataclasses import dataclass, field
from datetime import datetime

from ...cloud.deadline import Deadline
from ...model.fleet import Unlisted
from ...model.tally import Effort, ShardReport, Tally
from ...model.text import Text

# Shares of a tick's time. If listing takes longer, the kept list is used; later clusters are not scanned.
_FOR_LISTING = 0.4
_FOR_SCANNING = 0.7
WHOLE_FLEET = "inline"  # instead of a shard's key
_CANARY_SHARDS = 64  # with more shards than this, each shard samples batches at some ticks only


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    fan_out_above: int  # queue workers scan a fleet with more clusters
    deadline_seconds: float  # of a tick


@dataclass(frozen=True, slots=True)
class Tick:
    """The result of a tick, and what is due."""

    name: str
    tally: Tally  # with ``shards``: from their last scans
    unreadable: tuple[Unlisted, ...] = ()
    shards: tuple[str, ...] = ()  # keys of shards for workers to scan
    deliver: tuple[str, ...] = ()  # partitions with messages that are due
    advance: tuple[tuple[str, str], ...] = ()  # partitions and ids of changes that are due
    offer: tuple[tuple[str, str], ...] = ()  # partitions and ids of incidents to plan against
    problems: tuple[Text, ...] = ()  # why this tick must not be relied on
    effort: Effort = field(default_factory=Effort)

    @property
    def is_success(self) -> bool:
        """Whether silence after this tick means health."""
        return not self.problems


def is_sampling_due(key: str, now: datetime) -> bool:
    """Whether a scan of this shard samples batches at this tick; a scan of the whole fleet always does."""
    return (
        key == WHOLE_FLEET or zlib.crc32(key.encode()) % _CANARY_SHARDS == int(now.timestamp() // 60) % _CANARY_SHARDS
    )


@dataclass(frozen=True, slots=True)
class ShardScan:
    """The scan of one shard of a large fleet."""

    report: ShardReport
    deliver: tuple[str, ...]  # partitions with new messages


@dataclass(frozen=True, slots=True)
class TickTime:
    """The deadlines for listing and scanning, and for everything, because results must be stored too."""

    listing: Deadline
    scanning: Deadline
    all: Deadline

    @staticmethod
    def of(seconds: float) -> "TickTime":
        return TickTime(Deadline(_FOR_LISTING * seconds), Deadline(_FOR_SCANNING * seconds), Deadline(seconds))
