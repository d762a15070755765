"""Signing people in: unmodified msal and PyJWT against Entra ID over TLS, and a real browser."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt
import msal
import pytest
import requests

from simulator.state.signing_keys import FORGERIES
from simulator.testing import RunningSimulator
from tests.simulator.faults import FAULTS, NOTHING_DONE, PATIENCE_SECONDS, comes_true
from tests.support.azure_in_process import serve_azure

if TYPE_CHECKING:
    from devhost.browser import Camera

HOME, PARTNER, OTHER = (f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "987")
ALERTS, EVERYWHERE, ASSIGNED = (f"aaaaaaaa-0000-4000-8000-0000000000b{number}" for number in "145")
REDIRECT = "https://alerts.example/api/sign-in"
ADA = "0a0a0a0a-0000-4000-8000-000000000001"
STEP_UP = json.dumps({"id_token": {"acrs": {"essential": True, "value": "c1"}}})
Answer = dict[str, Any]
pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")  # msal, of every query


@pytest.fixture(scope="module")
def entra() -> Iterator[RunningSimulator]:
    with serve_azure(Path(__file__).parent / "entra.yaml") as simulator, pytest.MonkeyPatch.context() as patch:
        # requests prefers this variable, where it is set, to what a session says (psf/requests#3829).
        patch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_path))
        yield simulator


@pytest.fixture(autouse=True)
def _faultless(entra: RunningSimulator) -> Iterator[None]:
    yield
    entra.clear_faults()


def application(entra: RunningSimulator, tenant: str = HOME, client_id: str = ALERTS, **options: Any) -> Any:
    return msal.ConfidentialClientApplication(
        client_id,
        client_credential=options.pop("credential", "right"),
        authority=f"{entra.url}/{tenant}",
        instance_discovery=False,
        **options,
    )


def begin(app: Any, redirect_uri: str = REDIRECT, **options: Any) -> Answer:
    return dict(app.initiate_auth_code_flow([], redirect_uri=redirect_uri, **options))


def fields(location: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(location).query).items()}


def sign_in(entra: RunningSimulator, user: str = "ada@contoso.example", **options: Any) -> tuple[Answer, Answer]:
    """A whole sign-in with msal: its flow, and its result."""
    app = application(entra)
    flow = begin(app, **options)
    return flow, app.acquire_token_by_auth_code_flow(flow, fields(entra.sign_in(flow["auth_uri"], user)))


class Impatient(requests.Session):
    """Waits for discovery, but not long for a token."""

    def post(self, *args: Any, **more: Any) -> requests.Response:
        return super().post(*args, **more | {"timeout": PATIENCE_SECONDS})


def redeemed_by_msal(entra: RunningSimulator, flow: Answer, location: str, **options: Any) -> Answer:
    return dict(application(entra, **options).acquire_token_by_auth_code_flow(flow, fields(location)))


def verify(entra: RunningSimulator, token: str, flow: Answer, tenant: str = HOME, audience: str = ALERTS) -> Answer:
    """An ID token's claims, checked as an application must check them."""
    discovery = requests.get(f"{entra.url}/{tenant}/v2.0/.well-known/openid-configuration", timeout=30).json()
    keys = jwt.PyJWKClient(discovery["jwks_uri"], ssl_context=ssl.create_default_context(cafile=entra.ca_path))
    claims: Answer = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["RS256"],
        audience=audience,
        issuer=discovery["issuer"],
        options={"require": ["exp", "nbf", "iat", "nonce", "oid", "tid"]},
    )
    hashed = hashlib.sha256(flow["nonce"].encode()).hexdigest()  # msal sends the nonce's hash
    if claims["nonce"] != hashed:
        raise jwt.InvalidTokenError("nonce")
    if claims["tid"] != tenant:
        raise jwt.InvalidTokenError("tid")
    return claims


# -- it works -----------------------------------------------------------------------------------------


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


# -- what is refused -----------------------------------------------------------------------------------


def page(entra: RunningSimulator, client_id: str = ALERTS, tenant: str = HOME, **changes: str) -> requests.Response:
    asked = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", "state": "s"}
    url = f"{entra.url}/{tenant}/oauth2/v2.0/authorize?{urlencode(asked | changes)}"
    return requests.get(url, timeout=30, allow_redirects=False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tenant": "00000000-0000-4000-8000-0000000000ff"}, "AADSTS90002"),
        ({"client_id": "cccccccc-0000-4000-8000-000000000001"}, "AADSTS700016"),
        ({"client_id": ""}, "AADSTS900144"),
        ({"redirect_uri": "https://evil.example/"}, "AADSTS50011"),
        ({"redirect_uri": REDIRECT + "/"}, "AADSTS50011"),
        ({"redirect_uri": "http://localhost:7071/elsewhere"}, "AADSTS50011"),
        ({"client_id": "aaaaaaaa-0000-4000-8000-0000000000b2"}, "AADSTS500113"),
        ({"tenant": "common"}, "AADSTS50194"),
        ({"tenant": OTHER}, "AADSTS700016"),
    ],
)
def test_what_concerns_nobody_but_the_developer_stays_on_entras_page(
    entra: RunningSimulator, changes: dict[str, str], code: str
) -> None:
    answer = page(entra, **changes)
    assert (answer.status_code, code in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"response_type": "id_token"}, "unsupported_response_type", "AADSTS700054"),
        ({"prompt": "none"}, "login_required", "AADSTS50058"),
        ({"claims": "not json"}, "invalid_request", "AADSTS90023"),
    ],
)
def test_other_errors_go_back_to_the_application(
    entra: RunningSimulator, changes: dict[str, str], error: str, code: str
) -> None:
    answer = page(entra, **changes)
    back = fields(answer.headers["Location"])
    assert (answer.status_code, back["error"], back["state"]) == (302, error, "s")
    assert back["error_description"].startswith(code)


def test_a_loopback_redirect_uri_may_have_any_port(entra: RunningSimulator) -> None:
    assert page(entra, redirect_uri="http://localhost:7071/signed-in").status_code == 200


def test_who_cancels_sends_the_application_an_error(entra: RunningSimulator) -> None:
    flow = begin(application(entra))
    form = {"request": urlsplit(flow["auth_uri"]).query, "cancel": "yes"}
    answer = requests.post(f"{entra.url}/{HOME}/login", data=form, timeout=30, allow_redirects=False)
    back = application(entra).acquire_token_by_auth_code_flow(flow, fields(answer.headers["Location"]))
    assert (back["error"], "AADSTS65004" in back["error_description"]) == ("access_denied", True)


@pytest.mark.parametrize(
    ("user", "client_id", "code"),
    [("sam@northwind.example", ALERTS, "AADSTS50020"), ("nora@contoso.example", ASSIGNED, "AADSTS50105")],
)
def test_who_may_not_sign_in_learns_it_from_entra(
    entra: RunningSimulator, user: str, client_id: str, code: str
) -> None:
    app = application(entra, client_id=client_id)
    with pytest.raises(ValueError, match=code):
        entra.sign_in(begin(app)["auth_uri"], user)


def test_a_denied_second_factor_ends_on_entras_page(entra: RunningSimulator) -> None:
    flow = begin(application(entra), claims_challenge=STEP_UP)
    with pytest.raises(ValueError, match="AADSTS50074"):
        entra.sign_in(flow["auth_uri"], "ada@contoso.example", approve=False)


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


# -- sessions -------------------------------------------------------------------------------------------


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


# -- faults ----------------------------------------------------------------------------------------------


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


# -- in a browser -----------------------------------------------------------------------------------------


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
