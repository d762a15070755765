"""When watching and delivering last succeeded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.store.liveness import Liveness

WALL = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
LATER = WALL + timedelta(minutes=2)


def test_the_last_success_is_remembered_each_by_itself(liveness: Liveness) -> None:
    assert liveness.last_success("watch") is None
    liveness.record_success("watch", WALL)
    liveness.record_success("watch", LATER)
    assert liveness.last_success("watch") == LATER
    assert liveness.last_success("deliver") is None
