"""A worker on one approved plan: every step once, and no write without claim, switch and approval."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.auth.errors import NotAuthorized
from shared.cloud.errors import Conflict, Forbidden, Throttled
from shared.flows.remediation.step_result import Stop, Wait
from shared.model.audit import AuditLine, step_done
from shared.model.change import ChangeState, StepState
from shared.model.plan import CreatePublicIp
from shared.model.text import Text
from shared.store.errors import StoreConflict
from shared.store.stop_switch import StopFlag
from shared.store.table import Table
from tests.support.remediation import LATER, PARTITION, PLAN, Remediation

S = ChangeState
WRITTEN = ["pip-shop-prod-1", "pip-shop-prod-2", "ng-shop-prod-1", "snet-user", "snet-system"]


def test_a_plan_is_written_step_by_step_and_then_verified(table: Table) -> None:
    stage = Remediation(table)
    applied = stage.execute()
    assert (applied.state, applied.step) == (S.VERIFYING, len(PLAN.steps))
    assert applied.verify_from == applied.applied_at == stage.clock.now()
    assert stage.network.writes == WRITTEN
    journal = stage.records.journal(PARTITION, stage.id)
    assert [journal[number].value.state for number in range(len(PLAN.steps))] == [StepState.DONE] * len(PLAN.steps)
    assert [step_done(number) in stage.audited() for number in range(len(PLAN.steps))] == [True] * len(PLAN.steps)
    stage.claim("another worker", "another change")  # the network is free again


def test_the_journal_knows_of_a_write_before_azure_gets_it(table: Table) -> None:
    stage = Remediation(table)
    stage.network.error = Forbidden("PUT", "no", status=403)
    journaled, create = list[bool](), stage.network.create_public_ip

    def note_and_create(step: CreatePublicIp) -> None:
        journaled.append(stage.records.journal(PARTITION, stage.id)[0].value.may_be_written)
        create(step)

    stage.network.create_public_ip = note_and_create  # type: ignore[method-assign]
    stopped = stage.execute()
    assert journaled == [True]
    assert (stopped.state, stopped.step) == (S.STOPPED, 0)
    assert not stage.records.journal(PARTITION, stage.id)[0].value.was_written, "Azure refused it"


def test_the_stop_switch_stops_before_the_first_write(table: Table) -> None:
    stage = Remediation(table)
    line = AuditLine("l", LATER, "Ada", "all changes stopped", "all changes")
    stage.stop_switch.set_stop_flag(StopFlag(True, "Ada", "freeze", LATER), line)
    stopped = stage.execute()
    assert (stopped.state, stopped.due_at, stage.network.writes) == (S.STOPPED, None, [])
    assert "stopped by Ada: freeze" in stopped.stop_reason


def test_a_worker_that_lost_the_claim_writes_nothing(table: Table) -> None:
    stage = Remediation(table)
    lost = stage.claim("first")
    stage.clock.sleep(stage.vnet_lock.lease.total_seconds() + 1)
    stage.claim("second")
    with pytest.raises(StoreConflict):
        stage.execute(lost)
    assert stage.network.writes == []


def test_an_approval_of_somebody_else_writes_nothing(table: Table) -> None:
    stage = Remediation(table)
    decision = stage.change.decision
    assert decision is not None
    stage.vary(decision=replace(decision, approver="Mallory"))
    with pytest.raises(NotAuthorized):
        stage.execute()
    assert stage.network.writes == []


def test_a_long_wait_ends_the_invocation_and_another_worker_goes_on(table: Table) -> None:
    stage = Remediation(table)
    stage.gate.results = [Wait(60.0, Text("not yet"), limit=timedelta(minutes=15))]
    waiting = stage.execute()
    assert (waiting.state, waiting.step) == (S.APPLYING, 4)
    assert waiting.due_at == stage.clock.now() + timedelta(minutes=1)
    assert stage.execute(stage.claim("another worker")).state is S.VERIFYING


def test_a_gate_that_does_not_open_within_its_limit_stops_the_change(table: Table) -> None:
    stage = Remediation(table)
    stage.gate.results = [Wait(60.0, Text("no traffic so far"), limit=timedelta(minutes=15))] * 2
    stage.execute()
    stage.clock.sleep(15 * 60)
    stopped = stage.execute()
    assert stopped.state is S.STOPPED
    assert stopped.stop_reason == "waited 15 minutes: no traffic so far"
    assert stage.network.writes == WRITTEN[:4], "the next subnet is not touched"


def test_a_gate_that_is_broken_stops_it_with_its_words_and_a_message(table: Table) -> None:
    stage = Remediation(table)
    stage.gate.results = [Stop(Text("400 connections a minute failed"), ("az network show",))]
    stopped = stage.execute()
    assert (stopped.state, stopped.stop_reason) == (S.STOPPED, "400 connections a minute failed")
    assert stopped.stop_commands == ("az network show",)
    assert stage.records.journal(PARTITION, stage.id)[4].value.state is StepState.STOPPED
    assert "change stopped" in stage.audited()


def test_nothing_is_written_before_the_time_that_azure_asks_for(table: Table) -> None:
    stage = Remediation(table)
    stage.network.error = Throttled("PUT", "slower", status=429, retry_after_seconds=300.0)
    waiting = stage.execute()
    assert waiting.not_before == LATER + timedelta(minutes=5)
    assert waiting.due_at == LATER + timedelta(minutes=1), "the switch and the page still work"
    stage.clock.sleep(60)
    assert stage.execute().state is S.APPLYING
    assert stage.network.writes == []
    stage.clock.sleep(240)
    assert stage.execute().state is S.VERIFYING


def test_an_operation_of_others_is_waited_for_within_the_invocation(table: Table) -> None:
    stage = Remediation(table)
    stage.network.error = Conflict("PUT", "busy", status=409, code="AnotherOperationInProgress")
    assert stage.execute().state is S.VERIFYING
    assert stage.network.writes == WRITTEN
