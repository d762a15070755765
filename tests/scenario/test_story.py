"""From the first failed connection to the proof, and back."""

from __future__ import annotations

from shared.clock import Instant
from shared.model.change import ChangeState
from shared.model.incident import IncidentState
from tests.support.every import every
from tests.support.theatre import READER, WRITER, Theatre


def test_seen_told_approved_applied_and_proven(storm: Theatre) -> None:
    change = storm.approved()
    before = storm.subnets()

    change = storm.run_on(change)

    assert change.state is ChangeState.FIXED
    assert change.outcome is not None
    assert change.outcome.verdict == "fixed"
    assert [entry.state for entry in storm.journal(change)] == ["done"] * len(change.plan.steps)
    after = storm.subnets()
    assert {name: one["properties"] for name, one in after.items()} == {
        name: one["properties"] for name, one in before.items()
    }
    gateways = storm.resources("natGateways")
    assert len(gateways) == 1
    assert {one["nat_gateway"].lower() for one in after.values()} == {gateways[0]["id"].lower()}
    assert len(storm.resources("publicIPAddresses")) == 2
    incidents = storm.app.records.incidents(storm.partition)
    assert [incident.state for incident in incidents] == [IncidentState.CLEARED]
    texts = storm.slack_texts()
    assert "SNAT port exhaustion on shop-prod" in texts[0]
    assert "Fixed" in texts[-1]
    assert sum("SNAT port exhaustion on" in text for text in texts) == 1


def test_only_the_writing_identity_ever_writes(theatre: Theatre) -> None:
    theatre.run_on(theatre.approved())

    assert len(theatre.writes(WRITER)) == 5
    assert theatre.writes(READER) == []
    posts = [one for one in theatre.simulator.requests() if one["method"] == "POST" and one["client_id"] == READER]
    queries = ("Microsoft.ResourceGraph/resources", "PolicyInsights/checkPolicyRestrictions", "metrics:getBatch")
    assert posts
    assert every(one["path"].partition("?")[0].endswith(queries) for one in posts)


def test_rolling_back_takes_the_gateway_off_and_keeps_everything_else(theatre: Theatre) -> None:
    fixed = theatre.run_on(theatre.approved())
    before = theatre.subnets()

    rollback = theatre.app.propose.propose_rollback(fixed, Instant.of(theatre.clock), "Ada")
    assert rollback.state is ChangeState.PROPOSED
    theatre.decide(rollback, "approve")
    rollback = theatre.run_on(rollback)

    assert rollback.state is ChangeState.ROLLED_BACK
    after = theatre.subnets()
    assert {one["nat_gateway"] for one in after.values()} == {None}
    assert {name: one["properties"] for name, one in after.items()} == {
        name: one["properties"] for name, one in before.items()
    }
    assert len(theatre.resources("natGateways")) == 1, "a rollback keeps the gateway"
    assert len(theatre.resources("publicIPAddresses")) == 2, "and its IPs"


def test_denied_changes_nothing(theatre: Theatre) -> None:
    change = theatre.proposed()
    theatre.decide(change, "deny")
    theatre.tick(3)

    assert theatre.change(change.id).state is ChangeState.DENIED
    assert theatre.writes() == []


def test_a_proposal_that_nobody_decides_on_expires(theatre: Theatre) -> None:
    change = theatre.proposed()
    theatre.clock.advance(61 * 60)
    theatre.work()

    assert theatre.change(change.id).state is ChangeState.EXPIRED
    assert theatre.writes() == []
