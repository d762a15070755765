from __future__ import annotations

import pytest

from shared.model.text import Text
from shared.store.errors import StoreConflict, StoreUnavailable, retry_on_conflict


class Race:
    """A write that loses to somebody else a few times."""

    def __init__(self, lost: int) -> None:
        self.lost = lost
        self.calls = 0

    def write(self) -> str:
        self.calls += 1
        if self.calls <= self.lost:
            raise StoreConflict(Text("changed by somebody else"))
        return "written"


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_lost_race_is_run_again(lost: int) -> None:
    race = Race(lost)

    assert retry_on_conflict(race.write) == "written"
    assert race.calls == lost + 1


def test_the_last_conflict_is_raised_after_as_many_calls_as_allowed() -> None:
    race = Race(lost=9)

    with pytest.raises(StoreConflict):
        retry_on_conflict(race.write, tries=5)
    assert race.calls == 5


def test_no_other_error_is_tried_again() -> None:
    calls = []

    def write() -> None:
        calls.append(1)
        raise StoreUnavailable(Text("storage did not answer"))

    with pytest.raises(StoreUnavailable):
        retry_on_conflict(write)
    assert len(calls) == 1
