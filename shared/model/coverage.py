"""What is kept between scans of clusters that are not measured, and of what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .reading import Cause


@dataclass(frozen=True, slots=True)
class UnmeasuredGroup:
    """Clusters of one subscription that are not measured for one cause."""

    subscription: str
    cause: Cause
    since: datetime  # the first scan in a row that could not measure them
    keys: tuple[str, ...]  # short ones
    notified_at: datetime | None = None  # None while it is too early for a post


@dataclass(frozen=True, slots=True)
class StandingProblem:
    """Something that stands in the way of monitoring."""

    key: str
    text: str
    since: datetime
    notified_at: datetime | None = None  # None while it is too early for a post


@dataclass(frozen=True, slots=True)
class FleetRecord:
    unmeasured: tuple[UnmeasuredGroup, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)  # id to name: no longer listed, and not deleted
    opted_out: Mapping[str, str] = field(default_factory=dict)  # short key to name, once that was posted
    back_at: datetime | None = None  # the last post that clusters are measured again
    has_seen_clusters: bool = False
    troubles: tuple[StandingProblem, ...] = ()  # what can't be read
    bad_tags: tuple[StandingProblem, ...] = ()  # tags that can't be used
    one_by_one: tuple[StandingProblem, ...] = ()  # metrics that can't be read in batches
