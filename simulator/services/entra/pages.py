"""The pages of sign-in: who signs in, the second factor, errors, signed out. None needs its script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from ...http import Response
from ...state.people import Person

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store, no-cache",
    "X-Frame-Options": "DENY",
}
_STYLE = Path(__file__).with_name("pages.css").read_text("utf-8")


def _page(title: str, content: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{_STYLE}</style></head>'
        f"<body><main><small>Simulated Entra ID</small><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    return Response(status, text, {**_HEADERS, **(headers or {})})


def _form(tenant: str, hidden: Mapping[str, str], content: str) -> str:
    return f'<form method="post" action="/{escape(tenant)}/login">{_hidden(hidden)}{content}</form>'


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())


def picker(tenant: str, request: str, people: Iterable[Person], hint: str) -> Response:
    """The account picker. `hint`: the user principal name that has the focus."""
    items = ""
    for person in people:
        focus = " autofocus" if person.user_principal_name == hint else ""
        notes = ", ".join(["guest"] * bool(person.guest_of) + list(person.roles)) or "no roles"
        items += (
            f'<li><button name="person" value="{escape(person.object_id)}"{focus}>{escape(person.name)}'
            f"<small>{escape(person.user_principal_name)}</small><small>{escape(notes)}</small></button></li>"
        )
    cancel = '<button name="cancel" value="yes">Cancel</button>'
    return _page("Pick an account", _form(tenant, {"request": request}, f"<ul>{items}</ul>{cancel}"))


def second_factor(tenant: str, request: str, person: Person) -> Response:
    """The second factor: a button replaces the phone."""
    buttons = (
        '<button class="main" name="second_factor" value="approved">Approve</button>'
        '<button name="second_factor" value="denied">Deny</button>'
    )
    who = f"<p>{escape(person.name)}<small>{escape(person.user_principal_name)}</small></p>"
    form = _form(tenant, {"request": request, "person": person.object_id}, buttons)
    return _page("Approve sign-in request", f"{who}<p>The application asks for a second factor.</p>{form}")


def form_post(uri: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Response:
    """Carries the answer to the application by a form that sends itself; without scripts there is a button."""
    hidden = _hidden(fields)
    button = '<noscript><button class="main">Continue</button></noscript>'
    form = (
        f'<form method="post" action="{escape(uri)}">{hidden}{button}</form><script>document.forms[0].submit()</script>'
    )
    return _page("Working...", form, headers=headers)


def error(status: int, message: str, fields: Mapping[str, Any]) -> Response:
    """Entra's own error page: the application hears nothing."""
    shown = {"Request Id": "trace_id", "Correlation Id": "correlation_id", "Timestamp": "timestamp"}
    rows = "".join(f"<small>{label}: {escape(str(fields[key]))}</small>" for label, key in shown.items())
    return _page("Sorry, but we’re having trouble signing you in.", f"<p>{escape(message)}</p>{rows}", status)


def signed_out(headers: Mapping[str, str]) -> Response:
    return _page("You signed out of your account", "<p>You can close this window.</p>", headers=headers)
