"""The pages that people see, as pure functions from nouns to HTML text.

No script, no picture, no font from elsewhere: one ``<style>`` element, allowed by the nonce that the caller puts into
its Content-Security-Policy as well. Everything shown is escaped by the template engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from ..chat.message import code_spans
from ..first_use import import_lock
from ..formatting import visible
from ..model.change import Change, ChangeState, JournalEntry
from ..model.incident import Incident
from ..model.plan import Plan

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from .change_view import FollowUp

_TEMPLATES = Path(__file__).parent / "templates"
_HEADINGS = {
    400: "That can't be read",
    403: "Not a valid link",
    404: "Not found",
    409: "Not possible",
    410: "This link has expired",
    429: "Too often",
    500: "This app is not set up completely",
    502: "Azure could not be reached",
    503: "The records could not be reached",
}


@dataclass(frozen=True, slots=True)
class FormFields:
    """What the page's form sends back. ``actions``: of ``flows.actions``, in the order of the buttons.

    ``token`` is the link's own, ``csrf`` is bound to this browser. ``asks_name``: nobody is signed in, so the person is
    asked, and recorded as unverified. ``signed_in_as`` is shown when somebody is.
    """

    token: str
    csrf: str
    actions: tuple[str, ...]
    asks_name: bool = False
    signed_in_as: str = ""


def change_page(
    change: Change,
    *,
    incident: Incident | None = None,
    journal: Sequence[JournalEntry] = (),
    form: FormFields | None = None,
    notice: str | None = None,
    style_nonce: str = "",
    now: datetime | None = None,
    link: str = "",
    follow_ups: Sequence[FollowUp] = (),
) -> str:
    """The exact plan, why, how far it has come, and what a person may decide now.

    ``form`` None: nothing can be decided here; ``notice`` then says why. ``now`` is for "expires in". ``link`` opens
    this page again, and, followed by ``&kind=`` and its kind, a plan beside it in full; empty: neither is linked.
    """
    from .change_view import change_view

    view = change_view(change, incident, journal, now, follow_ups)
    heading = "For you to do" if change.state is ChangeState.FIXED else "Another way, without snatbot"
    return _render(
        "change.html",
        view=view,
        plan=view.plan,
        form=form,
        notice=notice,
        style_nonce=style_nonce,
        related_heading=heading,
        link=link,
    )


def plan_page(plan: Plan, *, style_nonce: str = "") -> str:
    """A plan that nobody is asked to decide on: advice, or a dry run."""
    from .plan_view import plan_view

    return _render(
        "change.html",
        view=None,
        plan=plan_view(plan),
        form=None,
        notice=None,
        style_nonce=style_nonce,
        related_heading="Related plans",
        link="",
    )


def message_page(message: str, *, status: int, style_nonce: str = "", title: str = "") -> str:
    """One thing said clearly, mostly a refusal. ``title`` defaults to what the HTTP status means to a person."""
    heading = title or _HEADINGS.get(status) or HTTPStatus(status).phrase
    return _render("message.html", title=heading, message=message, style_nonce=style_nonce)


def _render(template: str, **context: object) -> str:
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    with import_lock:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked"] = _marked
    return environment


def _visible(value: object) -> object:
    return type(value)(visible(value)) if isinstance(value, str) else value  # markup stays markup


def _marked(text: str) -> Markup:
    """The text with its backticked names and commands in ``<code>``."""
    from markupsafe import Markup, escape

    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if is_code else escape(piece) for piece, is_code in code_spans(text)
    )
