"""What a due change does next: start, wait, end with a new plan, stop, or be verified."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.approval_policy import parse_policy
from shared.cloud.errors import Throttled, Unavailable
from shared.core.remediation.concurrent_writes import Overlap, OwnWrite
from shared.flows.approval.permission import Permission
from shared.flows.remediation.concurrent_writes import AuditResult
from shared.flows.remediation.journal import StepJournal
from shared.model.access import LoggedWrite
from shared.model.change import ChangeState, JournalEntry, Outcome, StepState, Verdict
from shared.model.plan import AssociateSubnet, PlanKind
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.store.records import PutJournal
from shared.store.table import Table
from tests.support.builders import cluster, facts, load_balancer, nic_configuration, subnet
from tests.support.nouns import SUBNETS
from tests.support.remediation import LATER, PARTITION, PLAN, Remediation

S = ChangeState
UNCHANGED = facts(
    subnets=tuple(
        subnet(step.subnet_id, properties=step.properties_before)
        for step in PLAN.steps
        if isinstance(step, AssociateSubnet)
    )
)

UNPLACED = load_balancer(outbound_ip_configuration_ids=(ArmId(nic_configuration(8)),))


def approved(table: Table) -> Remediation:
    stage = Remediation(table, S.APPROVED)
    stage.planner.facts = UNCHANGED
    return stage


def verifying(table: Table) -> Remediation:
    stage = Remediation(table, S.VERIFYING)
    for step in PLAN.steps:
        if isinstance(step, AssociateSubnet):
            stage.network.found[step.subnet_id] = subnet(step.subnet_id, nat_gateway_id=step.after)
    return stage


def test_what_is_not_due_or_not_there_is_left_alone(table: Table) -> None:
    stage = approved(table)
    stage.vary(due_at=LATER + timedelta(seconds=1))
    assert stage.reconcile().state is S.APPROVED
    stage.vary(due_at=None)
    assert stage.reconcile().state is S.APPROVED
    assert stage.network.writes == []


NO_START = """[{"name": "working hours", "clusters": {"tags": {"env": "prod"}}, "kinds": "all", "who": "Snat.Approve",
    "no_start": "daily 00:00-23:00; 2026-11-22T23:00Z/2026-11-23T00:00Z"},
    {"clusters": "all", "kinds": "all", "who": "Snat.Approve"}]"""


@pytest.mark.parametrize("tags", [{"env": "prod"}, {}])
def test_nothing_starts_in_the_times_of_a_rule_whatever_the_stored_row_says(table: Table, tags: dict[str, str]) -> None:
    stage = approved(table)
    stage.context = replace(stage.context, permission=Permission(parse_policy(NO_START), "signin", lambda _: tags))
    change = stage.reconcile()
    if not tags:
        assert change.state is not S.APPROVED
        return
    assert (change.state, change.due_at) == (S.APPROVED, LATER.replace(day=23, hour=23, minute=0))
    assert change.waits_for == "by rule 'working hours' and rule '2', nothing starts before 2026-11-23 23:00 UTC"
    assert stage.network.writes == []


def test_a_resumed_change_goes_on_in_the_times_when_nothing_starts(table: Table) -> None:
    stage = Remediation(table)
    stage.planner.facts = UNCHANGED
    stage.context = replace(
        stage.context, permission=Permission(parse_policy(NO_START), "signin", lambda _: {"env": "prod"})
    )
    stage.vary(state=S.APPROVED)
    assert stage.reconcile().state is not S.APPROVED


def test_tags_that_cannot_be_read_hold_the_start(table: Table) -> None:
    def unread(_: ArmId) -> dict[str, str]:
        raise Unavailable("GET cluster", "no answer")

    stage = approved(table)
    stage.context = replace(stage.context, permission=Permission(parse_policy(NO_START), "signin", unread))
    change = stage.reconcile()
    assert (change.state, stage.network.writes) == (S.APPROVED, [])


def test_an_approved_change_whose_network_is_as_planned_is_applied(table: Table) -> None:
    stage = approved(table)
    applied = stage.reconcile()
    assert (applied.state, applied.is_begun) == (S.VERIFYING, True)
    assert len(stage.network.writes) == 5


def test_a_network_that_can_t_be_read_now_is_waited_for_as_long_as_azure_asks(table: Table) -> None:
    stage = approved(table)
    stage.planner.facts = Throttled("GET", "slower", status=429, retry_after_seconds=300.0)
    waiting = stage.reconcile()
    assert (waiting.state, waiting.due_at) == (S.APPROVED, LATER + timedelta(minutes=1))
    assert waiting.not_before == LATER + timedelta(minutes=5)
    stage.planner.facts = UNCHANGED
    stage.clock.sleep(60)
    assert stage.reconcile().state is S.APPROVED
    stage.clock.sleep(240)
    assert stage.reconcile().state is S.VERIFYING


def test_people_hear_once_that_a_change_waits_long(table: Table) -> None:
    stage = approved(table)
    stage.planner.facts = replace(UNCHANGED, cluster=cluster(provisioning_state="Upgrading"))
    told = []
    for _ in range(9):
        assert "Upgrading" in stage.reconcile().waits_for or not stage.told()
        told.append(len(stage.told()))
        stage.clock.sleep(120)
    assert (told[0], told[-1]) == (0, 1)


@pytest.mark.parametrize("changed", ["a subnet", "a node in no known subnet"])
def test_a_network_that_changed_shape_before_the_first_write_ends_the_change_with_a_new_plan(
    table: Table, changed: str
) -> None:
    stage = approved(table)
    if changed == "a subnet":
        other = replace(UNCHANGED.subnets[1], properties={"addressPrefix": "10.224.0.0/16", "delegations": []})
        stage.planner.facts = replace(UNCHANGED, subnets=(UNCHANGED.subnets[0], other))
    else:
        stage.planner.facts = replace(UNCHANGED, load_balancer=UNPLACED, unplaced_ips=("10.99.0.4",))
    ended = stage.reconcile()
    assert (ended.state, stage.network.writes, stage.renewer.offered) == (S.FAILED, [], [stage.id])
    assert ended.outcome is not None
    assert ("10.99.0.4" if "node" in changed else "snet-system: delegations changed") in ended.outcome.reason


def test_a_network_that_another_change_works_on_is_waited_for(table: Table) -> None:
    stage = approved(table)
    stage.claim("worker", "chg-other")
    assert stage.reconcile().state is S.APPROVED
    assert stage.network.writes == []


def test_an_approval_that_came_too_late_expires_and_is_planned_again(table: Table) -> None:
    stage = approved(table)
    stage.clock.sleep(24 * 3_600)
    ended = stage.reconcile()
    assert (ended.state, stage.network.writes, stage.renewer.offered) == (S.EXPIRED, [], [stage.id])


@pytest.mark.parametrize(("renews", "state"), [(True, S.PROPOSED), (False, S.EXPIRED)])
def test_a_proposal_that_nobody_decided_on_is_renewed_or_expires(table: Table, renews: bool, state: S) -> None:
    stage = Remediation(table, S.PROPOSED)
    stage.renewer.renews = renews  # the renewer itself ends the old one
    assert stage.reconcile().state is state


# --- verifying ---


def test_a_verdict_ends_it_and_a_full_gateway_is_planned_for(table: Table) -> None:
    stage = verifying(table)
    assert (stage.reconcile().state, stage.change.due_at) == (S.VERIFYING, LATER + timedelta(minutes=1))
    stage.clock.sleep(60)
    stage.verify.outcome, stage.verify.little = (
        Outcome(Verdict.FIXED, Text("none failed")),
        Text("71 % is in use: a plan is offered."),
    )
    ended = stage.reconcile()
    assert (ended.state, stage.renewer.offered) == (S.FIXED, [stage.id])
    assert ended.outcome is not None
    assert ended.outcome.advice == (stage.verify.little,)


def test_a_subnet_that_lost_its_gateway_stops_the_verification(table: Table) -> None:
    stage = verifying(table)
    stage.network.found[SUBNETS[0]] = subnet(SUBNETS[0])
    stage.verify.outcome = Outcome(Verdict.FIXED, Text("none failed"))
    stopped = stage.reconcile()
    assert stopped.state is S.STOPPED
    assert "took the NAT gateway off subnet snet-user again" in stopped.stop_reason


def test_subnets_that_can_t_be_read_hold_no_verdict_back(table: Table) -> None:
    stage = verifying(table)
    stage.verify.outcome = Outcome(Verdict.FIXED, Text("none failed"))

    def unreadable(_: str) -> None:
        raise Unavailable("subnets GET", "no answer", status=503)

    stage.network.read_subnet = unreadable  # type: ignore[method-assign, assignment]
    assert stage.reconcile().state is S.FIXED


def test_a_write_of_others_in_the_same_moment_stops_it_and_is_journaled(table: Table) -> None:
    stage = verifying(table)
    stage.verify.outcome = Outcome(Verdict.FIXED, Text("none failed"))
    entry = JournalEntry(3, StepState.DONE, LATER, LATER, note=Text("done"))
    stage.records.commit_in(PARTITION, [PutJournal(stage.id, entry)])
    own = OwnWrite(3, SUBNETS[0], "ours", 0.5, True, {})
    other = LoggedWrite("op", LATER, "eve@example.com", "subnets/write", SUBNETS[0], "corr", frozenset())
    stage.found = AuditResult((Overlap(own, other),))
    stopped = stage.reconcile()
    assert stopped.state is S.STOPPED
    assert "eve@example.com" in stopped.stop_reason
    assert stage.records.journal(PARTITION, stage.id)[3].value.reported == ("op",)


def test_a_verdict_waits_for_the_activity_log(table: Table) -> None:
    stage = verifying(table)
    stage.verify.outcome = Outcome(Verdict.FIXED, Text("none failed"))
    stage.found = AuditResult(again_at=LATER + timedelta(minutes=12))
    waiting = stage.reconcile()
    assert (waiting.state, waiting.due_at) == (S.VERIFYING, LATER + timedelta(minutes=12))


def test_a_roll_back_is_over_when_the_log_has_told(table: Table) -> None:
    plan = replace(PLAN, kind=PlanKind.DETACH_NAT_GATEWAY, of_change_id="chg-before")
    stage = Remediation(table, S.ROLLED_BACK, plan)
    stage.vary(outcome=Outcome(Verdict.ROLLED_BACK, Text("every subnet")))
    stage.found = AuditResult(again_at=LATER + timedelta(minutes=12))
    assert stage.reconcile().due_at == LATER + timedelta(minutes=12)
    stage.clock.sleep(12 * 60)
    stage.found = AuditResult(figure=Text("nobody else wrote"))
    ended = stage.reconcile()
    assert (ended.state, ended.due_at) == (S.ROLLED_BACK, None)
    assert ended.outcome is not None
    assert ended.outcome.figures == ("nobody else wrote",)


def test_a_worker_that_read_the_change_before_another_wrote_to_its_journal_takes_nothing_for_forged(
    table: Table,
) -> None:
    """Doubled messages: the other worker goes a step on between our reading the change and our getting the claim."""
    stage = Remediation(table)
    claim, stale = stage.vnet_lock.claim_vnet, stage.run

    def claim_after_another_worker(*args: Any) -> Any:
        held = claim(*args)
        journal = StepJournal(stage.context, stale, held)
        journal.current(stale.change)
        return held

    stage.vnet_lock.claim_vnet = claim_after_another_worker  # type: ignore[method-assign, assignment]
    assert stage.reconcile().state is ChangeState.APPLYING
    stage.vnet_lock.claim_vnet = claim  # type: ignore[method-assign]
    assert stage.reconcile().state is ChangeState.VERIFYING
