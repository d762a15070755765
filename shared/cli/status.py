"""``snatbot status``: what the last scan saw of each cluster, from storage. It asks Azure nothing."""

import argparse

from ..core.incidents.cluster_status import state_of
from ..model.text import Text, arranged
from ..web.check_table import told_apart, worst_of
from .output import MakeApp, Subcommands, add_command, print_json, say
from .table import VERDICTS, add_fleet_output, is_listed, print_rows, print_verdict, say_folded

_HEADINGS = (
    Text("State"),
    Text("Cluster"),
    Text("Egress path"),
    Text("Ports used"),
    Text("Found"),
)


def add_to(commands: Subcommands) -> None:
    add_fleet_output(
        add_command(commands, "status", status, Text("what the last scan saw of each cluster, and the stop"))
    )


def status(options: argparse.Namespace, make_app: MakeApp) -> int:
    """Exit codes as of ``check``."""
    from ..flows.monitoring.fleet_status import read_fleet_status
    from ..web.answers import plain, stop_json
    from ..web.fleet_view import FleetView
    from ..web.paths import Paths

    app = make_app()
    now, flag = app.clock.now(), app.stop_switch.stop_flag()
    fleet = read_fleet_status(app.fleet_cache, app.settings.fan_out_above)
    view = FleetView(fleet, now, Paths())
    is_complete = not (view.never_scanned or fleet.unreadable)
    verdict = worst_of([state_of(seen, now) for seen in fleet.clusters], is_complete=is_complete)
    if options.output == "json":
        clusters = [{"state": row.state.value, **plain(row.status)} for row in view.rows]
        print_json({"schema": 1, "clusters": clusters, "listed": fleet.listed, "stop": stop_json(flag)})
        return VERDICTS[verdict][1]
    if options.output == "table":
        counts = tuple(text for _, text, _ in view.counts)
        print_verdict(options, verdict, arranged("{counts}", counts=counts or Text("no cluster was found")))
        say(options, view.scanned)
        if view.never_scanned:
            say(options, view.never_scanned_text)
        if flag.is_set:
            say(options, Text("all changes were stopped by {who}: {reason}", who=flag.by, reason=flag.reason))
        say(options, "")
    listed = [row for row in view.rows if is_listed(options, row.state, len(view.rows))]
    names = told_apart([row.status.id for row in listed])
    rows = [
        (row.label, names[row.status.id], row.egress, row.ports, row.about, row.status.measured_at, row.status.id)
        for row in listed
    ]
    print_rows(options, _HEADINGS, rows, [VERDICTS[row.state][0] for row in listed])
    say_folded(options, len(view.rows) - len(listed))
    return VERDICTS[verdict][1]
