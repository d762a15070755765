"""A scan that proves nothing is not reported as healthy, and the reason is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.core.incidents.scan_health import GRANT, STALE_AFTER, nothing_found, nothing_measured, stale_list
from shared.model.fleet import Fleet
from shared.model.reading import Cause
from shared.model.tally import Tally, Unseen
from shared.model.text import Text, verbatim
from tests.support.builders import at, cluster
from tests.support.fakes import watched

KEPT = timedelta(minutes=10)
EMPTY = Fleet(at(0), ())


def test_a_list_is_stale_after_three_times_as_long_as_it_is_kept() -> None:
    limit = STALE_AFTER * KEPT
    assert stale_list(EMPTY, at(0) + limit, KEPT) == ""
    stale = stale_list(EMPTY, at(0) + limit + timedelta(seconds=1), KEPT)
    assert stale == "the list of clusters is old: it is of 2026-11-22 10:00 UTC"


@pytest.mark.parametrize(
    ("has_seen", "are_lost", "subject"),
    [
        (False, False, "no cluster was ever found"),
        (True, True, "none of the clusters that were known can be seen any more"),
        (True, False, None),
    ],
)
def test_an_empty_list_is_a_problem_unless_all_were_deleted(
    has_seen: bool, are_lost: bool, subject: str | None
) -> None:
    found = nothing_found(EMPTY, has_seen_clusters=has_seen, are_some_lost=are_lost)
    assert (found.subject if found else None) == subject
    assert found is None or found.reason == GRANT
    assert nothing_found(Fleet(at(0), watched(cluster())), has_seen_clusters=False, are_some_lost=True) is None


def test_nothing_measured_is_a_problem_where_something_was_to_be_measured() -> None:
    unseen = tuple(
        Unseen("s", cause, verbatim(f"reason {cause}"), Text("")) for cause in (Cause.FORBIDDEN, Cause.THROTTLED)
    )
    assert nothing_measured(Tally(clusters=3, unmeasured=2, does_not_apply=1, unseen=unseen)) == (
        "none of 2 clusters was measured: reason forbidden; reason throttled"
    )
    assert nothing_measured(Tally(clusters=3, unmeasured=2, idle=1)) == ""
    assert nothing_measured(Tally(clusters=3, unmeasured=2, measured=1)) == ""
    assert nothing_measured(Tally(clusters=2, does_not_apply=2)) == ""
    assert nothing_measured(Tally()) == ""
