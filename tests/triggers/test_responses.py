"""Responses: errors raised on purpose become statuses, in JSON and on a page; any other error is the host's."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import azure.functions as func
import pytest

from shared.auth.errors import KeyNotEnough, LinkExpired, LinkTampered, RemediationOff, SignInRefused, TokenRefused
from shared.cloud.errors import Unavailable
from shared.errors import BadInput, MisconfiguredError, NotFoundHere, Refused, TooMany
from shared.model.text import Text
from shared.store.errors import StoreConflict, StoreError
from shared.triggers.responses import answers_json, answers_page, as_page, language_of, same_language

REQUEST: Any = func.HttpRequest("GET", "https://bot.example.com/api/check", body=b"")
ERRORS = [
    (BadInput(Text("x")), 400, "bad_input"),
    (LinkTampered(), 403, "link_tampered"),
    (KeyNotEnough("silence"), 403, "not_permitted"),
    (TokenRefused(Text("x")), 401, "token_refused"),
    (SignInRefused(Text("x")), 403, "sign_in_refused"),
    (LinkExpired(), 410, "link_expired"),
    (NotFoundHere(Text("x")), 404, "not_found"),
    (TooMany(Text("x")), 429, "too_many"),
    (Refused(Text("x")), 409, "refused"),
    (RemediationOff(), 409, "refused"),
    (MisconfiguredError({"X": "wrong"}), 500, "misconfigured"),
    (StoreError(Text("x")), 503, "storage_unavailable"),
    (StoreConflict(Text("x")), 503, "storage_unavailable"),
    (Unavailable("GET /", "refused"), 502, "azure_unavailable"),
]


@pytest.mark.parametrize(("error", "status", "code"), ERRORS)
def test_an_error_has_one_status_in_json_and_on_a_page(error: Exception, status: int, code: str) -> None:
    def fail(req: func.HttpRequest) -> func.HttpResponse:
        raise error

    answer = answers_json(fail)(REQUEST)
    assert (answer.status_code, json.loads(answer.get_body())["error"]["code"]) == (status, code)
    page = answers_page(fail)(REQUEST)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert "Content-Security-Policy" in page.headers


@pytest.mark.parametrize(
    ("url", "accepted", "expected"),
    [
        ("/api/changes/c?t=x", "es-ES,es;q=0.9", "es"),
        ("/api/changes/c?t=x&lang=en", "es-ES", "en"),
        ("/api/changes/c?t=x&lang=xx", "es-ES", "es"),
        ("/api/changes/c?t=x", "", "en"),
    ],
)
def test_a_page_is_in_the_language_that_its_reader_asks_for(url: str, accepted: str, expected: str) -> None:
    def fail(req: func.HttpRequest) -> func.HttpResponse:
        raise LinkExpired

    params = dict(parse_qsl(url.partition("?")[2]))
    request = func.HttpRequest("GET", url, headers={"Accept-Language": accepted}, params=params, body=b"")
    page = answers_page(fail)(request)
    assert f'<html lang="{expected}">' in page.get_body().decode()
    assert page.headers["Vary"] == "Accept-Language"
    assert same_language("?t=x", request) == ("?t=x&lang=en" if "lang=en" in url else "?t=x")


def test_a_reader_who_asks_for_no_language_gets_the_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.app._app", SimpleNamespace(settings=SimpleNamespace(language="es")))
    assert language_of(REQUEST) == "es"


@pytest.mark.parametrize("answer", [answers_json, answers_page])
def test_an_error_that_nobody_raised_on_purpose_is_the_hosts(answer: Any) -> None:
    def fail(req: func.HttpRequest) -> func.HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer(fail)(REQUEST)


def test_a_page_may_load_its_own_style_and_nothing_inline_or_from_elsewhere() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in as_page("").headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert set(rules.values()) <= {"'none'", "'self'", "data:"}
