"""What the two handlers of a change's page do: read the link, call one flow, render."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import azure.functions as func

from ..formatting import visible
from ..user_input import LONGEST_NAME
from .queue_messages import advance_message, deliver_message
from .responses import PAGE_HEADERS, status_of

if TYPE_CHECKING:
    from ..app import App
    from ..auth.signing import LinkTarget
    from ..flows.approval.decide import ChangeView
    from ..model.change import Change
    from ..model.plan import Plan

log = logging.getLogger("snatbot.triggers")
_COOKIE = "snatbot_form"
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")  # as secrets.token_urlsafe makes it
_LONGEST_BODY = 16_384


def answering_page(handler: Callable[[], func.HttpResponse]) -> func.HttpResponse:
    """Runs a handler; what snatbot raises on purpose becomes a page that says why, in words for people."""
    from ..errors import SnatbotError

    try:
        return handler()
    except SnatbotError as error:
        status, code = status_of(error)
        log.warning("answered %d %s", status, code)
        return _refusal(status, str(error))


def show(req: func.HttpRequest) -> func.HttpResponse:
    from ..app import current

    app = current()
    target = _target(app, req.params.get("t", ""), req)
    view = app.decide.view(target)
    if kind := req.params.get("kind", ""):
        return _related_page(app, view.change, kind)
    nonce = _cookie(req) or secrets.token_urlsafe(24)
    return _page(app, target, view, req.params.get("t", ""), nonce)


def plan_page_of(plan: Plan) -> func.HttpResponse:
    """A plan without a change: nothing on the page can be decided."""
    from ..web.pages import plan_page

    nonce = secrets.token_urlsafe(16)
    headers = {**PAGE_HEADERS, "Content-Security-Policy": content_policy(nonce)}
    text = plan_page(plan, style_nonce=nonce)
    return func.HttpResponse(text, status_code=200, mimetype="text/html", charset="utf-8", headers=headers)


def _related_page(app: App, change: Change, kind: str) -> func.HttpResponse:
    """One of the plans beside a change's own, planned now: reads only. A link opens no other kind."""
    from ..core.planning.request import PlanRequest
    from ..errors import NotFoundHere

    found = next((one.kind for one in change.plan.related if one.kind.value == kind), None)
    if found is None:
        raise NotFoundHere("There is no such plan beside this one.")
    return plan_page_of(app.planner.plan_cluster(change.cluster_id, app.clock.now(), PlanRequest(found)))


def decide(req: func.HttpRequest, advance: Callable[[str], None], deliver: Callable[[str], None]) -> func.HttpResponse:
    """The form's POST. ``advance`` and ``deliver`` send hints; the next tick would find what is due anyway."""
    from ..app import current
    from ..auth.errors import FormExpired
    from ..errors import Refused

    app = current()
    form = _form(req)
    target = _target(app, form.get("t", ""), req)
    nonce = _cookie(req)
    if not is_own_origin(req.headers.get("Origin"), app.settings.public_base_url):
        raise FormExpired
    app.signer.check_form(form.get("csrf", ""), nonce, target.change_id)
    approver = _approver(form.get("name", ""))
    now, wall = app.clock.now(), app.clock.wall()
    if form.get("action") == "roll_back":
        change = app.decide.view(target).change
        app.decide.refuse_unless_open(change, now)
        rollback = app.propose.propose_rollback(app.decide.made_by(target), now, wall, approver)
        deliver(deliver_message(target.partition))
        return _see_other(app.links.page(rollback))
    if form.get("action") == "delete":
        if "delete" not in app.decide.actions(app.decide.view(target).change, now):
            raise Refused("There is nothing here that may be deleted.")
        asked = app.propose.propose_deletion(app.decide.made_by(target), now, wall, approver)
        deliver(deliver_message(target.partition))
        return _see_other(app.links.page(asked))
    if form.get("action") == "ask_again":
        change = app.decide.view(target).change
        if "ask_again" not in app.decide.actions(change, now):
            raise Refused(app.decide.why_not(change, now) or "Another change of this cluster is open: see that one.")
        renewed = app.renewer.plan_again(target.partition, change, approver)
        deliver(deliver_message(target.partition))
        return _see_other(app.links.page(renewed))
    change = app.decide.decide(target, form.get("action", ""), approver, now, wall)
    advance(advance_message(target.partition, target.change_id))
    deliver(deliver_message(target.partition))
    return _see_other(app.links.page(change))


