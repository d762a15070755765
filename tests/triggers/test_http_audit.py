"""GET /api/audit page by page: the verification first, then every line once."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import azure.functions as func
import pytest

from shared.auth.sessions import session_cookie
from shared.auth.signing import Signer
from shared.flows.audit.attempts import RefusedAttempts
from shared.flows.audit.seal import SealAudit
from shared.flows.audit.verify import VerifyAudit
from shared.model.audit import AuditLine
from shared.model.identity import Person, Role
from shared.store.audit import AuditChain
from shared.store.records import Put, Records
from shared.store.table import Table
from shared.triggers import audit_pages, http_api

SIGNER = Signer(["k" * 32], 60)
NOW = datetime.now(UTC).replace(microsecond=0)
SETTINGS = {
    "approval_mode": "signin",
    "allow_guests": "off",
    "entra_tenant_id": "t",
    "entra_client_id": "c",
    "public_base_url": "https://bot.example.com",
}


@pytest.fixture(autouse=True)
def chain(table: Table, monkeypatch: pytest.MonkeyPatch) -> AuditChain:
    """Three chains with seven lines; all but the last are sealed."""
    records, chain = Records(table, SIGNER), AuditChain(table, SIGNER)
    for number in range(7):
        if number == 6:
            SealAudit(chain).run(NOW)
        line = AuditLine(f"a{number}", NOW + timedelta(seconds=number), "Ada", "change approved", f"chg-{number}")
        records.commit_in(f"p{number % 3}", [Put(line)])
    app = SimpleNamespace(
        settings=SimpleNamespace(**SETTINGS),
        signer=SIGNER,
        row_signer=SIGNER,
        clock=SimpleNamespace(now=lambda: NOW, wall=lambda: NOW),
        audit_chain=chain,
        verify_audit=VerifyAudit(chain),
        refused_attempts=RefusedAttempts(records),
    )
    monkeypatch.setattr("shared.app._app", app)
    monkeypatch.setattr(audit_pages, "_LINES", 3)
    return chain


def get(role: Role | None = Role.AUDIT, after: str = "") -> func.HttpResponse:
    person = Person("11111111-0000-4000-8000-000000000001", "t", "Ines", frozenset([role] if role else []), NOW)
    cookie = session_cookie(SIGNER, person).partition(";")[0]
    function: Any = http_api.audit
    handler = function._function.get_user_function()
    url = "https://bot.example.com/api/audit"
    answer = handler(func.HttpRequest("GET", url, headers={"Cookie": cookie}, params={"after": after}, body=b""))
    assert isinstance(answer, func.HttpResponse)
    return answer


def objects(answer: func.HttpResponse) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.get_body().decode().splitlines()]


def test_all_pages_together_hold_every_line_once(chain: AuditChain) -> None:
    answer, pages = get(), []
    while link := answer.headers.get("Link"):
        pages.append(objects(answer))
        found = re.fullmatch(r'<([^>]+)>; rel="next"', link)
        assert found
        answer = get(after=parse_qs(urlsplit(found[1]).query)["after"][0])
    pages.append(objects(answer))
    verification, *lines = [item for page in pages for item in page]
    assert [len(page) for page in pages] == [4, 3, 1]
    assert verification == {
        "kind": "verification",
        "schema": 1,
        "is_whole": True,
        "is_signed": True,
        "chains": 3,
        "lines": 7,
        "signed": 7,
        "not_yet_anchored": 1,
        "outside_of_chains": 0,
        "newest_root": {"day": f"{NOW:%Y-%m-%d}", "hash": chain.roots()[0].root.hash},  # type: ignore[union-attr]
        "broken_roots": [],
        "problems": [],
    }
    assert [(line["partition"], line["sequence"], line["subject"]) for line in lines] == [
        *(("p0", number, f"chg-{3 * number - 3}") for number in (1, 2, 3)),
        *(("p1", number, f"chg-{3 * number - 2}") for number in (1, 2)),
        *(("p2", number, f"chg-{3 * number - 1}") for number in (1, 2)),
    ]
    assert [line["is_anchored"] for line in lines] == [True, True, False, True, True, True, True]
    assert {line["proof"] for line in lines} == {"signed"}


def test_a_row_that_was_edited_is_a_problem_and_shows_as_forged(table: Table) -> None:
    row = dict(next(iter(table.unread("p1", "audit-"))))
    table.client().upsert_entity({**row, "json0": row["json0"].replace("Ada", "Bob")})
    table.client().upsert_entity({**row, "RowKey": "audit-9", "json0": "{"})
    first, *lines = objects(get()) + objects(get(after="p0,audit-9"))
    assert first["is_whole"] is False
    assert {"partition": "p1", "kind": "edited", "first": 1, "last": 1} in first["problems"]
    forged = [line for line in lines if line["proof"] == "forged"]
    assert [line.get("actor") for line in forged] == ["Bob", None]
    assert forged[1]["unreadable"].endswith("{")


@pytest.mark.parametrize("role", [None, Role.READ, Role.APPROVE, Role.OPERATE])
def test_others_are_refused_and_the_attempt_is_audited(chain: AuditChain, role: Role | None) -> None:
    answer = get(role)
    assert answer.status_code == 403
    (line,) = chain.lines("audit")
    assert "not_permitted: Ines lacks the app role" in line.content


def test_a_wrong_cursor_is_refused() -> None:
    assert get(after="p1").status_code == 400
