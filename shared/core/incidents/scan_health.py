"""Reasons why the last scan must not be reported as healthy. Each function returns a reason, or nothing."""

from datetime import datetime, timedelta

from ...formatting import clauses
from ...model.fleet import Fleet, Unlisted
from ...model.tally import Tally
from ...model.text import Text

STALE_AFTER = 3  # times the usual lifetime of a list of clusters
GRANT = Text(
    "grant this app's identity Reader and Monitoring Reader on the subscriptions with AKS clusters, "
    "or name them in SUBSCRIPTIONS"
)


def stale_list(fleet: Fleet, now: datetime, kept_for: timedelta) -> Text:
    """The list of clusters is too old."""
    is_old = now - fleet.found_at > STALE_AFTER * kept_for
    return Text("the list of clusters is old: it is of {at}", at=fleet.found_at) if is_old else Text("")


def nothing_found(fleet: Fleet, *, has_seen_clusters: bool, are_some_lost: bool) -> Unlisted | None:
    """No cluster was listed, although not all known clusters were deleted."""
    if fleet.clusters:
        return None
    if are_some_lost:
        return Unlisted(Text("none of the clusters that were known can be seen any more"), GRANT)
    return None if has_seen_clusters else Unlisted(Text("no cluster was ever found"), GRANT)


def nothing_measured(tally: Tally) -> Text:
    """Nothing was measured, although there are clusters to measure."""
    applicable = tally.clusters - tally.does_not_apply
    if applicable <= 0 or tally.measured + tally.idle > 0:
        return Text("")
    reasons = clauses(*sorted({group.reason for group in tally.unseen})[:3])
    return Text.plural(
        "none of {count} cluster was measured: {reasons}",
        "none of {count} clusters was measured: {reasons}",
        count=applicable,
        reasons=reasons,
    )
