"""The audit as it is stored: what somebody with write access to the table does to it shows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import UpdateMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.auth.signing import RowSigner
from shared.core.audit.chain import ProblemKind, root_hash
from shared.flows.audit.seal import SealAudit
from shared.flows.audit.verify import AuditReport, VerifyAudit
from shared.flows.remediation.stop import StopChanges
from shared.model.audit import AuditLine
from shared.store.audit import AUDIT_PARTITION, AuditChain
from shared.store.errors import StoreConflict
from shared.store.records import ALL_CHANGES, Put, Records
from shared.store.stop_switch import StopSwitch
from shared.store.table import Table
from tests.support.every import every
from tests.support.nouns import make_incident

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OLD, NEW = RowSigner(["o" * 32]), RowSigner(["n" * 32])
BOTH = RowSigner(["n" * 32, "o" * 32])
P = "p1"


def line(number: int, at: datetime = NOW) -> Put:
    return Put(AuditLine(f"a{number}", at + timedelta(seconds=number), "Ada", "change approved", "chg-1", f"{number}"))


def write(table: Table, count: int = 5, signer: RowSigner | None = NEW, start: int = 0, partition: str = P) -> None:
    records = Records(table, signer)
    for number in range(start, start + count):
        records.commit_in(partition, [line(number)])


def seal(table: Table, now: datetime = NOW, signer: RowSigner | None = NEW) -> None:
    SealAudit(AuditChain(table, signer)).run(now)


def report(table: Table, signer: RowSigner | None = NEW, now: datetime = NOW) -> AuditReport:
    return VerifyAudit(AuditChain(table, signer)).run(now)


def kinds(table: Table, signer: RowSigner | None = NEW, now: datetime = NOW) -> set[ProblemKind]:
    found = report(table, signer, now)
    assert found.is_whole == (not any(chain.problems for chain in found.chains) and not found.broken_roots)
    return {problem.kind for chain in found.chains for problem in chain.problems}


def rows(table: Table, prefix: str = "audit-", partition: str = P) -> list[dict[str, Any]]:
    return [dict(row) for row in table.unread(partition, prefix)]


def put(table: Table, *changed: dict[str, Any]) -> None:
    for row in changed:
        table.client().upsert_entity(row, mode=UpdateMode.REPLACE)


def remove(table: Table, *removed: dict[str, Any]) -> None:
    for row in removed:
        table.delete(row["PartitionKey"], row["RowKey"])


@pytest.mark.parametrize("signer", [None, NEW])
def test_what_the_app_wrote_is_whole(table: Table, signer: RowSigner | None) -> None:
    Records(table, signer).commit_in(P, [Put(make_incident()), line(0), line(1)])
    write(table, 3, signer, start=2)
    StopChanges(StopSwitch(table, signer)).set(True, "Ada", "freeze", NOW)
    seal(table, signer=signer)
    write(table, 2, signer, start=5)
    found = report(table, signer)
    assert found.is_whole
    assert {chain.partition: (chain.lines, chain.anchored) for chain in found.chains} == {
        P: (7, 5),
        ALL_CHANGES: (1, 1),
    }
    assert every(chain.signed == (chain.lines if signer else 0) for chain in found.chains)


@pytest.mark.parametrize("signer", [None, NEW])
@pytest.mark.parametrize("column", ["json0", "sequence", "previous", "signature", "schema"])
@given(value=st.none() | st.text(max_size=70) | st.integers(-5, 9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
def test_a_row_with_anything_changed_is_found(
    table: Table, signer: RowSigner | None, column: str, value: object
) -> None:
    for row in [*rows(table), *rows(table, "chain")]:
        remove(table, row)
    write(table, 3, signer)
    heads = rows(table, "chain") if signer or column != "schema" else []  # hashes cover that of lines only
    for row in [*rows(table), *heads]:
        if column in row and (value or "") != row[column]:
            put(table, {**row, column: value})
            assert kinds(table, signer), (row["RowKey"], column, value)
            put(table, row)
    assert not kinds(table, signer)


Attack = Callable[[Table], None]


def _copy(table: Table) -> None:
    first, *_ = rows(table)
    put(table, {**first, "RowKey": "audit-20261128T120003500000-a9"})


def _swap(table: Table) -> None:
    first, second, *_ = rows(table)
    put(table, {**first, "RowKey": second["RowKey"]}, {**second, "RowKey": first["RowKey"]})


def _truncate_and_put_the_head_back(table: Table) -> None:
    """A head that this app signed: only the day root knows better."""
    (head,) = rows(table, "chain")
    write(table, 1, start=7)
    seal(table)
    remove(table, rows(table)[-1])
    put(table, head)


@pytest.mark.parametrize(
    ("attack", "kind"),
    [
        (lambda table: remove(table, rows(table)[0]), ProblemKind.REMOVED),
        (lambda table: remove(table, rows(table)[2]), ProblemKind.REMOVED),
        (lambda table: remove(table, *rows(table)[3:]), ProblemKind.TRUNCATED),
        (lambda table: remove(table, *rows(table)), ProblemKind.TRUNCATED),
        (lambda table: remove(table, *rows(table, "chain")), ProblemKind.HEAD),
        (lambda table: Records(table).commit_in(P, [line(7)]), ProblemKind.EDITED),
        (_copy, ProblemKind.EDITED),
        (_swap, ProblemKind.EDITED),
        (_truncate_and_put_the_head_back, ProblemKind.TRUNCATED),
    ],
)
def test_what_a_writer_of_the_table_does_is_named(table: Table, attack: Attack, kind: ProblemKind) -> None:
    write(table)
    attack(table)
    assert kind in kinds(table)


def test_whoever_deletes_all_rows_of_a_chain_meets_the_day_root(table: Table) -> None:
    write(table)
    seal(table)
    remove(table, *rows(table), *rows(table, "chain"))
    assert kinds(table) == {ProblemKind.TRUNCATED}


def test_lines_go_on_after_a_forged_or_deleted_head_and_that_is_found(
    table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    write(table)
    (head,) = rows(table, "chain")
    for changed in ({**head, "json0": head["json0"].replace("5", "3")}, {**head, "json0": "{"}):
        put(table, changed)
        write(table, 1, start=9)
        assert "does not carry this app's signature" in caplog.text
        assert ProblemKind.INSERTED in kinds(table)
        remove(table, rows(table)[-1])
        put(table, head)
        assert not kinds(table)


def test_two_writers_at_once_share_one_chain(storage: str, table: Table) -> None:
    both = [Records(table, NEW), Records(table, NEW)]
    with ThreadPoolExecutor(4) as pool:
        for found in [pool.submit(both[number % 2].commit_in, P, [line(number)]) for number in range(24)]:
            found.result()
    assert (report(table).chains[0].lines, kinds(table)) == (24, set())


def test_a_conflict_of_another_row_is_not_tried_again(table: Table) -> None:
    first, second = Records(table, NEW), Records(table, NEW)
    first.commit_in(P, [Put(make_incident()), line(0)])
    second.commit_in(P, [line(1)])
    with pytest.raises(StoreConflict):
        first.commit_in(P, [Put(make_incident()), line(2)])
    assert (report(table).chains[0].lines, kinds(table)) == (2, set())


class Counted:
    """A client that counts its requests."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.requests = 0

    def __getattr__(self, name: str) -> Any:
        self.requests += 1
        return getattr(self._client, name)


