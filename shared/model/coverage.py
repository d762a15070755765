"""What is remembered of clusters that are not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .reading import Cause


@dataclass(frozen=True, slots=True)
class Blindness:
    """Clusters of one subscription, by short key, that are not measured for one cause.

    ``since`` is the first look in a row that could not measure them. ``told_at`` is when people were last told, None
    while it is too early for that.
    """

    subscription: str
    cause: Cause
    since: datetime
    keys: tuple[str, ...]
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that stands in the way of watching. ``told_at`` is None while it is too early to tell."""

    key: str
    text: str
    since: datetime
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FleetRecord:
    """``lost`` maps the id of a cluster that is no longer listed, and was not deleted, to its name.

    ``opted_out`` maps the short key of a cluster to its name, once that was announced. ``back_at`` is when it was
    last told that clusters are seen again. ``has_seen_clusters``: one was found at some time. ``troubles`` are about
    what can't be read, ``bad_tags`` about tags that can't be used, ``one_by_one`` about metrics that can't be read in
    batches.
    """

    unmeasured: tuple[Blindness, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    opted_out: Mapping[str, str] = field(default_factory=dict)
    back_at: datetime | None = None
    has_seen_clusters: bool = False
    troubles: tuple[Remark, ...] = ()
    bad_tags: tuple[Remark, ...] = ()
    one_by_one: tuple[Remark, ...] = ()
