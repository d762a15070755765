"""The pages to read, where nobody signs in: a link opens them for an hour, from each a visitor finds the others."""

from __future__ import annotations

import re
from html import unescape

import pytest
import requests

from devhost import slack_text
from devhost.stage import Stage
from tests.support.html_page import Page


@pytest.fixture(scope="module")
def change_link(stage: Stage) -> str:
    """The address behind the button of the question that follows the alarm."""
    stage.host.run_timer("watch")
    stage.host.drain(60)
    stage.pass_minutes()
    bodies = [message["body"] for message in stage.simulator.messages() if message["service"] == "slack"]
    return next(url for body in bodies for _, url in slack_text.button_urls(body) if "/api/changes/" in url)


@pytest.fixture(scope="module")
def fleet_link(stage: Stage, change_link: str) -> str:
    key = {"x-functions-key": stage.host.function_key}
    opened = requests.get(f"{stage.host.base_url}/api/fleet/open", headers=key, timeout=60, allow_redirects=False)
    assert opened.status_code == 303
    return opened.headers["Location"]


def link(stage: Stage, page: str, label: str) -> str:
    """The address of the link with this text."""
    found = re.search(rf'<a href="([^"]+)">{re.escape(label)}</a>', page)
    assert found, page
    target = unescape(found[1])
    return target if target.startswith("http") else f"{stage.host.base_url}{target}"


def opened(url: str) -> str:
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_what_happened_and_who_decided_is_found_by_clicking(stage: Stage, fleet_link: str) -> None:
    fleet = opened(fleet_link)
    assert "failing SNAT port exhaustion load balancer" in Page(fleet).text
    cluster = opened(link(stage, fleet, "shop-prod"))
    assert "Failing shop-prod" in Page(cluster).text
    incident = opened(link(stage, cluster, "SNAT port exhaustion on shop-prod"))
    assert "Timeline" in Page(incident).text
    assert "<svg" in incident
    change = opened(link(stage, incident, "NAT gateway for shop-prod"))
    assert "Waiting for approval" in Page(change).text
    assert "<form" not in change
    assert Page(opened(link(stage, change, "Incident"))).text == Page(incident).text
    assert Page(opened(link(stage, change, "Clusters"))).text == Page(fleet).text


def test_a_filter_works_without_script(stage: Stage, fleet_link: str) -> None:
    assert "shop-prod" in opened(f"{fleet_link}&q=SHOP&state=failing")
    for query in ("q=other", "state=idle"):
        assert "No cluster fits this filter." in opened(f"{fleet_link}&{query}")
    assert requests.get(f"{fleet_link}&state=odd", timeout=60).status_code == 400


def test_a_change_link_opens_the_pages_of_its_cluster_to_read_and_no_other(
    stage: Stage, change_link: str, fleet_link: str
) -> None:
    page = opened(change_link)
    cluster = link(stage, page, "shop-prod")
    incident = link(stage, opened(cluster), "SNAT port exhaustion on shop-prod")
    assert ">Clusters</a>" not in opened(incident)
    token = cluster.partition("t=")[2]
    others = [f"fleet?t={token}", f"clusters/{'0' * 32}?t={token}", f"incidents/x?cluster={'0' * 32}&t={token}"]
    for path in (*others, f"changes/x?cluster={'0' * 32}&t={token}"):
        assert requests.get(f"{stage.host.base_url}/api/{path}", timeout=60).status_code == 403
    posted = requests.post(incident, timeout=60)
    assert posted.status_code == 403
    assert "changes nothing" in posted.text


@pytest.mark.parametrize(
    "path", ["fleet", "clusters/shop-prod", f"incidents/x?cluster={'0' * 32}", f"changes/x?cluster={'0' * 32}"]
)
def test_without_a_link_of_this_app_nothing_is_shown(stage: Stage, change_link: str, path: str) -> None:
    url = f"{stage.host.base_url}/api/{path}"
    joint = "&" if "?" in url else "?"
    token = change_link.partition("?t=")[2]  # signed, but to decide on a change
    for query in ("", f"{joint}t=x", f"{joint}t={token}"):
        answer = requests.get(url + query, timeout=60)
        assert answer.status_code == 403
        assert "shop-prod" not in answer.text


def test_what_is_not_there_is_said(stage: Stage, fleet_link: str) -> None:
    token = fleet_link.partition("?")[2]
    key = "0" * 32
    for path in (f"clusters/none?{token}", f"clusters/{key}?{token}", f"incidents/x?cluster={key}&{token}"):
        answer = requests.get(f"{stage.host.base_url}/api/{path}", timeout=60)
        assert (answer.status_code, "Not found" in answer.text) == (404, True)
        assert f'href="/api/fleet?{token}"' in answer.text
    assert requests.get(f"{stage.host.base_url}/api/incidents/x?{token}", timeout=60).status_code == 400


def test_a_cluster_is_opened_by_name_or_resource_id(stage: Stage, fleet_link: str) -> None:
    token = fleet_link.partition("?")[2]
    page = opened(f"{stage.host.base_url}/api/clusters/SHOP-prod?{token}")
    resource = re.search(r"/subscriptions/[^<]+managedClusters/shop-prod", page)
    assert resource
    for path in (resource[0], resource[0][1:]):
        assert Page(opened(f"{stage.host.base_url}/api/clusters/{path}?{token}")).text == Page(page).text
