"""The stop flag: who set it, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import BadInput
from shared.flows.incidents.history import read_history
from shared.flows.remediation.stop import StopChanges
from shared.store.records import ALL_CHANGES, Records
from shared.store.stop_switch import StopFlag, StopSwitch
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
    found = read_history(records, make_cluster().id)
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
