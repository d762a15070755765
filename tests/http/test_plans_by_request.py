"""Plans of every kind by request: as JSON for programs, as a page for people, and beside a change's own."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import requests

from devhost import slack_text
from devhost.stage import Stage


def ask(stage: Stage, method: str = "GET", route: str = "plan", **query: str) -> requests.Response:
    headers = {"x-functions-key": stage.host.function_key}
    params = {"cluster": "shop-prod", **query}
    return requests.request(method, f"{stage.host.base_url}/api/{route}", params=params, headers=headers, timeout=120)


def plan(stage: Stage, **query: str) -> dict[str, Any]:
    answer = ask(stage, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_right_answer_names_the_plans_beside_it(stage: Stage) -> None:
    found = plan(stage)
    assert (found["kind"], found["is_executable"]) == ("attach_nat_gateway", True)
    assert [plan["kind"] for plan in found["related"]] == ["relieve_load_balancer", "align_outbound_type"]


@pytest.mark.parametrize("kind", ["relieve_load_balancer", "align_outbound_type", "managed_nat_gateway", "standard_v2"])
def test_a_kind_of_advice_can_be_asked_for_and_writes_nothing(stage: Stage, kind: str) -> None:
    before = len(stage.simulator.requests())
    found = plan(stage, kind=kind)
    assert (found["kind"], found["is_executable"], found["steps"]) == (kind, False, [])
    assert bool(found["commands"]) is (kind in ("relieve_load_balancer", "standard_v2"))
    assert found["commands"] or [check for check in found["checks"] if check["result"] == "block"]
    assert {entry["method"] for entry in stage.simulator.requests()[before:]} <= {"GET", "POST"}


def test_an_unknown_kind_or_form_is_a_400_that_says_what_is_right(stage: Stage) -> None:
    for query in ({"kind": "magic"}, {"as": "poem"}):
        answer = ask(stage, **query)
        assert answer.status_code == 400
        assert "relieve_load_balancer" in answer.text or "json or page" in answer.text
    assert ask(stage, "POST", "changes", kind="magic").status_code == 400


def test_advice_cannot_be_proposed(stage: Stage) -> None:
    answer = ask(stage, "POST", "changes", kind="relieve_load_balancer")
    assert answer.status_code == 409
    assert "--load-balancer-outbound-ports" in answer.json()["error"]["message"]


def test_as_a_page_it_has_nothing_to_press_and_no_key_in_it(stage: Stage) -> None:
    answer = ask(stage, kind="relieve_load_balancer", **{"as": "page"})
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Load balancer relief for shop-prod" in answer.text
    assert "there is nothing to approve" in answer.text
    assert "<form" not in answer.text
    assert stage.host.function_key not in answer.text
    assert "This is a dry run" in ask(stage, **{"as": "page"}).text


def test_the_plan_beside_a_change_opens_from_its_page_and_no_other_kind_does(stage: Stage) -> None:
    stage.host.run_timer("watch")
    stage.host.drain(60)
    _, question = [message["body"] for message in stage.simulator.messages() if message["service"] == "slack"]
    link = slack_text.button_urls(question)[0][1]
    page = requests.get(link, timeout=60).text
    (href,) = re.findall(r'href="(\?t=[^"]+)"', page)
    address = link.partition("?")[0]

    relief = requests.get(address + unescape(href), timeout=60)
    assert relief.status_code == 200
    assert "Load balancer relief for shop-prod" in relief.text
    assert "<form" not in relief.text

    assert requests.get(f"{link}&kind=attach_nat_gateway", timeout=60).status_code == 404
    assert requests.get(f"{address}?t=x&kind=relieve_load_balancer", timeout=60).status_code == 403
