"""Pages as a browser shows them: under a strict policy, on a phone and a desk, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe

from devhost.browser import Camera
from shared.core.remediation.pace import Pace
from shared.flows.audit.verify import AuditReport
from shared.flows.incidents.story import Story
from shared.flows.monitoring.fleet_status import FleetStatus
from shared.model.change import Action, ChangeState
from shared.model.plan import PlanKind
from shared.model.resource_id import ArmId
from shared.model.sockets import Culprit, NodeSockets, PastedSockets
from shared.triggers.responses import PAGE_HEADERS
from shared.web.assets import asset_url
from shared.web.audit_pages import audit_page, receipt_page
from shared.web.change_view import LinkedChange
from shared.web.cluster_view import ClusterView
from shared.web.fleet_view import FleetView, StatusView
from shared.web.incident_view import IncidentView
from shared.web.pages import FormFields, SignedIn, change_page, message_page, plan_page
from shared.web.paths import Paths
from shared.web.probe_view import ProbeView
from shared.web.read_pages import IncidentForm, cluster_page, fleet_page, incident_page
from tests.browser.conftest import Serve
from tests.support import nouns
from tests.support.advised import FITTING, ask, every_answer
from tests.support.fleet import every_kind, failing, make_fleet, make_history, make_lines, make_receipt, make_story
from tests.support.probes import make_probes
from tests.support.thorough import sample

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

pytestmark = pytest.mark.browser
NOW = nouns.NOW + timedelta(minutes=8)
FORM = FormFields("token", "csrf", (Action.APPROVE, Action.DENY), asks_name=True)
PACE = Pace(lag=3, gate=3, pause=0, verify=10)
INCIDENT = nouns.make_incident()
LONG = "a-cluster-whose-name-is-as-long-as-azure-lets-it-be-63-letters-x"
INCIDENT_FORM = IncidentForm("csrf", can_plan=True)
_LONG_NODES = nouns.make_nodes(3, prefix="aks-" + "averylongpoolname" * 8 + "-vmss")
STORY = make_story()
_SOCKETS = PastedSockets(
    STORY.incident.id,
    (
        NodeSockets(
            LONG,
            (Culprit("shop/" + "averylongpodname" * 8, False, "tcp", "52.168.1.9:443", 1_010, 30, 900),),
            connections=1_020,
            tcp_ports=1_010,
            udp_ports=0,
            inside=3,
            inbound=1,
            left_out=4,
        ),
    ),
    unreadable=2,
    pasted_by=LONG,
    pasted_at=NOW,
)
ROLLBACK = replace(nouns.make_plan(), kind=PlanKind.DETACH_NAT_GATEWAY, of_change_id="chg-19c1")
PAGES = {
    "proposed": change_page(nouns.make_change(reason=INCIDENT), form=FORM, now=NOW, pace=PACE, paths=Paths()),
    "stopped": change_page(
        nouns.make_change(ChangeState.STOPPED, reason=INCIDENT),
        journal=nouns.make_journal(),
        form=replace(FORM, actions=(Action.RESUME, Action.ROLL_BACK)),
        now=NOW,
    ),
    "running": change_page(
        replace(nouns.make_change(ChangeState.APPLYING, reason=INCIDENT), step=4),
        journal=nouns.make_journal(),
        form=replace(FORM, actions=(Action.STOP,)),
        now=NOW,
        link="?t=token",
        pace=PACE,
        paths=Paths("token", "key"),
        is_unverified=True,
    ),
    "verifying, signed in": change_page(
        replace(nouns.make_change(ChangeState.VERIFYING, reason=INCIDENT), verify_from=NOW, step=7),
        form=replace(FORM, actions=(Action.STOP, Action.ROLL_BACK), asks_name=False),
        now=NOW,
        link="?cluster=key",
        pace=PACE,
        paths=Paths(),
        signed_in=SignedIn("Ada", "/api/sign-out", "csrf"),
    ),
    "rolled back": change_page(
        nouns.make_change(ChangeState.FIXED),
        journal=nouns.make_journal(),
        now=NOW,
        link="?t=token",
        follow_ups=[
            LinkedChange(nouns.make_change(state), "/x") for state in (ChangeState.DENIED, ChangeState.ROLLED_BACK)
        ],
    ),
    "rollback": change_page(
        nouns.make_change(plan=ROLLBACK, reason=INCIDENT),
        form=FORM,
        now=NOW,
        original=LinkedChange(nouns.make_change(ChangeState.FIXED), "/x"),
    ),
    "fixed": change_page(nouns.make_change(ChangeState.FIXED), journal=nouns.make_journal(), now=NOW),
    "a hundred nodes": change_page(
        nouns.make_change(reason=nouns.make_incident(nodes=nouns.make_nodes(100))),
        form=FORM,
        now=NOW,
    ),
    "long names": change_page(
        nouns.make_change(
            plan=replace(nouns.make_plan(nouns.make_cluster(name=LONG)), vnet_id=ArmId("/x" * 200)),
            reason=nouns.make_incident(nodes=_LONG_NODES),
        ),
        form=FORM,
        now=NOW,
    ),
    "blocked": change_page(nouns.make_change(plan=nouns.make_advice()), notice="REMEDIATION is off.", now=NOW),
    "relief beside it": change_page(
        nouns.make_change(
            plan=replace(nouns.make_plan(), related=ask(None, FITTING[PlanKind.RELIEVE_LOAD_BALANCER]).related)
        ),
        form=FORM,
        now=NOW,
        link="?t=token",
    ),
    **{kind: plan_page(plan) for kind, plan in every_answer().items()},
    "fleet": fleet_page(FleetView(every_kind(), nouns.NOW, Paths())),
    "fleet by link": fleet_page(FleetView(every_kind(), nouns.NOW, Paths("token"), "zz")),
    "empty fleet": fleet_page(FleetView(FleetStatus(), nouns.NOW, Paths())),
    "hundred clusters": fleet_page(
        FleetView(make_fleet(*(failing(f"shop-{number}") for number in range(100))), nouns.NOW, Paths())
    ),
    "incident": incident_page(IncidentView(STORY, NOW, Paths()), INCIDENT_FORM),
    "long incident": incident_page(
        IncidentView(
            replace(make_story(nouns.make_incident(nouns.make_cluster(name=LONG), _LONG_NODES)), sockets=_SOCKETS),
            NOW,
            Paths("token"),
        ),
        IncidentForm(notice="Ada lacks the app role Snat.Operate."),
    ),
    "bare incident": incident_page(
        IncidentView(Story(nouns.make_incident(nodes=()), (), (), ()), NOW, Paths("token", "key"))
    ),
    "cluster": cluster_page(
        ClusterView("shop-prod", StatusView(failing(), NOW, Paths()), make_history(STORY), NOW, Paths())
    ),
    "unknown cluster": cluster_page(
        ClusterView(LONG, None, make_history(STORY, incidents=(), changes=(), audit=()), NOW, Paths())
    ),
    "probes": cluster_page(ClusterView("shop-prod", None, make_history(STORY), NOW, Paths(), ProbeView(make_probes()))),
    "probes on many nodes with long names": incident_page(
        IncidentView(STORY, NOW, Paths(), ProbeView(make_probes(30, prefix="aks-" + "averylongpoolname" * 8)))
    ),
    "silent probes in Spanish": cluster_page(
        ClusterView("shop-prod", None, make_history(STORY), NOW, Paths(), ProbeView(make_probes(0))), language="es"
    ),
    "a plan with addresses as seen": change_page(
        nouns.make_change(), form=FORM, now=NOW, seen=("20.1.2.3", "20.1.2.4")
    ),
    "receipt": receipt_page(make_receipt(STORY), Paths(), "?cluster=key", signed_in=SignedIn("Ada", "/x", "csrf")),
    "audit": audit_page(
        make_lines(STORY),
        AuditReport((make_receipt(STORY).chain,), (), None, ("2026-11-21",), False),
        "/api/audit?after=x",
    ),
    "refused": message_page("This link has expired.", status=410),
    "proposed in Spanish": change_page(nouns.make_change(reason=INCIDENT), language="es", form=FORM, now=NOW),
    "fleet in Spanish": fleet_page(FleetView(every_kind(), nouns.NOW, Paths()), language="es"),
    "incident in Spanish": incident_page(IncidentView(STORY, NOW, Paths()), INCIDENT_FORM, language="es"),
}
# Text and the colour behind it, for every element that shows text of its own (WCAG 2.2: 1.4.3).
CONTRASTS = r"""
() => {
  const parse = text => text.match(/[\d.]+/g).map(Number);
  const light = color => color.slice(0, 3).map(part => part / 255)
    .map(part => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [.2126, .7152, .0722][index], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const color = parse(getComputedStyle(element).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.body.querySelectorAll('*')) {
    const hasText = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!hasText || !element.checkVisibility()) continue;
    const pair = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    if (ratio < 4.5) poor.push(`${element.tagName} "${element.textContent.trim().slice(0, 30)}" ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""
# Times, as formatting.utc writes them, that stand on more than one line.
TIMES_BROKEN = r"""
() => {
  const broken = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    for (const found of node.data.matchAll(/(\d{4}-\d\d-\d\d|\d\d\/\d\d\/\d{4}) \d\d:\d\d UTC/g)) {
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      if (new Set([...range.getClientRects()].map(box => box.top)).size > 1) broken.push(found[0]);
    }
  }
  return broken;
}
"""
COLOR_SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


UNFOLD = "document.querySelectorAll('details').forEach(fold => fold.open = true)"
WIDTHS = (320, 390, 768, 900, 1280)
# Tables that are wider than what they stand in: beside an aside the page itself need not scroll then.
WIDE_TABLES = """() => [...document.querySelectorAll('table')]
  .filter(table => table.offsetWidth > table.parentElement.clientWidth).map(table => table.innerText.slice(0, 40))"""
RADIUS = "getComputedStyle(document.querySelector('.sheet, main')).borderRadius"


@dataclass(frozen=True)
class Look:
    """What a browser made of a page, each fold of which was opened."""

    requested: list[str]
    complaints: list[str]
    radius: str
    scroll_widths: Mapping[int, int]
    wide_tables: Mapping[int, list[str]]
    poor_contrasts: Mapping[str, list[str]]


@dataclass(frozen=True)
class Shelf:
    """Every page, served as the app serves its own."""

    browser: Camera
    addresses: Mapping[str, str]
    _looks: dict[str, Look] = field(default_factory=dict)

    @contextmanager
    def opened(self, name: str, *, width: int = 1280) -> Iterator[tuple[Page, list[Request], list[str]]]:
        """A page; the requests it made and what the browser complained about."""
        requests: list[Request] = []
        complaints: list[str] = []
        with self.browser.visitor(width=width, height=800) as visitor:
            page = visitor.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("request", lambda request: requests.append(request))
            page.goto(self.addresses[name])
            complaints[:] = [text for text in complaints if "--playwright--" not in text]
            yield page, requests, complaints

    def look(self, name: str) -> Look:
        """A page is opened once for all tests that only look."""
        if name not in self._looks:
            self._looks[name] = self._look(name)
        return self._looks[name]

    def _look(self, name: str) -> Look:
        with self.opened(name) as (page, requests, complaints):
            requested, radius = [request.url for request in requests], page.evaluate(RADIUS)
            page.evaluate(UNFOLD)
            contrasts: dict[str, list[str]] = {}
            for scheme in COLOR_SCHEMES:
                page.emulate_media(color_scheme=scheme)
                contrasts[scheme] = page.evaluate(CONTRASTS)
            widths, wide = {}, {}
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                widths[width] = page.evaluate("document.documentElement.scrollWidth")
                wide[width] = page.evaluate(WIDE_TABLES)
            return Look(requested, complaints, radius, widths, wide, contrasts)


@pytest.fixture(scope="module")
def shelf(browser: Camera, serve: Serve) -> Shelf:
    numbered = {str(number): page for number, page in enumerate(PAGES.values())}
    base = serve(numbered, PAGE_HEADERS)
    return Shelf(browser, {name: f"{base}/{number}" for name, number in zip(PAGES, numbered, strict=True)})


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_styled_under_the_strict_policy_and_loads_nothing_else(shelf: Shelf, name: str) -> None:
    look = shelf.look(name)
    address = shelf.addresses[name]
    assets = [urljoin(address, asset_url(name)) for name in ("style.css", "page.js")]
    assert sorted(look.requested) == sorted([address, *assets])
    assert look.complaints == []
    assert look.radius in ("12px", "0px")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_needs_scrolling_sideways(shelf: Shelf, name: str) -> None:
    look = shelf.look(name)
    assert {width: scrolled for width, scrolled in look.scroll_widths.items() if scrolled > width} == {}
    assert {width: tables for width, tables in look.wide_tables.items() if tables} == {}


@pytest.mark.parametrize("name", PAGES)
def test_all_text_can_be_read_in_light_and_dark(shelf: Shelf, name: str) -> None:
    assert shelf.look(name).poor_contrasts == {"light": [], "dark": []}


# Of each kind of page, the one with the most on it.
FULLEST = [
    *("stopped", "verifying, signed in", "proposed in Spanish", "long names", "relief beside it"),
    *("too_large", "fleet by link", "incident", "cluster", "receipt", "audit", "refused"),
]


@pytest.mark.parametrize("name", sample(PAGES, *FULLEST))
def test_axe_finds_nothing(shelf: Shelf, name: str) -> None:
    with shelf.opened(name) as (page, _, _):
        page.evaluate(UNFOLD)
        # Only contrasts depend on the theme.
        widths = {"light": 1280, "dark": 390}
        for scheme in COLOR_SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": widths[scheme], "height": 800})
            found = Axe().run(page, options={"runOnly": ["color-contrast"]} if scheme == "dark" else {})
            assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", ["stopped", "running", "rolled back", "rollback", "proposed in Spanish"])
def test_on_a_phone_no_time_breaks_at_the_end_of_a_line(shelf: Shelf, name: str) -> None:
    with shelf.opened(name) as (page, _, _):
        for width in (320, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(TIMES_BROKEN) == []


def test_every_control_can_be_reached_by_keyboard_in_the_order_of_reading(shelf: Shelf) -> None:
    with shelf.opened("proposed") as (page, _, _):
        reached: list[str] = []
        while not reached or reached[-1] != "Deny":
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
            assert len(reached) < 20
        above = ["Clusters", "shop-prod", "Incident", "See the incident."]
        assert reached == [*above, "name", "Approve", "Deny"]


def test_on_a_phone_the_way_to_the_decision_is_short(shelf: Shelf) -> None:
    with shelf.opened("proposed", width=390) as (page, _, _):
        page.get_by_role("link", name="Go to the decision").click()
        page.wait_for_function("document.querySelector('#decision').getBoundingClientRect().top < 800")
        assert page.get_by_role("button", name="Approve").bounding_box() is not None


def test_controls_are_large_enough_for_a_thumb(shelf: Shelf) -> None:
    with shelf.opened("stopped", width=390) as (page, _, _):
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44


def test_script_adds_the_readers_zone_to_times(shelf: Shelf) -> None:
    context = shelf.browser.browser.new_context(timezone_id="Europe/Madrid", viewport={"width": 390, "height": 800})
    page = context.new_page()
    for name in ("incident", "cluster", "proposed"):
        page.goto(shelf.addresses[name])
        assert re.search(r"2026-11-22 \d\d:05 UTC \(2[01]:05\)", page.inner_text("body"))
        assert "Times in brackets are in your zone: Europe/Madrid." in page.inner_text("footer")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(TIMES_BROKEN) == []
    context.close()


def test_a_running_change_follows_by_itself_and_keeps_what_is_unfolded(shelf: Shelf) -> None:
    with shelf.opened("running") as (page, _, _):
        page.clock.install()
        page.goto(shelf.addresses["running"])
        page.locator("summary").first.click()
        page.evaluate("document.activeElement.blur()")
        page.route(
            shelf.addresses["running"], lambda route: route.fulfill(body=PAGES["fixed"], content_type="text/html")
        )
        page.clock.run_for(16_000)
        page.get_by_text("Verdict: Fixed").wait_for()
        assert page.evaluate("document.querySelector('details').open")
        assert not page.evaluate("document.body.hasAttribute('data-live')")


def test_what_a_decision_needs_is_above_the_fold(shelf: Shelf) -> None:
    with shelf.opened("proposed") as (page, _, _):
        for locator in (page.get_by_role("button", name="Approve"), page.get_by_text("What may drop")):
            box = locator.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < 800
        assert page.evaluate("document.documentElement.scrollHeight") < 1300


@pytest.mark.parametrize("width", [390, 1280])
def test_state_step_time_and_stop_stay_in_sight(shelf: Shelf, width: int) -> None:
    with shelf.opened("verifying, signed in", width=width) as (page, _, _):
        page.evaluate(UNFOLD)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        bar = page.locator(".follow")
        box = bar.bounding_box()
        assert box is not None
        assert (box["y"], box["height"] < 200) == (0, True)
        assert "All steps are done. About 14 minutes left." in bar.inner_text()
        assert bar.get_by_role("button", name="Stop").is_visible()
        assert page.get_by_role("button", name="Stop").count() == 1
