"""Codes and sessions: redeemed once, by the one who asked; forged and failing as scenarios order it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import jwt
import msal
import pytest
import requests

from simulator.state.signing_keys import FORGERIES
from simulator.testing import RunningSimulator
from tests.simulator.faults import FAULTS, NOTHING_DONE, PATIENCE_SECONDS, comes_true
from tests.support.entra_sign_in import (
    ADA,
    ALERTS,
    ASSIGNED,
    HOME,
    REDIRECT,
    STEP_UP,
    Answer,
    application,
    begin,
    fields,
    sign_in,
    verify,
)

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")  # msal, of every query


class Impatient(requests.Session):
    """Waits for discovery, but not long for a token."""

    def post(self, *args: Any, **more: Any) -> requests.Response:
        return super().post(*args, **more | {"timeout": PATIENCE_SECONDS})


def redeemed_by_msal(entra: RunningSimulator, flow: Answer, location: str, **options: Any) -> Answer:
    return dict(application(entra, **options).acquire_token_by_auth_code_flow(flow, fields(location)))


def redeem(entra: RunningSimulator, flow: Answer, location: str, **changes: str) -> Answer:
    form = {
        "grant_type": "authorization_code",
        "client_id": ALERTS,
        "client_secret": "right",
        "redirect_uri": REDIRECT,
        "code": fields(location)["code"],
        "code_verifier": flow["code_verifier"],
    }
    kept = {key: value for key, value in (form | changes).items() if value}
    url = f"{entra.url}/{changes.pop('tenant', HOME)}/oauth2/v2.0/token"
    answer: Answer = requests.post(url, data=kept, timeout=30).json()
    return answer


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"code": "garbage"}, "invalid_grant", 9002313),
        ({"code": ""}, "invalid_request", 900144),
        ({"redirect_uri": "http://localhost/signed-in"}, "invalid_client", 500112),
        ({"code_verifier": "x" * 43}, "invalid_grant", 501481),
        ({"code_verifier": ""}, "invalid_grant", 50148),
        ({"client_secret": "wrong"}, "invalid_client", 7000215),
        ({"client_secret": ""}, "invalid_client", 7000218),
        ({"client_id": ASSIGNED}, "invalid_grant", 70000),
        ({"tenant": "common"}, "invalid_grant", 700005),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type", 70003),
    ],
)
def test_a_code_is_redeemed_by_the_one_who_asked_for_it(
    entra: RunningSimulator, changes: dict[str, str], error: str, code: int
) -> None:
    flow = begin(application(entra))
    answer = redeem(entra, flow, entra.sign_in(flow["auth_uri"], "ada@contoso.example"), **changes)
    assert (answer["error"], answer["error_codes"]) == (error, [code])
    assert answer["error_description"].startswith(f"AADSTS{code}: ")


def test_a_code_counts_once_and_for_ten_minutes(entra: RunningSimulator) -> None:
    flow = begin(application(entra))
    location = entra.sign_in(flow["auth_uri"], "ada@contoso.example")
    assert "id_token" in redeem(entra, flow, location)
    assert redeem(entra, flow, location)["error_codes"] == [54005]
    location = entra.sign_in(flow["auth_uri"], "ada@contoso.example")
    entra.advance(601)
    assert redeem(entra, flow, location)["error_codes"] == [70008]


def test_a_session_signs_in_silently_until_it_is_signed_out(entra: RunningSimulator) -> None:
    browser = requests.Session()

    def ask(**changes: str) -> requests.Response:
        asked = {"client_id": ALERTS, "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid"} | changes
        url = f"{entra.url}/{HOME}/oauth2/v2.0/authorize"
        return browser.get(url, params=asked, timeout=30, allow_redirects=False)

    form = {"request": urlsplit(ask().url).query, "person": ADA}
    browser.post(f"{entra.url}/{HOME}/login", data=form, timeout=30, allow_redirects=False)
    assert "code=" in ask().headers["Location"]
    assert "Pick an account" in ask(prompt="select_account").text
    assert "AADSTS50076" in fields(ask(prompt="none", claims=STEP_UP).headers["Location"])["error_description"]
    out = browser.get(
        f"{entra.url}/{HOME}/oauth2/v2.0/logout",
        params={"post_logout_redirect_uri": REDIRECT, "state": "s"},
        timeout=30,
        allow_redirects=False,
    )
    assert out.headers["Location"] == f"{REDIRECT}?state=s"
    assert ask().status_code == 200


def test_sign_out_sends_nobody_to_a_place_that_is_not_registered(entra: RunningSimulator) -> None:
    url = f"{entra.url}/{HOME}/oauth2/v2.0/logout?post_logout_redirect_uri=https://evil.example/"
    answer = requests.get(url, timeout=30, allow_redirects=False)
    assert (answer.status_code, "You signed out" in answer.text) == (200, True)


FOUND_BY: dict[str, type[Exception] | None] = {
    "alg_none": jwt.InvalidAlgorithmError,
    "alg_hs256": jwt.InvalidAlgorithmError,
    "tampered": jwt.InvalidSignatureError,
    "wrong_key": jwt.InvalidSignatureError,
    "unknown_key": jwt.PyJWKClientError,
    "wrong_audience": jwt.InvalidAudienceError,
    "wrong_issuer": jwt.InvalidIssuerError,
    "wrong_tenant": jwt.InvalidIssuerError,
    "expired": jwt.ExpiredSignatureError,
    "future": jwt.ImmatureSignatureError,
    "nonce_missing": jwt.MissingRequiredClaimError,
    "wrong_nonce": jwt.InvalidTokenError,
    "acrs_missing": None,
}
"""The one check that finds each forgery; a token without the context is a good token, without the context."""


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_id_token_is_wrong_in_one_way(entra: RunningSimulator, name: str) -> None:
    flow = begin(application(entra), claims_challenge=STEP_UP)
    location = entra.sign_in(flow["auth_uri"], "ada@contoso.example")
    entra.add_fault({"match": {"path": "oauth2/v2.0/token"}, "then": {"id_token": name}})
    token = redeem(entra, flow, location)["id_token"]
    expected = FOUND_BY[name]
    if expected is None:
        assert "acrs" not in verify(entra, token, flow)
        return
    with pytest.raises(jwt.PyJWTError) as raised:
        verify(entra, token, flow)
    assert raised.type is expected


def test_msal_itself_does_not_look_at_the_signature(entra: RunningSimulator) -> None:
    entra.add_fault({"match": {"path": "oauth2/v2.0/token"}, "then": {"id_token": "wrong_key"}})
    assert "id_token_claims" in sign_in(entra)[1]


RAISED = {
    "down": msal.exceptions.MsalServiceError,
    "slow": requests.Timeout,
    "throttled": None,
    "its answer lost": requests.ConnectionError,
    "a page instead": json.JSONDecodeError,
    "half an answer": json.JSONDecodeError,
}
"""What msal raises for each fault of the token endpoint; None: it hands on what Entra says."""


@pytest.mark.parametrize("name", FAULTS)
def test_redeeming_a_code_can_fail(entra: RunningSimulator, name: str) -> None:
    flow = begin(application(entra))
    location = entra.sign_in(flow["auth_uri"], "ada@contoso.example")
    before = len(entra.requests())
    entra.add_fault({"match": {"path": "oauth2/v2.0/token"}, "times": 1, "then": FAULTS[name]})
    error, options = RAISED[name], {"http_client": Impatient()} if name == "slow" else {}
    if error is None:
        assert redeemed_by_msal(entra, flow, location)["error_codes"] == [90055]
    else:
        with pytest.raises(error):
            redeemed_by_msal(entra, flow, location, **options)
    if name == "slow":
        assert comes_true(lambda: "POST" in [each["method"] for each in entra.requests()[before:]])
    second = redeemed_by_msal(entra, flow, location)
    if name in NOTHING_DONE:
        assert "id_token" in second
    else:
        assert second["error_codes"] == [54005], "the code was used up, though the application never got its token"


def test_throttled_and_down_speak_as_entra_does(entra: RunningSimulator) -> None:
    for fault, code in (("throttled", 90055), ("down", 90033)):
        entra.clear_faults()
        entra.add_fault({"match": {"path": "oauth2/v2.0/token"}, "then": FAULTS[fault]})
        url = f"{entra.url}/{HOME}/oauth2/v2.0/token"
        assert requests.post(url, timeout=30).json()["error_codes"] == [code]


def test_a_clock_that_is_off_shows_in_the_token(entra: RunningSimulator) -> None:
    entra.add_event({"settings": {"clock_skew_seconds": 7200}})
    flow, result = {}, {}
    try:
        app = application(entra)
        flow = begin(app)
        result = redeem(entra, flow, entra.sign_in(flow["auth_uri"], "ada@contoso.example"))
    finally:
        entra.add_event({"settings": {"clock_skew_seconds": 0}})
    with pytest.raises(jwt.ImmatureSignatureError):
        verify(entra, result["id_token"], flow)
