"""HTTP answers, and the one place where errors become status codes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import azure.functions as func

log = logging.getLogger("snatbot.triggers")
_JSON = "application/json"
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    # Not "no-referrer": with that, browsers send "Origin: null" with this page's own form (Fetch standard, 3.2).
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def as_json(content: Mapping[str, Any], status: int = 200) -> func.HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return func.HttpResponse(json.dumps(content, indent=2), status_code=status, mimetype=_JSON, headers=headers)


def status_of(error: Exception) -> tuple[int, str]:
    """HTTP status and a stable code for an error that snatbot raised on purpose."""
    from ..auth.errors import LinkExpired, LinkTampered
    from ..errors import BadInput, MisconfiguredError, NotFoundHere, Refused, TooMany
    from ..store.errors import StoreError

    match error:
        case BadInput():
            return 400, "bad_input"
        case LinkTampered():
            return 403, "link_tampered"
        case LinkExpired():
            return 410, "link_expired"
        case NotFoundHere():
            return 404, "not_found"
        case TooMany():
            return 429, "too_many"
        case Refused():
            return 409, "refused"
        case MisconfiguredError():
            return 500, "misconfigured"
        case StoreError():
            return 503, "storage_unavailable"
        case _:
            return 502, "azure_unavailable"


def answering_json(handler: Callable[[], func.HttpResponse]) -> func.HttpResponse:
    """Runs a handler; what snatbot raises on purpose becomes a JSON error, anything else the host's 500."""
    from ..errors import SnatbotError
    from ..web.answers import error_json

    try:
        return handler()
    except SnatbotError as error:
        status, code = status_of(error)
        log.warning("answered %d %s: %s", status, code, error)
        return as_json(error_json(code, str(error)), status)