def test_a_line_costs_one_request_more_for_the_first_of_a_process_and_none_for_the_next(table: Table) -> None:
    counted: Any = Counted(table.client())
    table._client = counted
    records = Records(table, NEW)
    found = []
    for number in range(3):
        before = counted.requests
        records.commit_in(P, [line(number)])
        found.append(counted.requests - before)
    assert found == [2, 1, 1]
    sealing, before = SealAudit(AuditChain(table, NEW)), counted.requests
    for minute in range(60):
        sealing.run(NOW + timedelta(minutes=minute))
    assert counted.requests - before == 3, "reads the last root and all heads, and writes the root: once a day"


# --- keys ---


def test_a_rotation_of_keys_leaves_the_chain_whole(table: Table) -> None:
    write(table, 3, OLD)
    write(table, 3, BOTH, start=3)
    assert not kinds(table, BOTH)
    assert kinds(table, NEW) == {ProblemKind.UNPROVEN}, "not forged: a key is missing"
    seal(table, signer=BOTH)
    assert not kinds(table, NEW), "a root that verifies proves what the dropped key signed"


def test_two_instances_with_different_keys_continue_each_others_chain(table: Table) -> None:
    for start in range(0, 8, 2):
        write(table, 1, OLD, start)
        write(table, 1, BOTH, start + 1)
    assert not kinds(table, BOTH)


