"""Signing in and out in a browser: the authorize endpoint, its pages, and the redirect to the application.

Source: Entra docs, v2-oauth2-auth-code-flow, v2-protocols-oidc, reply-url,
developer-guide-conditional-access-authentication-context. A choice of the scenario's people replaces Microsoft's login
form; a second page replaces the second factor.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...http import Request, Response
from ...state.entra import Grant, Session
from ...state.identities import Identity
from ...world import World
from . import pages
from .refusals import EntraError
from .tenants import MANY, find_account, find_application, find_tenant

COOKIE = "ESTSAUTH"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class SignIn:
    """A request to sign somebody in, whose answer may go to its redirect URI."""

    tenant: str
    application: Identity
    parameters: Mapping[str, str]
    acrs: tuple[str, ...]

    @property
    def prompt(self) -> str:
        return self.parameters.get("prompt", "")

    def wants_second_factor(self, session: Session | None = None) -> bool:
        return self.prompt == "login" or bool(self.acrs and not (session and session.has_second_factor))


def authorize(world: World, request: Request) -> Response:
    """GET /{tenant}/oauth2/v2.0/authorize."""

    def go_on(sign_in: SignIn) -> Response:
        session = world.entra.sessions.get(_cookie(request))
        if session and sign_in.prompt in ("", "none") and not sign_in.wants_second_factor(session):
            return _finish(world, request, sign_in, session)
        if sign_in.prompt == "none":
            raise EntraError(50076, application=sign_in.application.client_id) if session else EntraError(50058)
        hint = request.query.get("login_hint", "")
        return pages.picker(request.params["tenant"], urlencode(request.query), world.entra.people, hint)

    return _for_sign_in(world, request, request.query, go_on)


def login(world: World, request: Request) -> Response:
    """POST /{tenant}/login: what the pages send. `request` is the query of the authorize request."""
    form = request.form()

    def go_on(sign_in: SignIn) -> Response:
        if "cancel" in form:
            raise EntraError(65004)
        person = world.entra.person(form.get("person", ""))
        if person is None:
            raise EntraError(900144, name="person")
        second_factor = form.get("second_factor")
        if second_factor == "denied":
            raise EntraError(50074)
        if second_factor is None and sign_in.wants_second_factor():
            return pages.second_factor(request.params["tenant"], form["request"], person)
        return _finish(world, request, sign_in, Session(person, second_factor == "approved", world.outside_now()))

    return _for_sign_in(world, request, dict(parse_qsl(form.get("request", ""), keep_blank_values=True)), go_on)


def logout(world: World, request: Request) -> Response:
    """GET /{tenant}/oauth2/v2.0/logout: ends the browser's session; back to a registered redirect URI, if asked."""
    world.entra.sessions.pop(_cookie(request), None)
    forget = {"Set-Cookie": f"{COOKIE}=; Path=/; Max-Age=0"}
    uri = request.query.get("post_logout_redirect_uri", "")
    if not any(_may_return(world, uri, each) for each in (Identity("", is_named=False), *world.identities)):
        return pages.signed_out(forget)
    return _redirect(uri, {key: request.query[key] for key in ("state",) if key in request.query}, forget)


def _for_sign_in(
    world: World, request: Request, parameters: Mapping[str, str], go_on: Callable[[SignIn], Response]
) -> Response:
    """Call `go_on` for the requested sign-in and return its answer; errors go where Entra ID sends them."""
    try:
        tenant = find_tenant(world, request.params["tenant"])
        application = find_application(world, parameters.get("client_id", ""), tenant)
        _check_redirect_uri(world, parameters.get("redirect_uri", ""), application, tenant)
        if parameters.get("response_type") != "code":
            raise EntraError(700054, type=parameters.get("response_type", ""))
        return go_on(SignIn(tenant, application, parameters, _acrs(parameters.get("claims", ""))))
    except EntraError as error:
        fields = error.fields(world, request)
        if error.status != 302:
            return pages.error(error.status, str(error), fields)
        state = {"state": parameters["state"]} if "state" in parameters else {}
        told = {key: str(fields[key]) for key in ("error", "error_description", "error_uri")}
        return _answer(parameters, told | state)


def _check_redirect_uri(world: World, uri: str, application: Identity, tenant: str) -> None:
    """Raise EntraError unless the application may have its answer there."""
    if not uri:
        raise EntraError(900144, name="redirect_uri")
    if application.is_named and not application.redirect_uris:
        raise EntraError(500113)
    if not _may_return(world, uri, application):
        raise EntraError(50011, uri=uri, application=application.client_id)
    if tenant in MANY and application.is_named and not application.is_multi_tenant:
        raise EntraError(50194, application=application.client_id, name=application.name)


def _may_return(world: World, uri: str, application: Identity) -> bool:
    """Whether a URI is registered. Of a loopback address the port doesn't count (Entra docs, reply-url)."""
    is_loopback = urlsplit(uri).hostname in _LOOPBACK
    if not application.is_named:
        return is_loopback and world.settings.unknown_applications == "welcome"
    registered = application.redirect_uris
    return uri in registered or (is_loopback and _without_port(uri) in map(_without_port, registered))


def _without_port(uri: str) -> tuple[str, str | None, str, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.path.rstrip("/"), parts.query


def _acrs(claims: str) -> tuple[str, ...]:
    """The authentication contexts that a claims request asks for."""
    try:
        asked = json.loads(claims or "{}")
        found = [asked.get(token, {}).get("acrs") or {} for token in ("id_token", "access_token")]
        values = [value for each in found for value in (*each.get("values", ()), each.get("value")) if value]
    except (ValueError, AttributeError, TypeError) as error:
        raise EntraError(90023) from error
    return tuple(dict.fromkeys(map(str, values)))


def _finish(world: World, request: Request, sign_in: SignIn, session: Session) -> Response:
    """Signed in: a session in the browser, and a code for the application."""
    account = find_account(session.person, sign_in.tenant, sign_in.application)
    cookie, code = secrets.token_urlsafe(32), "1." + secrets.token_urlsafe(64)
    world.entra.sessions[cookie] = session
    client_id, tenant, now = sign_in.application.client_id, sign_in.tenant, world.clock.now()
    world.entra.grants[code] = Grant(
        client_id, session.person, account, tenant, sign_in.parameters, sign_in.acrs, session.since, now
    )
    fields = {"code": code, "session_state": secrets.token_hex(16)}
    fields |= {key: sign_in.parameters[key] for key in ("state",) if key in sign_in.parameters}
    secure = "; Secure" if request.base_url.startswith("https") else ""
    remember = {"Set-Cookie": f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax{secure}"}
    return _answer(sign_in.parameters, fields, remember)


def _cookie(request: Request) -> str:
    cookies = (each.strip().partition("=") for each in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in cookies if name == COOKIE), "")


def _answer(
    parameters: Mapping[str, str], fields: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Response:
    """The answer to the application, in the response mode that it asked for."""
    uri, mode = parameters["redirect_uri"], parameters.get("response_mode", "query")
    if mode == "form_post":
        return pages.form_post(uri, fields, headers or {})
    return (
        _redirect(f"{uri}#{urlencode(fields)}", {}, headers) if mode == "fragment" else _redirect(uri, fields, headers)
    )


def _redirect(uri: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Response:
    url = uri + (("&" if "?" in uri else "?") + urlencode(fields) if fields else "")
    return Response(302, None, {"Location": url, "Cache-Control": "no-store, no-cache", **(headers or {})})
