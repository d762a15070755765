"""``snatbot stop`` and ``snatbot start``: the stop switch for all changes."""

import argparse

from ..model.text import Text
from .as_person import acts_as_person, call
from .output import BY, FINE, MakeApp, Subcommands, add_command, say


def add_to(commands: Subcommands) -> None:
    for name, command, text in (
        ("stop", stop, Text("stop all changes before their next step")),
        ("start", start, Text("lift the stop; changes that had stopped are resumed one by one")),
    ):
        parser = add_command(commands, name, command, text)
        parser.add_argument("--by", required=command is stop, default="", help=BY)
        parser.add_argument("--reason", default="", help=Text("why"))


def stop(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    app.stop.set(True, options.by, options.reason, app.clock.now())
    say(options, Text("stopped: no change takes another step until `start`"))
    return FINE


def start(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    if acts_as_person(app):
        call(app, "start", reason=options.reason)
    else:
        app.stop.set(False, options.by, options.reason, app.clock.now())
    say(options, Text("changes may go on; one that had stopped is resumed on its own page"))
    return FINE
