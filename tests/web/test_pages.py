"""Pages are safe: nothing shown becomes markup, nothing is loaded, and they can be read by machine and by ear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.model.change import Change, ChangeState
from shared.model.incident import Incident
from shared.model.text import verbatim
from shared.web.assets import asset_url
from shared.web.pages import change_page, message_page
from tests.support import nouns
from tests.support.every import every
from tests.support.html_page import FORM, NOW, Page
from tests.support.thorough import examples

INCIDENT = nouns.make_incident()


def page(change: Change | None = None, incident: Incident | None = INCIDENT, **options: Any) -> Page:
    given_options: dict[str, Any] = {"form": FORM, "now": NOW}
    shown = replace(change or nouns.make_change(), reason=incident)
    return Page(change_page(shown, **(given_options | options)))


def test_everything_loads_from_this_app_and_nothing_is_inline() -> None:
    text = change_page(replace(nouns.make_change(), reason=INCIDENT), form=FORM, now=NOW)
    shown = Page(text)
    assert not shown.all("style")
    assert every(script.get("src") for script in shown.all("script"))
    assert [link["href"] for link in shown.all("link")] == ["data:,", asset_url("style.css")]
    assert shown.elements
    assert every(not name.startswith("on") and name != "style" for _, one in shown.elements for name in one)
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_can_be_read_by_machine_and_by_ear() -> None:
    shown = page()
    assert shown.all("html") == [{"lang": "en"}]
    assert len(shown.all("h1")) == 1
    assert {"header", "main", "footer"} <= {tag for tag, _ in shown.elements}
    ids = [one["id"] for _, one in shown.elements if "id" in one]
    assert len(ids) == len(set(ids))
    assert every(one["aria-labelledby"] in ids for _, one in shown.elements if "aria-labelledby" in one)
    assert shown.all("th")
    assert every("scope" in one for one in shown.all("th"))


HOSTILE = st.text(st.sampled_from("<>&\"'`{}%/ abscriptonload=\n"), max_size=60).map(lambda text: f"x{text}x")


@examples(20)
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_nothing_that_is_shown_becomes_markup(name: str, reason: str, note: str, token: str) -> None:
    change = nouns.make_change(ChangeState.STOPPED)
    decision = replace(change.decision, approver=name) if change.decision else None
    hostile = replace(change, cluster_name=name, requested_by=name, stop_reason=verbatim(reason), decision=decision)
    hostile = replace(
        hostile,
        plan=replace(
            hostile.plan, notes=(verbatim(note),) * 3, rollback_text=verbatim(reason), egress_now=(verbatim(name),)
        ),
    )
    nodes = (replace(nouns.make_nodes(1)[0], name=name, pool=note),)
    options: dict[str, Any] = {
        "journal": nouns.make_journal(),
        "incident": nouns.make_incident(nodes=nodes),
        "notice": note,
    }
    plain = page(nouns.make_change(ChangeState.STOPPED), **options, form=replace(FORM, token="t"))
    shown = page(hostile, **options, form=replace(FORM, token=token))
    assert [tag for tag, _ in shown.elements if tag != "code"] == [tag for tag, _ in plain.elements if tag != "code"]
    assert next(one for one in shown.all("input") if one["name"] == "t")["value"] == token.replace("\r\n", "\n")


def test_the_page_is_in_the_readers_language() -> None:
    change = nouns.make_change(ChangeState.STOPPED)
    shown = Page(change_page(change, language="es", journal=nouns.make_journal(), form=FORM, now=NOW))
    assert shown.all("html") == [{"lang": "es"}]
    assert "22/11/2026 19:16 UTC" in shown.text
    assert "2026-11-22 19:16 UTC" in Page(change_page(change, journal=nouns.make_journal())).text


def test_times_carry_what_script_needs_to_show_them_in_the_readers_zone() -> None:
    for language in ("en", "es"):
        times = page(language=language).all("time")
        assert {str(time["datetime"]) for time in times} >= {"2026-11-22T19:05Z"}


def test_a_refusal_leads_back() -> None:
    shown = Page(message_page("x", status=409, above=[("Clusters", "/api/fleet")], back="/api/changes/1?t=2"))
    assert [link["href"] for link in shown.all("a")] == ["/api/fleet", "/api/changes/1?t=2"]


def test_a_refusal_is_one_clear_thing() -> None:
    shown = Page(message_page("This link was <b>changed</b>. Run `make`.", status=403))
    assert "Not a valid link This link was <b>changed</b>. Run make ." in shown.text
    assert not shown.all("b")
    assert Page(message_page("Gone.", status=410)).text.startswith("This link has expired")
    assert Page(message_page("Tea.", status=418)).text.startswith("HTTP status 418")
    assert "Sign in first" in Page(message_page("x", status=401, title="Sign in first")).text
