"""``snatbot silence`` and ``snatbot unsilence``: hold back posts about a cluster, or allow them again."""

from __future__ import annotations

import argparse

from ..formatting import utc
from .as_person import acts_as_person, call
from .output import BY, FINE, MakeApp, Subcommands, add_command


def add_to(commands: Subcommands) -> None:
    text = "hold back posts about a cluster for a while; measuring goes on"
    begin = add_command(commands, "silence", silence, text)
    end = add_command(commands, "unsilence", unsilence, "let posts about a cluster through again")
    for parser in (begin, end):
        parser.add_argument("--cluster", required=True, help="name or resource id")
        parser.add_argument("--by", default="", help=BY)
    begin.add_argument("--minutes", default="", help="for how long")
    begin.add_argument("--until", default="", help="or until when, such as 2026-12-24T18:00Z")


def silence(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..flows.incidents.silence import moment_from

    app = make_app()
    now = app.clock.now()
    until = moment_from(options.until, options.minutes, now)
    if acts_as_person(app):
        name = call(app, "silence", cluster=options.cluster, until=until.isoformat())["cluster"]
    else:
        name = app.silence.begin(app.check.find(options.cluster), until, options.by, now).cluster_name
    print(f"nothing is posted about {name} until {utc(until)}; measuring goes on")
    return FINE


def unsilence(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    if acts_as_person(app):
        name = call(app, "unsilence", cluster=options.cluster)["cluster"]
    else:
        name = app.silence.end(app.check.find(options.cluster), options.by, app.clock.now()).cluster_name
    print(f"what happens on {name} is posted again")
    return FINE
