"""What `make serve` finds on record: on shop-prod an incident of last night, approved and fixed; pay-prod fails now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import yaml

import simulator
from devhost import slack_text
from devhost.errors import DevHostError
from devhost.stage import Stage

NIGHT, MORNING = timedelta(hours=1), timedelta(hours=8)  # of a day, UTC
NAME = "last-night"  # of the scenario
RISE_MINUTES = 20  # so long connections have failed when the first scan looks
MOST_MINUTES = 90
_INPUT = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class NightError(DevHostError):
    """The night did not go as told."""


def write_scenario(folder: Path, now: datetime) -> Path:
    """The scenario `storm` in the coming night, and the same on another cluster in the morning after it."""
    text = (Path(simulator.__file__).parent / "scenarios" / "storm.yaml").read_text("utf-8")
    storm = yaml.safe_load(text)
    other = yaml.safe_load(text.replace("shop", "pay").replace("10.40.", "10.41."))
    for content, begins in ((storm, NIGHT), (other, MORNING)):
        minutes = round((next_day(now) + begins - now).total_seconds() / 60) - RISE_MINUTES
        content["clusters"][0]["workloads"][1]["schedule"]["from_minute"] = minutes
    for kind in ("network_security_groups", "virtual_networks", "clusters"):
        storm[kind] += other[kind]
    path = folder / f"{NAME}.yaml"
    path.write_text(yaml.safe_dump({**storm, "truth": []}), "utf-8")
    return path


def play(stage: Stage, approver: str = "ada@contoso.example") -> None:
    """From before the night until the morning after it. Raises NightError."""
    began = stage.simulator.now()
    skip_to(stage, next_day(began) + NIGHT)
    _approve(stage, approver)
    for history in minutes(stage, "shop-prod"):
        if history["incidents"][-1]["cleared_at"]:
            break
    skip_to(stage, next_day(began) + MORNING)
    stage.pass_minutes(2)


def skip_to(stage: Stage, at: datetime) -> None:
    """Time goes by at once; then the timer fires."""
    seconds = (at - stage.simulator.now()).total_seconds()
    stage.simulator.advance(seconds)
    stage.host.advance_clock(seconds)
    stage.pass_minutes()


def minutes(stage: Stage, cluster: str) -> Iterator[dict[str, Any]]:
    """The cluster's history, minute after minute. Raises NightError if nobody stops it."""
    for _ in range(MOST_MINUTES):
        answer = requests.get(
            f"{stage.host.base_url}/api/history",
            {"cluster": cluster},
            headers={"x-functions-key": stage.host.function_key},
            verify=str(stage.simulator.ca_path),
            timeout=60,
        )
        answer.raise_for_status()
        yield answer.json()
        stage.pass_minutes()
    raise NightError(f"{cluster} is not as expected after {MOST_MINUTES} minutes")


def _approve(stage: Stage, approver: str) -> None:
    """As a person: from the message's button by a sign-in to the page, and its form."""
    messages = stage.simulator.chat(service="slack")
    link = next(url for message in messages for _, url in slack_text.button_urls(message["content"]))
    with requests.Session() as browser:
        browser.verify = str(stage.simulator.ca_path)
        browser.trust_env = False  # REQUESTS_CA_BUNDLE would count more
        begin = re.search(r'href="([^"]*/api/sign-in[^"]*)"', browser.get(link, timeout=60).text)
        if begin is None:
            raise NightError(f"{link} offers no sign-in")
        entra = browser.get(unescape(begin[1]), timeout=60, allow_redirects=False).headers["Location"]
        page = browser.get(stage.simulator.sign_in(entra, approver), timeout=60)
        form = {name: unescape(value) for name, value in _INPUT.findall(page.text)[:2]}
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        sent = browser.post(page.url, {**form, "action": "approve"}, headers={"Origin": origin}, timeout=60)
    if not sent.ok:
        raise NightError(f"the approval was answered {sent.status_code}: {sent.text}")
    stage.host.drain(60)


def next_day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
