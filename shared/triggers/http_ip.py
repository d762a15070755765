"""What egress probes ask and tell: the address that a request came from, and reports.

Anybody may ask for the address, as at an echo service on the Internet. No App is built for it and no storage is read: a
cold process answers soon, also while storage fails.
"""

import json
import re
import time
from ipaddress import IPv4Address, IPv6Address

import azure.functions as func

from ..model.text import Text
from ..wording.languages import accepted, known_language
from .attempts import caller_address
from .rate_bound import RateBound
from .responses import answers_json

blueprint = func.Blueprint()
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_bound = RateBound(per_second=50, burst=200)  # of this process: pods on thousands of nodes ask every few minutes


@blueprint.route(route="ip", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def ip(req: func.HttpRequest) -> func.HttpResponse:
    """The address as one line of text, or as JSON. With ``nonce`` as JSON, with a signed ticket."""
    from ..core.guidance.private_addresses import is_private

    if not _bound.admits(time.monotonic()):
        return _plain(req, Text("Too many requests: try again in a second."), 429, {"Retry-After": "1"})
    form, nonce = req.params.get("format", ""), req.params.get("nonce", "")
    if form not in ("", "text", "json"):
        return _plain(req, Text("`format` must be text or json."), 400)
    if nonce and not _NONCE.fullmatch(nonce):
        return _plain(req, Text("`nonce` must be 8 to 64 of the characters A-Z, a-z, 0-9, - and _."), 400)
    address = caller_address(req.headers.get("X-Forwarded-For", ""))
    is_egress = None if address is None else not is_private(address)
    note, status = _note(address, is_egress), 400 if address is None else 200
    if not nonce and form != "json" and (form == "text" or not _accepts_json(req.headers.get("Accept", ""))):
        return _plain(req, note or str(address), status)
    content = {
        "address": None if address is None else str(address),
        "is_egress": is_egress,
        "note": _in_language(req, note),
    }
    if nonce:
        ticket, problem = _ticket(str(address), nonce) if is_egress else (None, _NO_EGRESS)
        content |= {"ticket": ticket, "no_ticket": _in_language(req, problem)}
    return func.HttpResponse(
        json.dumps(content) + "\n", status_code=status, mimetype="application/json", headers=_HEADERS
    )


@blueprint.route(route="probe/reports", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_json
def probe_report(req: func.HttpRequest) -> func.HttpResponse:
    """A report of an egress probe, with a key of its cluster as bearer token."""
    from .probe_reports import take_report

    return take_report(req)


_NO_EGRESS = Text("Only an egress address gets a ticket.")


def _note(address: IPv4Address | IPv6Address | None, is_egress: bool | None) -> Text:
    """Empty for an egress address."""
    if address is None:
        return Text("Your address is unknown: the request has no readable X-Forwarded-For header.")
    if is_egress:
        return Text("")
    return Text(
        "{address} is a private address, not an egress address. The request came through a service endpoint or a "
        "private endpoint, or the function app is in a private network.",
        address=str(address),
    )


def _ticket(address: str, nonce: str) -> tuple[str | None, Text]:
    """The ticket, or why there is none."""
    import os

    from ..auth.signing import Signer
    from ..errors import MisconfiguredError
    from ..settings import load_settings

    try:
        settings = load_settings(os.environ, needs_storage=False)
    except MisconfiguredError:
        return None, Text("No ticket can be signed: the app's settings are not valid.")
    if not settings.signing_key_list:
        return None, Text("No ticket can be signed: SIGNING_KEYS is not set.")
    signer = Signer(settings.signing_key_list, settings.decide_minutes)
    return signer.egress_ticket(address, nonce), Text("")


def _accepts_json(accept: str) -> bool:
    return "application/json" in (part.partition(";")[0].strip().lower() for part in accept[:1000].split(","))


def _plain(req: func.HttpRequest, text: str, status: int, headers: dict[str, str] | None = None) -> func.HttpResponse:
    return func.HttpResponse(
        f"{_in_language(req, text)}\n",
        status_code=status,
        mimetype="text/plain",
        charset="utf-8",
        headers=_HEADERS | (headers or {}),
    )


def _in_language(req: func.HttpRequest, text: str) -> str:
    """In the reader's language; not LANGUAGE's, which needs the settings."""
    if not isinstance(text, Text):
        return text
    from ..wording.render import translated

    asked = [req.params.get("lang", ""), *accepted(req.headers.get("Accept-Language", ""))]
    return translated(text, known_language(asked))
