"""What is read back of one cluster is all of it, in the order of time."""

from __future__ import annotations

from dataclasses import replace

from shared.flows.incidents.history import read_histories, read_history
from shared.model.audit import ALL_STOPPED, AuditLine
from shared.model.change import ChangeState
from shared.model.incident import ClusterRecord
from shared.store.records import ALL_CHANGES, Put, PutJournal, Records
from tests.support.builders import at, cluster
from tests.support.every import every
from tests.support.nouns import make_journal
from tests.support.tracking import PARTITION, TROUBLE, World, change_in


def test_a_cluster_that_nothing_is_known_of_has_an_empty_history(records: Records) -> None:
    found = read_history(records, PARTITION)
    assert (found.record, found.incidents, found.changes, found.journals, found.audit) == (None, (), (), {}, ())


def test_a_history_is_in_the_order_of_time_with_the_stops_of_all_changes(records: Records) -> None:
    World(records).tick(TROUBLE)
    later = change_in(ChangeState.DENIED, "chg-a")
    earlier = replace(change_in(ChangeState.APPLYING, "chg-b"), proposed_at=at(-5))
    entries = [PutJournal(earlier.id, entry) for entry in reversed(make_journal())]
    records.commit_in(PARTITION, [Put(later), Put(earlier), *entries])
    records.commit_in(ALL_CHANGES, [Put(AuditLine("s1", at(-1), "Ada", "all changes stopped", "all changes"))])
    found = read_history(records, PARTITION)
    assert found.record is not None
    assert [change.id for change in found.changes] == ["chg-b", "chg-a"]
    assert [entry.step for entry in found.journals["chg-b"]] == [0, 1, 2, 3]
    assert found.journals["chg-a"] == ()
    assert [line.event for line in found.audit] == ["all changes stopped", "incident opened"]


def test_the_histories_of_all_clusters_come_page_by_page_without_the_stops_of_all_changes(records: Records) -> None:
    clusters = [cluster(name=f"shop-{number}") for number in range(5)]
    for each in clusters:
        records.commit(each.id, [Put(ClusterRecord(each.id, each.name))])
    records.commit_in(ALL_CHANGES, [Put(AuditLine("s1", at(-1), "Ada", ALL_STOPPED, "all changes"))])
    names, after, pages = list[str](), "", 0
    while pages == 0 or after:
        found, after = read_histories(records, after, 2)
        names += [history.record.cluster_name for history in found if history.record]
        assert every(history.audit == () for history in found)
        pages += 1
    assert (sorted(names), pages) == ([each.name for each in clusters], 3)
