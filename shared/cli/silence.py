"""``snatbot silence`` and ``snatbot unsilence``: posts about a cluster, held back or let through."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..app import App
from ..formatting import utc
from .output import FINE, add_command

if TYPE_CHECKING:
    from .output import Subcommands


def add_to(commands: Subcommands) -> None:
    text = "hold back posts about a cluster for a while; measuring goes on"
    begun = add_command(commands, "silence", silence, text)
    ended = add_command(commands, "unsilence", unsilence, "let posts about a cluster through again")
    for added in (begun, ended):
        added.add_argument("--cluster", required=True, help="name or resource id")
        added.add_argument("--by", required=True, help="your name")
    begun.add_argument("--minutes", default="", help="for how long")
    begun.add_argument("--until", default="", help="or until when, such as 2026-12-24T18:00Z")


def silence(options: argparse.Namespace, app: Callable[[], App]) -> int:
    from ..flows.incidents.silence import moment_from

    running = app()
    now = running.clock.now()
    until = moment_from(options.until, options.minutes, now)
    record = running.silence.begin(running.check.find(options.cluster), until, options.by, now)
    print(f"nothing is posted about {record.cluster_name} until {utc(until)}; measuring goes on")
    return FINE


def unsilence(options: argparse.Namespace, app: Callable[[], App]) -> int:
    running = app()
    record = running.silence.end(running.check.find(options.cluster), options.by, running.clock.now())
    print(f"what happens on {record.cluster_name} is posted again")
    return FINE
