"""Tokens go to the configured endpoint only, whatever its answers point to. Another port is another host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.cloud import metric_queries
from shared.cloud.discovery import Discovery
from shared.cloud.errors import AzureError, ForeignHost, UnexpectedAnswer
from tests.support.builders import window
from tests.support.every_client import BALANCER, CALLS, arm, batch
from tests.support.hostile import Asked, HostileServer, Send, hostile_server, trusted_authority, whole

pytestmark = pytest.mark.network


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[HostileServer, HostileServer]]:
    """The configured endpoint, and somebody else."""
    authority, bundle = trusted_authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with hostile_server(authority) as ours, hostile_server(authority) as foreign:
        yield ours, foreign


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "302 Found", "308 Permanent Redirect"])
@pytest.mark.parametrize("header", ["Location", "Azure_AsyncOperation"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_request_follows_an_answer_to_another_host(
    servers: tuple[HostileServer, HostileServer], call: Callable[[str], object], header: str, status: str
) -> None:
    ours, foreign = servers
    ours.answer_with(status, b'{"value": []}', **{header: f"{foreign.url}/elsewhere"})
    with pytest.raises(ForeignHost, match=foreign.url) as caught:
        call(ours.url)
    assert caught.value.host == foreign.url
    assert foreign.asked == []
    assert [asked.has_token for asked in ours.asked] == [True]


@pytest.mark.parametrize("call", [CALLS["arm list"], CALLS["activity log"]], ids=["arm list", "activity log"])
@pytest.mark.parametrize(
    "link",
    [
        "{foreign}/page2",
        "//{place}/page2",
        "http://{ours_place}/page2",  # the token would travel in clear
        "https://{ours_place}@{place}/page2",
        "https://{place}\\@{ours_place}/page2",
        "https://{ours_place}.evil.example/page2",
        "https://{ours_place}\t.evil.example/page2",
        "https:/\\{place}/page2",
        "ftp://{place}/page2",
        "https://[::1/page2",
        "javascript:alert(1)",
    ],
)
def test_no_page_is_read_from_another_host(
    servers: tuple[HostileServer, HostileServer], call: Callable[[str], object], link: str
) -> None:
    ours, foreign = servers
    places = {"place": foreign.url.removeprefix("https://"), "ours_place": ours.url.removeprefix("https://")}
    next_link = link.format(foreign=foreign.url, **places)
    ours.answer_with("200 OK", json.dumps({"value": [], "nextLink": next_link}).encode())
    with pytest.raises(UnexpectedAnswer):
        call(ours.url)
    assert foreign.asked == []
    assert len([asked for asked in ours.asked if "page2" not in asked.line]) == 1


def test_what_cannot_be_listed_on_the_configured_host_is_named_by_discovery(
    servers: tuple[HostileServer, HostileServer],
) -> None:
    ours, foreign = servers

    def answer(asked: Asked, send: Send) -> None:
        if asked.line.startswith("POST"):
            send(whole("403 Forbidden"))
        else:
            send(whole("200 OK", json.dumps({"value": [], "nextLink": f"{foreign.url}/page2"}).encode()))

    ours.answer = answer
    (unreadable,) = Discovery(arm(ours.url), ("s1",)).clusters().unreadable
    assert foreign.url in unreadable.reason
    assert foreign.asked == []


def test_a_link_on_the_same_host_is_followed_however_it_is_spelt(servers: tuple[HostileServer, HostileServer]) -> None:
    ours, _ = servers
    pages = iter(["HTTPS" + ours.url.removeprefix("https") + "/page 2?a=ä", "/page3", None])

    def answer(_asked: Asked, send: Send) -> None:
        send(whole("200 OK", json.dumps({"value": [{"a": 1}], "nextLink": next(pages)}).encode()))

    ours.answer = answer
    assert len(list(arm(ours.url).list("/subscriptions", "1"))) == 3


@pytest.mark.parametrize("region", ["evil.example/#", "a@b", "west/../..", "x" * 80, ""])
def test_a_region_out_of_an_answer_makes_no_host(servers: tuple[HostileServer, HostileServer], region: str) -> None:
    ours, _ = servers
    with pytest.raises(UnexpectedAnswer, match="region"):
        batch(ours.url).query_batch([BALANCER], region, metric_queries.SNAT_CONNECTIONS, window())
    assert ours.asked == []


@pytest.mark.parametrize("kind", ["token", "link"])
def test_a_list_that_leads_back_or_never_ends_is_an_error(
    servers: tuple[HostileServer, HostileServer], kind: str
) -> None:
    ours, _ = servers
    ours.answer_with("200 OK", json.dumps({"data": [], "value": [], "$skipToken": "again", "nextLink": "/a"}).encode())
    with pytest.raises(AzureError, match="leads back"):
        (CALLS["resource graph"] if kind == "token" else CALLS["arm list"])(ours.url)
    assert len(ours.asked) == 2
