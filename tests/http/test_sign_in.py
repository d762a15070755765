"""Signing in on a change's page: who may do what, and every way in that must stay shut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from devhost.stage import Stage
from shared.auth.sessions import FLOW_COOKIE, SESSION_COOKIE
from simulator.state.signing_keys import FORGERIES
from tests.support.html_page import fields
from tests.support.sign_in import ADA, CLIENT, Visitor, link_of, sign_in_url, stage_with_people

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Stage]:
    with stage_with_people(tmp_path_factory.mktemp("stage"), azurite) as ready:
        yield ready


@pytest.fixture(scope="module")
def link(stage: Stage) -> str:
    return link_of(stage)


@pytest.fixture
def visitor(stage: Stage) -> Iterator[Visitor]:
    with Visitor(stage) as browser:
        yield browser
    stage.simulator.clear_faults()


def state(stage: Stage) -> str:
    key = {"x-functions-key": stage.host.function_key}
    answer = Visitor(stage).get(f"{stage.host.base_url}/api/history?cluster=shop-prod", headers=key)
    return str(answer.json()["changes"][0]["state"])


def decision_fields(page: str) -> dict[str, str]:
    """Without the sign-out form's, which comes behind it."""
    return fields(page.partition("/api/sign-out")[0])


def is_signed_in(visitor: Visitor, link: str) -> bool:
    return visitor.get(link).status_code == 200


# -- who may do what -----------------------------------------------------------------------------------


def test_without_a_session_the_page_asks_to_sign_in_and_shows_nothing(visitor: Visitor, link: str) -> None:
    page = visitor.get(link)
    assert page.status_code == 401
    assert "Sign in to see this page" in page.text
    assert "shop-prod" not in page.text
    assert visitor.cookies.get_dict() == {}
    posted = visitor.post(link, data={"t": parse_qs(urlsplit(link).query)["t"][0], "action": "approve"})
    assert posted.status_code == 401


@pytest.mark.parametrize(("user", "offered"), [("rui", False), ("olga", False), ("ines", False), ("ada", True)])
def test_roles_say_what_is_offered(stage: Stage, visitor: Visitor, link: str, user: str, offered: bool) -> None:
    page = visitor.sign_in(link, f"{user}@contoso.example")
    assert page.status_code == 200
    assert f"Signed in as {user.capitalize()}" in page.text
    assert ('value="approve"' in page.text) is offered
    missing = f"{user.capitalize()} lacks the app role Snat.Approve"
    assert (missing in page.text and f"az ad sp show --id {CLIENT}" in page.text) is not offered


@pytest.mark.parametrize("action", ["approve", "deny", "ask_again", "roll_back", "delete"])
def test_a_form_sent_all_the_same_is_refused_without_the_role(
    stage: Stage, visitor: Visitor, link: str, action: str
) -> None:
    page = visitor.sign_in(link, "rui@contoso.example")
    with Visitor(stage) as other:
        form = decision_fields(other.sign_in(link, "ada@contoso.example").text)
    assert visitor.post(link, data={**form, "action": action}).status_code == 409, "another session's form"
    change_id = urlsplit(link).path.rpartition("/")[2]
    own = _own_form(stage, visitor, link, change_id)
    refused = visitor.post(link, data={**own, "action": action})
    role = "Snat.Approve" if action == "approve" else "Snat.Operate"
    assert (refused.status_code, f"Rui lacks the app role {role}" in refused.text) == (403, True)
    assert "appRoleAssignments" in refused.text
    assert page.status_code == 200
    assert state(stage) == "proposed"


def _own_form(stage: Stage, visitor: Visitor, link: str, change_id: str) -> dict[str, str]:
    """What the page would send if it showed its buttons."""
    from shared.auth.sessions import read_session
    from shared.auth.signing import Signer

    signer = Signer((stage.host._settings["SIGNING_KEYS"],), 60)
    session = read_session(signer, f"{SESSION_COOKIE}={visitor.cookies[SESSION_COOKIE]}")
    assert session is not None
    return {"t": parse_qs(urlsplit(link).query)["t"][0], "csrf": signer.form_token(session.id, change_id)}


