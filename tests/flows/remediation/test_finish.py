"""How a change ends or stops: its state, what happens to its incident, and what people hear."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.clock import Instant
from shared.core.remediation.concurrent_writes import Overlap, OwnWrite
from shared.flows.audit.seal import SealAudit
from shared.flows.notification.outbox import audit
from shared.flows.remediation.concurrent_writes import LOG_LAG, AuditResult
from shared.flows.remediation.finish import outcome_without_verifying
from shared.model.access import LoggedWrite
from shared.model.audit import now_is
from shared.model.change import ChangeState, JournalEntry, Outcome, StepState, Verdict
from shared.model.incident import ClusterRecord, Incident, IncidentState
from shared.model.plan import ObserveEgress, PlanKind
from shared.model.text import Text
from shared.store.audit import AuditChain
from shared.store.records import Put
from shared.store.table import Table
from tests.support.nouns import NOW, SUBNETS, make_change, make_incident, make_journal
from tests.support.remediation import LATER, OFFER_AGAIN, PARTITION, PLAN, SIGNER, Remediation

S = ChangeState
AT = Instant(LATER, LATER)


def with_incident(stage: Remediation, **cluster: object) -> None:
    record = ClusterRecord(PLAN.cluster_id, PLAN.cluster_name, **cluster)  # type: ignore[arg-type]
    stage.records.commit_in(PARTITION, [Put(make_incident()), Put(record)])


def incident(stage: Remediation) -> Incident:
    (found,) = stage.records.incidents(PARTITION)
    return found


# --- what needs no verification ---


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (PlanKind.DETACH_NAT_GATEWAY, Verdict.ROLLED_BACK),
        (PlanKind.DELETE_NAT_GATEWAY, Verdict.DONE),
        (PlanKind.RESERVE_PUBLIC_IPS, Verdict.DONE),
        (PlanKind.ATTACH_NAT_GATEWAY, None),
        (PlanKind.ADD_PUBLIC_IPS, None),
    ],
)
def test_only_what_moves_traffic_is_verified(kind: PlanKind, verdict: Verdict | None) -> None:
    change = make_change(S.APPLYING, replace(PLAN, kind=kind))
    found = outcome_without_verifying(change, make_journal(), lambda *_: "")
    assert (found.verdict if found else None) is verdict


def test_a_roll_back_names_what_each_gate_measured_or_that_nothing_was() -> None:
    steps = tuple(ObserveEgress(None, subnet_id, PLAN.cluster_id) for subnet_id in SUBNETS)
    change = make_change(S.APPLYING, replace(PLAN, kind=PlanKind.DETACH_NAT_GATEWAY, steps=steps))
    journal = [JournalEntry(0, StepState.DONE, NOW, NOW, note=Text("400 new connections a minute"))]
    measured = outcome_without_verifying(change, journal, lambda *_: "")
    assert measured is not None
    assert measured.figures == ("`snet-user`: 400 new connections a minute",)
    nothing = outcome_without_verifying(change, [], lambda *_: "")
    assert nothing is not None
    assert "was not measured" in nothing.figures[0]


def test_reserved_addresses_are_given_with_the_command_that_the_api_server_needs() -> None:
    change = make_change(S.APPLYING, replace(PLAN, kind=PlanKind.RESERVE_PUBLIC_IPS))
    found = outcome_without_verifying(change, make_journal(), lambda _, ips: f"authorize {' '.join(ips)}")
    assert found is not None
    assert found.figures == ("20.61.0.1", "20.61.0.2")
    assert found.commands == ("authorize 20.61.0.1 20.61.0.2",)
    without = outcome_without_verifying(change, make_journal(), lambda *_: "")
    assert without is not None
    assert without.commands == ()


# --- ends ---


def test_a_fix_clears_its_incident_in_the_same_transaction(table: Table) -> None:
    stage = Remediation(table, S.VERIFYING)
    with_incident(stage)
    stage.finisher.end(stage.run, Outcome(Verdict.FIXED, Text("none failed")), AT)
    assert (stage.change.state, stage.change.due_at) == (S.FIXED, None)
    cleared = incident(stage)
    assert (cleared.state, cleared.closing_note) == (IncidentState.CLEARED, f"fixed by change {stage.id}")
    assert {now_is(S.FIXED), "incident cleared"} <= {*stage.audited()}
    assert len(stage.told()) == 1


def test_the_outcome_links_to_its_receipt_and_names_the_last_day_root(table: Table) -> None:
    stage, chain = Remediation(table, S.VERIFYING), AuditChain(table, SIGNER)
    stage.records.commit_in(PARTITION, [audit(AT.domain, "snatbot", "incident opened", "inc-1")])
    SealAudit(chain).run(AT.domain)
    root = chain.newest_root(AT.domain)
    assert root is not None
    stage.finisher.end(stage.run, Outcome(Verdict.FIXED, Text("none failed")), AT)
    (message,) = stage.told()
    assert message.footer.endswith(f" · audit sealed {root.day}: {root.hash[:32]}")
    (receipt,) = [button for button in message.buttons if button.text == "Receipt"]
    assert f"/api/changes/{stage.id}/receipt?t=" in receipt.url


@pytest.mark.parametrize("verdict", [Verdict.NOT_FIXED, Verdict.CANT_TELL])
def test_any_other_verdict_leaves_the_incident_open(table: Table, verdict: Verdict) -> None:
    stage = Remediation(table, S.VERIFYING)
    with_incident(stage)
    stage.finisher.end(stage.run, Outcome(verdict, Text("3 failed")), AT)
    assert incident(stage).is_open
    assert incident(stage).plan_due_at is None


def test_an_incident_whose_plan_failed_gets_another_one_later(table: Table) -> None:
    stage = Remediation(table)
    with_incident(stage)
    stage.finisher.end(stage.run, Outcome(Verdict.FAILED, Text("the world changed")), AT)
    assert incident(stage).plan_due_at == LATER + OFFER_AGAIN


@pytest.mark.parametrize(("silence_minutes", "messages"), [(0, 1), (30, 0)])
def test_silence_holds_back_only_that_a_proposal_expired(table: Table, silence_minutes: int, messages: int) -> None:
    stage = Remediation(table, S.PROPOSED)
    with_incident(stage, silenced_until=LATER + timedelta(minutes=silence_minutes))
    stage.finisher.end(stage.run, None, AT)
    assert (stage.change.state, len(stage.told())) == (S.EXPIRED, messages)
    assert incident(stage).plan_due_at is not None


def test_a_stop_waits_for_a_person_and_keeps_what_shows_why(table: Table) -> None:
    stage = Remediation(table)
    stage.finisher.stop(stage.run, AT, Text("a subnet was changed"), ("az network vnet subnet show",))
    stopped = stage.change
    assert (stopped.state, stopped.due_at, stopped.stop_reason) == (S.STOPPED, None, "a subnet was changed")
    assert stopped.stop_commands == ("az network vnet subnet show",)
    assert len(stage.told()) == 1
    assert "change stopped" in stage.audited()


# --- a rollback is looked at once more ---


def test_a_roll_back_is_looked_at_again_for_what_others_wrote(table: Table) -> None:
    stage = Remediation(table)
    stage.finisher.end(stage.run, Outcome(Verdict.ROLLED_BACK, Text("every subnet is without it")), AT)
    assert (stage.change.state, stage.change.due_at) == (S.ROLLED_BACK, LATER + LOG_LAG)
    told = len(stage.told())
    stage.finisher.end_rollback(stage.run, AuditResult(figure=Text("nobody else wrote")), AT)
    quiet = stage.change
    assert (quiet.due_at, len(stage.told())) == (None, told)
    assert quiet.outcome is not None
    assert quiet.outcome.figures == ("nobody else wrote",)


def test_an_overlap_with_a_roll_back_is_an_alarm(table: Table) -> None:
    stage = Remediation(table)
    stage.finisher.end(stage.run, Outcome(Verdict.ROLLED_BACK, Text("every subnet is without it")), AT)
    own = OwnWrite(3, SUBNETS[0], "ours", 0.5, True, {})
    other = LoggedWrite("op", LATER, "eve@example.com", "subnets/write", SUBNETS[0], "corr", frozenset())
    told = len(stage.told())
    stage.finisher.end_rollback(stage.run, AuditResult((Overlap(own, other),)), AT)
    ended = stage.change
    assert ended.outcome is not None
    assert "eve@example.com" in ended.outcome.advice[0]
    assert ended.outcome.commands
    assert len(stage.told()) == told + 1
    assert "another writer in between" in stage.audited()
