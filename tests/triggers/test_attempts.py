"""Which refusals are audited, and what is known of who it was."""

from __future__ import annotations

from types import SimpleNamespace

import azure.functions as func
import pytest

from shared.auth.errors import FormExpired, LinkExpired, LinkTampered, NotPermitted, SignInNeeded, SignInRefused
from shared.auth.sessions import session_cookie
from shared.auth.signing import Signer
from shared.errors import BadInput, NotFoundHere, Refused, SnatbotError
from shared.model.identity import Person
from shared.model.text import Text, verbatim
from shared.triggers.attempts import address_of, note_refusal
from tests.support.builders import at

SIGNER = Signer(["k" * 32], 60)
Noted = list[tuple[str, str, str, str]]


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    found: Noted = []
    app = SimpleNamespace(
        signer=SIGNER,
        row_signer=SIGNER,
        clock=SimpleNamespace(now=lambda: at(0)),
        refused_attempts=SimpleNamespace(note=lambda *line: found.append(line[:4])),
    )
    monkeypatch.setattr("shared.app._app", app)
    return found


def refuse(error: SnatbotError, method: str = "GET", **headers: str) -> None:
    route = {"change_id": "chg-1"}
    url = "https://bot.example.com/api/changes/chg-1?t=secret"
    note_refusal(func.HttpRequest(method, url, headers=headers, route_params=route, body=b""), error, "code")


@pytest.mark.parametrize(
    ("error", "is_audited_get", "is_audited_post"),
    [
        (NotPermitted(Text("no")), True, True),
        (LinkTampered(), True, True),
        (FormExpired(), True, True),
        (SignInRefused(Text("its ID token is of another tenant")), True, True),
        (SignInNeeded(), False, True),
        (LinkExpired(), False, True),
        (Refused(Text("decided already")), False, True),
        (BadInput(Text("x")), False, False),
        (NotFoundHere(Text("x")), False, False),
    ],
)
def test_what_only_shows_no_page_is_no_attempt(
    noted: Noted, error: SnatbotError, is_audited_get: bool, is_audited_post: bool
) -> None:
    refuse(error)
    assert bool(noted) is is_audited_get
    refuse(error, "POST")
    assert len(noted) == is_audited_get + is_audited_post


def test_a_line_names_the_person_or_the_address_and_holds_no_token(noted: Noted) -> None:
    refuse(NotPermitted(verbatim("x" * 900)), **{"X-Forwarded-For": "203.0.113.9, 192.0.2.7:5120"})
    person = Person("11111111-0000-4000-8000-000000000001", "t", "Ada", frozenset(), at(0))
    refuse(SignInRefused(Text("y")), Cookie=session_cookie(SIGNER, person).partition(";")[0])
    (source, event, subject, detail), (by_person, failed, *_) = noted
    assert (source, event, subject) == ("somebody at 192.0.2.7", "attempt refused", "chg-1")
    assert detail == f"code: {'x' * 199}…"
    assert (by_person, failed) == (str(person), "sign-in refused")


def test_a_line_can_be_stored_whatever_was_sent(noted: Noted) -> None:
    for text in ("\ud800", "a\x00b", "\u202e"):
        note_refusal(func.HttpRequest("POST", f"https://b/{text}", body=b""), Refused(verbatim(text)), "code")
        note_refusal(
            func.HttpRequest("POST", "/", route_params={"change_id": text}, body=b""), Refused(verbatim(text)), "code"
        )
    assert len(noted) == 6
    for line in noted:
        assert "".join(line).encode()
        assert not set("".join(line)) & {"\x00", "\u202e"}


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("192.0.2.7:5120", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7:5120", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]:5120", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", "an unknown address"),
        ("<script>", "an unknown address"),
        ("[::1", "an unknown address"),
    ],
)
def test_the_address_is_the_one_that_the_front_end_appends(header: str, address: str) -> None:
    assert address_of(header) == f"somebody at {address}"
