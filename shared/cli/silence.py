"""``snatbot silence``, ``unsilence`` and ``silences``: hold back posts about a cluster, and see about which."""

import argparse
import re
from datetime import datetime, timedelta

from ..errors import BadInput
from ..model.text import Text
from .as_person import acts_as_person, call
from .output import BY, CLUSTER, FINE, MakeApp, Subcommands, add_command, print_json, say
from .table import add_output, print_rows

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def add_to(commands: Subcommands) -> None:
    text = Text("hold back posts about a cluster for a while; measuring goes on")
    begin = add_command(commands, "silence", silence, text)
    end = add_command(commands, "unsilence", unsilence, Text("let posts about a cluster through again"))
    for parser in (begin, end):
        parser.add_argument("cluster", help=CLUSTER)
        parser.add_argument("--by", default="", help=BY)
    begin.add_argument("--for", dest="length", default="", help=Text("for how long: 30m, 1h or 2d"))
    begin.add_argument("--until", default="", help=Text("or until when, such as 2026-12-24T18:00Z"))
    add_output(add_command(commands, "silences", silences, Text("which clusters are silenced, until when and by whom")))


def silence(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    now = app.clock.now()
    until = end_of(options.length, options.until, now)
    if acts_as_person(app):
        name = call(app, "silence", cluster=options.cluster, until=until.isoformat())["cluster_name"]
    else:
        name = app.silence.begin(app.check.find(options.cluster).id, until, options.by, now).cluster_name
    say(options, Text("nothing is posted about {cluster} until {until}; measuring goes on", cluster=name, until=until))
    return FINE


def end_of(length: str, until: str, now: datetime) -> datetime:
    """From ``--for`` or ``--until``. Raises BadInput unless exactly one of them is usable."""
    from .. import user_input

    if bool(length) == bool(until):
        raise BadInput(Text("give either --for, such as 1h, or --until, such as 2026-12-24T18:00Z"))
    if until:
        return user_input.moment("--until", until)
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", length.strip())
    if match is None:
        given = user_input.shown(length)
        raise BadInput(
            Text("--for is {given}; it must be a number of minutes, hours or days: 30m, 1h, 2d", given=given)
        )
    return now + timedelta(**{_UNITS[match[2]]: int(match[1])})


def unsilence(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    if acts_as_person(app):
        name = call(app, "unsilence", cluster=options.cluster)["cluster_name"]
    else:
        name = app.silence.end(app.check.find(options.cluster).id, options.by, app.clock.now()).cluster_name
    say(options, Text("what happens on {cluster} is posted again", cluster=name))
    return FINE


def silences(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    found = app.silence.present(app.clock.now())
    if options.output == "json":
        from ..web.answers import silences_json

        print_json(silences_json(found))
    elif options.output == "table" and not found:
        say(options, Text("no cluster is silenced"))
    else:
        rows = [(each.cluster_name, each.silenced_until, each.silenced_by, each.cluster_id) for each in found]
        print_rows(options, (Text("Cluster"), Text("Until"), Text("By")), rows)
    return FINE
