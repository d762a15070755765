"""Whose form a POST comes from: browsers write an origin in one way, owners their address in several. And who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import azure.functions as func
import pytest

from shared.app import App
from shared.auth.errors import GuestRefused
from shared.auth.sessions import session_cookie
from shared.auth.signing import Signer
from shared.model.identity import Person, Role
from shared.triggers.visitors import is_own_origin, visitor_of


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://bot.example.com", "https://bot.example.com"),
        ("https://Bot.Example.com", "https://bot.example.com"),
        ("https://bot.example.com:443", "https://bot.example.com"),
        ("https://bot.example.com:8443/snat", "https://bot.example.com:8443"),
        ("http://127.0.0.1:7071", "http://127.0.0.1:7071"),
        ("http://localhost:80", "http://localhost"),
        ("https://bot.example.com", None),
    ],
)
def test_the_apps_own_form_is_known_however_its_address_is_written(address: str, origin: str | None) -> None:
    assert is_own_origin(origin, address)


@pytest.mark.parametrize(
    "origin",
    ["null", "", "http://bot.example.com", "https://bot.example.com:8443", "https://bot.example.com.evil.example"],
)
def test_any_other_origin_is_not(origin: str) -> None:
    assert not is_own_origin(origin, "https://bot.example.com")


def test_a_guests_session_ends_when_guests_are_not_admitted_any_more() -> None:
    signer, now = Signer(["k" * 32], 60), datetime(2026, 11, 28, tzinfo=UTC)
    guest = Person("oid", "tid", "Gita", frozenset({Role.READ}), now, is_guest=True)
    cookie = session_cookie(signer, guest).partition(";")[0]
    request = func.HttpRequest("GET", "https://bot.example.com/api/fleet", headers={"Cookie": cookie}, body=b"")

    def app(allow_guests: str) -> App:
        settings = SimpleNamespace(approval_mode="signin", entra_tenant_id="tid", allow_guests=allow_guests)
        return cast(App, SimpleNamespace(settings=settings, signer=signer))

    assert visitor_of(app("on"), request).person == guest
    with pytest.raises(GuestRefused):
        visitor_of(app("off"), request)
