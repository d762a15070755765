"""After the cure and after the way back: what differs from snatbot's own last write is told, its own writes are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.clock import Instant
from shared.model.change import Change, ChangeState
from shared.model.finding import FindingKind
from shared.model.incident import Incident
from tests.support.azure_in_process import serve_azure
from tests.support.theatre import Theatre

LOST = "lost NAT gateway association"


@pytest.fixture
def theatre(storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    """The failing cluster; who has which gateway is looked up every minute."""
    with serve_azure("storm") as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        yield Theatre(simulator, storage, DISCOVERY_MINUTES="1")


def roll_back(theatre: Theatre) -> Change:
    """Fixed, and the rollback approved."""
    fixed = theatre.run_on(theatre.approved())
    assert fixed.state is ChangeState.FIXED
    back = theatre.app.propose.propose_rollback(fixed, Instant.of(theatre.clock), "Ada")
    return theatre.decide(back, "approve")


def incidents(theatre: Theatre) -> tuple[Incident, ...]:
    return theatre.app.records.incidents(theatre.partition)


def drifted(theatre: Theatre) -> list[str]:
    return [one.evidence for one in incidents(theatre) if FindingKind.ASSOCIATION_DRIFT in one.kinds]


def test_a_roll_back_is_no_alarm_against_itself(theatre: Theatre) -> None:
    back = roll_back(theatre)
    while theatre.change(back.id).state is not ChangeState.ROLLED_BACK:
        theatre.tick()
        assert drifted(theatre) == []
    theatre.tick(10)
    assert drifted(theatre) == []
    assert not any(LOST in text for text in theatre.slack_texts())


def test_why_there_is_a_change_is_the_incident_as_it_was_when_it_was_proposed(theatre: Theatre) -> None:
    fixed = theatre.run_on(theatre.approved())
    assert fixed.reason is not None
    assert (fixed.reason.kinds[0], fixed.reason.cleared_at) == (FindingKind.SNAT_FAILING, None)
    (now,) = incidents(theatre)
    assert now.cleared_at is not None


def test_a_strangers_detach_during_our_roll_back_is_an_alarm(theatre: Theatre) -> None:
    put = {"subnet": "shop-vnet/aks-user", "drop": ["natGateway"], "by": "operator"}
    back = roll_back(theatre)
    theatre.simulator.add_event(
        {"after_write": {"to": "aks-system", "method": "PUT", "seconds": 30}, "put_subnet": put}
    )

    while not drifted(theatre) and theatre.change(back.id).due_at is not None:
        theatre.tick()

    (evidence,) = drifted(theatre)
    assert "aks-user" in evidence
    assert "aks-system" not in evidence, "that one was taken back by snatbot itself"
    assert any(LOST in text for text in theatre.slack_texts())


def test_what_others_put_back_after_our_roll_back_is_told_as_changed_outside(theatre: Theatre) -> None:
    back = theatre.run_on(roll_back(theatre))
    assert back.state is ChangeState.ROLLED_BACK
    (gateway,) = theatre.resources("natGateways")
    put = {"subnet": "shop-vnet/aks-user", "set": {"natGateway": {"id": gateway["id"]}}, "by": "pipeline"}
    theatre.simulator.add_event({"put_subnet": put})

    theatre.tick(4)

    (evidence,) = drifted(theatre)
    assert "subnet aks-user, from which snatbot took" in evidence
