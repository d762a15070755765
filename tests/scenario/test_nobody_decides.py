"""40 % of the connections fail and nobody answers: a night of six hours, and what people read of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.model.change import ChangeState
from tests.support.theatre import Theatre, playing

WORSE = Path(__file__).parent / "scenarios" / "gets-worse.yaml"
S = ChangeState


class Night:
    """Minutes since the start; a look every ``step`` of them."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self.minute = 0
        self._read = 0
        theatre.work()

    def until(self, minute: int, step: int = 1) -> list[tuple[int, str]]:
        """What is posted meanwhile: minute and title."""
        found = [(self.minute, title) for title in self._new()]
        while self.minute < minute:
            self._theatre.clock.advance(60 * step)
            self.minute += step
            self._theatre.work()
            found += [(self.minute, title) for title in self._new()]
        return found

    def _new(self) -> list[str]:
        bodies = [one["body"] for one in self._theatre.simulator.messages() if one["service"] == "slack"]
        new, self._read = bodies[self._read :], len(bodies)
        return [body["blocks"][0]["text"]["text"].partition(" ")[2] for body in new]  # after the mark


def test_a_night_in_which_nobody_decides(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(WORSE, storage, monkeypatch) as theatre:
        night = Night(theatre)
        opened = [title for _, title in night.until(2)]
        assert opened == ["Critical: SNAT port exhaustion on orders", "Approval needed for orders"]
        (incident,) = theatre.app.records.incidents(theatre.partition)
        failed, tried = incident.failed, incident.failed + sum(node.successful for node in incident.nodes)
        assert failed / tried > 0.4

        ((reminded_at, reminder), (renewed_at, renewal)) = night.until(70)
        assert (reminder, reminded_at in (30, 31)) == ("Still failing: SNAT port exhaustion on orders", True)
        assert (renewal, renewed_at in (60, 61)) == ("Approval still needed for orders", True)
        old, new = theatre.changes()
        assert (old.state, new.state, old.plan.digest) == (S.EXPIRED, S.PROPOSED, new.plan.digest)

        theatre.decide(new, "deny")
        (denial, reminder_after) = night.until(340, step=10)
        assert denial[1].endswith("denied")
        assert reminder_after == (310, "Still failing: SNAT port exhaustion on orders")

        night.until(358, step=1)
        worse = night.until(372)
        assert [title for _, title in worse] == [
            "Worse: SNAT port exhaustion on orders",
            "Approval needed for orders",
        ]
        assert worse[0][0] <= 366, "at once: as soon as its minute may be judged"
        assert [change.state for change in theatre.changes()] == [S.EXPIRED, S.DENIED, S.PROPOSED]
