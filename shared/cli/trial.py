"""``snatbot test-message``: whether each channel takes what snatbot posts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..model.text import Text, arranged
from .output import ATTENTION, FINE, NOT_DONE, MakeApp, Subcommands, add_command, say

if TYPE_CHECKING:
    from ..settings import Settings


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "test-message", post_test_messages, Text("post a test message to each channel"))
    parser.add_argument("--channel", default="", help=Text("only to the channel with this name"))


def post_test_messages(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..chat.errors import ChatError
    from ..flows.notification.trial import try_channel

    app = make_app()
    chosen = {name: channel for name, channel in app.channels.items() if options.channel in ("", name)}
    if not chosen:
        say(options, Text("no such channel; there are: {names}", names=tuple(app.channels) or Text("none")))
        return NOT_DONE
    exit_code = FINE
    for name, channel in chosen.items():
        try:
            try_channel(name, channel, app.clock.wall())
            result = Text("posted")
        except ChatError as error:
            result, exit_code = Text("FAILED: {error}", error=error.text), ATTENTION
        users = _who_uses(name, app.settings)
        say(options, arranged("{channel} ({users}): {result}", channel=name, users=users, result=result))
    return exit_code


def _who_uses(name: str, settings: Settings) -> tuple[str, ...]:
    routes = settings.routes.routes if settings.routes else ()
    users = tuple(f"routes.{index}" for index, route in enumerate(routes) if name in route.to)
    return (*users, Text("default")) if name in settings.default_channels else users
