"""Whose form a POST comes from: browsers write an origin in one way, owners write their address in several."""

from __future__ import annotations

import pytest

from shared.triggers.visitors import is_own_origin


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
