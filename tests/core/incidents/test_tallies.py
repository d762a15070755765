"""Every cluster of a scan is counted once, whatever became of it, and groups add up."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import add

from shared.core.incidents.tallies import not_reached, tally_of
from shared.ids import short_key
from shared.model.reading import Cause, DoesNotApply, Idle, Reading, Unmeasured
from shared.model.tally import Tally
from shared.model.text import Text
from tests.support.builders import assessment, cluster, minutes, window
from tests.support.fakes import watched

FORBIDDEN = Unmeasured(Text("403"), Text("grant Monitoring Reader"), Cause.FORBIDDEN)


def counted(*readings: Reading) -> Tally:
    found = [assessment(reading, cluster(name=f"shop-{number}")) for number, reading in enumerate(readings)]
    return tally_of(found, {"opened": 1}, 2)


def test_each_cluster_is_counted_under_what_became_of_it() -> None:
    tally = counted(minutes(0, 5), minutes(0, 5, {2: 4}), Idle(window()), FORBIDDEN, DoesNotApply(Text("stopped")))
    assert (tally.clusters, tally.measured, tally.idle, tally.unmeasured, tally.does_not_apply) == (5, 2, 1, 1, 1)
    assert (tally.failing, tally.not_reached, tally.not_remembered) == (1, 0, 2)
    assert tally.effects == {"opened": 1}


def test_the_unseen_of_one_subscription_are_grouped_by_cause() -> None:
    tally = counted(FORBIDDEN, Unmeasured(Text("throttled"), cause=Cause.THROTTLED), FORBIDDEN)
    groups = {group.cause: group for group in tally.unseen}
    assert set(groups) == {Cause.FORBIDDEN, Cause.THROTTLED}
    keys = {short_key(cluster(name=f"shop-{number}").id) for number in (0, 2)}
    assert set(groups[Cause.FORBIDDEN].keys) == keys
    assert groups[Cause.FORBIDDEN].remedy == "grant Monitoring Reader"


def test_what_no_worker_reached_is_unmeasured_where_it_had_to_be_measured() -> None:
    stopped = replace(cluster(name="stopped"), power_state="Stopped")
    tally = not_reached(watched(cluster(name="a"), cluster(name="b"), stopped))
    assert (tally.clusters, tally.unmeasured, tally.not_reached, tally.does_not_apply) == (3, 2, 2, 1)
    (group,) = tally.unseen
    assert (group.cause, len(group.keys)) == (Cause.NOT_REACHED, 2)
    assert not_reached(watched(stopped)).unseen == ()


def test_groups_add_up_in_any_order() -> None:
    parts = [counted(minutes(0, 5)), counted(FORBIDDEN, Idle(window())), not_reached(watched(cluster(name="late")))]
    total = reduce(add, parts)
    assert total == reduce(add, reversed(parts))
    assert total.clusters == sum(part.clusters for part in parts) == 4
    assert total.effects == {"opened": 2}
