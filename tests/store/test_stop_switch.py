"""The stop flag: who set it, and when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import UpdateMode
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.app import App
from shared.auth.signing import RowSigner
from shared.clock import SystemClock
from shared.errors import BadInput
from shared.flows.incidents.history import read_history
from shared.flows.remediation.stop import StopChanges
from shared.ids import cluster_key, new_id
from shared.settings import load_settings
from shared.store.records import ALL_CHANGES, Records
from shared.store.stop_switch import StopFlag, StopSwitch
from shared.store.table import Table
from tests.support.nouns import make_cluster

WALL = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
LATER = WALL + timedelta(minutes=2)


def test_nothing_is_stopped_until_somebody_says_so_and_each_time_is_kept(
    stop_switch: StopSwitch, records: Records
) -> None:
    assert stop_switch.stop_flag() == StopFlag()
    changes = StopChanges(stop_switch)
    flag = changes.set(True, " Maria  Ortega ", "change freeze", WALL)
    assert stop_switch.stop_flag() == flag == StopFlag(True, "Maria Ortega", "change freeze", WALL)
    changes.set(False, "Ada", "", LATER)
    assert not stop_switch.stop_flag().is_set
    assert [(line.at, line.actor, line.event, line.detail) for line in records.audit(ALL_CHANGES)] == [
        (WALL, "Maria Ortega", "all changes stopped", "change freeze"),
        (LATER, "Ada", "stop of all changes lifted", ""),
    ]
    found = read_history(records, cluster_key(make_cluster().id))
    assert [line.event for line in found.audit] == ["all changes stopped", "stop of all changes lifted"]


@pytest.mark.parametrize(
    ("by", "reason", "message"),
    [
        (" ", "", "by is empty"),
        ("a" * 81, "", "by has 81 characters; at most 80 are taken"),
        ("Ada", "b" * 501, "reason has 501 characters; at most 500 are taken"),
    ],
)
def test_a_stop_by_nobody_or_with_a_novel_is_refused(
    stop_switch: StopSwitch, records: Records, by: str, reason: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        StopChanges(stop_switch).set(True, by, reason, WALL)
    assert stop_switch.stop_flag() == StopFlag()
    assert records.audit(ALL_CHANGES) == ()
    StopChanges(stop_switch).set(True, "a" * 80, "b" * 500, WALL)


# --- signed ---

OLD, NEW = "o" * 32, "n" * 32


def lift(switch: StopSwitch, now: datetime) -> None:
    StopChanges(switch).set(False, "Ada", "", now)


@pytest.fixture
def switch(table: Table) -> StopSwitch:
    return StopSwitch(table, RowSigner([NEW]))


def test_where_no_flag_is_everything_is_stopped_until_a_person_lifts_it(table: Table, switch: StopSwitch) -> None:
    flag = switch.stop_flag()
    assert (flag.is_set, "the stop flag is missing" in flag.reason) == (True, True)
    lift(switch, WALL)
    assert not switch.stop_flag().is_set
    table.delete(ALL_CHANGES, "stop")
    assert switch.stop_flag().is_set, "whoever deletes the row lifts nothing"


def test_who_creates_the_table_writes_the_first_flag_and_changes_none(switch: StopSwitch) -> None:
    switch.begin(WALL)
    assert not switch.stop_flag().is_set
    StopChanges(switch).set(True, "Ada", "freeze", LATER)
    switch.begin(LATER)
    assert switch.stop_flag() == StopFlag(True, "Ada", "freeze", LATER)


def test_an_older_flag_that_is_put_back_lifts_nothing(table: Table, switch: StopSwitch) -> None:
    lift(switch, WALL)
    older = dict(table.client().get_entity(ALL_CHANGES, "stop"))
    StopChanges(switch).set(True, "Ada", "freeze", LATER)
    table.client().upsert_entity(older, mode=UpdateMode.REPLACE)
    assert "older than the last stop in the audit" in switch.stop_flag().reason
    lift(switch, LATER + timedelta(minutes=1))
    assert not switch.stop_flag().is_set


def test_nor_does_it_with_the_later_stop_deleted_from_the_audit(table: Table, switch: StopSwitch) -> None:
    lift(switch, WALL)
    older, head = (dict(table.client().get_entity(ALL_CHANGES, row)) for row in ("stop", "chain"))
    StopChanges(switch).set(True, "Ada", "freeze", LATER)
    table.client().upsert_entity(older, mode=UpdateMode.REPLACE)
    table.delete(ALL_CHANGES, list(table.unread(ALL_CHANGES, "audit-"))[-1]["RowKey"])
    assert "The audit does not carry this app's signature" in switch.stop_flag().reason
    table.client().upsert_entity(head, mode=UpdateMode.REPLACE)
    assert not switch.stop_flag().is_set, "as docs/security.md says: only a day root shows an older state of everything"


@pytest.mark.parametrize("column", ["json0", "signature", "schema"])
@example(value="1")  # the schema's number as text
@given(value=st.none() | st.text(max_size=70) | st.integers(-5, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flag_with_anything_changed_counts_as_stopped(table: Table, column: str, value: object) -> None:
    switch = StopSwitch(table, RowSigner([NEW]))
    lift(switch, WALL)
    row = dict(table.client().get_entity(ALL_CHANGES, "stop"))
    if value != row[column]:
        table.client().upsert_entity({**row, column: value}, mode=UpdateMode.REPLACE)
        assert switch.stop_flag().is_set


def test_a_flag_by_the_old_key_holds_while_both_are_held(table: Table, switch: StopSwitch) -> None:
    lift(StopSwitch(table, RowSigner([OLD])), WALL)
    assert not StopSwitch(table, RowSigner([NEW, OLD])).stop_flag().is_set
    doubted = switch.stop_flag()
    assert doubted.is_set
    assert re.match("key [0-9a-f]{8} is missing", doubted.reason)


def test_an_app_creates_its_first_flag_with_its_table(azurite: str) -> None:
    keyed = {"TABLE_PREFIX": f"t{new_id()}", "AzureWebJobsStorage": azurite, "SIGNING_KEYS": NEW}
    apps = [App(load_settings(keyed), SystemClock()) for _ in range(2)]
    assert apps[0].records.changes("any") == ()
    assert not apps[1].stop_switch.stop_flag().is_set


def test_a_key_that_comes_later_finds_everything_stopped(azurite: str) -> None:
    plain = {"TABLE_PREFIX": f"t{new_id()}", "AzureWebJobsStorage": azurite}
    assert not App(load_settings(plain), SystemClock()).stop_switch.stop_flag().is_set, "nothing is applied without one"
    app = App(load_settings({**plain, "SIGNING_KEYS": NEW}), SystemClock())
    assert app.stop_switch.stop_flag().is_set
    app.stop.set(False, "Ada", "", WALL)
    assert not app.stop_switch.stop_flag().is_set
