"""``snatbot slack``: the manifest of the Slack app, and a link that makes the app from it."""

import argparse
import json
from typing import Any
from urllib.parse import quote

from ..errors import MisconfiguredError
from ..model.text import Text
from .output import FINE, MakeApp, Subcommands, add_command, print_json, subcommands

_NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_json="  # Slack docs: sharing app manifests


def add_to(commands: Subcommands) -> None:
    verbs = subcommands(commands.add("slack", Text("the Slack app that PUBLIC_BASE_URL and SLACK_COMMAND need")))
    for name, command, about in (
        ("manifest", manifest, Text("its manifest as JSON")),
        ("install-link", install_link, Text("a link that opens Slack with the manifest filled in")),
    ):
        parser = add_command(verbs, name, command, about)
        parser.add_argument("--private", action="store_true", help=Text("for a private channel"))


def manifest(options: argparse.Namespace, make_app: MakeApp) -> int:
    print_json(_manifest(options, make_app))
    return FINE


def install_link(options: argparse.Namespace, make_app: MakeApp) -> int:
    text = json.dumps(_manifest(options, make_app), separators=(",", ":"))
    print(_NEW_APP + quote(text, safe=""))
    return FINE


def _manifest(options: argparse.Namespace, make_app: MakeApp) -> dict[str, Any]:
    """Raises MisconfiguredError."""
    settings = make_app().settings
    if not (settings.public_base_url or "").startswith("https://"):
        raise MisconfiguredError({"PUBLIC_BASE_URL": "must be set, with https: Slack calls this address"})
    return app_manifest(str(settings.public_base_url), settings.slack_command, is_private=options.private)


def app_manifest(base_url: str, command: str, *, is_private: bool = False) -> dict[str, Any]:
    """With the least scopes: to post, to answer, to find what was posted, and to know who asks."""
    url, history = f"{base_url}/api/slack", "groups:history" if is_private else "channels:history"
    described = {"description": "Ask about SNAT ports", "usage_hint": "check | plan CLUSTER | status | link | help"}
    return {
        "display_information": {"name": "snatbot"},
        "features": {
            "bot_user": {"display_name": "snatbot"},
            "slash_commands": [{"command": command, "url": url, **described}],
        },
        "oauth_config": {"scopes": {"bot": ["chat:write", "commands", history, "users:read"]}},
        "settings": {"interactivity": {"is_enabled": True, "request_url": url}},
    }
