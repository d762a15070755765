"""``snatbot check``: assess one cluster or all now. It writes nothing and needs no storage."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

from ..app import App
from ..cloud.errors import AzureError
from ..core.incidents.cluster_status import ClusterState, checked_state
from ..formatting import node_label
from ..model.reading import Measured
from ..model.resource_id import ArmId
from ..model.text import Text, arranged
from .output import CLUSTER, MakeApp, Subcommands, add_command, print_error, print_json, say
from .table import VERDICTS, add_fleet_output, is_listed, print_rows, print_verdict, say_folded, told_apart, worst_of

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
    states = {seen.cluster.id: checked_state(seen) for seen in report.assessments}
    verdict = worst_of(tuple(states.values()), is_complete=not report.unreadable)
    if options.output == "json":
        from ..web.answers import check_json

        print_json(check_json(report))
    else:
        _print(options, report, states, verdict)
    return VERDICTS[verdict][2]


def _print(
    options: argparse.Namespace, report: CheckReport, states: dict[ArmId, ClusterState], verdict: ClusterState
) -> None:
    from ..web.check_text import what_was_found
    from ..web.fleet_view import STATE_LABELS, counted

    order, count = list(ClusterState), len(report.assessments)
    listed = [seen for seen in report.assessments if is_listed(options, states[seen.cluster.id], count)]
    clusters = sorted(listed, key=lambda seen: (order.index(states[seen.cluster.id]), seen.cluster.name))
    names = told_apart([seen.cluster.id for seen in clusters])
    rows = [
        (
            STATE_LABELS[states[seen.cluster.id]],
            names[seen.cluster.id],
            seen.reading.failed if isinstance(seen.reading, Measured) else None,
            what_was_found(seen),
            seen.cluster.id,
        )
        for seen in clusters
    ]
    is_table = options.output == "table"
    if is_table:
        counts = Counter(states.values())
        about = tuple(counted(counts[state], state) for state in order if counts[state]) or Text("no cluster was found")
        print_verdict(options, verdict, arranged("{about}", about=about))
        say(options, Text("judged {start} to {end}", start=report.window.start, end=report.window.end), "")
    headings = (Text("State"), Text("Cluster"), Text("Failed"), Text("Found"))
    print_rows(options, headings, rows, [VERDICTS[states[seen.cluster.id]][1] for seen in clusters])
    say_folded(options, count - len(clusters))
    if is_table and len(clusters) == 1 and isinstance(clusters[0].reading, Measured) and clusters[0].reading.nodes:
        say(options, "")
        nodes = [(node_label(node.name, node.is_gone), node.ip, node.failed) for node in clusters[0].reading.nodes]
        print_rows(options, (Text("Node"), Text("IP"), Text("Failed")), nodes)
    for unlisted in report.unreadable:
        line = Text("could not be listed: {what}", what=unlisted.text)
        if is_table:
            say(options, "", line)
        else:
            print_error(line, options.language)
