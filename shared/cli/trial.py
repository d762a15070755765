"""``snatbot test-message``: whether each channel takes what snatbot posts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .output import ATTENTION, FINE, NOT_DONE, MakeApp, Subcommands, add_command

if TYPE_CHECKING:
    from ..settings import Settings


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "test-message", post_test_messages, "post a test message to each channel")
    parser.add_argument("--channel", default="", help="only to the channel with this name")


def post_test_messages(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..chat.errors import ChatError
    from ..flows.notification.trial import try_channel

    app = make_app()
    chosen = {name: channel for name, channel in app.channels.items() if options.channel in ("", name)}
    if not chosen:
        print(f"no such channel; there are: {', '.join(app.channels) or 'none'}")
        return NOT_DONE
    exit_code = FINE
    for name, channel in chosen.items():
        try:
            try_channel(name, channel, app.clock.wall())
            result = "posted"
        except ChatError as error:
            result, exit_code = f"FAILED: {error}", ATTENTION
        print(f"{name} ({_who_uses(name, app.settings)}): {result}")
    return exit_code


def _who_uses(name: str, settings: Settings) -> str:
    routes = settings.routes.routes if settings.routes else ()
    users = [f"routes.{index}" for index, route in enumerate(routes) if name in route.to]
    return ", ".join([*users, *(["default"] if name in settings.default_channels else [])])
