"""Who may decide: the policy's rules, two people, the times when nothing starts, and links."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.approval_policy import parse_policy
from shared.auth.errors import DecisionForged, NotPermitted, StepUpNeeded
from shared.clock import Instant
from shared.cloud.errors import AzureError
from shared.core.approval.policy import Place, Policy
from shared.errors import Refused
from shared.flows.approval.permission import Permission
from shared.model.change import Action, Change, ChangeState
from shared.model.identity import Approver, Person, Role
from shared.model.plan import PlanKind
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.store.records import Put
from shared.store.table import Table
from tests.support.desk import PARTITION, SIGNER, SOON, TARGET, Desk
from tests.support.nouns import NOW, make_change, make_plan

ID_OF_ADA, ID_OF_BOB = "aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"
ADA = Person(ID_OF_ADA, "tenant", "Ada", frozenset({Role.APPROVE}), NOW)
BOB = Person(ID_OF_BOB, "tenant", "Bob", frozenset({Role.APPROVE}), NOW)
EVE = Person("eeeeeeee-0000-4000-8000-00000000000e", "tenant", "Eve", frozenset({Role.READ}), NOW)
OPERATOR = replace(EVE, name="Olga", roles=frozenset({Role.OPERATE}))
S = ChangeState


def policy(**fields: Any) -> Policy:
    return parse_policy(json.dumps([{"clusters": "all", "kinds": "all", "who": "Snat.Approve", **fields}]))


def desk_with(table: Table, **fields: Any) -> Desk:
    return Desk(table, approval_mode="signin", policy=policy(**fields))


def refused(permission: Permission, change: Change, action: Action, who: Approver) -> str:
    return str(permission.refusal(change, action, who, Place.PAGE) or "")


# --- who ---


def test_an_approval_is_recorded_with_the_person_and_the_rule(table: Table) -> None:
    desk = desk_with(table, name="everyday")
    desk.put()
    decision = SIGNER.verify_decision(desk.decide(who=ADA))
    assert decision.approver == f"Ada (object id {ID_OF_ADA}, signed in)"
    assert decision.policy == f"policy {policy(name='everyday').version}, rule 'everyday'"


@pytest.mark.parametrize("who", [EVE, OPERATOR, replace(ADA, roles=frozenset())])
def test_whom_no_rule_names_may_not_approve_and_is_told_what_is_missing(table: Table, who: Person) -> None:
    desk = desk_with(table, name="everyday")
    change = desk.put()
    with pytest.raises(Refused, match=r"lacks the app role .* which is needed to approve this by rule 'everyday'"):
        desk.decide(who=who)
    assert desk.change() == change
    offered, notice, _ = desk.flow.actions.offered(change, who, SOON)
    assert Action.APPROVE not in offered and notice is not None and "'everyday'" in notice
    assert (Action.DENY in offered) == (who is OPERATOR)


@pytest.mark.parametrize(("who", "may"), [(ADA, True), (OPERATOR, True), (EVE, False)])
@pytest.mark.parametrize(("state", "action"), [(S.PROPOSED, Action.DENY), (S.APPLYING, Action.STOP)])
def test_approvers_and_operators_deny_and_stop(
    table: Table, who: Person, may: bool, state: ChangeState, action: Action
) -> None:
    desk = desk_with(table, where="chat", people=2)
    change = desk.put(state)
    if may:
        assert desk.decide(action, who=who).state in (S.DENIED, S.STOPPED)
    else:
        with pytest.raises(Refused, match=r"lacks the app role .*, which is needed to (deny|stop) this"):
            desk.decide(action, who=who)
        assert desk.change() == change


def test_an_operator_does_not_resume(table: Table) -> None:
    desk = desk_with(table)
    desk.put(S.STOPPED)
    with pytest.raises(Refused, match="is needed to resume this"):
        desk.decide(Action.RESUME, who=OPERATOR)
    assert desk.decide(Action.RESUME, who=ADA).state is S.APPROVED


def test_a_rule_for_chat_takes_nothing_from_the_page(table: Table) -> None:
    desk = desk_with(table, where=["chat"])
    desk.put()
    with pytest.raises(Refused, match="takes approvals by chat only"):
        desk.decide(who=ADA)


# --- two people ---


def test_two_people_approve_and_both_are_recorded(table: Table) -> None:
    desk = desk_with(table, people=2)
    desk.put()

    half = desk.decide(who=ADA)

    assert (half.state, half.decision, half.due_at) == (S.PROPOSED, None, make_change().due_at)
    (approval,) = half.approvals
    SIGNER.verify_approval(half, approval)
    assert desk.audited() == [(str(ADA), "change approved by 1 of 2")]
    assert desk.told() == ["One more approval needed for shop-prod"]
    for again in (ADA, replace(ADA, object_id=ID_OF_ADA.upper(), name="Somebody")):
        with pytest.raises(Refused, match="another person must approve it too"):
            desk.decide(who=again)
    offered, notice, _ = desk.flow.actions.offered(half, ADA, SOON)
    assert offered == (Action.DENY,) and notice is not None and "approved this already" in notice

    change = desk.decide(who=BOB)

    assert change.state is S.APPROVED
    assert SIGNER.verify_decision(change).approver == f"{ADA} and {BOB}"
    assert (f"{ADA} and {BOB}", "change approved") in desk.audited()


def test_the_first_of_two_approvals_is_no_decision_wherever_it_is_put(table: Table) -> None:
    """Whoever may write to storage can't make an approval of two out of the first."""
    desk = desk_with(table, people=2)
    change = desk.put()
    half = desk.decide(who=ADA)
    full = Desk.decide(desk, who=BOB).decision
    assert full is not None
    forged = replace(half, decision=replace(full, signature=half.approvals[0].signature))
    with pytest.raises(DecisionForged):
        SIGNER.verify_decision(forged)
    for field in ({"object_id": ID_OF_BOB}, {"policy": "x"}, {"approved_at": NOW}, {"approver": "Bob"}):
        with pytest.raises(DecisionForged):
            SIGNER.verify_approval(change, replace(half.approvals[0], **field))
    with pytest.raises(DecisionForged):
        SIGNER.verify_approval(replace(change, id="chg-other"), half.approvals[0])


