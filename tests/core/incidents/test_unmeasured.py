"""Who is not seen is told once, with why, since when and what to grant; and once when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from shared.core.incidents.tallies import tally_of
from shared.core.incidents.unmeasured import FleetListing, UnmeasuredNews, update_unmeasured
from shared.ids import short_key
from shared.model.coverage import FleetRecord
from shared.model.finding import FindingKind
from shared.model.reading import Cause, Idle, Unmeasured
from shared.model.tally import Tally, Unseen
from shared.model.text import Text
from shared.store.codec import from_columns, to_columns
from tests.support.builders import assessment, at, cluster, minutes, window

PATIENCE = timedelta(minutes=15)
REFUSED = Unmeasured(Text("Azure refused: AuthorizationFailed"), Text("grant Monitoring Reader"), Cause.FORBIDDEN)


NAMES = ("a", "b", "c", "d", "out")
FLEET = {short_key(cluster(name=name).id): name for name in NAMES}
A, B = cluster(name="a").id.lower(), cluster(name="b").id.lower()


def look(
    record: FleetRecord,
    tally: Tally,
    minute: int,
    lost: Mapping[str, str] | None = None,
    fleet: Mapping[str, str] = FLEET,
    opted_out: Mapping[str, str] | None = None,
) -> tuple[FleetRecord, UnmeasuredNews]:
    sight = FleetListing(fleet, opted_out or {}, lost or {})
    return update_unmeasured(record, tally, sight, at(minute), PATIENCE)


def tally(*blind: str, seeing: int = 3, cause: Unmeasured = REFUSED) -> Tally:
    found = [assessment(cause, cluster(name=name)) for name in blind]
    found += [assessment(minutes(0, 5), cluster(name=f"well-{number}")) for number in range(seeing)]
    return tally_of(found, {"nothing": len(found)}, 0)


def test_a_tally_counts_what_was_seen() -> None:
    total = tally("a", "b") + tally_of([assessment(Idle(window()), cluster(name="out"))], {"opened": 1}, 1)
    assert (total.clusters, total.measured, total.idle, total.unmeasured) == (6, 3, 1, 2)
    assert (total.effects, total.not_remembered) == ({"nothing": 5, "opened": 1}, 1)
    assert [{FLEET[key] for key in one.keys} for one in total.unseen] == [{"a", "b"}]
    late = tally("c", cause=Unmeasured(Text("late"), Text(""), Cause.NOT_REACHED))
    assert late.not_reached == 1


def test_clusters_that_stay_unmeasured_are_told_once_and_so_is_the_end() -> None:
    record, told = FleetRecord(), []
    for minute in range(60):
        blind = ("a", "b") if minute < 40 else ()
        record, news = look(record, tally(*blind), minute)
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
        record, news = look(record, tally(*blind), minute)
        assert news.is_empty


def test_clusters_that_vanish_from_the_list_are_told_at_once_and_once() -> None:
    lost = {A: "a", B: "b"}
    record, news = look(FleetRecord(), tally(), 0, lost)
    (loss,) = news.losses
    assert "2 clusters can no longer be seen" in loss.evidence
    record, news = look(record, tally(), 1, lost)
    assert news.is_empty
    record, news = look(record, tally(), 2, {A: "a"})
    assert (news.losses, news.seen_again) == ((), ("b",))


def test_opting_out_is_announced_once_a_cluster() -> None:
    out = {short_key(A): "a"}
    record, news = look(FleetRecord(), tally(), 0, opted_out=out)
    assert news.opted_out == ("a",)
    record, news = look(record, tally(), 1, opted_out=out)
    assert news.is_empty
    hidden, news = look(record, tally(), 2, {A: "a"}, fleet={})
    assert news.opted_in == (), "a cluster that can't be seen has not opted in"
    hidden, news = look(hidden, tally(), 3, opted_out=out)
    assert news.opted_out == (), "nor is it announced again when it is seen again"
    _, news = look(record, tally(), 3)
    assert news.opted_in == ("a",)


def test_clusters_that_are_unmeasured_for_another_reason_are_not_seen_again() -> None:
    record = FleetRecord()
    for minute in range(20):
        record, _ = look(record, tally("a", "b"), minute)
    throttled = Unmeasured(Text("throttled"), Text(""), Cause.THROTTLED)
    _, news = look(record, tally("a", cause=throttled), 20)
    assert news.seen_again == ("b",)


def test_each_cluster_that_goes_unmeasured_later_is_told_with_the_next_post() -> None:
    record, told = FleetRecord(), []
    for minute in range(60):
        blind = ("a",) if minute < 20 else ("a", "b", "c") if minute < 25 else ("a", "b", "c", "d")
        record, news = look(record, tally(*blind), minute)
        told += [(minute, loss.since, loss.evidence) for loss in news.losses]
    assert [(minute, since) for minute, since, _ in told] == [(15, at(0)), (35, at(20)), (50, at(25))]
    assert "2 clusters" in told[1][2] and "b and c, beside 2 more for the same cause" in told[1][2]
    assert "1 cluster" in told[2][2] and ": d, beside 3 more" in told[2][2]


def test_those_that_come_back_are_told_while_others_stay_away() -> None:
    record, told = FleetRecord(), []
    for minute in range(80):
        blind = ("a", "b", "c") if minute < 20 else ("a", "b") if minute < 22 else ("a",) if minute < 50 else ()
        record, news = look(record, tally(*blind), minute)
        told += [(minute, news.seen_again)] if news.seen_again else []
    assert told == [(20, ("c",)), (35, ("b",)), (50, ("a",))], "who follows soon is told with the next post"
    assert record.unmeasured == ()


def test_a_cluster_that_comes_and_goes_does_not_post_each_time() -> None:
    record, posts = FleetRecord(), 0
    for minute in range(240):
        record, news = look(record, tally(*("a", "b") if minute < 16 or minute % 2 else ("b",)), minute)
        posts += not news.is_empty
    assert posts == 2, "the loss, and once that it was seen again; then it never stood for long enough"


def test_causes_that_take_turns_are_no_recovery_and_do_not_hide_the_loss() -> None:
    record, told = FleetRecord(), []
    throttled = Unmeasured(Text("throttled"), Text(""), Cause.THROTTLED)
    for minute in range(60):
        record, news = look(record, tally("a", cause=throttled if minute % 2 else REFUSED), minute)
        assert news.seen_again == ()
        told += [(minute, loss.since) for loss in news.losses]
    assert told == [(16, at(0))], "what lasts for a minute at a time says nothing new"


def test_a_cluster_that_was_deleted_while_unmeasured_is_not_seen_again() -> None:
    record = FleetRecord()
    for minute in range(20):
        record, _ = look(record, tally("a"), minute)
    without = {key: name for key, name in FLEET.items() if name != "a"}
    record, news = look(record, tally(), 20, fleet=without)
    assert (news.is_empty, record.unmeasured) == (True, ())
    record, _ = look(record, tally(), 21, {A: "a"}, fleet=without)
    _, news = look(record, tally(), 22, {}, fleet=without)
    assert news.is_empty, "what was hidden and then deleted isn't either"


def test_ten_thousand_clusters_that_are_not_measured_fit_into_a_row() -> None:
    keys = tuple(short_key(f"/{number}") for number in range(10_000))
    everybody = Tally(clusters=10_000, unseen=(Unseen("s", Cause.FORBIDDEN, Text("no"), Text(""), keys),))
    fleet = dict.fromkeys(keys, "a-cluster-with-a-long-name")
    record, _ = look(FleetRecord(), everybody, 0, fleet=fleet)
    record, news = look(record, everybody, 15, fleet=fleet)
    assert "10,000 clusters" in news.losses[0].evidence
    columns = to_columns(record)
    assert max(len(value) for value in columns.values() if isinstance(value, str)) <= 32_000
    assert 2 * sum(len(value) for value in columns.values() if isinstance(value, str)) < 512 * 1024
    assert from_columns(FleetRecord, columns) == record
