"""What is read back of one cluster is all of it, in the order of time."""

from __future__ import annotations

from dataclasses import replace

from shared.flows.incidents.history import read_history
from shared.model.audit import AuditLine
from shared.model.change import ChangeState
from shared.store.records import ALL_CHANGES, Put, PutJournal, Records
from tests.support.builders import at
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
