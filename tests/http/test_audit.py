"""GET /api/audit of a running app: for auditors, and with what was refused before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest

from devhost.stage import Stage
from tests.support.html_page import fields
from tests.support.sign_in import Visitor, link_of, stage_with_people


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Stage]:
    with stage_with_people(tmp_path_factory.mktemp("stage"), azurite) as ready:
        yield ready


BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


def json_link(page: str) -> str:
    return str(re.findall(r'href="([^"]*as=json)"', page)[0])


def audit(visitor: Visitor, stage: Stage) -> list[dict[str, Any]]:
    answer = visitor.get(f"{stage.host.base_url}/api/audit")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/jsonl")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_an_auditor_reads_decisions_refused_attempts_and_failed_sign_ins(stage: Stage) -> None:
    link, address = link_of(stage), f"{stage.host.base_url}/api/audit"
    with Visitor(stage) as reader, Visitor(stage) as auditor:
        assert reader.get(address).status_code == 401
        assert reader.get(address, headers={"Authorization": "Bearer x"}).status_code == 401
        assert reader.get(f"{stage.host.base_url}/api/signed-in?state=none").status_code == 403
        page = reader.sign_in(link, "rui@contoso.example").text
        form = fields(page)
        refused = reader.post(link, data={"t": link.partition("?t=")[2], "csrf": form["csrf"], "action": "approve"})
        assert refused.status_code == 409, "the form of another page"
        assert reader.get(address).status_code == 403
        auditor.sign_in(link, "ines@contoso.example")
        verification, *lines = audit(auditor, stage)
        shown = auditor.get(address, headers=BROWSER)
        assert "No line was edited, removed, inserted or cut off." in shown.text
        assert shown.text.count("approval policy changed".capitalize()) == 1
        assert auditor.get(address + json_link(shown.text), headers=BROWSER).text == auditor.get(address).text
        assert "/api/audit" in auditor.get(f"{stage.host.base_url}/api/fleet").text
        not_shown = reader.get(address, headers=BROWSER)
        assert (not_shown.status_code, "Snat.Audit" in not_shown.text, "</html>" in not_shown.text) == (403, True, True)
    assert (verification["is_whole"], verification["is_signed"]) == (True, True)
    assert verification["lines"] == len(lines) == verification["signed"]
    assert verification["newest_root"], "the first tick sealed what it wrote"
    found = [(line["event"], line["detail"].partition(":")[0], line["actor"].partition(" (")[0]) for line in lines]
    assert ("incident opened", "", "snatbot") in found
    assert any(event == "approval policy changed" for event, *_ in found)
    assert [(event, code) for event, code, _ in found if event.endswith(" refused")] == [
        ("sign-in refused", "token_refused"),
        ("sign-in refused", "sign_in_refused"),
        ("attempt refused", "refused"),
        ("attempt refused", "not_permitted"),
    ]
    assert "Bearer" not in json.dumps(lines)


def test_a_receipt_opens_before_the_decision_and_asks_for_the_same_sign_in_as_the_page(stage: Stage) -> None:
    link = link_of(stage)
    with Visitor(stage) as visitor:
        page = visitor.sign_in(link, "rui@contoso.example")
        assert "/receipt" not in page.text, "nothing is decided that it could prove"
        address = page.url.replace("?", "/receipt?")
        receipt = visitor.get(address).json()
        shown = visitor.get(address, headers=BROWSER)
        assert "Everything in it verifies" in shown.text
        assert visitor.get(urljoin(address, unescape(json_link(shown.text)))).json() == receipt
        assert (receipt["is_proven"], receipt["people"], receipt["change"]["state"]) == (True, [], "proposed")
        assert receipt["audit"]["lines"][-1]["event"] == "change proposed"
        assert visitor.get(address.replace("t=", "t=x")).status_code == 403
    with Visitor(stage) as stranger:
        assert "Sign in to see this page" in stranger.get(address).text