def _page(app: App, target: LinkTarget, view: ChangeView, token: str, nonce: str) -> func.HttpResponse:
    from ..web.change_view import FollowUp
    from ..web.pages import FormFields, change_page

    change, now = view.change, app.clock.now()
    why_not = app.decide.why_not(change, now)
    actions = app.decide.actions(change, now)
    form = None
    if actions:
        form = FormFields(
            token=token,
            csrf=app.signer.form_token(nonce, change.id),
            actions=actions,
            asks_name=app.settings.approval_mode == "link",
        )
    style_nonce = secrets.token_urlsafe(16)
    text = change_page(
        change,
        incident=change.reason,
        journal=view.journal,
        form=form,
        notice=why_not,
        style_nonce=style_nonce,
        now=now,
        link=f"?t={quote(token)}",
        follow_ups=[FollowUp(later, app.links.page(later)) for later in view.follow_ups],
    )
    # Strict: a link in a chat opens the page without the cookie, and the page then sets a fresh one.
    secure = "; Secure" if (app.settings.public_base_url or "").startswith("https://") else ""
    cookie = f"{_COOKIE}={nonce}; Path=/api/changes/{change.id}; HttpOnly; SameSite=Strict; Max-Age=3600{secure}"
    headers = {**PAGE_HEADERS, "Content-Security-Policy": content_policy(style_nonce), "Set-Cookie": cookie}
    return func.HttpResponse(text, status_code=200, mimetype="text/html", charset="utf-8", headers=headers)


def _refusal(status: int, message: str) -> func.HttpResponse:
    from ..web.pages import message_page

    nonce = secrets.token_urlsafe(16)
    headers = {**PAGE_HEADERS, "Content-Security-Policy": content_policy(nonce)}
    text = message_page(message, status=status, style_nonce=nonce)
    return func.HttpResponse(text, status_code=status, mimetype="text/html", charset="utf-8", headers=headers)


def content_policy(style_nonce: str) -> str:
    """The page's Content-Security-Policy: its own style, its own form, and nothing else."""
    return (
        f"default-src 'none'; style-src 'nonce-{style_nonce}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; img-src data:"
    )


def _see_other(url: str) -> func.HttpResponse:
    return func.HttpResponse(status_code=303, headers={**PAGE_HEADERS, "Location": url})


def _target(app: App, token: str, req: func.HttpRequest) -> LinkTarget:
    """The link's target. Raises LinkTampered when it is for another change than the address names."""
    from ..auth.errors import LinkTampered

    target = app.signer.read_link(token)
    if target.change_id != req.route_params.get("change_id"):
        raise LinkTampered
    return target


def _form(req: func.HttpRequest) -> dict[str, str]:
    """The first value of each field. Raises BadInput for anything that this app's form would not send."""
    from ..errors import BadInput

    body = req.get_body()
    if len(body) > _LONGEST_BODY:
        raise BadInput(f"the form is {len(body)} bytes long; at most {_LONGEST_BODY} are taken")
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=20)
    except (UnicodeDecodeError, ValueError):
        raise BadInput("the form cannot be read; load the page again") from None
    return {name: values[0] for name, values in fields.items()}


def _cookie(req: func.HttpRequest) -> str:
    """As this app set it, or empty. A cookie can hold anything, ends of lines too, and this one is set again."""
    try:
        morsel = SimpleCookie(req.headers.get("Cookie", "")).get(_COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel and _NONCE.fullmatch(morsel.value) else ""


def is_own_origin(origin: str | None, public_base_url: str | None) -> bool:
    """Whether a POST may come from this app's own form, by its Origin header. Absent: the form's tokens decide.

    ``null`` is what a browser sends for a page that hides its origin: that is none of ours.
    """
    if origin is None or public_base_url is None:
        return True
    own = urlsplit(public_base_url.lower())
    default_port = ":443" if own.scheme == "https" else ":80"  # which browsers leave out
    return origin == f"{own.scheme}://{own.netloc.removesuffix(default_port)}"


def _approver(name: str) -> str:
    """With APPROVAL_MODE=link nobody is verified, and the record says so."""
    named = visible(" ".join(name.split()))[:LONGEST_NAME]
    return f"{named} (holder of link, unverified)" if named else "holder of link, unverified"
