"""Responses: errors raised on purpose become statuses, in JSON and on a page; any other error is the host's."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func
import pytest

from shared.auth.errors import LinkExpired, LinkTampered, RemediationOff
from shared.cloud.errors import Unavailable
from shared.errors import BadInput, MisconfiguredError, NotFoundHere, Refused, TooMany
from shared.store.errors import StoreConflict, StoreError
from shared.triggers.responses import answers_json, answers_page, as_page

REQUEST: Any = func.HttpRequest("GET", "https://bot.example.com/api/check", body=b"")
ERRORS = [
    (BadInput("x"), 400, "bad_input"),
    (LinkTampered(), 403, "link_tampered"),
    (LinkExpired(), 410, "link_expired"),
    (NotFoundHere("x"), 404, "not_found"),
    (TooMany("x"), 429, "too_many"),
    (Refused("x"), 409, "refused"),
    (RemediationOff(), 409, "refused"),
    (MisconfiguredError({"X": "wrong"}), 500, "misconfigured"),
    (StoreError("x"), 503, "storage_unavailable"),
    (StoreConflict("x"), 503, "storage_unavailable"),
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
