"""Who somebody is, by claims and answers that may hold anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

import shared.bounded_http
from shared.auth.entra import EntraId
from shared.auth.errors import EntraUnavailable, GuestRefused, SignInRefused, StepUpRefused
from shared.model.identity import Role, StepUp
from tests.support.entra_tokens import AUTHORITY, CLIENT, NONCE, TENANT, Entra, claims
from tests.support.every import every

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
ENDPOINT = f"{AUTHORITY}/{TENANT}/oauth2/v2.0"
FLOW = {
    "state": "s",
    "nonce": NONCE,
    "code_verifier": "v",
    "redirect_uri": "https://bot.example/x",
    "scope": ["openid"],
}
ANSWER = {"code": "c", "state": "s"}


class Wire(requests.Session):
    """Entra ID's answers, without a socket."""

    def __init__(self) -> None:
        super().__init__()
        self.entra = Entra()
        self.token_answer: Any = None
        self.status = 200
        self.claims: dict[str, Any] = {}
        self.sent: list[Mapping[str, Any]] = []

    def request(self, method: Any, url: Any, *_: Any, **options: Any) -> requests.Response:
        assert options["timeout"] == 10
        return self.answer(method, url, options.get("data"))

    def answer(self, method: str, url: str, data: Any = None) -> requests.Response:
        if method == "GET":
            content: Any = {**self.entra.get(url), "token_endpoint": f"{ENDPOINT}/token"}
            content |= {"authorization_endpoint": f"{ENDPOINT}/authorize"} if "keys" not in content else {}
            status = 200
        else:
            self.sent.append(data)
            good = {"access_token": "x", "id_token": self.entra.token(**self.claims), "token_type": "Bearer"}
            content, status = good if self.token_answer is None else self.token_answer, self.status
        if isinstance(content, Exception):
            raise content
        response = requests.Response()
        response.status_code = status
        response._content = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        response.headers["Content-Type"] = "application/json"
        return response


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    monkeypatch.setattr(shared.bounded_http, "bounded_session", lambda: made)
    monkeypatch.setattr(shared.bounded_http, "send", lambda method, url, seconds: made.answer(method, url))
    return made


def entra_id(**options: Any) -> EntraId:
    return EntraId(AUTHORITY, TENANT, CLIENT, options.pop("credential", "secret"), **options)


def test_a_person_is_who_the_verified_claims_say(wire: Wire) -> None:
    wire.claims = {"name": " Ada \n Möller\u202e ", "roles": ["Snat.Approve", "Other.Role", 7, None]}
    person = entra_id().person(FLOW, ANSWER, NOW)
    assert (person.name, person.roles, person.is_guest) == ("Ada Möller", frozenset({Role.APPROVE}), False)
    assert (person.object_id, person.tenant_id, person.signed_in_at) == (claims()["oid"], TENANT, NOW)


@pytest.mark.parametrize("roles", [None, "Snat.Approve", {"Snat.Approve": 1}, [], ["snat.approve"], [["Snat.Approve"]]])
def test_roles_that_are_not_a_list_of_known_names_are_none(wire: Wire, roles: object) -> None:
    wire.claims = {"roles": roles}
    assert entra_id().person(FLOW, ANSWER, NOW).roles == frozenset()


@pytest.mark.parametrize(
    ("claims", "name"),
    [({}, "without a name"), ({"name": None, "preferred_username": "ada@x"}, "ada@x"), ({"name": ["a"]}, "['a']")],
)
def test_a_name_is_for_show_only(wire: Wire, claims: dict[str, Any], name: str) -> None:
    wire.claims = claims
    assert entra_id().person(FLOW, ANSWER, NOW).name == name


@pytest.mark.parametrize(
    "claims",
    [
        {"acct": 1},
        {"acct": "1"},
        {"acct": None},
        {"idp": "https://sts.windows.net/88888888-8888-4888-8888-888888888888/"},
        {"idp": "live.com"},
        {"idp": "mail"},
        {"idp": ["x"]},
        {"idp": "", "acct": 0},
    ],
)
def test_whoever_may_be_a_guest_is_refused_unless_guests_are_allowed(wire: Wire, claims: dict[str, Any]) -> None:
    wire.claims = {**claims, "name": "Gita", "roles": ["Snat.Approve"]}
    with pytest.raises(GuestRefused, match="Gita is a guest"):
        entra_id().person(FLOW, ANSWER, NOW)
    assert entra_id(allows_guests=True).person(FLOW, ANSWER, NOW).is_guest


@pytest.mark.parametrize(
    "claims", [{"acct": 0}, {"acct": "0"}, {"idp": None}, {"idp": f"https://sts.windows.net/{TENANT}/"}]
)
def test_a_member_of_the_tenant_is_no_guest(wire: Wire, claims: dict[str, Any]) -> None:
    wire.claims = claims
    assert not entra_id().person(FLOW, ANSWER, NOW).is_guest


def test_the_managed_identitys_assertion_is_made_for_each_sign_in(wire: Wire) -> None:
    made = iter(["first.a.b", "second.a.b"])
    app = entra_id(credential=lambda: next(made))
    for _ in range(2):
        app.person(FLOW, ANSWER, NOW)
    assert [sent["client_assertion"] for sent in wire.sent] == ["first.a.b", "second.a.b"]
    assert every("client_secret" not in sent and sent["code_verifier"] == "v" for sent in wire.sent)


