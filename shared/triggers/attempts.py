"""Audit refused requests: decisions that were refused, forged links, and sign-ins that failed."""

from __future__ import annotations

import logging
from ipaddress import ip_address
from urllib.parse import urlsplit

import azure.functions as func

from ..auth.errors import FormExpired, LinkTampered, NotPermitted, SignInRefused
from ..errors import Refused, SnatbotError

log = logging.getLogger("snatbot.triggers")
_ALWAYS = (NotPermitted, SignInRefused, LinkTampered, FormExpired)
_LONGEST_SUBJECT, _LONGEST_DETAIL = 80, 200  # characters


def note_refusal(req: func.HttpRequest, error: SnatbotError, code: str) -> None:
    """Audit it, if it refused more than to show a page. Never raises. ``code``: the stable code of the error.

    Messages of errors are for people, and hold no token.
    """
    is_attempt = isinstance(error, _ALWAYS) or (isinstance(error, Refused) and req.method != "GET")
    if not is_attempt:
        return
    from ..app import current
    from ..auth.sessions import read_session
    from ..formatting import clip, visible

    try:
        app = current()
        session = read_session(app.signer, req.headers.get("Cookie", "")) if app.row_signer else None
        source = str(session.person) if session else address_of(req.headers.get("X-Forwarded-For", ""))
        event = "sign-in refused" if isinstance(error, SignInRefused) else "attempt refused"
        subject = clip(visible(req.route_params.get("change_id") or urlsplit(req.url).path), _LONGEST_SUBJECT)
        detail = f"{code}: {clip(visible(str(error)), _LONGEST_DETAIL)}"
        app.refused_attempts.note(source, event, subject, detail, app.clock.now())
    except SnatbotError as unnoted:
        log.error("could not audit a refused request: %s", unnoted)


def address_of(forwarded_for: str) -> str:
    """The last address, which Azure's front end appends; anybody can send the others."""
    last = forwarded_for.rpartition(",")[2].strip()
    for text in (last, urlsplit(f"//{last}").hostname if last.count("[") == last.count("]") else None):
        try:
            return f"somebody at {ip_address(text or '')}"
        except ValueError:
            continue
    return "somebody at an unknown address"
