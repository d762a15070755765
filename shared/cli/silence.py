"""``snatbot silence`` and ``snatbot unsilence``: hold back posts about a cluster, or allow them again."""

from __future__ import annotations

import argparse

from ..formatting import utc
from .output import FINE, MakeApp, Subcommands, add_command


def add_to(commands: Subcommands) -> None:
    text = "hold back posts about a cluster for a while; measuring goes on"
    begin = add_command(commands, "silence", silence, text)
    end = add_command(commands, "unsilence", unsilence, "let posts about a cluster through again")
    for parser in (begin, end):
        parser.add_argument("--cluster", required=True, help="name or resource id")
        parser.add_argument("--by", required=True, help="your name")
    begin.add_argument("--minutes", default="", help="for how long")
    begin.add_argument("--until", default="", help="or until when, such as 2026-12-24T18:00Z")


def silence(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..flows.incidents.silence import moment_from

    app = make_app()
    now = app.clock.now()
    until = moment_from(options.until, options.minutes, now)
    record = app.silence.begin(app.check.find(options.cluster), until, options.by, now)
    print(f"nothing is posted about {record.cluster_name} until {utc(until)}; measuring goes on")
    return FINE


def unsilence(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    record = app.silence.end(app.check.find(options.cluster), options.by, app.clock.now())
    print(f"what happens on {record.cluster_name} is posted again")
    return FINE
