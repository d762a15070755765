"""``snatbot silence`` and ``snatbot unsilence``: hold back posts about a cluster, or allow them again."""

from __future__ import annotations

import argparse

from ..model.text import Text
from .as_person import acts_as_person, call
from .output import BY, CLUSTER, FINE, MakeApp, Subcommands, add_command, say


def add_to(commands: Subcommands) -> None:
    text = Text("hold back posts about a cluster for a while; measuring goes on")
    begin = add_command(commands, "silence", silence, text)
    end = add_command(commands, "unsilence", unsilence, Text("let posts about a cluster through again"))
    for parser in (begin, end):
        parser.add_argument("--cluster", required=True, help=CLUSTER)
        parser.add_argument("--by", default="", help=BY)
    begin.add_argument("--minutes", default="", help=Text("for how long"))
    begin.add_argument("--until", default="", help=Text("or until when, such as 2026-12-24T18:00Z"))


def silence(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..flows.incidents.silence import moment_from

    app = make_app()
    now = app.clock.now()
    until = moment_from(options.until, options.minutes, now)
    if acts_as_person(app):
        name = call(app, "silence", cluster=options.cluster, until=until.isoformat())["cluster_name"]
    else:
        name = app.silence.begin(app.check.find(options.cluster).id, until, options.by, now).cluster_name
    say(options, Text("nothing is posted about {cluster} until {until}; measuring goes on", cluster=name, until=until))
    return FINE


def unsilence(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    if acts_as_person(app):
        name = call(app, "unsilence", cluster=options.cluster)["cluster_name"]
    else:
        name = app.silence.end(app.check.find(options.cluster).id, options.by, app.clock.now()).cluster_name
    say(options, Text("what happens on {cluster} is posted again", cluster=name))
    return FINE
