"""The pages to read: what is unknown is said, and nothing shown becomes markup."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.core.guidance.culprits import read_sockets
from shared.flows.monitoring.fleet_status import FleetStatus
from shared.model.finding import FindingKind
from shared.model.fleet import Unlisted
from shared.model.incident import IncidentState
from shared.model.sockets import PastedSockets
from shared.model.text import verbatim
from shared.web.cluster_view import ClusterView
from shared.web.fleet_view import FleetView, StatusView
from shared.web.incident_view import IncidentView
from shared.web.paths import Paths
from shared.web.read_pages import IncidentForm, cluster_page, fleet_page, incident_page
from tests.support.every import every
from tests.support.fleet import every_kind, failing, make_fleet, make_history, make_status, make_story, unmeasured
from tests.support.gadget_output import TIME_WAIT, sockets
from tests.support.html_page import Page
from tests.support.nouns import NOW, make_incident, make_nodes
from tests.support.thorough import examples

HOSTILE = st.text(st.sampled_from("<>&\"'`{}%/ abscriptonload=\n"), max_size=60).map(lambda text: f"x{text}x")


def fleet(status: FleetStatus, **filters: str) -> Page:
    return Page(fleet_page(FleetView(status, NOW, Paths(), **filters)))


def names(page: Page) -> list[str]:
    return [str(link["href"]) for link in page.all("a") if "/clusters/" in str(link["href"])]


def test_not_measured_is_never_shown_as_well() -> None:
    for status in (unmeasured(), make_status(at=NOW - timedelta(minutes=11))):
        shown = fleet(make_fleet(status))
        assert "1 not measured" in shown.text
        assert "no trouble" not in shown.text
    assert "Azure Monitor answers 403" in fleet(make_fleet(unmeasured())).text


def test_clusters_that_no_scan_reached_or_that_could_not_be_listed_are_mentioned() -> None:
    shown = fleet(replace(make_fleet(failing(), listed=3), unreadable=(Unlisted(verbatim("sub-2"), verbatim("403")),)))
    assert "2 clusters in the list have not been scanned yet" in shown.text
    assert "sub-2: 403" in shown.text
    assert "No scan has listed the clusters yet" in fleet(FleetStatus()).text
    assert "no cluster that this app's identity may read" in fleet(make_fleet()).text


def test_ports_that_were_read_long_ago_come_with_their_age() -> None:
    old = make_status(ports_at=NOW - timedelta(hours=3), ports_share=0.8)
    assert "80.0 %, 3 hours ago" in fleet(make_fleet(old)).text.replace("\u00a0", " ")


def test_the_filter_takes_part_of_a_name_group_or_region_and_a_state() -> None:
    assert len(names(fleet(every_kind(), wanted="WESTeurope"))) == 11
    assert len(names(fleet(every_kind(), wanted="shop-prod"))) == 1
    shown = fleet(every_kind(), state="failing")
    assert len(names(shown)) == 2
    assert "4 no trouble" in shown.text


def test_a_thousand_clusters_are_a_thousand_rows() -> None:
    assert len(names(fleet(make_fleet(*(failing(f"shop-{number}") for number in range(1000)))))) == 1000


def test_the_timeline_leaves_steps_to_the_audit_lines() -> None:
    view = IncidentView(make_story(), NOW, Paths())
    assert [moment.text for moment in view.timeline] == [
        "The trouble began",
        "Last failed connection so far",
        "Incident opened",
        "Change proposed",
        "Change approved",
        "Change fixed",
    ]
    assert len(view.audit) == 8
    assert view.timeline[4].by == "Maria Ortega (object id 3f2a, signed in)"
    assert "/changes/chg-19c2?" in view.timeline[4].link


def test_a_cleared_incident_had_its_last_failure() -> None:
    story = make_story(replace(make_incident(), state=IncidentState.CLEARED, cleared_at=NOW))
    assert "Last failed connection" in [moment.text for moment in IncidentView(story, NOW, Paths()).timeline]


def test_an_incident_without_figures_has_no_chart_and_says_that_no_node_is_known() -> None:
    bare = IncidentView(replace(make_story(make_incident(nodes=())), changes=(), audit=(), notified=()), NOW, Paths())
    shown = Page(incident_page(replace(bare, story=replace(bare.story, incident=make_incident(nodes=())))))
    assert not shown.all("svg")
    assert "Azure Monitor gave the total of the load balancer only" in shown.text
    assert "None was proposed against this incident." in shown.text


def test_an_incident_has_the_command_that_shows_who_opens_the_worst_nodes_connections() -> None:
    incident = make_incident()
    view = IncidentView(make_story(incident), NOW, Paths())
    assert f"kubectl gadget run snapshot_socket --all-namespaces --node {incident.nodes[0].name}" in view.who[1]
    assert view.who[1].replace(">", "&gt;") in incident_page(view)
    gone = tuple(replace(node, is_gone=True) for node in incident.nodes)
    unnamed = IncidentView(make_story(replace(incident, nodes=gone)), NOW, Paths())
    assert (unnamed.who, "snapshot_socket" in incident_page(unnamed)) == ((), False)


def test_pasted_sockets_are_a_table_with_whether_the_node_is_a_failing_node() -> None:
    incident, rows = make_incident(), sockets(150, pod="<b>shop</b>", state=TIME_WAIT)
    failing = incident.nodes[0].name

    def shown(node: str) -> str:
        nodes = read_sockets(json.dumps([{**row, "k8s": {**row["k8s"], "node": node}} for row in rows])).nodes
        pasted = PastedSockets(incident.id, nodes, 2, "Ada", NOW)
        return incident_page(IncidentView(replace(make_story(incident), sockets=pasted), NOW, Paths()))

    page = Page(shown(failing.upper()))
    assert "shop/<b>shop</b> 52.168.1.9:443/tcp" in page.text
    assert "<b>shop" not in shown(failing), "names are text"
    for text in ("150 connections to the Internet hold at least 150 TCP", "pooling: most are closed again"):
        assert text in page.text
    for text in ("Pasted by Ada at", "2 entries could not be read", "Private endpoint: unknown."):
        assert text in page.text
    assert "not one of the failing nodes" not in page.text
    assert "aks-other-1 is not one of the failing nodes." in Page(shown("aks-other-1")).text
    assert "The output does not name its node" in Page(shown("")).text


def test_advice_for_the_code_is_shown_where_ports_are_short_only() -> None:
    incident = make_incident()
    shown = Page(incident_page(IncidentView(make_story(incident), NOW, Paths())))
    assert "MaxIdleConnsPerHost" in shown.text
    assert "Reuse connections:" in shown.text
    other = replace(incident, kinds=(FindingKind.NOT_MEASURED,))
    assert "In your code" not in Page(incident_page(IncidentView(make_story(other), NOW, Paths()))).text


def test_a_visitor_who_may_see_one_cluster_gets_no_link_to_the_others() -> None:
    for paths, expected in (
        (Paths("token", "key"), []),
        (Paths("token"), ["/api/fleet?t=token"]),
        (Paths(), ["/api/fleet"]),
    ):
        links = [link["href"] for link in Page(incident_page(IncidentView(make_story(), NOW, paths))).all("a")]
        assert [link for link in links if "fleet" in str(link)] == expected
        assert every(("t=token" in str(link)) is bool(paths.token) for link in links)


@examples(20)
@given(HOSTILE, HOSTILE)
def test_nothing_that_is_shown_becomes_markup(name: str, text: str) -> None:
    def pages(name: str, text: str) -> list[Page]:
        incident = replace(
            make_incident(nodes=(replace(make_nodes(1)[0], name=name, pool=text),)),
            cluster_name=name,
            closing_note=verbatim(text),
        )
        story = make_story(incident)
        story = replace(story, audit=tuple(replace(line, actor=name, detail=text) for line in story.audit))
        status = unmeasured(reason=verbatim(text), location=f"{name} {text}")
        return [
            Page(incident_page(IncidentView(story, NOW, Paths(name)), IncidentForm(name, notice=text))),
            Page(cluster_page(ClusterView(name, StatusView(status, NOW, Paths()), make_history(story), NOW, Paths()))),
            Page(fleet_page(FleetView(make_fleet(status), NOW, Paths(name), wanted=text))),
        ]

    for hostile, plain in zip(pages(name, text), pages("xx", "xx"), strict=True):
        assert [tag for tag, _ in hostile.elements if tag != "code"] == [
            tag for tag, _ in plain.elements if tag != "code"
        ]
