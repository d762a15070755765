"""Whether a change may write: what its row, its journal and its audit say must be one story, told in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.auth.errors import ApprovalTooOld, DecisionForged, NotAuthorized, RecordsDisagree, RemediationOff
from shared.auth.signing import Signer, decision_content
from shared.core.planning.digest import with_digest
from shared.errors import Refused, RowForged
from shared.flows.notification.outbox import audit
from shared.flows.remediation.authority import Authority
from shared.flows.remediation.change_run import ChangeRun
from shared.ids import cluster_key
from shared.model.audit import RESUMED, now_is, step_done
from shared.model.change import Change, ChangeState, JournalEntry, StepState
from shared.model.resource_id import ArmId
from shared.store.records import Put, PutJournal, Records, Stored
from shared.store.table import Table
from tests.support.nouns import NOW, make_change, make_journal, make_plan

S = ChangeState
SIGNER = Signer(["k" * 32], 60)
PLAN = with_digest(make_plan())
PARTITION = cluster_key(PLAN.cluster_id)
DECIDED = NOW + timedelta(minutes=6)
STARTED = NOW + timedelta(minutes=7)
LATER = NOW + timedelta(minutes=30)


def signed(change: Change) -> Change:
    decision = change.decision
    assert decision is not None
    return replace(change, decision=replace(decision, signature=SIGNER.sign_decision(decision_content(decision))))


@pytest.fixture
def authority(records: Records) -> Authority:
    records.commit_in(PARTITION, [approval()])
    return Authority(SIGNER, records, is_remediation_on=True)


def approval() -> Put:
    """The audit line of the decision."""
    return audit(DECIDED, "Ada", now_is(S.APPROVED), "chg-19c2")


def at_work(records: Records, authority: Authority, journal: Sequence[JournalEntry] = ()) -> Change:
    """At work, as the app leaves it behind after these steps."""
    change = signed(make_change(S.APPLYING, PLAN))
    start, line = authority.start(change, STARTED)
    lines = [audit(entry.updated_at, "snatbot", step_done(entry.step), change.id) for entry in journal]
    records.commit_in(PARTITION, [line, *lines, *(PutJournal(change.id, entry) for entry in journal)])
    return replace(change, start=start, step=len(journal))


def check(authority: Authority, change: Change, now: datetime = LATER) -> None:
    authority.check(ChangeRun(PARTITION, change.id, Stored(change, "etag")), now)


# --- what goes on ---


def test_what_was_approved_may_start_and_go_on_and_start_again(records: Records, authority: Authority) -> None:
    check(authority, signed(make_change(S.APPROVED, PLAN)))
    change = at_work(records, authority, make_journal())
    check(authority, change)
    authority.check_write(change, LATER)
    resumed = replace(change, state=S.APPROVED)
    check(authority, resumed, DECIDED + timedelta(hours=23))
    again, line = authority.start(resumed, LATER)
    records.commit_in(PARTITION, [line])
    check(authority, replace(change, start=again))


def test_a_step_that_stopped_is_not_done(records: Records, authority: Authority) -> None:
    change = at_work(records, authority, make_journal()[:2])
    records.commit_in(PARTITION, [PutJournal(change.id, replace(make_journal()[2], state=StepState.STOPPED))])
    check(authority, replace(change, state=S.APPROVED))


# --- what was used, or never started ---


@pytest.mark.parametrize("fields", [{"state": S.APPLYING}, {"step": 1}], ids=str)
def test_what_was_never_started_is_not_at_work(authority: Authority, fields: dict[str, object]) -> None:
    with pytest.raises(RecordsDisagree, match="it was never started"):
        check(authority, replace(signed(make_change(S.APPROVED, PLAN)), **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("left", ["audit", "journal"])
def test_an_approval_that_was_used_is_known_by_what_is_left_of_it(
    records: Records, authority: Authority, left: str
) -> None:
    change = signed(make_change(S.APPROVED, PLAN))
    _, line = authority.start(change, STARTED)
    records.commit_in(PARTITION, [line if left == "audit" else PutJournal(change.id, make_journal()[0])])
    with pytest.raises(RecordsDisagree, match="its approval was used before"):
        check(authority, change)


@pytest.mark.parametrize("state", [S.FIXED, S.FAILED, S.SUPERSEDED, S.ROLLED_BACK, S.DONE, S.EXPIRED, S.DENIED])
def test_what_has_ended_stays_ended(records: Records, authority: Authority, state: ChangeState) -> None:
    change = at_work(records, authority, make_journal())
    records.commit_in(PARTITION, [audit(LATER, "snatbot", now_is(state), change.id)])
    for put_back in (change, replace(change, state=S.APPROVED), replace(change, start=None, step=0)):
        with pytest.raises(RecordsDisagree, match="it has ended before"):
            check(authority, put_back)


def test_the_end_of_another_change_is_another_matter(records: Records, authority: Authority) -> None:
    records.commit_in(PARTITION, [audit(LATER, "snatbot", now_is(S.FIXED), "chg-other")])
    check(authority, signed(make_change(S.APPROVED, PLAN)))


# --- row, journal and audit ---


@pytest.mark.parametrize(("step", "disputed"), [(0, 1), (3, 4), (5, 5)])
def test_a_row_that_is_behind_or_ahead_is_not_believed(
    records: Records, authority: Authority, step: int, disputed: int
) -> None:
    change = at_work(records, authority, make_journal())
    with pytest.raises(RecordsDisagree, match=f"whether step {disputed} is done"):
        check(authority, replace(change, step=step))


def test_a_journal_that_is_gone_is_missed(records: Records, authority: Authority) -> None:
    change = at_work(records, authority, make_journal())
    other = replace(change, id="chg-other")
    with pytest.raises(NotAuthorized):
        check(authority, other)
    lines = [audit(LATER, "snatbot", step_done(step), "chg-19c2") for step in range(4, 6)]
    records.commit_in(PARTITION, list(lines))
    with pytest.raises(RecordsDisagree, match="whether step 5 is done"):
        check(authority, replace(change, step=6))


def test_a_start_that_the_audit_does_not_know_is_none(authority: Authority) -> None:
    change = signed(make_change(S.APPLYING, PLAN))
    start, _ = authority.start(change, STARTED)
    with pytest.raises(RecordsDisagree, match="the audit does not know its start"):
        check(authority, replace(change, start=start))


def test_a_stop_holds_until_a_person_resumes_whatever_the_row_claims(records: Records, authority: Authority) -> None:
    change = at_work(records, authority)
    records.commit_in(PARTITION, [audit(LATER, "Ada", now_is(S.STOPPED), change.id)])
    for state in (S.APPLYING, S.APPROVED):
        with pytest.raises(RecordsDisagree, match="it was stopped, and nobody resumed it"):
            check(authority, replace(change, state=state))
    records.commit_in(PARTITION, [audit(LATER, "Ada", RESUMED, change.id)])
    check(authority, replace(change, state=S.APPROVED))


@pytest.fixture
def kept(table: Table) -> Records:
    return Records(table, SIGNER)


def stopped(kept: Records) -> tuple[Authority, Change]:
    """Its row claims that it is at work, and others write lines too."""
    authority = Authority(SIGNER, kept, is_remediation_on=True)
    change = signed(make_change(S.APPLYING, PLAN))
    start, line = authority.start(change, STARTED)
    change = replace(kept.with_journal(PARTITION, change), start=start)
    kept.commit_in(
        PARTITION,
        [approval(), line, audit(STARTED - timedelta(days=1), "snatbot", "of a clock that is behind", "inc-1")],
    )
    kept.commit_in(PARTITION, [audit(LATER, "snatbot", "incident worsened", "inc-1")])
    check(authority, change)
    kept.commit_in(PARTITION, [audit(LATER + timedelta(minutes=1), "Ada", now_is(S.STOPPED), change.id)])
    return authority, change


@pytest.mark.parametrize("number", range(5))
def test_an_audit_that_lacks_a_line_lets_nothing_be_written(kept: Records, table: Table, number: int) -> None:
    authority, change = stopped(kept)
    rows = list(table.unread(PARTITION, "audit-"))
    table.delete(PARTITION, rows[number]["RowKey"])
    # The first line of a chain leaves no gap, but the approval is missed.
    with pytest.raises(RecordsDisagree if number == 1 else RowForged):
        check(authority, change)


def test_an_edited_or_unsigned_line_or_head_lets_nothing_be_written(kept: Records, table: Table) -> None:
    authority, change = stopped(kept)
    stop = dict(list(table.unread(PARTITION, "audit-"))[-1])
    head = dict(next(table.unread(PARTITION, "chain")))
    edited = {**stop, "json0": stop["json0"].replace("stopped", "resumed")}
    for row, put_back in ((edited, stop), ({**head, "json0": head["json0"].replace("5", "4")}, head)):
        table.client().upsert_entity(row)
        with pytest.raises(RowForged, match=r"audit|chain"):
            check(authority, change)
        table.client().upsert_entity(put_back)
    Records(table).commit_in(PARTITION, [audit(LATER + timedelta(minutes=2), "Eve", RESUMED, change.id)])
    with pytest.raises(RowForged):
        check(authority, change)


def test_an_older_state_of_row_journal_audit_and_head_together_is_not_noticed(kept: Records, table: Table) -> None:
    """As docs/security.md says: only a day root shows that."""
    authority, change = stopped(kept)
    head = dict(next(table.unread(PARTITION, "chain")))
    kept.commit_in(PARTITION, [audit(LATER + timedelta(minutes=2), "Ada", RESUMED, change.id)])
    table.delete(PARTITION, list(table.unread(PARTITION, "audit-"))[-1]["RowKey"])
    with pytest.raises(RowForged):
        check(authority, change)
    table.client().upsert_entity(head)
    with pytest.raises(RecordsDisagree, match="nobody resumed it"):
        check(authority, change)


# --- what is signed ---


@pytest.mark.parametrize(
    "forge",
    [
        lambda change: replace(change, plan=replace(change.plan, vnet_id="/other")),
        lambda change: replace(change, plan=replace(change.plan, of_change_id="chg-other")),
        lambda change: replace(change, plan=replace(change.plan, steps=change.plan.steps[:3])),
        lambda change: replace(change, decision=replace(change.decision, start_by=LATER + timedelta(days=9))),
        lambda change: replace(change, decision=replace(change.decision, write_until=LATER + timedelta(days=9))),
        lambda change: replace(change, decision=replace(change.decision, decide_by=LATER + timedelta(days=9))),
        lambda change: replace(change, decision=None),
        lambda change: replace(change, start=replace(change.start, at=LATER)),
    ],
)
def test_what_was_signed_otherwise_is_refused_before_a_start_and_before_a_write(
    records: Records, authority: Authority, forge: Callable[[Change], Change]
) -> None:
    change = forge(at_work(records, authority))
    with pytest.raises(DecisionForged):
        check(authority, change)
    with pytest.raises(DecisionForged):
        authority.check_write(change, LATER)


def test_a_row_in_another_place_or_about_another_cluster_is_refused(authority: Authority) -> None:
    change = signed(make_change(S.APPROVED, PLAN))
    for partition, change_id, row in (
        ("0" * 32, change.id, change),
        (PARTITION, "chg-copy", change),
        (PARTITION, change.id, replace(change, cluster_id=ArmId(change.cluster_id + "2"))),
    ):
        with pytest.raises(RecordsDisagree, match="not where it belongs"):
            authority.check(ChangeRun(partition, change_id, Stored(row, "etag")), LATER)


def test_nothing_is_written_for_advice_or_while_acting_is_off(records: Records) -> None:
    advice = with_digest(replace(PLAN, steps=()))
    with pytest.raises(Refused, match="advice"):
        check(Authority(SIGNER, records, is_remediation_on=True), signed(make_change(S.APPROVED, advice)))
    off = Authority(SIGNER, records, is_remediation_on=False)
    with pytest.raises(RemediationOff):
        check(off, signed(make_change(S.APPROVED, PLAN)))
    with pytest.raises(RemediationOff):
        off.check_write(signed(make_change(S.APPROVED, PLAN)), LATER)


# --- in time ---


def test_a_first_start_has_an_hour(authority: Authority) -> None:
    change = signed(make_change(S.APPROVED, PLAN))
    start_by = DECIDED + timedelta(hours=1)
    check(authority, change, start_by - timedelta(seconds=1))
    with pytest.raises(ApprovalTooOld, match="had to start by 2026-11-22 20:11 UTC"):
        check(authority, change, start_by)


def test_nothing_is_written_after_a_day_and_what_is_only_watched_goes_on(
    records: Records, authority: Authority
) -> None:
    change = at_work(records, authority, make_journal())
    write_until = DECIDED + timedelta(hours=24)
    authority.check_write(change, write_until - timedelta(seconds=1))
    with pytest.raises(ApprovalTooOld, match="nothing may be written under it since"):
        authority.check_write(change, write_until)
    with pytest.raises(ApprovalTooOld, match="nothing may be written under it since"):
        check(authority, change, write_until)
    watching = replace(change, step=len(PLAN.steps) - 1)
    authority.check_write(watching, write_until)


def test_a_decision_after_its_time_is_none(authority: Authority) -> None:
    change = make_change(S.APPROVED, PLAN)
    assert change.decision is not None
    late = replace(change.decision, decide_by=change.decision.decided_at)
    with pytest.raises(ApprovalTooOld, match="could be until"):
        check(authority, signed(replace(change, decision=late)))
