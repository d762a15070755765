"""A person stops one change from its page while a worker is in the middle of it."""

from __future__ import annotations

import pytest

from shared.model.change import ChangeState
from shared.store.stop_switch import StopFlag
from tests.support.theatre import ADA, WRITER, Theatre


@pytest.mark.parametrize("at", [2, 12])
def test_nothing_is_written_after_a_stop_and_resuming_goes_on(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The worker looks at the stop flag before each step and each write: the stop comes in one of these moments."""
    change = theatre.approved()
    before = theatre.subnets()
    switch, calls = theatre.app.stop_switch, 0
    look = switch.stop_flag
    written: list[int] = []

    def stop_flag() -> StopFlag:
        nonlocal calls
        calls += 1
        if calls == at:
            theatre.decide(change, "stop")
            written.append(len(theatre.writes(WRITER)))
        return look()

    monkeypatch.setattr(switch, "stop_flag", stop_flag)
    stopped = theatre.run_on(change)
    theatre.tick(5)

    assert stopped.state is ChangeState.STOPPED
    assert stopped.stop_reason == f"stopped by Ada (object id {ADA.object_id}, signed in)"
    assert written == [len(theatre.writes(WRITER))]

    theatre.decide(stopped, "resume")
    ended = theatre.run_on(change)

    assert ended.state is ChangeState.FIXED
    assert len(theatre.writes(WRITER)) == 5, "each resource is written once"
    after = theatre.subnets()
    assert {name: one["properties"] for name, one in after.items()} == {
        name: one["properties"] for name, one in before.items()
    }
