"""What is remembered of clusters that are not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .reading import Cause


@dataclass(frozen=True, slots=True)
class UnmeasuredGroup:
    """Clusters of one subscription, by short key, that are not measured for one cause.

    ``since`` is the first scan in a row that could not measure them.
    """

    subscription: str
    cause: Cause
    since: datetime
    keys: tuple[str, ...]
    notified_at: datetime | None = None  # None while it is too early for a post


@dataclass(frozen=True, slots=True)
class StandingProblem:
    """Something that stands in the way of watching. ``notified_at`` is None while it is too early to tell."""

    key: str
    text: str
    since: datetime
    notified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FleetRecord:
    """``lost`` maps the id of a cluster that is no longer listed, and was not deleted, to its name.

    ``opted_out`` maps the short key of a cluster to its name, once that was announced. ``back_at`` is when it was
    last told that clusters are seen again. ``has_seen_clusters``: one was found at some time. ``troubles`` are about
    what can't be read, ``bad_tags`` about tags that can't be used, ``one_by_one`` about metrics that can't be read in
    batches.
    """

    unmeasured: tuple[UnmeasuredGroup, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    opted_out: Mapping[str, str] = field(default_factory=dict)
    back_at: datetime | None = None
    has_seen_clusters: bool = False
    troubles: tuple[StandingProblem, ...] = ()
    bad_tags: tuple[StandingProblem, ...] = ()
    one_by_one: tuple[StandingProblem, ...] = ()
