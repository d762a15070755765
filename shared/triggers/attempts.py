"""Audit refused requests: decisions that were refused, forged links, and sign-ins that failed."""

import logging
import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import azure.functions as func

from ..auth.errors import FormExpired, LinkTampered, NotPermitted, SignInRefused
from ..errors import Refused, SnatbotError

log = logging.getLogger("snatbot.triggers")
_ALWAYS = (NotPermitted, SignInRefused, LinkTampered, FormExpired)
_LONGEST_SUBJECT, _LONGEST_DETAIL = 80, 200  # characters
_LAST_HOP = re.compile(  # 1.2.3.4, 1.2.3.4:567, 2001:db8::1 or [2001:db8::1]:567
    r"(?P<v4>[0-9.]+)(:[0-9]{1,5})?|\[(?P<bracketed>[0-9A-Fa-f:.]+)\](:[0-9]{1,5})?|(?P<v6>[0-9A-Fa-f:.]+)"
)


def note_refusal(req: func.HttpRequest, error: SnatbotError, code: str) -> None:
    """Audit it, if it refused more than to show a page. Never raises. ``code``: the stable code of the error.

    Messages of errors are for people, and hold no token.
    """
    is_attempt = isinstance(error, _ALWAYS) or (isinstance(error, Refused) and req.method != "GET")
    if not is_attempt:
        return
    from ..app import current
    from ..auth.sessions import read_session

    try:
        app = current()
        session = read_session(app.signer, req.headers.get("Cookie", "")) if app.row_signer else None
        source = str(session.person) if session else address_of(req.headers.get("X-Forwarded-For", ""))
        event = "sign-in refused" if isinstance(error, SignInRefused) else "attempt refused"
        subject = _storable(req.route_params.get("change_id") or urlsplit(req.url).path, _LONGEST_SUBJECT)
        detail = f"{code}: {_storable(str(error), _LONGEST_DETAIL)}"
        app.refused_attempts.note(source, event, subject, detail, app.clock.now())
    except SnatbotError as unnoted:
        log.error("could not audit a refused request: %s", unnoted)


def _storable(text: str, most: int) -> str:
    """Without what distorts it or no UTF-8 can hold: anybody can send it."""
    from ..formatting import clip, visible

    return clip(visible(text), most).encode(errors="replace").decode()


def address_of(forwarded_for: str) -> str:
    return f"somebody at {caller_address(forwarded_for) or 'an unknown address'}"


def caller_address(forwarded_for: str) -> IPv4Address | IPv6Address | None:
    """The last address of X-Forwarded-For, which Azure's front end appends, without its port. None if unreadable,
    or if no caller can have it.

    Anybody can send the others, so they are not read. An IPv4 address in IPv6's form is given as IPv4.
    """
    match = _LAST_HOP.fullmatch(forwarded_for.rpartition(",")[2].strip(" \t"))
    if match is None:
        return None
    address: IPv4Address | IPv6Address
    try:
        if match["v4"]:
            address = IPv4Address(match["v4"])
        else:
            address = IPv6Address(match["bracketed"] or match["v6"])
            address = address.ipv4_mapped or address
    except ValueError:
        return None
    is_nobodys = address.is_unspecified or address.is_multicast or (address.is_reserved and not address.is_loopback)
    return None if is_nobodys else address
