"""Who is not seen is told once, with why, since when and what to grant; and once when it is over."""

from __future__ import annotations

from datetime import timedelta

from shared.core.coverage import look_at_coverage
from shared.core.tags import TagRules
from shared.core.tallies import tally_of
from shared.model.coverage import FleetRecord
from shared.model.finding import FindingKind
from shared.model.reading import Cause, Idle, Unmeasured
from shared.model.tally import Tally
from tests.core.builders import assessment, at, cluster, window
from tests.core.test_incidents import minutes

PATIENCE = timedelta(minutes=15)
REFUSED = Unmeasured("Azure refused: AuthorizationFailed", "grant Monitoring Reader", Cause.FORBIDDEN)


def tally(*blind: str, seeing: int = 3, cause: Unmeasured = REFUSED) -> Tally:
    found = [(assessment(cause, cluster(name=name)), TagRules()) for name in blind]
    found += [(assessment(minutes(0, 5), cluster(name=f"well-{number}")), TagRules()) for number in range(seeing)]
    return tally_of(found, {"nothing": len(found)}, 0)


def test_a_tally_counts_what_was_seen() -> None:
    opted_out = (assessment(Idle(window()), cluster(name="out")), TagRules(is_watched=False))
    total = tally("a", "b") + tally_of([opted_out], {"opened": 1}, 1)
    assert (total.clusters, total.measured, total.idle, total.unmeasured) == (6, 3, 1, 2)
    assert (total.effects, total.not_remembered) == ({"nothing": 5, "opened": 1}, 1)
    assert [(one.count, one.names) for one in total.unseen] == [(2, ("a", "b"))]
    assert list(total.opted_out.values()) == ["out"]
    late = tally("c", cause=Unmeasured("late", "", Cause.NOT_REACHED))
    assert late.not_reached == 1


def test_clusters_that_stay_unmeasured_are_told_once_and_so_is_the_end() -> None:
    record, told = FleetRecord(), []
    for minute in range(60):
        blind = ("a", "b") if minute < 40 else ()
        record, news = look_at_coverage(record, tally(*blind), {}, at(minute), PATIENCE)
        if not news.is_empty:
            told.append((minute, news))
    (lost_at, lost), (back_at, back) = told
    (loss,) = lost.losses
    assert (lost_at, back_at) == (15, 40)
    assert (loss.kind, loss.since, loss.remedy) == (FindingKind.COVERAGE_LOSS, at(0), "grant Monitoring Reader")
    assert "2 clusters" in loss.evidence and "a and b" in loss.evidence and "AuthorizationFailed" in loss.evidence
    assert back.seen_again == ("a", "b")


def test_a_single_empty_answer_is_no_news() -> None:
    record = FleetRecord()
    for minute in range(60):
        blind = ("a",) if minute % 10 == 0 else ()
        record, news = look_at_coverage(record, tally(*blind), {}, at(minute), PATIENCE)
        assert news.is_empty


def test_clusters_that_vanish_from_the_list_are_told_at_once_and_once() -> None:
    lost = {"/id/a": "a", "/id/b": "b"}
    record, news = look_at_coverage(FleetRecord(), tally(), lost, at(0), PATIENCE)
    (loss,) = news.losses
    assert "2 clusters can no longer be seen" in loss.evidence
    record, news = look_at_coverage(record, tally(), lost, at(1), PATIENCE)
    assert news.is_empty
    record, news = look_at_coverage(record, tally(), {"/id/a": "a"}, at(2), PATIENCE)
    assert (news.losses, news.seen_again) == ((), ("b",))


def test_opting_out_is_announced_once_a_cluster() -> None:
    out = Tally(clusters=3, opted_out={"k1": "a"})
    record, news = look_at_coverage(FleetRecord(), out, {}, at(0), PATIENCE)
    assert news.opted_out == ("a",)
    record, news = look_at_coverage(record, out, {}, at(1), PATIENCE)
    assert news.is_empty
    record, news = look_at_coverage(record, Tally(), {}, at(2), PATIENCE)
    assert news.is_empty, "a look that saw nothing says nothing about tags"
    _, news = look_at_coverage(record, Tally(clusters=3), {}, at(3), PATIENCE)
    assert news.opted_in == ("a",)


def test_clusters_that_are_unmeasured_for_another_reason_are_not_seen_again() -> None:
    record = FleetRecord()
    for minute in range(20):
        record, _ = look_at_coverage(record, tally("a", "b"), {}, at(minute), PATIENCE)
    throttled = Unmeasured("throttled", "", Cause.THROTTLED)
    _, news = look_at_coverage(record, tally("a", cause=throttled), {}, at(20), PATIENCE)
    assert news.seen_again == ("b",)