def test_without_any_role_a_page_names_what_is_missing_and_what_grants_it(visitor: Visitor, link: str) -> None:
    page = visitor.sign_in(link, "nora@contoso.example")
    assert page.status_code == 403
    assert "Nora lacks the app role Snat.Read" in page.text
    assert "az rest --method post" in page.text
    assert "shop-prod" not in page.text
    assert sign_in_url(page.text)


def test_a_guest_is_refused_whatever_the_role(visitor: Visitor, link: str) -> None:
    page = visitor.sign_in(link, "gita@fabrikam.example")
    assert (page.status_code, "Gita is a guest" in page.text) == (403, True)
    assert SESSION_COOKIE not in visitor.cookies


def test_headers_of_an_identity_proxy_are_not_read(stage: Stage, visitor: Visitor, link: str) -> None:
    forged = {
        "X-MS-CLIENT-PRINCIPAL": "eyJjbGFpbXMiOlt7InR5cCI6InJvbGVzIiwidmFsIjoiU25hdC5BcHByb3ZlIn1dfQ==",
        "X-MS-CLIENT-PRINCIPAL-ID": ADA,
        "X-MS-CLIENT-PRINCIPAL-NAME": "ada@contoso.example",
        "X-MS-CLIENT-PRINCIPAL-IDP": "aad",
        "X-MS-TOKEN-AAD-ID-TOKEN": "a.b.c",
    }
    assert visitor.get(link, headers=forged).status_code == 401
    sources = [
        path for path in (ROOT / "shared").rglob("*.py") if "client-principal" in path.read_text("utf-8").lower()
    ]
    assert sources == []


# -- cookies ---------------------------------------------------------------------------------------------


def test_cookies_are_for_this_host_only_and_no_script(stage: Stage, visitor: Visitor, link: str) -> None:
    begun = visitor.get(sign_in_url(visitor.get(link).text))
    done = visitor.get(visitor.back(begun.headers["Location"], "ada@contoso.example"))
    for name, answer, seconds in ((FLOW_COOKIE, begun, 600), (SESSION_COOKIE, done, 3600)):
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=")
        assert name.startswith("__Host-")
        wanted = {"Path=/", "HttpOnly", "Secure", "SameSite=Lax", f"Max-Age={seconds}"}
        assert {part.strip() for part in cookie.split(";")[1:]} == wanted
        assert answer.headers["Cache-Control"] == "no-store"
    assert done.headers["Location"] == link


def test_a_session_that_was_changed_or_made_by_somebody_else_is_none(visitor: Visitor, link: str) -> None:
    visitor.sign_in(link, "rui@contoso.example")
    good = visitor.cookies[SESSION_COOKIE]
    assert is_signed_in(visitor, link)
    visitor.cookies.clear()
    token = parse_qs(urlsplit(link).query)["t"][0]
    for forged in (good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1], token, "", "é", '"x"', "W10.x.y"):
        answer = visitor.get(link, headers={"Cookie": f"{SESSION_COOKIE}={forged}".encode()})
        assert answer.status_code == 401


def test_signing_in_again_makes_another_session(visitor: Visitor, link: str) -> None:
    """Nothing that was known before the sign-in counts after it."""
    visitor.cookies.set(SESSION_COOKIE, "planted", domain="127.0.0.1", path="/", secure=True)
    url = sign_in_url(visitor.get(link).text)
    seen = set()
    for _ in range(2):
        done = visitor.get(visitor.back(visitor.get(url).headers["Location"], "ada@contoso.example"))
        seen.add(done.headers["Set-Cookie"].partition(";")[0])
    assert len(seen) == 2
    assert not any("planted" in cookie for cookie in seen)