def test_begin_gives_an_address_with_pkce_and_the_given_state(wire: Wire) -> None:
    flow = entra_id().begin("https://bot.example/api/signed-in", "the-state")
    assert flow["auth_uri"].startswith(f"{ENDPOINT}/authorize?")
    assert {"code_challenge_method=S256", "state=the-state", "prompt=select_account", "response_mode=query"} <= set(
        flow["auth_uri"].partition("?")[2].split("&")
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": "invalid_grant", "error_description": "AADSTS54005: used"}, "Entra ID refused it with AADSTS54005"),
        ({"error": "invalid_client"}, "an error without a code"),
        ({"error": "server_error", "error_description": "<b>call me</b>"}, "an error without a code"),
        ({"error": "access_denied", "error_description": "AADSTS65004"}, "cancelled or refused there (AADSTS65004)"),
        ({"error": "access_denied"}, "cancelled or refused there."),
    ],
)
def test_an_error_of_entra_id_is_told_by_its_code_alone(wire: Wire, answer: dict[str, str], said: str) -> None:
    for tell in (lambda: entra_id().person(FLOW, answer, NOW), lambda: _redeemed_to(wire, answer)):
        with pytest.raises(SignInRefused) as refused:
            tell()
        assert said in str(refused.value)
        assert "call me" not in str(refused.value)


def _redeemed_to(wire: Wire, answer: object) -> None:
    wire.token_answer, wire.status = answer, 400
    entra_id().person(FLOW, ANSWER, NOW)


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ("<html>", 200, EntraUnavailable),
        ('{"id_tok', 200, EntraUnavailable),
        (requests.Timeout(), 200, EntraUnavailable),
        (requests.ConnectionError(), 200, EntraUnavailable),
        ("", 503, EntraUnavailable),
        ({}, 200, SignInRefused),
        ([], 200, SignInRefused),
        (None, 200, None),
        ({"access_token": "x"}, 200, SignInRefused),
        ({"access_token": "x", "id_token": 1}, 200, SignInRefused),
        ({"access_token": "x", "id_token": "a.b.c"}, 200, SignInRefused),
    ],
)
def test_whatever_comes_instead_of_a_token_signs_nobody_in(
    wire: Wire, answer: object, status: int, error: type[Exception] | None
) -> None:
    wire.token_answer, wire.status = answer, status
    with pytest.raises(error) if error else nullcontext():
        entra_id().person(FLOW, ANSWER, NOW)


def test_a_token_in_a_broken_answer_is_not_logged(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    wire.token_answer = '{"id_token": "the-token", "token_ty'
    with pytest.raises(EntraUnavailable):
        entra_id().person(FLOW, ANSWER, NOW)
    assert "the-token" not in caplog.text


@pytest.mark.parametrize("answer", [{"code": "c"}, {"code": "c", "state": "another"}, {}, {"state": "s"}])
def test_an_answer_to_another_question_is_refused(wire: Wire, answer: dict[str, str]) -> None:
    with pytest.raises(SignInRefused):
        entra_id().person(FLOW, answer, NOW)
    assert wire.sent == []


@pytest.mark.parametrize("content", ["<html>", "[]", requests.ConnectionError()])
def test_keys_that_cannot_be_read_sign_nobody_in(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, content: str | Exception
) -> None:
    def send(*_: Any) -> requests.Response:
        if isinstance(content, Exception):
            raise content
        response = requests.Response()
        response.status_code, response._content = 200, content.encode()
        return response

    monkeypatch.setattr(shared.bounded_http, "send", send)
    with pytest.raises(EntraUnavailable):
        entra_id().person(FLOW, ANSWER, NOW)


# --- step-up ---

FRESH = {"auth_time": int(NOW.timestamp()) - 60, "acrs": ["c1"]}


def test_a_step_up_says_who_for_which_plan_when_and_with_which_context(wire: Wire) -> None:
    wire.claims = FRESH
    person, step_up = entra_id().stepped_up(FLOW, ANSWER, "digest", "c1", NOW)
    assert step_up == StepUp(person.object_id, "digest", frozenset({"c1"}), NOW - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"acrs": ...}, "did not confirm the authentication context c1"),
        ({"acrs": []}, "did not confirm"),
        ({"acrs": ["c2"]}, "did not confirm"),
        ({"acrs": "c1"}, "did not confirm"),
        ({"acrs": [["c1"]]}, "did not confirm"),
        ({"auth_time": ...}, "lacks auth_time"),
        ({"auth_time": "1"}, "lacks auth_time"),
        ({"auth_time": 1e9}, "lacks auth_time"),
        ({"auth_time": -1}, "lacks auth_time"),
        ({"auth_time": 10**30}, "lacks auth_time"),
        ({"auth_time": True}, "more than 5 minutes ago"),
        ({"auth_time": int(NOW.timestamp()) - 301}, "more than 5 minutes ago"),
        ({"auth_time": int(NOW.timestamp()) + 90}, "more than 5 minutes ago"),
    ],
)
def test_a_step_up_without_context_or_not_fresh_is_refused(wire: Wire, changes: dict[str, Any], says: str) -> None:
    wire.claims = FRESH | changes
    with pytest.raises(StepUpRefused, match=says):
        entra_id().stepped_up(FLOW, ANSWER, "digest", "c1", NOW)


def test_a_step_up_asks_for_the_context_and_a_new_sign_in(wire: Wire) -> None:
    asked = parse_qs(urlsplit(entra_id().begin("https://bot.example/x", "s", "c7")["auth_uri"]).query)
    assert asked["prompt"] == ["login"]
    assert json.loads(asked["claims"][0]) == {"id_token": {"acrs": {"essential": True, "value": "c7"}}}
    plain = parse_qs(urlsplit(entra_id().begin("https://bot.example/x", "s")["auth_uri"]).query)
    assert plain["prompt"] == ["select_account"] and "claims" not in plain
