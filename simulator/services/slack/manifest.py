"""Slack's validation of an app's manifest (Slack docs: app manifest reference; apps.manifest.validate)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .blocks import SCHEMAS


def manifest_problems(manifest: Any) -> list[dict[str, str]]:
    """`{"message", "pointer"}` of each mistake. Slack's own words are those about interactivity; the others assumed."""
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(SCHEMAS["manifest"]).iter_errors(manifest)
    found = [(error.message, "/" + "/".join(map(str, error.absolute_path))) for error in errors]
    return [{"message": message, "pointer": pointer} for message, pointer in found or _of_parts(manifest)]


def _of_parts(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    features, settings = manifest.get("features", {}), manifest.get("settings", {})
    interactivity, scopes = settings.get("interactivity", {}), bot_scopes(manifest)
    commands, socket_mode = features.get("slash_commands", []), settings.get("socket_mode_enabled", False)
    if interactivity.get("is_enabled") and not interactivity.get("request_url") and not socket_mode:
        yield "Interactivity requires a Request URL", "/settings/interactivity"
        yield "Interactivity requires Socket Mode enabled", "/settings/interactivity"
    for index, command in enumerate(commands):
        if "url" not in command and not socket_mode:
            yield "Slash command requires a URL", f"/features/slash_commands/{index}"
    if commands and "commands" not in scopes:
        yield "Slash commands require the `commands` scope", "/oauth_config/scopes/bot"
    if scopes and "bot_user" not in features:
        yield "Bot scopes require a bot user", "/features/bot_user"


def bot_scopes(manifest: dict[str, Any]) -> list[str]:
    """The scopes that a manifest asks for."""
    return list(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))