def test_sign_out_ends_the_session_and_only_its_own_form_does(stage: Stage, visitor: Visitor, link: str) -> None:
    page = visitor.sign_in(link, "ada@contoso.example")
    url = f"{stage.host.base_url}/api/sign-out"
    csrf = page.text.rpartition('name="csrf" value="')[2].partition('"')[0]
    assert visitor.post(url, data={"csrf": "x"}).status_code == 409
    assert visitor.post(url, data={"csrf": csrf}, headers={"Origin": "https://evil.example"}).status_code == 409
    assert visitor.get(url).status_code == 404
    assert is_signed_in(visitor, link)
    assert "You are signed out" in visitor.post(url, data={"csrf": csrf}).text
    assert not is_signed_in(visitor, link)


# -- the flow --------------------------------------------------------------------------------------------


def test_entra_id_is_asked_with_pkce_state_and_nonce(stage: Stage, visitor: Visitor, link: str) -> None:
    asked = parse_qs(urlsplit(visitor.begin(link)).query)
    assert asked["redirect_uri"] == [f"{stage.host.base_url}/api/signed-in"]
    assert (asked["response_mode"], asked["code_challenge_method"]) == (["query"], ["S256"])
    assert len(asked["state"][0]) == 43
    assert len(asked["nonce"][0]) == 64
    assert "openid" in asked["scope"][0]


@pytest.mark.parametrize("name", [name for name in FORGERIES if name != "acrs_missing"])
def test_a_forged_id_token_makes_no_session(stage: Stage, visitor: Visitor, link: str, name: str) -> None:
    back = visitor.back(visitor.begin(link), "ada@contoso.example")
    stage.simulator.add_fault({"match": {"path": "oauth2/v2.0/token"}, "then": {"id_token": name}})
    answer = visitor.get(back)
    assert (answer.status_code, "Sign-in did not work" in answer.text) == (403, True)
    assert "can&#39;t be trusted" in answer.text
    assert SESSION_COOKIE not in visitor.cookies
    assert not is_signed_in(visitor, link)


def test_keys_may_roll(stage: Stage, visitor: Visitor, link: str) -> None:
    assert visitor.sign_in(link, "rui@contoso.example").status_code == 200
    visitor.cookies.clear()
    stage.simulator.roll_keys()
    assert visitor.sign_in(link, "rui@contoso.example").status_code == 200


def test_an_answer_counts_once(visitor: Visitor, link: str) -> None:
    back = visitor.back(visitor.begin(link), "ada@contoso.example")
    assert visitor.get(back).status_code == 303
    replayed = visitor.get(back)
    assert (replayed.status_code, "is used already" in replayed.text) == (403, True)


def test_an_answer_counts_only_in_the_browser_that_asked(stage: Stage, visitor: Visitor, link: str) -> None:
    """Otherwise somebody could sign a victim's browser in as themselves, or use a stolen address."""
    back = visitor.back(visitor.begin(link), "ada@contoso.example")
    with Visitor(stage) as victim:
        assert victim.get(back).status_code == 403
        victim.begin(link)  # a flow of its own does not help
        assert victim.get(back).status_code == 403
        assert SESSION_COOKIE not in victim.cookies
    assert visitor.get(back).status_code == 303, "and what a stranger tries takes nothing away"


def test_a_code_for_another_flow_is_refused(visitor: Visitor, link: str) -> None:
    first = visitor.back(visitor.begin(link), "ada@contoso.example")
    second = visitor.begin(link)
    code = parse_qs(urlsplit(first).query)["code"][0]
    mixed = urlencode({"code": code, "state": parse_qs(urlsplit(second).query)["state"][0]})
    answer = visitor.get(f"{first.partition('?')[0]}?{mixed}")
    assert answer.status_code == 403
    assert SESSION_COOKIE not in visitor.cookies


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x&code=x", f"?state={'a' * 43}&code=x", "?state=a/b%27&code=x"]
)
def test_an_answer_to_no_question_is_refused(stage: Stage, visitor: Visitor, query: str) -> None:
    assert visitor.get(f"{stage.host.base_url}/api/signed-in{query}").status_code == 403


