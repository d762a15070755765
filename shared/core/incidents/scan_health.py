"""Reasons why the last scan must not be reported as healthy. Each function returns a reason, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from ...formatting import count, utc
from ...model.fleet import Fleet, Unlisted
from ...model.tally import Tally

STALE_AFTER = 3  # times the usual lifetime of a list of clusters
GRANT = (
    "grant this app's identity Reader and Monitoring Reader on the subscriptions with AKS clusters, "
    "or name them in SUBSCRIPTIONS"
)


def stale_list(fleet: Fleet, now: datetime, kept_for: timedelta) -> str:
    """The list of clusters is too old."""
    is_old = now - fleet.found_at > STALE_AFTER * kept_for
    return f"the list of clusters is old: it is of {utc(fleet.found_at)}" if is_old else ""


def nothing_found(fleet: Fleet, *, has_seen_clusters: bool, are_some_lost: bool) -> Unlisted | None:
    """No cluster was listed, although not all known clusters were deleted."""
    if fleet.clusters:
        return None
    if are_some_lost:
        return Unlisted("none of the clusters that were known can be seen any more", GRANT)
    return None if has_seen_clusters else Unlisted("no cluster was ever found", GRANT)


def nothing_measured(tally: Tally) -> str:
    """Nothing was measured, although there are clusters to measure."""
    applicable = tally.clusters - tally.does_not_apply
    if applicable <= 0 or tally.measured + tally.idle > 0:
        return ""
    reasons = "; ".join(sorted({group.reason for group in tally.unseen})[:3])
    return f"none of {count(applicable, 'cluster')} was measured: {reasons}"
