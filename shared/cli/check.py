"""``snatbot check``: assess one cluster or all now. It writes nothing and needs no storage."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..app import App
from ..cloud.errors import AzureError
from ..core.incidents.cluster_status import ClusterState, checked_state
from ..model.text import Text
from ..web import check_table
from .output import CLUSTER, MakeApp, Subcommands, add_command, print_error, print_json, say
from .table import VERDICTS, add_fleet_output, is_listed, print_rows, print_verdict, say_folded

if TYPE_CHECKING:
    from ..flows.monitoring.check import CheckReport

WATCH_SECONDS = 60  # Azure Monitor has a new value each minute


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "check", check, Text("check one cluster or all, now; writes nothing"))
    parser.add_argument("cluster", nargs="?", default="", help=CLUSTER)
    parser.add_argument("--window", type=int, metavar="MINUTES", help=Text("minutes to judge, 1 to 1440"))
    parser.add_argument("--watch", action="store_true", help=Text("check again each minute, until Ctrl-C"))
    add_fleet_output(parser)


def check(options: argparse.Namespace, make_app: MakeApp) -> int:
    """Exit code 0: nothing is wrong; 1: something fails or is about to; 2: something could not be measured."""
    app = make_app()
    exit_code = _check_once(options, app)
    while options.watch:
        sys.stdout.flush()
        try:
            app.clock.sleep(WATCH_SECONDS)
            exit_code = _check_once(options, app)
        except KeyboardInterrupt:
            break
        except AzureError as error:  # it may answer in a minute
            exit_code = print_error(error.text_with_remedy, options.language)
    return exit_code


def _check_once(options: argparse.Namespace, app: App) -> int:
    now, cluster, minutes = app.clock.now(), options.cluster, options.window
    report = app.check.one(cluster, now, minutes) if cluster else app.check.all(now, minutes, options.waiting.count)
    verdict = check_table.worst_of(
        [checked_state(seen) for seen in report.assessments], is_complete=not report.unreadable
    )
    if options.output == "json":
        from ..web.answers import check_json

        print_json(check_json(report))
    else:
        _print(options, report, verdict)
    return VERDICTS[verdict][1]


def _print(options: argparse.Namespace, report: CheckReport, verdict: ClusterState) -> None:
    states = [checked_state(seen) for seen in report.assessments]
    listed = [seen for seen in report.assessments if is_listed(options, checked_state(seen), len(states))]
    clusters, is_table = check_table.in_order(listed), options.output == "table"
    if is_table:
        print_verdict(options, verdict, check_table.about_all(states))
        say(options, check_table.judged(report.window), "")
    print_rows(
        options,
        check_table.HEADINGS,
        check_table.cluster_rows(clusters),
        [VERDICTS[checked_state(seen)][0] for seen in clusters],
    )
    say_folded(options, len(states) - len(clusters))
    if is_table and (nodes := check_table.node_rows(clusters)):
        say(options, "")
        print_rows(options, check_table.NODE_HEADINGS, nodes)
    for line in map(check_table.unlisted, report.unreadable):
        if is_table:
            say(options, "", line)
        else:
            print_error(line, options.language)
