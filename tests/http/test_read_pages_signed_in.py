"""The pages to read, where people sign in: a role opens them, sign-in leads back to them, and some make a plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest

from devhost.stage import Stage
from tests.support.gadget_output import sockets
from tests.support.html_page import Page, fields
from tests.support.sign_in import Visitor, said, stage_with_people


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Stage]:
    with stage_with_people(tmp_path_factory.mktemp("stage"), azurite) as ready:
        ready.pass_minutes()
        yield ready


@pytest.fixture
def visitor(stage: Stage) -> Iterator[Visitor]:
    with Visitor(stage) as browser:
        yield browser


def fleet(stage: Stage) -> str:
    return f"{stage.host.base_url}/api/fleet?q=shop&lang=es"


def incident(stage: Stage, visitor: Visitor, user: str) -> str:
    """The address of the open incident's page, for a person who signed in on that of all clusters."""
    page = visitor.sign_in(fleet(stage), f"{user}@contoso.example").text
    found = re.search(r'href="(/api/incidents/[^"]+)"', page)
    assert found, page
    return stage.host.base_url + unescape(found[1])


def plan_csrf(page: str) -> str:
    """Without the sign-out form's, which comes behind it."""
    return fields(page.partition("/api/sign-out")[0])["csrf"]


def test_sign_in_leads_back_to_the_page_that_asked_for_it(stage: Stage, visitor: Visitor) -> None:
    page = visitor.get(fleet(stage))
    assert (page.status_code, "shop-prod" in page.text) == (401, False)
    signed_in = visitor.get(visitor.back(visitor.begin(fleet(stage)), "rui@contoso.example"))
    assert signed_in.headers["Location"] == fleet(stage)
    assert "shop-prod" in visitor.get(fleet(stage)).text


def test_without_a_role_no_page_opens(stage: Stage, visitor: Visitor) -> None:
    page = visitor.sign_in(fleet(stage), "nora@contoso.example")
    assert page.status_code == 403
    assert "Snat.Read" in page.text
    assert "shop-prod" not in page.text


def test_whoever_may_propose_makes_a_new_plan_on_the_incidents_page(stage: Stage, visitor: Visitor) -> None:
    page = visitor.get(incident(stage, visitor, "olga"))
    csrf = plan_csrf(page.text)
    assert visitor.post(page.url, data={"csrf": "x"}).status_code == 409
    refused = visitor.post(page.url, data={"csrf": csrf}, headers={"Origin": "https://evil.example"})
    assert refused.status_code == 409
    assert unescape(refused.text).count(page.url.removeprefix(stage.host.base_url)) == 1, "it leads back"
    made = visitor.post(page.url, data={"csrf": csrf})
    assert made.status_code == 303
    shown = visitor.get(made.headers["Location"])
    assert "Olga" in said(shown)
    assert made.headers["Location"].partition("?")[0].removeprefix(stage.host.base_url) in visitor.get(page.url).text


def test_a_reader_is_not_offered_a_plan_and_cannot_make_one(stage: Stage, visitor: Visitor) -> None:
    page = visitor.get(incident(stage, visitor, "rui"))
    assert "Snat.Operate" in page.text, "the role that Rui lacks"
    with Visitor(stage) as other:
        csrf = plan_csrf(other.get(incident(stage, other, "olga")).text)
    assert visitor.post(page.url, data={"csrf": csrf}).status_code == 409
    assert visitor.post(page.url, data={"csrf": fields(page.text)["csrf"]}).status_code == 409


def test_a_change_opened_from_another_page_can_be_decided_by_who_may(stage: Stage, visitor: Visitor) -> None:
    for user, may in (("rui", False), ("ada", True)):
        with Visitor(stage) as person:
            page = person.get(incident(stage, person, user))
            newest = re.findall(r'href="(/api/changes/[^"]+)"', page.text)[-1]
            change = person.get(stage.host.base_url + unescape(newest))
            assert change.status_code == 200
            assert ('value="approve"' in change.text) is may


def test_what_is_not_there_leads_back_to_all_clusters(stage: Stage, visitor: Visitor) -> None:
    visitor.sign_in(fleet(stage), "rui@contoso.example")
    for path in ("clusters/none", f"incidents/x?cluster={'0' * 32}", f"changes/x?cluster={'0' * 32}"):
        page = visitor.get(f"{stage.host.base_url}/api/{path}")
        assert page.status_code == 404
        assert "/api/fleet" in [link["href"] for link in Page(page.text).all("a")]


def test_whoever_may_silences_the_cluster_for_an_hour_on_the_incidents_page(stage: Stage, visitor: Visitor) -> None:
    page = visitor.get(incident(stage, visitor, "olga"))
    done = visitor.post(page.url, data={"csrf": plan_csrf(page.text), "action": "silence"})
    assert done.status_code == 303
    shown = visitor.get(done.headers["Location"])
    assert "Silenciado por Olga" in said(shown)
    assert 'value="silence"' not in shown.text
    assert 'value="silence"' in page.text


def test_whoever_may_pastes_sockets_on_the_incidents_page_and_everybody_there_sees_the_table(
    stage: Stage, visitor: Visitor
) -> None:
    page = visitor.get(incident(stage, visitor, "olga"))
    given = {"csrf": plan_csrf(page.text), "action": "sockets", "sockets": json.dumps(sockets(25))}
    assert visitor.post(page.url, data={**given, "csrf": "x"}).status_code == 409
    evil = visitor.post(page.url, data=given, headers={"Origin": "https://evil.example"})
    assert evil.status_code == 409
    for wrong, why in (("kubectl: no", "snapshot_socket"), ("x" * 2**22, "4.194.304")):
        refused = visitor.post(page.url, data={**given, "sockets": wrong})
        assert refused.status_code == 400
        assert why in said(refused)
    done = visitor.post(page.url, data=given)
    assert done.status_code == 303
    with Visitor(stage) as reader:
        shown = reader.get(incident(stage, reader, "rui"))
        assert "shop/checkout-6d5b9-x1" in said(shown)
        assert "52.168.1.9:443/tcp" in said(shown)
        assert "Pegado por Olga" in said(shown)
        assert "<textarea" not in shown.text
