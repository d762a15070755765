"""The owner switches acting off while a change is half applied."""

from __future__ import annotations

import pytest

from shared.errors import Refused
from shared.model.change import Change, ChangeState
from tests.support.theatre import WRITER, Theatre


def switched(theatre: Theatre, remediation: str) -> None:
    """What a new value of the setting makes of the app: it starts anew."""
    theatre._settings["REMEDIATION"] = remediation
    theatre.new_app()


def half_applied(theatre: Theatre) -> Change:
    change = theatre.approved()
    while not theatre.subnets()["aks-user"]["nat_gateway"]:
        theatre.tick()
    found = theatre.change(change.id)
    assert found.state is ChangeState.APPLYING
    return found


def test_a_half_applied_change_stops_and_goes_on_when_acting_is_on_again(theatre: Theatre) -> None:
    change = half_applied(theatre)
    written = len(theatre.writes(WRITER))
    switched(theatre, "off")

    stopped = theatre.run_on(change)

    assert stopped.state is ChangeState.STOPPED
    assert "REMEDIATION" in stopped.stop_reason
    assert len(theatre.writes(WRITER)) == written
    with pytest.raises(Refused, match="REMEDIATION"):
        theatre.decide(stopped, "resume")

    switched(theatre, "on")
    theatre.decide(stopped, "resume")
    assert theatre.run_on(change).state is ChangeState.FIXED
    assert len(theatre.writes(WRITER)) == 5


def test_an_approved_change_that_wrote_nothing_yet_fails_with_the_reason(theatre: Theatre) -> None:
    change = theatre.approved()
    switched(theatre, "off")
    failed = theatre.run_on(change)
    assert failed.state is ChangeState.FAILED
    assert theatre.writes(WRITER) == []
