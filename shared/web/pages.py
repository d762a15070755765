"""Render the HTML pages, as pure functions.

Nothing inline: the Content-Security-Policy allows a page its own assets only. Script only adds (assets/page.js). The
template engine escapes everything shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..chat.labels import CHECK_LABELS, describe_cost
from ..chat.message import code_spans
from ..core.az_cli import script
from ..core.remediation.pace import Pace
from ..first_use import import_lock
from ..formatting import capital, sentence, sentences, utc, visible
from ..model.change import Action, Change, JournalEntry, StepState
from ..model.plan import Plan
from ..model.text import Text
from ..wording.render import translated
from .assets import asset_url
from .change_view import ChangeView, LinkedChange
from .export.bicep import as_bicep
from .export.terraform import as_terraform
from .paths import Paths
from .plan_view import CHECK_TONES, PlanView, plan_view, title_of

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"
_TIME = re.compile(r"((?:\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}) \d\d:\d\d UTC)")  # as the locales write it
FLEET = Text("Clusters")  # the title of its page
_HEADINGS = {
    400: Text("That can't be read"),
    403: Text("Not a valid link"),
    404: Text("Not found"),
    409: Text("Not possible"),
    410: Text("This link has expired"),
    429: Text("Too often"),
    500: Text("This app is not set up completely"),
    502: Text("Azure could not be reached"),
    503: Text("The records could not be reached"),
}
_ACTIONS = {
    Action.APPROVE: Text("Approve"),
    Action.DENY: Text("Deny"),
    Action.STOP: Text("Stop"),
    Action.RESUME: Text("Resume"),
    Action.ROLL_BACK: Text("Ask for a rollback"),
    Action.GIVE_UP: Text("Give up"),
    Action.DELETE: Text("Ask to delete what is left"),
    Action.ASK_AGAIN: Text("Ask again"),
}
_STEPS = {StepState.STARTED: Text("Started"), StepState.DONE: Text("Done"), StepState.STOPPED: Text("Stopped")}


@dataclass(frozen=True, slots=True)
class FormFields:
    """The hidden fields and buttons of the page's form."""

    token: str  # from the link
    csrf: str  # bound to this browser
    actions: tuple[Action, ...]  # in the order of the buttons
    asks_name: bool = False  # nobody is signed in: the person enters a name, recorded as unverified


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose page it is, and what its sign-out form sends."""

    name: str
    sign_out_url: str
    csrf: str


def change_page(
    change: Change,
    *,
    language: str = "en",
    journal: Sequence[JournalEntry] = (),
    form: FormFields | None = None,
    notice: str | None = None,
    refusal: str | None = None,
    now: datetime | None = None,
    link: str = "",
    original: LinkedChange | None = None,
    follow_ups: Sequence[LinkedChange] = (),
    signed_in: SignedIn | None = None,
    step_up_url: str = "",
    is_unverified: bool = False,
    paths: Paths | None = None,
    pace: Pace | None = None,
    seen: Sequence[str] = (),
) -> str:
    """The exact plan, its reason, its progress, and what a person may decide now.

    ``form``: None if nothing can be decided here; ``notice`` then says why. ``refusal``: of what the reader just tried.
    ``now`` is for "expires in". ``link`` opens this page again, and with ``&kind=`` a related plan in full; empty: no
    links. ``original`` and ``follow_ups``: as in ChangeView. ``step_up_url``: where to sign in again for this plan.
    ``is_unverified``: APPROVAL_MODE=link. ``paths``: None if it leads to no other page.
    ``pace``: None if nothing is said about time. ``seen``: egress IPs that probes saw lately.
    """
    view = ChangeView(change, journal, now, original, follow_ups, pace)
    return _plan_page(
        view.plan,
        view,
        language=language,
        form=form,
        notice=notice,
        refusal=refusal,
        link=link,
        signed_in=signed_in,
        step_up_url=step_up_url,
        is_unverified=is_unverified,
        is_live=view.is_running,
        seen=seen,
        crumbs=crumbs(paths, change.cluster_id, change.cluster_name, change.incident_id or "") if paths else (),
    )


def plan_page(plan: Plan, *, language: str = "en", is_unverified: bool = False, seen: Sequence[str] = ()) -> str:
    """A plan without a decision: advice, or a dry run."""
    nothing = dict.fromkeys(("form", "notice", "refusal", "link", "signed_in", "step_up_url"))
    return _plan_page(plan_view(plan), None, language=language, is_unverified=is_unverified, seen=seen, **nothing)


def _plan_page(view: PlanView, change: ChangeView | None, *, language: str, **context: object) -> str:
    return render(
        "change.html",
        language,
        view=view,
        plan=view.plan,
        change=change,
        check_labels=CHECK_LABELS,
        check_tones=CHECK_TONES,
        step_labels=_STEPS,
        action_labels=_ACTIONS,
        describe_cost=describe_cost,
        title_of=title_of,
        terraform=as_terraform(view.plan),
        bicep=as_bicep(view.plan),
        **context,
    )


def crumbs(paths: Paths, cluster_id: str, cluster_name: str, incident_id: str = "") -> list[tuple[str, str]]:
    """Label and link of the pages above a change or an incident, from the fleet down; empty links may not be read."""
    found: list[tuple[str, str]] = [(FLEET, paths.fleet), (cluster_name, paths.cluster(cluster_id))]
    return [*found, (Text("Incident"), paths.incident(cluster_id, incident_id))] if incident_id else found


def message_page(
    message: str,
    *,
    status: int,
    language: str = "en",
    title: str = "",
    sign_in_url: str = "",
    above: Sequence[tuple[str, str]] = (),
    back: str = "",
) -> str:
    """One message, usually a refusal. ``title`` defaults to the meaning of the HTTP status for a person.

    ``above`` as ``crumbs`` returns it. ``back``: of the page whose form was sent.
    """
    heading = title or _HEADINGS.get(status) or Text("HTTP status {status:plain}", status=status)
    context = {"title": heading, "message": message, "sign_in_url": sign_in_url, "crumbs": above, "back": back}
    return render("message.html", language, **context)


def render(template: str, language: str, **context: object) -> str:
    return _environment(language).get_template(template).render(**context)


@cache
def _environment(language: str) -> Environment:
    """Templates whose texts are in that language."""
    with import_lock:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=partial(_shown, language),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(prose=partial(_prose, language), sentence=sentence, sentences=sentences)
    environment.filters.update(capital=capital, script=script, utc=utc)
    environment.globals.update({"asset_url": asset_url, "language": language, "_": Text, "plural": Text.plural})
    environment.globals.update(crumbs=(), signed_in=None, is_live=False)
    return environment


def _shown(language: str, value: object) -> object:
    if isinstance(value, Text):
        return visible(translated(value, language))
    return type(value)(visible(value)) if isinstance(value, str) else value  # keeps Markup as Markup


def _prose(language: str, text: str) -> Markup:
    """The text with backticked names and commands in ``<code>``, and times in ``<time>``, which never wraps."""
    from markupsafe import Markup, escape

    def times(piece: str) -> Markup:
        parts = enumerate(_TIME.split(piece))
        return Markup("").join(_time(part) if at % 2 else escape(part) for at, part in parts)

    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if is_code else times(piece)
        for piece, is_code in code_spans(translated(text, language))
    )


def _time(text: str) -> Markup:
    from markupsafe import Markup

    date, clock, _ = text.split()
    iso = date if "-" in date else "-".join(reversed(date.split("/")))
    return Markup('<time datetime="{}T{}Z">{}</time>').format(iso, clock, text)
