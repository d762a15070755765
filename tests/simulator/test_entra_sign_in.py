"""Signing people in: unmodified msal and PyJWT against Entra ID over TLS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import jwt
import msal
import pytest

from simulator.testing import RunningSimulator
from tests.support.entra_sign_in import (
    ADA,
    ALERTS,
    EVERYWHERE,
    HOME,
    OTHER,
    PARTNER,
    REDIRECT,
    STEP_UP,
    application,
    begin,
    fields,
    sign_in,
    verify,
)

if TYPE_CHECKING:
    from devhost.browser import Camera

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")  # msal, of every query


def test_msal_signs_somebody_in_with_pkce_and_the_token_verifies(entra: RunningSimulator) -> None:
    flow, result = sign_in(entra)
    claims = verify(entra, result["id_token"], flow)
    assert (claims["oid"], claims["tid"], claims["roles"]) == (ADA, HOME, ["Snat.Approve"])
    assert (claims["ver"], claims["preferred_username"]) == ("2.0", "ada@contoso.example")
    assert "acrs" not in claims
    assert "refresh_token" not in result


def test_the_answer_can_come_by_a_form_or_a_fragment(entra: RunningSimulator) -> None:
    app = application(entra)
    flow = begin(app, response_mode="form_post")
    with pytest.raises(ValueError, match="Working") as carried:  # a page that posts itself, and no redirect
        entra.sign_in(flow["auth_uri"], "ada@contoso.example")
    page = str(carried.value)
    assert f'action="{REDIRECT}"' in page
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    assert "id_token_claims" in app.acquire_token_by_auth_code_flow(flow, sent)
    flow = begin(app, response_mode="fragment")
    location = urlsplit(entra.sign_in(flow["auth_uri"], "ada@contoso.example"))
    assert (location.query, "code=" in location.fragment) == ("", True)


def test_without_a_role_there_is_no_claim_of_roles(entra: RunningSimulator) -> None:
    flow, result = sign_in(entra, "nora@contoso.example")
    assert "roles" not in verify(entra, result["id_token"], flow)


def test_a_step_up_gives_the_context_that_was_asked_for(entra: RunningSimulator) -> None:
    flow, result = sign_in(entra, claims_challenge=STEP_UP)
    assert verify(entra, result["id_token"], flow)["acrs"] == ["c1"]


def test_a_guest_has_another_object_id_here_than_at_home(entra: RunningSimulator) -> None:
    flow, result = sign_in(entra, "gita@fabrikam.example")
    here = verify(entra, result["id_token"], flow)
    assert (here["tid"], here["idp"]) == (HOME, f"https://sts.windows.net/{PARTNER}/")
    assert here["roles"] == ["Snat.Read"]
    app = application(entra, PARTNER, EVERYWHERE)
    flow = begin(app, "https://everywhere.example/")
    result = app.acquire_token_by_auth_code_flow(flow, fields(entra.sign_in(flow["auth_uri"], "gita@fabrikam.example")))
    at_home = verify(entra, result["id_token"], flow, PARTNER, EVERYWHERE)
    assert at_home["oid"] != here["oid"]
    assert {"idp", "roles"}.isdisjoint(at_home)


def test_common_takes_everybody_into_their_own_tenant(entra: RunningSimulator) -> None:
    app = application(entra, "common", EVERYWHERE)
    flow = begin(app, "https://everywhere.example/")
    result = app.acquire_token_by_auth_code_flow(flow, fields(entra.sign_in(flow["auth_uri"], "sam@northwind.example")))
    assert verify(entra, result["id_token"], flow, OTHER, EVERYWHERE)["tid"] == OTHER


def test_a_command_line_gets_a_token_for_an_api(entra: RunningSimulator) -> None:
    cli = msal.PublicClientApplication(
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        authority=f"{entra.url}/{HOME}",
        instance_discovery=False,
    )
    flow = cli.initiate_auth_code_flow([f"api://{ALERTS}/.default"], redirect_uri="http://localhost:51234")
    result = cli.acquire_token_by_auth_code_flow(flow, fields(entra.sign_in(flow["auth_uri"], "ada@contoso.example")))
    claims = verify(entra, result["id_token"], flow, audience="04b07795-8ddb-461a-bbee-02f9e1bf7b46")
    api = jwt.decode(result["access_token"], options={"verify_signature": False})
    assert (api["aud"], api["oid"], api["scp"], api["roles"]) == (
        ALERTS,
        claims["oid"],
        "user_impersonation",
        ["Snat.Approve"],
    )


@pytest.mark.parametrize("keep_old", [True, False])
def test_keys_roll(entra: RunningSimulator, keep_old: bool) -> None:
    flow, result = sign_in(entra)
    entra.roll_keys(keep_old=keep_old)
    if keep_old:
        verify(entra, result["id_token"], flow)
    else:
        with pytest.raises(jwt.PyJWKClientError):
            verify(entra, result["id_token"], flow)
    flow, result = sign_in(entra)
    verify(entra, result["id_token"], flow)


@pytest.mark.browser
def test_a_person_walks_through_the_pages_by_keyboard(entra: RunningSimulator, browser: Camera) -> None:
    app = application(entra)
    # Any page does as the application's; the simulator's own http port answers something there.
    back = f"http://localhost:{urlsplit(entra.http_url).port}/signed-in"
    flow = begin(app, back, claims_challenge=STEP_UP, login_hint="ada@contoso.example")
    location = walk(browser, flow["auth_uri"], back)
    result = app.acquire_token_by_auth_code_flow(flow, fields(location))
    assert verify(entra, result["id_token"], flow)["acrs"] == ["c1"]


def walk(browser: Camera, auth_uri: str, back: str) -> str:
    """Pick the hinted person, approve, and say where the browser was sent."""
    wrong = auth_uri.replace(quote(back, safe=""), quote("https://alerts.example/" + "long/" * 30, safe=""))
    with browser.page(wrong, width=390) as page:
        assert "AADSTS50011" in (page.text_content("main") or "")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with browser.page(auth_uri, width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Approve").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{back}?**")
        return str(page.url)
