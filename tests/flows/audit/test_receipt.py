"""The receipt of a change: who, when, with which result; and what does not verify is called so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.approval_policy import parse_policy
from shared.auth.signing import LinkTarget
from shared.core.audit.chain import Proof
from shared.core.planning.digest import digest
from shared.errors import NotFoundHere
from shared.flows.audit.receipt import Receipt, Receipts
from shared.flows.audit.verify import VerifyAudit
from shared.flows.notification.outbox import audit
from shared.model.audit import now_is
from shared.model.change import Action, Change, ChangeState, Outcome, Verdict
from shared.model.identity import Person, Role
from shared.model.text import Text
from shared.store.audit import AuditChain
from shared.store.records import Put, PutJournal
from shared.store.table import Table
from shared.web.receipt import receipt_json
from tests.support.desk import PARTITION, SIGNER, SOON, Desk
from tests.support.every import every
from tests.support.nouns import make_change, make_journal, make_plan

ADA, EVE = (
    Person(object_id, "t", name, frozenset([Role.APPROVE]), SOON - timedelta(minutes=9))
    for object_id, name in (("AAAA1111-0000-4000-8000-000000000001", "Ada"), ("eeee", "Eve"))
)

PLAN = replace(make_plan(), digest=digest(make_plan()))
CHANGE = make_change(ChangeState.PROPOSED, PLAN)
TARGET = LinkTarget(PARTITION, CHANGE.id, PLAN.digest)
TWO = [{"name": "two", "clusters": "all", "kinds": "all", "who": ["Snat.Approve"], "people": 2}]


@pytest.fixture
def desk(table: Table) -> Desk:
    desk = Desk(table, approval_mode="signin", row_signer=SIGNER)
    desk.put(change=CHANGE)
    return desk


def receipt(table: Table, desk: Desk) -> Receipt:
    receipts = Receipts(desk.records, SIGNER, VerifyAudit(AuditChain(table, SIGNER)))
    return receipts.of(PARTITION, TARGET.change_id, SOON)


def fix(desk: Desk) -> Change:
    """Ada approved, and every step is done."""
    desk.decide(target=TARGET, who=ADA)
    stored = desk.records.change(PARTITION, TARGET.change_id)
    assert stored is not None
    journal = [PutJournal(TARGET.change_id, entry) for entry in make_journal()]
    start = SIGNER.start(stored.value, SOON, "line")
    outcome = Outcome(Verdict.FIXED, Text("no connection failed"), (Text("1,204 connections"),))
    written = desk.records.with_journal(PARTITION, stored.value, journal)
    ended = replace(written, state=ChangeState.FIXED, start=start, outcome=outcome, due_at=None)
    line = audit(SOON + timedelta(hours=1), "snatbot", now_is(ended.state), ended.id, outcome.reason)
    desk.records.commit_in(PARTITION, [Put(ended, stored.etag), *journal, line])
    return ended


def test_a_change_that_was_fixed_is_proven_from_the_approver_to_the_verdict(table: Table, desk: Desk) -> None:
    change = fix(desk)
    found = receipt_json(receipt(table, desk))
    assert found["is_proven"] is True
    assert found["proofs"] == dict.fromkeys(("decision", "start", "journal", "outcome"), "signed")
    assert found["change"]["digest"] == TARGET.digest
    assert found["people"] == [
        {
            "name": f"Ada (object id {ADA.object_id}, signed in)",
            "object_id": ADA.object_id.lower(),
            "known_by": "sign_in",
            "role_as_of": ADA.signed_in_at.isoformat(),
            "action": "approve",
            "at": SOON.isoformat(),
            "proof": "signed",
        }
    ]
    done = len(make_journal())
    assert [step["state"] for step in found["steps"]] == ["done"] * done + ["pending"] * (len(change.plan.steps) - done)
    assert every(step["what"] and step["result"] for step in found["steps"][:done])
    assert found["verdict"]["reason"] == "no connection failed"
    assert found["times"]["ended_at"] == (SOON + timedelta(hours=1)).isoformat()
    assert [line["event"] for line in found["audit"]["lines"]] == ["change approved", "change fixed"]
    assert found["audit"]["head"] == {"sequence": 2, "hash": found["audit"]["lines"][-1]["hash"]}


def test_two_people_are_two_and_the_holder_of_a_link_is_not_verified(table: Table) -> None:
    desk = Desk(table, approval_mode="signin", policy=parse_policy(json.dumps(TWO)), row_signer=SIGNER)
    desk.put(change=CHANGE)
    desk.decide(target=TARGET, who=ADA)
    desk.decide(target=TARGET, who=EVE)
    found = receipt_json(receipt(table, desk))
    assert [(who["name"].split()[0], who["known_by"], who["proof"]) for who in found["people"]] == [
        ("Ada", "sign_in", "signed"),
        ("Eve", "sign_in", "signed"),
    ]
    assert every(who["role_as_of"] == ADA.signed_in_at.isoformat() for who in found["people"])
    assert found["is_proven"] is True


def test_by_link_nobody_is_known(table: Table) -> None:
    desk = Desk(table, row_signer=SIGNER)
    desk.put(change=CHANGE)
    desk.decide(Action.DENY, TARGET)
    (who,) = receipt_json(receipt(table, desk))["people"]
    assert (who["known_by"], who["role_as_of"], who["action"]) == ("not_verified", None, "deny")


Edit = Callable[[Change], Change]


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("decision", lambda change: replace(change, decision=replace(change.decision, approver="Eve"))),
        ("decision", lambda change: replace(change, decision=replace(change.decision, role_as_of=SOON))),
        ("start", lambda change: replace(change, start=replace(change.start, at=SOON + timedelta(hours=1)))),
        ("journal", lambda change: replace(change, journal_head=None)),
        ("outcome", lambda change: replace(change, outcome=replace(change.outcome, reason=Text("all is well")))),
        ("outcome", lambda change: replace(change, state=ChangeState.NOT_FIXED)),
    ],
)
def test_what_was_edited_in_the_row_of_the_change_is_called_forged(
    table: Table, desk: Desk, name: str, edit: Edit
) -> None:
    fix(desk)
    stored = desk.records.change(PARTITION, TARGET.change_id)
    assert stored is not None
    desk.records.commit_in(PARTITION, [Put(edit(stored.value), stored.etag)])
    found = receipt(table, desk)
    assert (found.is_proven, found.proofs[name]) == (False, Proof.FORGED)
    assert [proof for key, proof in found.proofs.items() if key != name] == [Proof.SIGNED] * 3


def test_an_audit_line_that_was_edited_or_removed_shows(table: Table, desk: Desk) -> None:
    fix(desk)
    row: dict[str, Any] = dict(list(table.unread(PARTITION, "audit-"))[-1])
    table.client().upsert_entity({**row, "json0": row["json0"].replace("snatbot", "Eve")})
    assert (receipt(table, desk).is_proven, receipt(table, desk).proofs["outcome"]) == (False, Proof.FORGED)
    table.delete(PARTITION, row["RowKey"])
    found = receipt(table, desk)
    assert (found.is_proven, found.proofs["outcome"], len(found.chain.problems)) == (False, Proof.FORGED, 1)


def test_there_is_no_receipt_of_a_change_that_is_not_known(table: Table) -> None:
    with pytest.raises(NotFoundHere):
        receipt(table, Desk(table))
