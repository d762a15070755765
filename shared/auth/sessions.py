"""The signed-in person, in a signed browser cookie for an hour. The server stores nothing."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from ..model.identity import Person, Role, StepUp
from .signing import SESSION_SECONDS, Signer

SESSION_COOKIE = "__Host-snatbot_session"
FLOW_COOKIE = "__Host-snatbot_sign_in"
# Not Strict: links in a chat, and Entra ID's redirect, would open the page without the cookie.
_ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Lax"


@dataclass(frozen=True, slots=True)
class Session:
    """``id`` is new with each sign-in; the forms of the session's pages are bound to it."""

    person: Person
    id: str
    step_up: StepUp | None = None


def session_cookie(signer: Signer, person: Person, step_up: StepUp | None = None) -> str:
    """The Set-Cookie header of a new session."""
    facts = [
        secrets.token_urlsafe(24),
        person.object_id,
        person.tenant_id,
        person.name,
        sorted(person.roles),
        person.signed_in_at.isoformat(),
        person.is_guest,
        [step_up.digest, sorted(step_up.contexts), step_up.at.isoformat()] if step_up else None,
    ]
    return set_cookie(SESSION_COOKIE, signer.session_token(facts), SESSION_SECONDS)


def read_session(signer: Signer, cookies: str) -> Session | None:
    """The session in a Cookie header; None without one, or if it expired or this app did not create it."""
    facts = signer.read_session(cookie(cookies, SESSION_COOKIE))
    if facts is None:
        return None
    session_id, object_id, tenant_id, name, roles, signed_in_at, is_guest, fresh = facts
    held, step_up = frozenset(map(Role, roles)), None
    if fresh:
        digest, contexts, at = fresh
        step_up = StepUp(object_id, digest, frozenset(contexts), datetime.fromisoformat(at))
    person = Person(object_id, tenant_id, name, held, datetime.fromisoformat(signed_in_at), is_guest)
    return Session(person, session_id, step_up)


def set_cookie(name: str, value: str, seconds: int) -> str:
    return f"{name}={value}; {_ATTRIBUTES}; Max-Age={seconds}"


def cookie(header: str, name: str) -> str:
    """The value of a cookie in a Cookie header, or empty; it may be any text."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return next((value for found, _, value in pairs if found == name), "")
