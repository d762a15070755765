"""`make demo`: an incident from detection to verified fix on a simulated Azure, in about a minute.

Snatbot detects, notifies and proposes; people sign in and decide in Chromium; snatbot applies and verifies. The demo
compares each part with the simulator and stops at the first mismatch, with the reason and a non-zero exit code.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from devhost import slack_text
from devhost.browser import camera, sign_in, visit
from devhost.console import Teller, fail
from devhost.errors import DevHostError
from devhost.evidence import verify_evidence
from devhost.in_slack import ADA, BEN, InSlack
from devhost.inside import Inside
from devhost.stage import DETECTOR, IN_CHAT, REMEDIATOR, Stage, set_up

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

OUTPUT = Path("demo-output")
MOST_MINUTES = 90
FINAL = ("fixed", "not fixed", "can't tell", "failed", "stopped", "rolled back", "expired", "superseded")


class StoryError(DevHostError):
    """A part of the demo did not happen as expected."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devhost.demo", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"folder for what is kept (default: {OUTPUT})")
    options = parser.parse_args(arguments)
    tell = Teller(options.output)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="snatbot-demo-") as folder:
        try:
            tell.say("Starting Chromium, a simulated Azure, the Azurite storage emulator and the function app …")
            with ExitStack() as stack:
                chromium = stack.enter_context(camera())
                stage = stack.enter_context(
                    set_up(Path(folder), "storm", extra=IN_CHAT, with_tls=True, with_slack_bot=True)
                )
                tell.say(f"Ready after {time.monotonic() - began:.0f} s.")
                people = [stack.enter_context(chromium.visitor(width=900)) for _ in range(4)]
                Story(stage, people, tell).play()
        except (DevHostError, RuntimeError, requests.RequestException) as error:
            return fail(str(error))
    tell.say(f"\nEverything was stopped. {time.monotonic() - began:.0f} s in all. Kept in {options.output}/:")
    for path in sorted(options.output.iterdir()):
        tell.say(f"  {path.name}")
    return 0


