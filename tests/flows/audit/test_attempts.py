"""Refused attempts, and the policy in force, are lines of the audit; a flood of attempts is a few lines."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.auth.signing import RowSigner
from shared.core.audit.chain import Proof
from shared.flows.audit.attempts import LINES_A_MINUTE, RefusedAttempts
from shared.flows.audit.seal import PolicyAudit
from shared.ids import new_id
from shared.model.audit import AuditLine
from shared.model.text import Text
from shared.store.audit import AUDIT_PARTITION, AuditChain
from shared.store.errors import StoreError
from shared.store.records import Records
from shared.store.table import Table
from tests.support.storage import IN_MEMORY, table_at

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SIGNER = RowSigner(["k" * 32])


def note(attempts: RefusedAttempts, source: str = "somebody at 192.0.2.1", at: datetime = NOW) -> None:
    attempts.note(source, "attempt refused", "chg-1", "not_permitted: no", at)


def lines(records: Records) -> tuple[AuditLine, ...]:
    return records.audit(AUDIT_PARTITION)


def test_above_20_a_minute_one_line_counts_the_rest_of_each_source(records: Records) -> None:
    attempts = RefusedAttempts(records)
    for _ in range(50):
        note(attempts)
    note(attempts, "Ada")
    assert Counter(line.actor for line in lines(records)) == {"somebody at 192.0.2.1": LINES_A_MINUTE, "Ada": 1}
    note(attempts, at=NOW + timedelta(minutes=5))
    more = [line for line in lines(records) if line.event == "more attempts refused"]
    assert [(line.actor, line.subject, line.detail, line.at) for line in more] == [
        ("somebody at 192.0.2.1", "attempts", "30 more within the minute before 12:01 UTC", NOW + timedelta(minutes=1))
    ]
    assert len(lines(records)) == LINES_A_MINUTE + 3


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 70)), max_size=200))
@settings(max_examples=10)
def test_no_attempt_is_lost_and_many_sources_stay_few_lines(found: list[tuple[int, int]]) -> None:
    records = Records(table_at(IN_MEMORY, f"t{new_id()}"))
    attempts = RefusedAttempts(records)
    for minute, source in sorted(found):
        note(attempts, f"s{source}", NOW + timedelta(minutes=minute))
    attempts.flush(NOW + timedelta(minutes=9))
    written = lines(records)
    more = [line for line in written if line.event == "more attempts refused"]
    assert sum(int(line.detail.split()[0]) for line in more) + len(written) - len(more) == len(found)
    assert len({line.actor for line in written if line.at < NOW + timedelta(minutes=1)}) <= 51


def test_a_minute_that_is_over_is_written_by_the_timer_once(records: Records) -> None:
    attempts = RefusedAttempts(records)
    for _ in range(LINES_A_MINUTE + 1):
        note(attempts)
    for _ in range(2):
        attempts.flush(NOW + timedelta(seconds=59))
    assert len(lines(records)) == LINES_A_MINUTE
    for minute in (1, 2):
        attempts.flush(NOW + timedelta(minutes=minute))
    assert len(lines(records)) == LINES_A_MINUTE + 1


def test_storage_that_does_not_answer_changes_no_refusal(
    records: Records, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise StoreError(Text("storage does not answer"))

    monkeypatch.setattr(records, "commit_in", fail)
    note(RefusedAttempts(records))
    assert "could not audit 1 refused attempts" in caplog.text


def test_another_policy_is_one_line_and_the_same_is_none(table: Table) -> None:
    records, chain = Records(table, SIGNER), AuditChain(table, SIGNER)
    for minute, policy in enumerate(("policy 1", "policy 1", "policy 2")):
        PolicyAudit(chain, policy).run(NOW + timedelta(minutes=minute))
    assert [(line.event, line.detail) for line in lines(records)] == [
        ("approval policy changed", "policy 1; before: not known"),
        ("approval policy changed", "policy 2; before: policy 1"),
    ]
    assert {line.proof for line in chain.lines(AUDIT_PARTITION)} == {Proof.SIGNED}


def test_a_forged_policy_in_force_is_not_believed(table: Table) -> None:
    PolicyAudit(AuditChain(table), "policy 2").run(NOW)
    chain = AuditChain(table, SIGNER)
    PolicyAudit(chain, "policy 2").run(NOW + timedelta(minutes=1))
    assert lines(Records(table))[-1].detail == "policy 2; before: not known"
