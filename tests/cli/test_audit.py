"""``snatbot audit verify`` says what it found, and its exit code does too."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from shared.app import App
from shared.auth.signing import RowSigner
from shared.cli.__main__ import main
from shared.flows.audit.seal import SealAudit
from shared.flows.audit.verify import VerifyAudit
from shared.ids import cluster_key
from shared.model.audit import AuditLine
from shared.model.incident import ClusterRecord
from shared.store.audit import AuditChain
from shared.store.records import Put, Records
from shared.store.table import Table
from tests.support.nouns import make_cluster
from tests.support.terminal import NOW

CLUSTER = make_cluster()
SIGNER = RowSigner(["k" * 32])


def run(table: Table, *arguments: str, signer: RowSigner | None = SIGNER) -> int:
    parts = SimpleNamespace(
        clock=SimpleNamespace(now=lambda: NOW),
        records=Records(table, signer),
        verify_audit=VerifyAudit(AuditChain(table, signer)),
    )
    return main(("audit", "verify", *arguments), lambda: cast(App, parts))


@pytest.fixture(autouse=True)
def stored(table: Table) -> None:
    lines = [AuditLine(f"a{n}", NOW + timedelta(seconds=n), "Ada", "change approved", "chg-1") for n in range(3)]
    Records(table, SIGNER).commit(CLUSTER.id, [Put(ClusterRecord(CLUSTER.id, CLUSTER.name)), *map(Put, lines[:2])])
    SealAudit(AuditChain(table, SIGNER)).run(NOW)
    Records(table, SIGNER).commit(CLUSTER.id, [Put(lines[2])])


def test_a_whole_audit_is_said_to_be_whole(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    root = AuditChain(table, SIGNER).newest_root(NOW)
    assert root is not None
    assert run(table) == 0
    assert capsys.readouterr().out.splitlines() == [
        "audit: 3 lines in 1 chain, all signed",
        f"sealed on 2026-11-22, day root {root.hash}",
        "not yet anchored in a day root: 1 line",
        "the audit is whole",
    ]
    assert run(table, "--root", root.hash[:32].upper()) == 0
    assert run(table, "--root", "0" * 32) == 1
    assert "no stored day root is the one given" in capsys.readouterr().out
    assert run(table, "--root", "0") == 2


def test_a_line_that_is_gone_is_named_with_its_cluster(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    partition = cluster_key(CLUSTER.id)
    rows = list(table.unread(partition, "audit-"))
    table.delete(partition, rows[0]["RowKey"])
    assert run(table) == 1
    assert f"PROBLEM: {CLUSTER.name}: line 1: removed" in capsys.readouterr().out


def test_without_a_key_nothing_is_called_signed(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    other = "another cluster"
    Records(table).commit(other, [Put(AuditLine("b1", NOW, "Ada", "change denied", "chg-2"))])
    assert run(table, signer=None) == 1, "a key is missing"
    assert "4 lines in 2 chains, 4 not signed" in capsys.readouterr().out
