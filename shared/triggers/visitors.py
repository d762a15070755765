"""Who visits a page: a signed-in person or, with APPROVAL_MODE=link, the holder of its link; and what they send.

Headers of an identity proxy, such as Easy Auth's, are not read: without the proxy anybody can send them.
"""

import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

import azure.functions as func

from ..app import App, current
from ..auth.errors import GuestRefused, LinkNeeded, NotPermitted, RoleMissing, SignInNeeded, TokenRefused
from ..auth.sessions import cookie, read_session
from ..errors import BadInput, MisconfiguredError, NotFoundHere
from ..formatting import visible
from ..model.identity import Person, Role, StepUp
from ..model.text import Text
from ..user_input import LONGEST_NAME
from ..web.pages import SignedIn
from ..web.paths import Paths

SIGN_OUT = "sign-out"  # in a form token, instead of a change
_COOKIE = "snatbot_form"
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")  # as secrets.token_urlsafe creates it
_ID = re.compile(r"[0-9a-z-]{1,40}")  # as ids.new_id makes it
KEY = re.compile(r"[0-9a-f]{32}")  # as ids.cluster_key makes it
_LONGEST_BODY = 16_384


@dataclass(frozen=True, slots=True)
class Visitor:
    """``nonce`` binds the forms of the visitor's pages: to the session, or else to a cookie."""

    person: Person | None
    nonce: str
    is_secure: bool = True
    step_up: StepUp | None = None

    def headers(self, path: str) -> dict[str, str]:
        """Set-Cookie for a page with a form, without a session."""
        if self.person:
            return {}
        # Not Strict: a link in a chat would open the page without it, and a new cookie would invalidate an open form.
        secure = "; Secure" if self.is_secure else ""
        return {"Set-Cookie": f"{_COOKIE}={self.nonce}; Path={path}; HttpOnly; SameSite=Lax; Max-Age=3600{secure}"}


def visitor_of(app: App, req: func.HttpRequest, *, needs_role: bool = True) -> Visitor:
    """Raises SignInNeeded, RoleMissing for a person without a role, or GuestRefused."""
    settings, cookies = app.settings, req.headers.get("Cookie", "")
    if settings.approval_mode == "link":
        nonce = cookie(cookies, _COOKIE)
        is_secure = (settings.public_base_url or "").startswith("https://")
        return Visitor(None, nonce if _NONCE.fullmatch(nonce) else secrets.token_urlsafe(24), is_secure)
    session = read_session(app.signer, cookies)
    if session is None or session.person.tenant_id != settings.entra_tenant_id:
        raise SignInNeeded
    if session.person.is_guest and settings.allow_guests != "on":
        raise GuestRefused(session.person.name)
    if needs_role and not session.person.roles:
        raise RoleMissing(session.person, Role.READ, Text("see this page"), settings.entra_client_id)
    return Visitor(session.person, session.id, step_up=session.step_up)


def app_with_sign_in() -> App:
    """Raises NotFoundHere or MisconfiguredError if sign-in is not set up."""
    app = current()
    if app.settings.approval_mode == "link":
        raise NotFoundHere(Text("Nobody signs in here: APPROVAL_MODE is link."))
    names = ("ENTRA_TENANT_ID", "ENTRA_CLIENT_ID", "PUBLIC_BASE_URL")
    missing = [name for name in names if not getattr(app.settings, name.lower())]
    if missing:
        raise MisconfiguredError(dict.fromkeys(missing, "must be set for people to sign in"))
    return app


def caller_of(app: App, req: func.HttpRequest) -> Person:
    """The person whose access token came along. Raises TokenRefused, GuestRefused or EntraUnavailable."""
    scheme, _, token = req.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefused(Text("no access token came along"))
    return app.entra.caller(token.strip(), app.clock.wall())


def require_role(app: App, req: func.HttpRequest, role: Role, deed: Text) -> None:
    """By session or access token. Raises SignInNeeded, TokenRefused, GuestRefused or RoleMissing."""
    person = caller_of(app, req) if req.headers.get("Authorization") else visitor_of(app, req).person
    if person is None:
        raise SignInNeeded
    if role not in person.roles:
        raise RoleMissing(person, role, deed, app.settings.entra_client_id)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read pages; ``paths`` says which."""

    visitor: Visitor
    paths: Paths


def reader_of(app: App, req: func.HttpRequest) -> Reader:
    """A signed-in person; with APPROVAL_MODE=link who holds a read pass. Raises as ``visitor_of``, and LinkNeeded,
    LinkExpired or LinkTampered.
    """
    if not app.settings.signing_key_list:
        raise MisconfiguredError({"SIGNING_KEYS": "must be set for pages to open"})
    language = req.params.get("lang", "")
    if app.settings.approval_mode != "link":
        return Reader(visitor_of(app, req), Paths(language=language))
    token = req.params.get("t", "")
    if not token:
        raise LinkNeeded
    return Reader(visitor_of(app, req), Paths(token, app.signer.passed(token), language))


def permitted(paths: Paths, partition: str) -> str:
    """The partition of a cluster that this visitor may read. Raises BadInput, or NotPermitted."""
    partition = partition or paths.partition
    if not KEY.fullmatch(partition):
        raise BadInput(Text("the link is not whole: it lacks the cluster; open the page from its cluster's page"))
    if paths.partition not in ("", partition):
        raise NotPermitted(Text("This link opens the pages of another cluster."))
    return partition


def record_id(req: func.HttpRequest, name: str) -> str:
    """The id of an incident or a change in the URL. Raises NotFoundHere for a text that none can have."""
    found = str(req.route_params.get(name, ""))
    if not _ID.fullmatch(found):
        raise NotFoundHere(Text("There is no such page."))
    return found


def is_own_origin(origin: str | None, public_base_url: str | None) -> bool:
    """Whether a POST may come from this app's own form, by its Origin header; without it, the tokens decide.

    Browsers send ``null`` for a page that hides its origin; this app has no such page.
    """
    if origin is None or public_base_url is None:
        return True
    own = urlsplit(public_base_url.lower())
    default_port = ":443" if own.scheme == "https" else ":80"  # browsers omit it
    return origin == f"{own.scheme}://{own.netloc.removesuffix(default_port)}"


def read_form(req: func.HttpRequest, most: int = _LONGEST_BODY) -> dict[str, str]:
    """The first value of each field. Raises BadInput for fields that this app's form does not send."""

    body = req.get_body()
    if len(body) > most:
        raise BadInput(Text("the form is {length} bytes long; at most {most} are taken", length=len(body), most=most))
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=20)
    except (UnicodeDecodeError, ValueError):
        raise BadInput(Text("the form cannot be read; load the page again")) from None
    return {name: values[0] for name, values in fields.items()}


def signed_in(app: App, visitor: Visitor) -> SignedIn | None:
    if visitor.person is None:
        return None
    csrf = app.signer.form_token(visitor.nonce, SIGN_OUT)
    return SignedIn(visitor.person.name, f"{app.settings.public_base_url}/api/sign-out", csrf)


def sign_in_url(app: App, token: str, more: str = "") -> str:
    return f"{app.settings.public_base_url}/api/sign-in?t={quote(token)}{more}"


def link_holder(name: str) -> str:
    """With APPROVAL_MODE=link the name is not verified, and the record says so."""
    named = visible(" ".join(name.split()))[:LONGEST_NAME]
    return f"{named} (holder of link, unverified)" if named else "holder of link, unverified"
