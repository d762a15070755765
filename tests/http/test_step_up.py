"""Where the policy wants a step-up, a person signs in again for this plan before the page offers to approve it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import requests

from devhost.stage import Stage
from shared.auth.sessions import SESSION_COOKIE, read_session, session_cookie
from shared.auth.signing import Signer
from tests.support.html_page import fields
from tests.support.sign_in import ADA, Visitor, link_of, said, stage_with_people

POLICY = [{"clusters": "all", "kinds": "all", "who": "Snat.Approve", "where": ["page_with_step_up"]}]
OFFER = 'value="approve"'


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Stage]:
    with stage_with_people(tmp_path_factory.mktemp("stage"), azurite, APPROVAL_POLICY=json.dumps(POLICY)) as ready:
        yield ready


@pytest.fixture
def link(stage: Stage) -> str:
    return link_of(stage)


@pytest.fixture
def ada(stage: Stage, link: str) -> Iterator[Visitor]:
    with Visitor(stage) as browser:
        browser.sign_in(link, "ada@contoso.example")
        yield browser
    stage.simulator.clear_faults()


def again_url(page: str) -> str:
    return unescape(page.partition("step_up=on")[0].rpartition('href="')[2] + "step_up=on")


def sign_in_again(visitor: Visitor, link: str, user: str = "ada") -> requests.Response:
    begun = visitor.get(again_url(visitor.get(link).text))
    return visitor.get(visitor.back(begun.headers["Location"], f"{user}@contoso.example"))


def with_step_up(stage: Stage, visitor: Visitor, **changes: Any) -> None:
    """The same session, as the app would have made it for another step-up."""
    signer = Signer((stage.host._settings["SIGNING_KEYS"],), 60)
    session = read_session(signer, f"{SESSION_COOKIE}={visitor.cookies[SESSION_COOKIE]}")
    assert session is not None and session.step_up is not None
    other = session_cookie(signer, session.person, replace(session.step_up, **changes))
    (cookie,) = (each for each in visitor.cookies if each.name == SESSION_COOKIE)
    cookie.value = other.partition(";")[0].partition("=")[2]


def approve(visitor: Visitor, link: str) -> requests.Response:
    form = fields(visitor.get(link).text.partition("/api/sign-out")[0])
    return visitor.post(link, data={**form, "action": "approve"})


def test_the_page_asks_to_sign_in_again_and_a_form_sent_all_the_same_is_refused(ada: Visitor, link: str) -> None:
    page = ada.get(link).text
    assert OFFER not in page
    assert "Sign in again for this plan" in page and "approve within 5 minutes" in page
    refused = approve(ada, link)
    assert (refused.status_code, "This plan needs a fresh sign-in" in refused.text) == (403, True)


def test_without_the_context_a_sign_in_does_not_count(stage: Stage, ada: Visitor, link: str) -> None:
    stage.simulator.add_fault({"match": {"path": "oauth2/v2.0/token"}, "then": {"id_token": "acrs_missing"}})
    refused = sign_in_again(ada, link)
    assert (refused.status_code, "did not confirm the authentication context c1" in said(refused)) == (403, True)
    assert OFFER not in ada.get(link).text


def test_a_plain_sign_in_is_no_step_up(ada: Visitor, link: str) -> None:
    url = again_url(ada.get(link).text).removesuffix("&step_up=on")
    done = ada.get(ada.back(ada.get(url).headers["Location"], "ada@contoso.example"))
    assert done.status_code == 303
    assert OFFER not in ada.get(link).text


def test_without_a_session_it_is_a_plain_sign_in(stage: Stage, ada: Visitor, link: str) -> None:
    url = again_url(ada.get(link).text)
    with Visitor(stage) as stranger:
        asked = stranger.get(url).headers["Location"]
        assert "acrs" not in asked
        assert stranger.get(stranger.back(asked, "ada@contoso.example")).status_code == 303
        assert OFFER not in stranger.get(link).text


def test_somebody_else_cannot_finish_it(ada: Visitor, link: str) -> None:
    before = ada.cookies[SESSION_COOKIE]
    refused = sign_in_again(ada, link, "bob")
    assert (refused.status_code, "somebody else began it" in said(refused)) == (403, True)
    assert ada.cookies[SESSION_COOKIE] == before


def test_a_step_up_for_another_plan_does_not_count(stage: Stage, ada: Visitor, link: str) -> None:
    assert sign_in_again(ada, link).status_code == 303
    assert OFFER in ada.get(link).text
    with_step_up(stage, ada, digest="another")
    assert OFFER not in ada.get(link).text


def test_a_step_up_of_more_than_five_minutes_ago_does_not_count(stage: Stage, ada: Visitor, link: str) -> None:
    assert sign_in_again(ada, link).status_code == 303
    assert OFFER in ada.get(link).text
    with_step_up(stage, ada, at=datetime.now(UTC) - timedelta(minutes=5, seconds=1))
    assert OFFER not in ada.get(link).text
    refused = approve(ada, link)
    assert (refused.status_code, "This plan needs a fresh sign-in" in refused.text) == (403, True)


def test_the_language_of_the_page_is_kept_while_somebody_signs_in(stage: Stage, link: str) -> None:
    with Visitor(stage) as browser:
        assert '<html lang="es">' in browser.sign_in(f"{link}&lang=es", "ada@contoso.example").text


def test_who_signed_in_again_approves(ada: Visitor, link: str) -> None:
    assert sign_in_again(ada, link).headers["Location"] == link
    assert OFFER in ada.get(link).text
    assert approve(ada, link).status_code == 303
    assert f"Approved by Ada (object id {ADA}, signed in)" in ada.get(link).text
