"""Everything that people read is a text: in a language of other letters, no word stays readable but names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from shared.core.guidance.code_advice import BY_LANGUAGE
from shared.flows.monitoring.fleet_status import FleetStatus
from shared.model.change import Action, ChangeState
from shared.model.text import Text
from shared.web.change_view import LinkedChange
from shared.web.cluster_view import ClusterView
from shared.web.fleet_view import FleetView, StatusView
from shared.web.incident_view import IncidentView
from shared.web.pages import FormFields, SignedIn, change_page, plan_page
from shared.web.paths import Paths
from shared.web.plan_text import plan_lines
from shared.web.probe_view import ProbeView
from shared.web.read_pages import IncidentForm, cluster_page, fleet_page, incident_page
from shared.wording.render import translated
from tests.support import pseudo
from tests.support.builders import START
from tests.support.fleet import every_kind, failing, make_history, make_story
from tests.support.html_page import Page
from tests.support.nouns import NOW
from tests.support.probes import make_probes
from tests.wording import cases

FORM_OF_INCIDENT = IncidentForm("csrf", can_plan=True)
NAMES = frozenset(["snatbot", "UTC", "Terraform", "azurerm", "Bicep", "Standard"])


@pytest.fixture(autouse=True)
def language(monkeypatch: pytest.MonkeyPatch) -> None:
    pseudo.speak(monkeypatch)


def leaks(html: str, about: Any) -> set[str]:
    html = re.sub(r"(?s)<(code|pre)\b.*?</\1>|<p class=\"source\">.*?</p>", "", html)
    return set(pseudo.readable(Page(html).text, NAMES | pseudo.words_of(about)))


@pytest.mark.parametrize("number", (0, 2))
@pytest.mark.parametrize("state", ChangeState)
def test_a_page_of_a_change_has_no_other_word(state: ChangeState, number: int) -> None:
    found = set()
    for plan in cases.some_plans(number):
        change = cases.change(plan, state, number)
        journal = cases.journal(plan, number)
        html = change_page(
            change,
            language=pseudo.LANGUAGE,
            journal=journal,
            form=FormFields("token", "csrf", tuple(Action), asks_name=True),
            signed_in=SignedIn("Ada", "/out", "csrf"),
            is_unverified=True,
            now=START,
            link="?t=token",
            original=LinkedChange(change, "?t=first"),
            follow_ups=[LinkedChange(change, "?t=later")],
        )
        found |= leaks(html, (change, journal))
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("number", (0, 2))
def test_a_plan_has_no_other_word_on_its_page_or_in_the_terminal(number: int) -> None:
    found, source = set(), translated(Text("  source: {source}", source=""), pseudo.LANGUAGE).strip()
    for plan in cases.plans(number):
        found |= leaks(plan_page(plan, language=pseudo.LANGUAGE), plan)
        for line in translated(tuple(plan_lines(plan)), pseudo.LANGUAGE):
            if not re.match(rf"\s*(az |kubectl |#|{source})", line):
                found |= set(pseudo.readable(line, NAMES | pseudo.words_of(plan)))
    assert not found, "\n".join(sorted(found))


def test_the_pages_of_fleet_cluster_and_incident_have_no_other_word() -> None:
    """Apart from details of the audit, which is a record in English."""
    story = make_story()
    lines = tuple(replace(line, actor="snatbot", detail="") for line in story.audit)
    story = replace(story, audit=lines, incident=replace(story.incident, evidence=Text("it failed")))
    fleet = every_kind()
    fleet = replace(fleet, clusters=tuple(replace(cluster, reason=Text("")) for cluster in fleet.clusters))
    probes, silent = make_probes(), make_probes(0)
    status, history = StatusView(failing(), NOW, Paths()), make_history(story)
    pages = {
        fleet_page(FleetView(fleet, NOW, Paths()), language=pseudo.LANGUAGE): fleet,
        fleet_page(FleetView(FleetStatus(), NOW, Paths()), language=pseudo.LANGUAGE): (),
        incident_page(
            IncidentView(story, NOW, Paths(), ProbeView(probes)),
            IncidentForm("csrf", can_plan=True),
            language=pseudo.LANGUAGE,
        ): (story, probes),
        cluster_page(
            ClusterView("shop-prod", status, history, NOW, Paths(), ProbeView(silent)), language=pseudo.LANGUAGE
        ): (status.status, history),
    }
    found = {leak for html, about in pages.items() for leak in leaks(html, (about, "Maria", "Ortega", *BY_LANGUAGE))}
    assert not found, "\n".join(sorted(found))
