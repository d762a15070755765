"""Which errors stay on Entra ID's page, and which go back to the application."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests

from simulator.testing import RunningSimulator
from tests.support.entra_sign_in import (
    ALERTS,
    ASSIGNED,
    HOME,
    OTHER,
    REDIRECT,
    STEP_UP,
    application,
    begin,
    fields,
    page,
)

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")  # msal, of every query


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
