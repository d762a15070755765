"""Tallies of groups and shards are added up."""

from __future__ import annotations

from shared.model.reading import Cause
from shared.model.tally import Effort, Tally, Unseen
from shared.model.text import Text


def unseen(*keys: str, subscription: str = "s1", cause: Cause = Cause.FORBIDDEN) -> Unseen:
    return Unseen(subscription, cause, Text("no role"), Text("grant Reader"), keys)


def test_counts_and_effects_are_added() -> None:
    total = Tally(clusters=2, measured=2, effects={"opened": 1}) + Tally(clusters=3, idle=3, effects={"opened": 2})
    assert (total.clusters, total.measured, total.idle, total.effects) == (5, 2, 3, {"opened": 3})


def test_clusters_of_a_subscription_with_the_same_cause_are_one_group() -> None:
    (group,) = (Tally(unseen=(unseen("b"),)) + Tally(unseen=(unseen("a", "b"),))).unseen
    assert group.keys == ("a", "b")


def test_other_subscriptions_and_causes_stay_apart() -> None:
    groups = (unseen("b", subscription="s2"), unseen("c", cause=Cause.THROTTLED))
    total = Tally(unseen=(unseen("a"),)) + Tally(unseen=groups)
    assert {group.keys for group in total.unseen} == {("a",), ("b",), ("c",)}


def test_efforts_are_added() -> None:
    assert Effort(3, 1, 0.5) + Effort(2, 0, 0.25) == Effort(5, 1, 0.75)
