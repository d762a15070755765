"""``snatbot check``: assess one cluster or all now. It writes nothing and needs no storage."""

from __future__ import annotations

import argparse

from ..model.text import Text, arranged
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command, print_json, say


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "check", check, Text("check one cluster or all, now; writes nothing"))
    parser.add_argument("--cluster", default="", help=Text("name or resource id; all clusters without it"))
    parser.add_argument("--window", type=int, metavar="MINUTES", help=Text("minutes to judge, 1 to 1440"))
    parser.add_argument("--json", action="store_true", help=Text("the same answer as GET /api/check"))


def check(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..web.check_text import check_lines, needs_attention

    app = make_app()
    now, cluster, minutes = app.clock.now(), options.cluster, options.window
    report = app.check.one(cluster, now, minutes) if cluster else app.check.all(now, minutes)
    if options.json:
        from ..web.answers import check_json

        print_json(check_json(report))
    else:
        say(options, Text("judged {start} to {end}", start=report.window.start, end=report.window.end))
        for assessment in report.assessments:
            found, nodes = check_lines(assessment)
            say(options, found, *(arranged("  {node}", node=node) for node in nodes))
        for unlisted in report.unreadable:
            say(options, Text("could not be listed: {what}", what=str(unlisted)))
    return ATTENTION if any(map(needs_attention, report.assessments)) or report.unreadable else FINE
