"""The handlers of a change's page: read the link, call one flow, render."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import azure.functions as func

from ..app import current
from ..auth.errors import FormExpired, LinkTampered
from ..clock import Instant
from ..core.planning.request import PlanRequest
from ..errors import BadInput, NotFoundHere
from ..flows.approval.propose import made_by
from ..formatting import visible
from ..model.change import Action
from ..user_input import LONGEST_NAME
from ..web.change_view import LinkedChange
from ..web.pages import FormFields, change_page, plan_page
from .queue_messages import message
from .responses import as_page, see_other

if TYPE_CHECKING:
    from ..app import App
    from ..auth.signing import LinkTarget
    from ..flows.approval.decide import ChangeAndJournal
    from ..model.change import Change

_COOKIE = "snatbot_form"
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")  # as secrets.token_urlsafe creates it
_LONGEST_BODY = 16_384


def show(req: func.HttpRequest) -> func.HttpResponse:

    app = current()
    token = req.params.get("t", "")
    target = _target(app, token, req)
    view = app.decide.view(target)
    if kind := req.params.get("kind", ""):
        return _related_page(app, view.change, kind)
    return _change_page(app, target, view, token, _cookie(req) or secrets.token_urlsafe(24))


def decide(req: func.HttpRequest, advance: Callable[[str], None], deliver: Callable[[str], None]) -> func.HttpResponse:
    """The form's POST. ``advance`` and ``deliver`` queue messages; without them the next tick does the work."""

    app = current()
    form = _form(req)
    target = _target(app, form.get("t", ""), req)
    if not is_own_origin(req.headers.get("Origin"), app.settings.public_base_url):
        raise FormExpired
    app.signer.check_form(form.get("csrf", ""), _cookie(req), target.change_id)
    action, approver = form.get("action", ""), _approver(form.get("name", ""))
    change = _proposed_by(app, target, action, approver)
    if change is None:
        change = app.decide.decide(target, action, approver, Instant.of(app.clock))
        advance(message(partition=target.partition, change=target.change_id))
    deliver(message(partition=target.partition))
    return see_other(app.links.page(change))


def is_own_origin(origin: str | None, public_base_url: str | None) -> bool:
    """Whether a POST may come from this app's own form, by its Origin header; without it, the tokens decide.

    Browsers send ``null`` for a page that hides its origin; this app has no such page.
    """
    if origin is None or public_base_url is None:
        return True
    own = urlsplit(public_base_url.lower())
    default_port = ":443" if own.scheme == "https" else ":80"  # browsers omit it
    return origin == f"{own.scheme}://{own.netloc.removesuffix(default_port)}"


def _proposed_by(app: App, target: LinkTarget, action: str, approver: str) -> Change | None:
    """The new change that a button proposes; None if the button decides on the change itself. Raises Refused."""

    if action not in (Action.ROLL_BACK, Action.DELETE, Action.ASK_AGAIN):
        return None
    at, change = Instant.of(app.clock), app.decide.view(target).change
    app.decide.actions.refuse_unless_possible(change, Action(action), at.domain)
    if action == Action.ASK_AGAIN:
        return app.renewer.plan_again(target.partition, change, approver)
    propose = app.propose.propose_rollback if action == Action.ROLL_BACK else app.propose.propose_deletion
    return propose(made_by(app.records, target.partition, change), at, approver)


def _change_page(app: App, target: LinkTarget, view: ChangeAndJournal, token: str, nonce: str) -> func.HttpResponse:

    change, now = view.change, app.clock.now()
    actions = app.decide.actions.of(change, now)
    form = None
    if actions:
        csrf = app.signer.form_token(nonce, change.id)
        form = FormFields(token, csrf, actions, asks_name=app.settings.approval_mode == "link")
    # Not Strict: a link in a chat would open the page without the cookie, and a new cookie would invalidate an open
    # form.
    secure = "; Secure" if (app.settings.public_base_url or "").startswith("https://") else ""
    cookie = f"{_COOKIE}={nonce}; Path=/api/changes/{change.id}; HttpOnly; SameSite=Lax; Max-Age=3600{secure}"
    original = _original(app, target, change)
    return as_page(
        lambda style_nonce: change_page(
            change,
            journal=view.journal,
            form=form,
            notice=app.decide.actions.why_not(change, now),
            style_nonce=style_nonce,
            now=now,
            link=f"?t={quote(token)}",
            original=LinkedChange(original, app.links.page(original)) if original else None,
            follow_ups=[LinkedChange(later, app.links.page(later)) for later in view.follow_ups],
        ),
        headers={"Set-Cookie": cookie},
    )


def _original(app: App, target: LinkTarget, change: Change) -> Change | None:
    """The change that this one rolls back or deletes, if it is still stored."""

    try:
        return made_by(app.records, target.partition, change) if change.plan.of_change_id else None
    except NotFoundHere:
        return None


def _related_page(app: App, change: Change, kind: str) -> func.HttpResponse:
    """A related plan, planned now; read-only. The link opens only kinds related to the plan."""

    related = next((plan.kind for plan in change.plan.related if plan.kind.value == kind), None)
    if related is None:
        raise NotFoundHere("There is no such plan beside this one.")
    plan = app.planner.plan_cluster(change.cluster_id, app.clock.now(), PlanRequest(related))
    return as_page(lambda nonce: plan_page(plan, style_nonce=nonce))


def _target(app: App, token: str, req: func.HttpRequest) -> LinkTarget:
    """The link's target. Raises LinkTampered if it is for another change than the URL."""

    target = app.signer.read_link(token)
    if target.change_id != req.route_params.get("change_id"):
        raise LinkTampered
    return target


def _form(req: func.HttpRequest) -> dict[str, str]:
    """The first value of each field. Raises BadInput for fields that this app's form does not send."""

    body = req.get_body()
    if len(body) > _LONGEST_BODY:
        raise BadInput(f"the form is {len(body)} bytes long; at most {_LONGEST_BODY} are taken")
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=20)
    except (UnicodeDecodeError, ValueError):
        raise BadInput("the form cannot be read; load the page again") from None
    return {name: values[0] for name, values in fields.items()}


def _cookie(req: func.HttpRequest) -> str:
    """The cookie as this app set it, or empty. It is set again, so values with line ends must not pass."""
    try:
        morsel = SimpleCookie(req.headers.get("Cookie", "")).get(_COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel and _NONCE.fullmatch(morsel.value) else ""


def _approver(name: str) -> str:
    """With APPROVAL_MODE=link the name is not verified, and the record says so."""
    named = visible(" ".join(name.split()))[:LONGEST_NAME]
    return f"{named} (holder of link, unverified)" if named else "holder of link, unverified"