def test_a_forged_first_approval_counts_for_nothing(table: Table) -> None:
    desk = desk_with(table, people=2)
    desk.put()
    (approval,) = desk.decide(who=ADA).approvals
    stored = desk.records.change(PARTITION, make_change().id)
    assert stored is not None
    forged = replace(stored.value, approvals=(replace(approval, object_id=ID_OF_BOB),))
    desk.records.commit_in(PARTITION, [Put(forged, stored.etag)])
    with pytest.raises(DecisionForged):
        desk.decide(who=ADA)
    assert desk.change().state is S.PROPOSED


def test_an_approval_under_another_policy_does_not_count(table: Table) -> None:
    desk = desk_with(table, people=2)
    desk.put()
    desk.decide(who=ADA)
    later = desk_with(table, people=2, name="new")
    half = later.decide(who=BOB)
    assert (half.state, [approval.object_id for approval in half.approvals]) == (S.PROPOSED, [ID_OF_BOB])


# --- tags ---


def tagged(desk: Desk, fails: bool = False) -> Permission:
    def read_tags(cluster_id: ArmId) -> Mapping[str, str]:
        if fails:
            raise AzureError(f"cluster {cluster_id}", "does not answer")
        return desk.tags

    return replace(desk.flow.actions.permission, read_tags=read_tags)


TAGGED = [
    {"clusters": {"tags": {"env": "prod"}}, "kinds": "all", "who": "Snat.Approve", "people": 2},
    {"clusters": "all", "kinds": "all", "who": "Snat.Approve"},
]


def test_tags_are_read_from_azure_and_only_for_rules_that_name_them(table: Table) -> None:
    desk = Desk(table, approval_mode="signin", policy=parse_policy(json.dumps(TAGGED)))
    change = desk.put()
    assert tagged(desk).rules(change).people == 1
    desk.tags = {"Env": "Prod"}
    assert tagged(desk).rules(change).people == 2
    assert tagged(desk_with(table), fails=True).rules(change).people == 1


def test_without_the_tags_nothing_is_approved_and_everything_can_be_stopped(table: Table) -> None:
    desk = Desk(table, approval_mode="signin", policy=parse_policy(json.dumps(TAGGED)))
    permission, change = tagged(desk, fails=True), desk.put()
    with pytest.raises(AzureError):
        permission.require(change, Action.APPROVE, ADA)
    assert "does not answer" in refused(permission, change, Action.APPROVE, ADA)
    for action in (Action.DENY, Action.STOP, Action.GIVE_UP):
        assert refused(permission, change, action, ADA) == ""
        assert refused(permission, change, action, EVE)


