"""What is stored between scans about clusters that are not measured, and about what prevents monitoring."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .reading import Cause
from .text import Text


@dataclass(frozen=True, slots=True)
class UnmeasuredGroup:
    """Clusters of one subscription that are not measured for the same cause."""

    subscription: str
    cause: Cause
    since: datetime  # the first of the consecutive scans without a measurement
    keys: tuple[str, ...]  # short cluster keys
    notified_at: datetime | None = None  # None: not posted yet


@dataclass(frozen=True, slots=True)
class StandingProblem:
    key: str
    text: Text
    since: datetime
    notified_at: datetime | None = None  # None: not posted yet


@dataclass(frozen=True, slots=True)
class FleetRecord:
    unmeasured: tuple[UnmeasuredGroup, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)  # id to name: unlisted, though not deleted
    opted_out: Mapping[str, str] = field(default_factory=dict)  # short key to name, posted
    back_at: datetime | None = None  # when a recovery was last posted
    has_seen_clusters: bool = False
    troubles: tuple[StandingProblem, ...] = ()  # problems with reading
    bad_tags: tuple[StandingProblem, ...] = ()  # tags with invalid values
    one_by_one: tuple[StandingProblem, ...] = ()  # metrics that batches can't read
