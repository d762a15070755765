"""The handlers of sign-in: call the flow, set a cookie, redirect the browser."""

import logging
import secrets
from urllib.parse import quote

import azure.functions as func

from ..app import App
from ..auth.errors import FormExpired, LinkTampered, SignInRefused, StepUpRefused
from ..auth.sessions import FLOW_COOKIE, SESSION_COOKIE, cookie, read_session, session_cookie, set_cookie
from ..model.text import Text
from ..store.sessions import LIFE, TOKEN
from ..web.pages import message_page
from .responses import as_page, in_language, language_of, see_other
from .visitors import SIGN_OUT, app_with_sign_in, is_own_origin, read_form

log = logging.getLogger("snatbot.triggers")
_ANSWER = ("code", "state", "error", "error_description")  # the parameters that are read from Entra ID's redirect


def begin(req: func.HttpRequest) -> func.HttpResponse:
    app, token = app_with_sign_in(), req.params.get("t", "")
    _page(app, token)
    # Without a session there is nobody to step up: a plain sign-in comes first.
    session = read_session(app.signer, req.headers.get("Cookie", "")) if req.params.get("step_up") else None
    context = app.settings.step_up_context if session else ""
    state = secrets.token_urlsafe(32)
    # Keep an existing cookie, so that a sign-in in another tab can still finish.
    browser = cookie(req.headers.get("Cookie", ""), FLOW_COOKIE)
    browser = browser if TOKEN.fullmatch(browser) else secrets.token_urlsafe(32)
    flow = app.entra.begin(f"{app.settings.public_base_url}/api/signed-in", state, context)
    address = flow.pop("auth_uri")
    steps_up = session.person.object_id if session else ""
    app.sign_in_flows.add(state, flow, token, browser, app.clock.wall(), steps_up, req.params.get("lang", ""))
    return see_other(address, {"Set-Cookie": set_cookie(FLOW_COOKIE, browser, int(LIFE.total_seconds()))})


def finish(req: func.HttpRequest) -> func.HttpResponse:
    app, answer = app_with_sign_in(), {name: value for name in _ANSWER if (value := req.params.get(name))}
    now = app.clock.wall()
    browser = cookie(req.headers.get("Cookie", ""), FLOW_COOKIE)
    flow = app.sign_in_flows.take(answer.get("state", ""), browser, now)
    if flow is None:
        raise SignInRefused(
            Text("this sign-in was begun in another browser, more than ten minutes ago, or is used already")
        )
    page = _page(app, flow.link)
    if flow.steps_up:
        context, digest = app.settings.step_up_context, app.signer.read_link(flow.link).digest
        person, step_up = app.entra.stepped_up(flow.msal_flow, answer, digest, context, now)
        if person.object_id != flow.steps_up:
            raise StepUpRefused(Text("somebody else began it"))
    else:
        person, step_up = app.entra.person(flow.msal_flow, answer, now), None
    log.info("signed in: object id %s, roles %s", person.object_id, sorted(person.roles))
    page = in_language(page, flow.language)
    return see_other(page, {"Set-Cookie": session_cookie(app.signer, person, step_up)})


def _page(app: App, token: str) -> str:
    """The page that asked to sign in: of a change's link, or any. Raises LinkExpired or LinkTampered."""
    try:
        path = app.signer.page_path(token)
    except LinkTampered:
        path = f"/api/changes/{app.signer.read_link(token).change_id}?t={quote(token)}"
    return f"{app.settings.public_base_url}{path}"


def leave(req: func.HttpRequest) -> func.HttpResponse:
    app = app_with_sign_in()
    session = read_session(app.signer, req.headers.get("Cookie", ""))
    if not is_own_origin(req.headers.get("Origin"), app.settings.public_base_url):
        raise FormExpired
    if session is not None:
        app.signer.check_form(read_form(req).get("csrf", ""), session.id, SIGN_OUT)
    message = Text("You are signed out here. Your work account is still signed in to Entra ID in this browser.")
    return as_page(
        message_page(message, status=200, language=language_of(req), title=Text("Signed out")),
        headers={"Set-Cookie": set_cookie(SESSION_COOKIE, "", 0)},
    )