# --- times when nothing starts ---


def test_an_approval_waits_for_the_end_of_the_times_when_nothing_starts(table: Table) -> None:
    desk = desk_with(table, name="nights", no_start="daily 06:00-20:00")  # it is 19:10
    desk.put()
    change = desk.decide(who=ADA)
    at_eight = SOON.replace(hour=20, minute=0)
    assert (change.state, change.due_at) == (S.APPROVED, at_eight)
    assert change.waits_for == "by rule 'nights', nothing starts before 2026-11-22 20:00 UTC"
    decision = SIGNER.verify_decision(change)
    assert decision.start_by == at_eight + timedelta(minutes=60)
    assert decision.write_until == at_eight + timedelta(hours=24)


# --- links ---


def deletion() -> Change:
    return make_change(plan=replace(make_plan(), kind=PlanKind.DELETE_NAT_GATEWAY))


def test_a_link_deletes_nothing(table: Table) -> None:
    permission = Permission(policy(), "link", lambda _: {})
    for change, action in ((deletion(), Action.APPROVE), (deletion(), Action.RESUME), (make_change(), Action.DELETE)):
        assert "nothing is deleted" in refused(permission, change, action, "Ada (holder of link, unverified)")
    for action in (Action.DENY, Action.STOP, Action.GIVE_UP):
        assert refused(permission, deletion(), action, "Ada (holder of link, unverified)") == ""
    assert refused(Permission(policy(), "signin", lambda _: {}), deletion(), Action.DELETE, ADA) == ""


def test_a_link_is_no_sign_in(table: Table) -> None:
    permission = Permission(policy(), "signin", lambda _: {})
    for action in Action:
        assert "Possession of a link" in refused(permission, make_change(), action, "Ada")
    assert permission.require(make_change(), Action.APPROVE, ADA, Place.PAGE_WITH_STEP_UP).people == 1


# --- step-up ---


def test_where_the_rule_wants_a_step_up_a_page_alone_is_not_enough(table: Table) -> None:
    desk = desk_with(table, where=["page_with_step_up"])
    change = desk.put()
    assert desk.flow.actions.offered(change, ADA, SOON) == ((Action.DENY,), str(StepUpNeeded()), True)
    with pytest.raises(StepUpNeeded):
        desk.decide(who=ADA)
    assert desk.change() == change
    offer = desk.flow.actions.offered(change, ADA, SOON, Place.PAGE_WITH_STEP_UP)
    assert offer == ((Action.APPROVE, Action.DENY), None, False)
    done = desk.flow.decide(TARGET, Action.APPROVE, ADA, Instant(SOON, SOON), Place.PAGE_WITH_STEP_UP)
    assert done.state is S.APPROVED


@pytest.mark.parametrize("place", Place)
def test_a_step_up_is_asked_of_nobody_whom_it_would_not_help(table: Table, place: Place) -> None:
    desk = desk_with(table, where=["page_with_step_up"])
    offer = desk.flow.actions.offered(desk.put(), EVE, SOON, place)
    assert (offer.actions, offer.needs_step_up) == ((), False)
    assert desk_with(table).flow.actions.offered(desk.change(), ADA, SOON).needs_step_up is False


# --- what concerns no change: propose, silence, lift the stop ---


@pytest.mark.parametrize(
    ("fields", "who", "operates", "lifts"),
    [
        ({}, ADA, True, True),
        ({}, OPERATOR, True, False),
        ({}, EVE, False, False),
        ({"who": [ID_OF_BOB]}, ADA, False, False),
        ({"who": [ID_OF_BOB]}, BOB, True, True),
        ({"clusters": {"name": "another"}}, ADA, True, True),
        ({"clusters": {"tags": {"team": "*"}}}, ADA, False, False),  # a rule by tag never applies alone
    ],
)
def test_an_approver_of_any_cluster_lifts_the_stop_and_an_operator_only_what_writes_nothing(
    fields: dict[str, Any], who: Person, operates: bool, lifts: bool
) -> None:
    permission = Permission(policy(**fields), "signin", lambda _: {}, "client")
    for allows_writes, may in ((False, operates), (True, lifts)):
        if may:
            permission.require_anywhere(who, Text("do this"), allows_writes=allows_writes)
            continue
        with pytest.raises(NotPermitted, match=r"lacks the app role|lets you approve anything"):
            permission.require_anywhere(who, Text("do this"), allows_writes=allows_writes)
