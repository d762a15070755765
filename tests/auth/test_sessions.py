"""A session is what this app signed for a session, for an hour, and nothing else."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner

from shared.auth.sessions import SESSION_COOKIE, cookie, read_session, session_cookie
from shared.auth.signing import LinkTarget, Signer
from shared.model.identity import Person, Role

SIGNER = Signer(["n" * 32], link_minutes=60)
ADA = Person("oid-ada", "tenant", "Ada Möller 🦊", frozenset(Role), datetime(2026, 11, 28, 8, tzinfo=UTC), True)


def sent(set_cookie: str) -> str:
    """The Cookie header that a browser sends back."""
    return f"other=1; {set_cookie.partition(';')[0]}; theirs=2"


def test_a_session_holds_the_person_and_a_new_id_each_time() -> None:
    first, second = (read_session(SIGNER, sent(session_cookie(SIGNER, ADA))) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.person == second.person == ADA
    assert first.id != second.id


def test_a_session_ends_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    began, header = int(time.time()), sent(session_cookie(SIGNER, ADA))
    for seconds, is_there in ((3500, True), (3700, False)):
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _, seconds=seconds: began + seconds)
        assert (read_session(SIGNER, header) is not None) is is_there


def test_another_signature_of_this_app_is_no_session() -> None:
    for token in (SIGNER.link_token(LinkTarget("p", "c", "d")), SIGNER.form_token("n", "c"), "\ud800"):
        assert read_session(SIGNER, f"{SESSION_COOKIE}={token}") is None
    other = Signer(["o" * 32], link_minutes=60)
    assert read_session(other, sent(session_cookie(SIGNER, ADA))) is None


@given(st.text(max_size=200))
def test_any_header_is_read_or_ignored(header: str) -> None:
    assert read_session(SIGNER, header) is None
    assert read_session(SIGNER, f"{SESSION_COOKIE}={header}") is None


def test_the_cookie_of_that_very_name_counts() -> None:
    assert cookie(f"x{SESSION_COOKIE}=1; {SESSION_COOKIE}x=2;{SESSION_COOKIE}=3=4", SESSION_COOKIE) == "3=4"
    assert cookie("", SESSION_COOKIE) == cookie(SESSION_COOKIE, SESSION_COOKIE) == ""
