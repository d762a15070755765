"""HTTP responses as JSON or pages, in the reader's language, and the mapping from errors to status codes."""

import json
import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec

import azure.functions as func

from ..auth.errors import (
    EntraUnavailable,
    LinkExpired,
    LinkTampered,
    NotFromSlack,
    NotPermitted,
    SignInNeeded,
    SignInRefused,
    TokenRefused,
)
from ..errors import BadInput, MisconfiguredError, NotFoundHere, Refused, SnatbotError, TooMany
from ..model.text import Text
from ..store.errors import StoreError
from ..wording.languages import LANGUAGES, accepted, known_language
from .attempts import note_refusal

log = logging.getLogger("snatbot.triggers")
P = ParamSpec("P")
_ANSWERS: Mapping[type[SnatbotError], tuple[int, str]] = {  # the first matching type counts
    BadInput: (400, "bad_input"),
    LinkTampered: (403, "link_tampered"),
    LinkExpired: (410, "link_expired"),
    NotFoundHere: (404, "not_found"),
    SignInNeeded: (401, "sign_in_needed"),
    TokenRefused: (401, "token_refused"),
    NotFromSlack: (401, "not_from_slack"),
    SignInRefused: (403, "sign_in_refused"),
    NotPermitted: (403, "not_permitted"),
    TooMany: (429, "too_many"),
    Refused: (409, "refused"),
    MisconfiguredError: (500, "misconfigured"),
    StoreError: (503, "storage_unavailable"),
    EntraUnavailable: (502, "entra_unavailable"),
    SnatbotError: (502, "azure_unavailable"),
}
_TITLES = {  # where the status alone would say something else
    "sign_in_needed": Text("Sign in to see this page"),
    "sign_in_refused": Text("Sign-in did not work"),
    "not_permitted": Text("Not permitted"),
    "entra_unavailable": Text("Entra ID could not be reached"),
}
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
    # Not "no-referrer": browsers would then send "Origin: null" with this page's own form (Fetch standard, 3.2).
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing inline, nothing from elsewhere: assets of this app, the empty icon, the page again, and its own form.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}


def answers_json(handler: Callable[P, func.HttpResponse]) -> Callable[P, func.HttpResponse]:
    """Decorate a handler: snatbot's own errors become a JSON error, other errors the host's 500."""
    return _translating(handler, _json_error)


def answers_page(handler: Callable[P, func.HttpResponse]) -> Callable[P, func.HttpResponse]:
    """Decorate a handler: snatbot's own errors become a page that says why."""
    return _translating(handler, _error_page)


def answers_whoever_asks(handler: Callable[P, func.HttpResponse]) -> Callable[P, func.HttpResponse]:
    """Decorate a handler: a browser gets errors as a page, anything else as JSON."""
    return _translating(handler, lambda error, req: (_error_page if wants_page(req) else _json_error)(error, req))


def as_json(
    content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    headers = {"Cache-Control": "no-store", **(headers or {})}
    text = json.dumps(content, indent=2)
    return func.HttpResponse(text, status_code=status, mimetype="application/json", headers=headers)


def as_text(text: str) -> func.HttpResponse:
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language", "X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(text, mimetype="text/plain", charset="utf-8", headers=headers)


def as_page(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    headers = {**PAGE_HEADERS, **(headers or {})}
    return func.HttpResponse(html, status_code=status, mimetype="text/html", charset="utf-8", headers=headers)


def wants_page(req: func.HttpRequest) -> bool:
    """Whether a browser asks, and not for ``?as=json``."""
    return req.params.get("as", "") != "json" and "text/html" in req.headers.get("Accept", "")


def see_other(url: str, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    return func.HttpResponse(status_code=303, headers={**PAGE_HEADERS, "Location": url, **(headers or {})})


def status_of(error: SnatbotError) -> tuple[int, str]:
    """HTTP status and stable code of one of snatbot's own errors."""
    return next(answer for kind, answer in _ANSWERS.items() if isinstance(error, kind))


def title_of(code: str) -> Text:
    """Of the page that says so; empty: what its status means."""
    return _TITLES.get(code, Text(""))


def _translating(
    handler: Callable[P, func.HttpResponse], as_error: Callable[[SnatbotError, func.HttpRequest], func.HttpResponse]
) -> Callable[P, func.HttpResponse]:
    @wraps(handler)  # the host binds parameters by the handler's parameter names
    def answer(*args: P.args, **kwargs: P.kwargs) -> func.HttpResponse:
        try:
            return handler(*args, **kwargs)
        except SnatbotError as error:
            status, code = status_of(error)
            log.warning("answered %d %s: %s", status, code, error)
            given = (*args, *kwargs.values())
            req = next(value for value in given if isinstance(value, func.HttpRequest))
            note_refusal(req, error, code)
            return as_error(error, req)

    return answer


def _json_error(error: SnatbotError, _: func.HttpRequest) -> func.HttpResponse:
    from ..web.answers import error_json

    status, code = status_of(error)
    return as_json(error_json(code, str(error)), status)


def _error_page(error: SnatbotError, req: func.HttpRequest) -> func.HttpResponse:
    from ..web.pages import message_page
    from .ways_back import ways_back

    status, code = status_of(error)
    page = message_page(
        error.text, status=status, language=language_of(req), title=title_of(code), **ways_back(req, error)
    )
    return as_page(page, status)


def language_of(req: func.HttpRequest) -> str:
    from ..app import current

    try:
        default = current().settings.language
    except MisconfiguredError:  # pages say so too
        default = "en"
    return known_language([req.params.get("lang", ""), *accepted(req.headers.get("Accept-Language", ""))], default)


def same_language(url: str, req: func.HttpRequest) -> str:
    """A page's URL with the language that this request's URL asks for."""
    return in_language(url, req.params.get("lang", ""))


def in_language(url: str, asked: str) -> str:
    """A page's URL with this language, if it is known."""
    return f"{url}{'&' if '?' in url else '?'}lang={asked}" if asked in LANGUAGES else url
