"""Linking a Slack account with a work account: who may, what it takes, and what it gives."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from devhost.stage import Stage
from tests.support.html_page import fields
from tests.support.sign_in import ADA, NORA, Visitor, said, stage_with_people
from tests.support.slack_room import LINK, SlackPerson

POLICY = [{"clusters": "all", "kinds": "all", "who": ["Snat.Approve", NORA]}]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Stage]:
    folder, policy = tmp_path_factory.mktemp("stage"), json.dumps(POLICY)
    with stage_with_people(folder, azurite, with_slack_bot=True, APPROVAL_POLICY=policy) as ready:
        yield ready


def in_slack(stage: Stage, name: str) -> SlackPerson:
    return SlackPerson(stage, f"{name}@contoso.example")


def audit(stage: Stage) -> str:
    with Visitor(stage) as ines:
        ines.sign_in(f"{stage.host.base_url}/api/fleet", "ines@contoso.example")
        return ines.get(f"{stage.host.base_url}/api/audit").text


def test_an_operator_examines_the_installation_and_nothing_fails(stage: Stage) -> None:
    address = f"{stage.host.base_url}/api/doctor"
    with Visitor(stage) as rui, Visitor(stage) as olga:
        assert rui.get(address).status_code == 401
        rui.sign_in(f"{stage.host.base_url}/api/fleet", "rui@contoso.example")
        assert rui.get(address).status_code == 403
        olga.sign_in(f"{stage.host.base_url}/api/fleet", "olga@contoso.example")
        checks = [check for category in olga.get(address).json()["categories"] for check in category["checks"]]
    found: dict[str, list[str]] = {}
    for check in checks:
        found.setdefault(check["status"], []).append(check["id"])
    assert found == {
        "ok": [
            *("clock", "own_address", "reading_identity", "writing_identity", "subscriptions"),
            *("resource_graph", "metrics"),
            *("slack_app", "slack_channel", "slack_blocks", "approvers", "remediation"),
        ],
        "warning": ["host_storage"],  # an emulator has no identities
        "not_measured": ["python", "functions", "health_events", "webhook", "signing_keys"],
    }, checks


def test_the_page_names_both_accounts_and_the_link_works_once(stage: Stage) -> None:
    url = in_slack(stage, "ada").ask("link").urls[LINK]
    with Visitor(stage) as browser:
        assert browser.get(url).status_code == 401, "a preview of the link sees and uses nothing"
        page = browser.sign_in(url, "ada@contoso.example")
        for what in ("U01ADA", "T01CONTOSO", ADA, "A person who uses this Slack account then acts as you"):
            assert what in said(page)
        form, target = fields(page.text.partition("/api/sign-out")[0]), url.partition("?")[0]
        assert browser.post(target, data={**form, "csrf": "x"}).status_code == 409
        assert browser.post(target, data=form, headers={"Origin": "https://evil.example"}).status_code == 409
        with Visitor(stage) as other:
            other.sign_in(url, "olga@contoso.example")
            assert other.post(target, data=form).status_code == 409, "another person's form"
        assert "Ada now acts in Slack as Ada" in said(browser.post(target, data=form))
        assert browser.post(target, data=form).status_code == 410
        assert browser.get(url).status_code == 410
        assert browser.get(f"{target}?t=guessed").status_code == 410
    assert "Slack account linked" in audit(stage)


def test_only_a_linked_person_with_the_right_role_stops_and_others_learn_why_in_private(stage: Stage) -> None:
    unlinked = in_slack(stage, "bob").ask("stop now")
    assert "not linked with a work account" in unlinked.text
    assert LINK in unlinked.urls
    in_slack(stage, "rui").link()
    assert "Rui lacks the app role Snat.Operate, which is needed to stop all changes" in (
        in_slack(stage, "rui").ask("stop now").text
    )
    assert "stopped by" not in in_slack(stage, "rui").ask("status").text
    in_slack(stage, "olga").link()
    stopped = in_slack(stage, "olga").ask("stop too many *drops*")
    assert "All changes are stopped" in stopped.text
    assert "Slack session, no MFA evidence" in stopped.text
    assert "stopped by Olga" in in_slack(stage, "rui").ask("status").text
    lines = audit(stage)
    assert "Slack user U01BOB of T01CONTOSO" in lines
    assert "too many *drops*" in lines


def test_a_person_whom_only_a_rule_names_by_object_id_links_without_a_role_and_stops(stage: Stage) -> None:
    assert "Nora now acts in Slack as Nora" in in_slack(stage, "nora").link()
    assert "By Nora" in in_slack(stage, "nora").ask("stop now").text


def test_a_guest_links_nothing(stage: Stage) -> None:
    assert "Only members" in SlackPerson(stage, "gita@fabrikam.example").ask("link").text