def test_a_first_key_that_comes_later_proves_older_lines_with_the_next_root(table: Table) -> None:
    write(table, 3, None)
    seal(table, NOW - timedelta(days=1), None)
    assert kinds(table) == {ProblemKind.UNPROVEN}
    write(table, 1, start=3)
    assert kinds(table) == {ProblemKind.UNPROVEN}
    seal(table)
    assert not kinds(table)
    assert kinds(table, None) == {ProblemKind.UNPROVEN}, "what is signed can't be judged without the key"


# --- day roots ---


def test_each_day_has_one_root_and_its_hash_goes_into_the_log(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    seal(table)
    assert report(table).roots == (), "nothing to seal"
    write(table)
    write(table, partition="p2")
    with caplog.at_level(logging.INFO, "snatbot.audit"):
        seal(table)
        seal(table)
    (root,) = report(table).roots
    assert root.hash == root_hash(root.day, root.heads)
    assert [record.getMessage() for record in caplog.records] == [
        f"audit: day root {root.hash} of 2026-11-28 over 2 chains"
    ]
    seal(table, NOW + timedelta(days=1))
    assert [found.day.day for found in report(table).roots] == [28, 29]
    newest = AuditChain(table, NEW).newest_root(NOW + timedelta(days=1))
    assert newest == report(table).roots[-1]
    assert AuditChain(table, OLD).newest_root(NOW) is None, "a root of a key that is not held is not shown"


@pytest.mark.parametrize("column", ["json0", "signature"])
def test_a_changed_root_is_found_and_not_believed(table: Table, column: str) -> None:
    write(table)
    seal(table)
    (row,) = rows(table, "root-", AUDIT_PARTITION)
    for value in (
        row[column][:-2] + ("00" if column == "signature" else "}"),
        "{",
        row[column].replace("2026", "2027"),
    ):
        if value != row[column]:
            put(table, {**row, column: value})
            found = report(table)
            assert (found.broken_roots, found.roots, found.is_whole) == (("20261128",), (), False)


def test_a_root_over_many_chains_takes_several_rows(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.store.audit._HEADS_A_ROW", 2)
    for number in range(5):
        write(table, 1, partition=f"p{number}")
    seal(table)
    parts = rows(table, "root-", AUDIT_PARTITION)
    assert (len(parts), [len(root.heads) for root in report(table).roots]) == (3, [5])
    assert not kinds(table)
    remove(table, parts[1])
    assert report(table).broken_roots, "a part is gone"


# --- old lines ---


def test_lines_go_in_whole_sealed_days_and_the_rest_verifies(table: Table) -> None:
    """As retention deletes them, a few at a time; only a root that is old enough lets any go."""
    chain, limit = AuditChain(table, NEW), NOW + timedelta(days=3)
    for day in range(6):
        at = NOW + timedelta(days=day)
        Records(table, NEW).commit_in(P, [line(day * 10 + number, at) for number in range(3)])
        seal(table, at)
    later = limit + timedelta(days=400)
    assert not kinds(table, now=later)
    assert chain.delete_lines(P, limit, 0, 100) == 0, "not sealed: kept"
    sealed = chain.expire_roots(limit.date())
    assert sealed == {P: 9}
    assert chain.expire_roots(limit.date()) == sealed
    while chain.delete_lines(P, limit, sealed[P], 4):
        assert not kinds(table, now=later)
    found = report(table, now=later)
    assert (len(rows(table)), found.chains[0].lines, len(found.roots), found.is_whole) == (9, 9, 4, True)
    remove(table, rows(table)[0])
    assert kinds(table, now=later) == {ProblemKind.REMOVED}