def test_a_sign_in_that_was_cancelled_says_so_and_repeats_nobodys_text(visitor: Visitor, link: str) -> None:
    asked = visitor.begin(link)
    state = parse_qs(urlsplit(asked).query)["state"][0]
    back = f"{urlsplit(link).scheme}://{urlsplit(link).netloc}/api/signed-in"
    told = {"error": "access_denied", "error_description": "AADSTS65004: call 555-1234", "state": state}
    answer = visitor.get(f"{back}?{urlencode(told)}")
    assert answer.status_code == 403
    assert "cancelled or refused there (AADSTS65004)" in answer.text
    assert "555" not in answer.text


@pytest.mark.parametrize("given", ["", "?t=", "?t=x", "?t=https://evil.example/", "?to=https://evil.example/"])
def test_a_sign_in_leads_to_a_signed_link_and_nowhere_else(stage: Stage, visitor: Visitor, given: str) -> None:
    answer = visitor.get(f"{stage.host.base_url}/api/sign-in{given}")
    assert answer.status_code == 403
    assert "Location" not in answer.headers


@pytest.mark.parametrize("status", [500, 429])
def test_while_entra_id_does_not_answer_nobody_is_signed_in(
    stage: Stage, visitor: Visitor, link: str, status: int
) -> None:
    back = visitor.back(visitor.begin(link), "ada@contoso.example")
    stage.simulator.add_fault({"match": {"path": "oauth2/v2.0/token"}, "then": {"status": status}})
    assert visitor.get(back).status_code in (403, 502)
    assert SESSION_COOKIE not in visitor.cookies


def test_discovery_that_fails_is_said_in_words(stage: Stage, visitor: Visitor, link: str) -> None:
    url = sign_in_url(visitor.get(link).text)
    stage.simulator.add_fault({"match": {"path": "openid-configuration"}, "then": {"status": 503}})
    answer = visitor.get(url)
    assert (answer.status_code, "Entra ID could not be reached" in answer.text) == (502, True)


def test_without_a_secret_the_apps_managed_identity_vouches_for_it(stage: Stage, visitor: Visitor, link: str) -> None:
    """The simulated registration takes that identity's token, and nothing else."""
    assert "ENTRA_CLIENT_SECRET" not in stage.host._settings
    assert visitor.sign_in(link, "rui@contoso.example").status_code == 200


# -- and it counts ---------------------------------------------------------------------------------------


def test_the_approver_is_recorded_by_object_id_and_an_operator_stops(stage: Stage, visitor: Visitor, link: str) -> None:
    form = decision_fields(visitor.sign_in(link, "ada@contoso.example").text)
    origin = {"Origin": stage.host.base_url}
    with Visitor(stage) as second:
        old_button = decision_fields(second.sign_in(link, "bob@contoso.example").text)
    done = visitor.post(link, data={**form, "action": "approve", "name": "Somebody Else"}, headers=origin)
    assert done.status_code == 303
    page = visitor.get(done.headers["Location"]).text
    assert f"Approved by Ada (object id {ADA}, signed in)" in page
    assert "Somebody Else" not in page
    late = second.post(link, data={**old_button, "action": "approve"})
    assert (late.status_code, "Signed in as Bob" in late.text) == (409, True)
    assert f"approved by Ada (object id {ADA}, signed in) at" in late.text and "Your click changed nothing" in late.text
    assert 'value="approve"' not in late.text, "the page shows what is possible now"
    with Visitor(stage) as operator:
        shown = operator.sign_in(link, "olga@contoso.example").text
        assert 'value="stop"' in shown
        stopped = operator.post(link, data={**decision_fields(shown), "action": "stop"})
        assert (stopped.status_code, "Stopped by Olga (object id" in operator.get(link).text) == (303, True)
    key = {"x-functions-key": stage.host.function_key}
    history = visitor.get(f"{stage.host.base_url}/api/history?cluster=shop-prod", headers=key).text
    assert history.count(f"Ada (object id {ADA}, signed in)") >= 2, "the decision, and its audit line"