class Story:
    def __init__(self, stage: Stage, people: list[BrowserContext], tell: Teller) -> None:
        """`people`: a browser for each."""
        self._stage = stage
        self._ada, self._ben, self._sam, self._gita = people
        self._simulator = stage.simulator
        self._host = stage.host
        self._tell = tell
        self._titles: list[str] = []
        self._http = requests.Session()
        self._http.headers["x-functions-key"] = stage.host.function_key
        self._inside = Inside(stage, tell, lambda: dict(self._get("check", cluster="shop-prod")["probes"]))

    def play(self) -> None:
        failing = self._see()
        link = self._tell_people()
        self._inside.explain(failing)
        subnets = self._subnets()
        self._refuse(link)
        self._ask(link)
        self._approve()
        state = self._act()
        self._prove(subnets, state)
        self._look_at_identities()
        receipt = self._ada.request.get(self._button("Receipt")).text()
        verify_evidence(self._host.settings, receipt, self._tell)

    def _see(self) -> set[str]:
        """The nodes whose connections fail."""
        self._tell.chapter("See: GET /api/check")
        report = self._get("check")
        self._tell.keep("check.json", report)
        failing = [result for result in report["clusters"] if result["findings"]]
        if len(failing) != 1:
            raise StoryError(f"one failing cluster was expected, {len(failing)} were found")
        cluster, reading = failing[0]["cluster"], failing[0]["reading"]
        self._tell.say(f"{cluster['name']} in {cluster['location']}: {failing[0]['findings'][0]['evidence']}.")
        for node in reading["nodes"]:
            self._tell.say(f"  {node['name']}  {node['ip']:<12} {node['failed']:>6,} failed connections")
        self._tell.say("It must be zero. The check wrote nothing.")
        return {str(node["name"]) for node in reading["nodes"]}

    def _tell_people(self) -> str:
        """The first tick. Returns the address behind the message's button."""
        self._tell.chapter("Tell: the timer looks, and posts the alarm; then the message asks for an approval")
        self._host.run_timer("watch")
        self._host.drain(60)
        self._tell.quote(slack_text.lines(self._message()["revisions"][0]["content"]))
        self._tell.say("The same message, when the plan is there:")
        self._tell.quote(slack_text.lines(self._message()["content"]))
        told = self._simulator.chat()
        answers, cards = sum(bool(each["thread"]) for each in told), sum(each["service"] == "teams" for each in told)
        self._tell.say(
            f"Its thread has the details, in {answers} answers. Teams, which can't rewrite, got {cards} cards."
        )
        self._see_room("room-approval")
        self._stage.pass_minutes()
        if self._simulator.chat() != told:
            raise StoryError("the same trouble was posted again")
        self._tell.say("A minute later the trouble is the same: nothing is posted twice.")
        return self._button()

    def _refuse(self, link: str) -> None:
        self._tell.chapter("Ask: the button leads to a sign-in with Entra ID; who holds only the link sees nothing")
        for browser, name, who, refused in (
            (self._sam, "Sam Stone", "a stranger", "does not exist in tenant"),
            (self._gita, "Gita Rao", "a guest with the role to approve", "is a guest in this tenant"),
        ):
            page = sign_in(browser, link, name)
            said = [line for line in page.inner_text("main").splitlines() if refused in line]
            if not said:
                raise StoryError(f"{name}, {who}, should be refused: {page.inner_text('main')}")
            self._tell.say(f"{name}, {who}, is refused:")
            self._tell.quote(textwrap.wrap(said[0], 100))

    def _ask(self, link: str) -> None:
        """The plan's page for two people who may approve it."""
        page = sign_in(self._ada, link, "Ada Moreau")
        sign_in(self._ben, link, "Ben Okoye")
        self._tell.say("Ada Moreau and Ben Okoye sign in, and both see the exact plan; looking at it changes nothing.")
        self._keep_page(page, "approval-page")
        plan = self._history()["changes"][-1]["plan"]
        self._tell.keep("plan.json", plan)
        self._tell.say(plan["summary"][:1].upper() + plan["summary"][1:] + ".")
        for line in plan["demand"]["arithmetic"]:
            self._tell.say(f"  {line}")
        self._tell.say(f"Egress IPs now {', '.join(plan['egress_now'])}; then the new public IPs.")
        self._tell.say(f"Digest {plan['digest'][:16]}…")

    def _approve(self) -> None:
        message, slack = str(self._message()["id"]), InSlack(self._stage, self._tell, self._see_room)
        slack.refuse(message)
        self._tell.say("Ada and Ben type /snat link, open the private link where they are signed in, and confirm:")
        slack.link(self._ada, ADA)
        slack.link(self._ben, BEN)
        slack.approve_at_once(message)

    def _act(self) -> str:
        self._tell.chapter("Act: one step after the other, each read back (time jumps a minute at a time)")
        self._say_title()
        told: set[tuple[str, int]] = set()
        for minute in range(MOST_MINUTES):
            history = self._history()
            change = history["changes"][-1]
            for entry in change["journal"]:
                if entry["state"] == "done" and (change["id"], entry["step"]) not in told:
                    told.add((change["id"], entry["step"]))
                    self._tell.say(f"  minute {minute:>2}  step {entry['step'] + 1}  {entry['note']}")
            self._say_title()
            if change["state"] == "verifying":
                self._inside.switched()
            if change["state"] in FINAL:
                return str(change["state"])
            self._stage.pass_minutes()
        raise StoryError(f"the change is still {change['state']} after {MOST_MINUTES} minutes\n{self._host.logs()}")

    def _prove(self, before: Mapping[str, Any], state: str) -> None:
        self._tell.chapter("Prove: the NAT gateway's own metrics, and the subnets compared")
        history = self._history()
        self._tell.keep("history.json", history)
        self._tell.keep("audit.json", history["audit"])
        change = history["changes"][-1]
        self._keep_page(visit(self._ada, self._button()), "final-page")
        if state != "fixed":
            raise StoryError(f"the change ended as {state}: {change.get('stop_reason') or change.get('outcome')}")
        self._tell.say(f"Verdict: {change['outcome']['verdict']}, because {change['outcome']['reason']}.")
        for figure in change["outcome"]["figures"]:
            self._tell.say(f"  {figure}")
        for name, old in before.items():
            new = self._subnets()[name]
            self._tell.say(f"Subnet {name}, before and after:")
            difference = list(_difference(old, new))
            self._tell.quote(difference)
            self._tell.keep(f"subnet-{name}.diff", "\n".join(difference) + "\n")
            if lost := [key for key, value in old["properties"].items() if new["properties"].get(key) != value]:
                raise StoryError(f"subnet {name} lost or changed {', '.join(lost)}")
        self._inside.prove()
        self._tell.say("What the message says now:")
        self._tell.quote(slack_text.lines(self._message()["content"]))
        self._tell.say(
            f"It was one message in Slack all the time, rewritten {len(self._message()['revisions']) - 1} times."
        )
        self._see_room("room-fixed")
        self._tell.keep("messages.json", self._simulator.chat())
        report = self._get("check")
        self._tell.keep("check-afterwards.json", report)

    def _look_at_identities(self) -> None:
        self._tell.chapter("Two identities: who wrote to Azure")
        log = self._simulator.requests()
        writes = Counter(
            (entry["client_id"], entry["method"])
            for entry in log
            if entry["method"] in ("PUT", "PATCH", "DELETE") and "/subscriptions/" in entry["path"]
        )
        reads = sum(entry["client_id"] == DETECTOR for entry in log)
        for (client, method), count in sorted(writes.items()):
            who = {DETECTOR: "the reading identity", REMEDIATOR: "the writing identity"}.get(client, client)
            self._tell.say(f"  {method} ×{count} by {who}")
        self._tell.say(f"  {reads} requests by the reading identity, none of them a write")
        if any(client != REMEDIATOR for client, _ in writes):
            raise StoryError("something else than the writing identity wrote to Azure")

    def _get(self, route: str, **query: str) -> dict[str, Any]:
        # REQUESTS_CA_BUNDLE counts more than what a session trusts.
        trusted = str(self._simulator.ca_path)
        answer = self._http.get(f"{self._host.base_url}/api/{route}", params=query, timeout=120, verify=trusted)
        if answer.status_code != 200:
            raise StoryError(f"GET /api/{route} answered {answer.status_code}: {answer.text}\n{self._host.logs()}")
        return dict(answer.json())

    def _history(self) -> dict[str, Any]:
        return self._get("history", cluster="shop-prod")

    def _keep_page(self, page: Page, name: str) -> None:
        """As HTML with its style, and as a picture."""
        rules = "[...document.styleSheets].flatMap(sheet => [...sheet.cssRules]).map(rule => rule.cssText).join('\\n')"
        style = f"<style>\n{page.evaluate(rules)}\n</style></head>"
        self._tell.keep(f"{name}.html", page.content().replace("</head>", style, 1))
        self._tell.keep(f"{name}.png", page.screenshot(full_page=True))

    def _message(self) -> dict[str, Any]:
        """The one message in Slack's channel, as people see it."""
        told = self._simulator.chat(service="slack")
        found = [message for message in told if not message["thread"] and not message["visible_to"]]
        if len(found) != 1:
            raise StoryError(f"one message in Slack was expected, {len(found)} were found")
        return found[0]

    def _button(self, text: str = "") -> str:
        """The address behind the message's button with this text, or behind its first."""
        urls = [url for name, url in slack_text.button_urls(self._message()["content"]) if text in ("", name)]
        if not urls:
            raise StoryError(f"the message has no button {text}".rstrip())
        return urls[0]

    def _say_title(self) -> None:
        """What the message says, if it says something else than before."""
        title = self._message()["content"]["text"].splitlines()[0]
        if title not in self._titles[-1:]:
            self._titles.append(title)
            self._tell.quote([title])

    def _see_room(self, name: str, person: str = "") -> None:
        """A picture of the chat room: its first message, or the newest that this person sees."""
        page = visit(self._ada, f"{self._simulator.http_url}/chat/")
        page.get_by_label("You are").select_option(person or ADA)
        shown = page.get_by_role("log", name="Slack messages")
        awaited = shown.get_by_text("Only visible to you").last if person else shown.get_by_role("heading").first
        awaited.wait_for()
        shown.evaluate(f"log => {{ log.scrollTop = {'log.scrollHeight' if person else 0}; }}")
        self._tell.keep(f"{name}.png", page.screenshot(full_page=True))
        page.close()

    def _subnets(self) -> dict[str, Any]:
        """The ARM documents of the cluster's subnets by name, read by a client other than the app."""
        token = self._http.get(
            f"{self._simulator.http_url}/msi/token",
            params={"resource": self._simulator.url, "client_id": "bystander", "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": "simulated"},
            timeout=30,
        ).json()["access_token"]
        change = self._history()["changes"][-1]
        ids = [step["subnet_id"] for step in change["plan"]["steps"] if step["kind"] == "associate_subnet"]
        found = {}
        for subnet_id in ids:
            answer = requests.get(
                f"{self._simulator.url}{subnet_id}",
                params={"api-version": "2024-05-01"},
                headers={"Authorization": f"Bearer {token}"},
                verify=str(self._simulator.ca_path),
                timeout=30,
            )
            answer.raise_for_status()
            found[subnet_id.rpartition("/")[2]] = answer.json()
        return found


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """A unified diff of two ARM documents, in canonical JSON."""
    before, after = (json.dumps(document, indent=2, sort_keys=True).splitlines() for document in (old, new))
    return list(difflib.unified_diff(before, after, "before", "after", lineterm="", n=2))


if __name__ == "__main__":
    sys.exit(main())
