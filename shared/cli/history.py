"""``snatbot history``: what happened on a cluster, and who did what."""

import argparse

from ..model.text import Text
from .output import CLUSTER, FINE, MakeApp, Subcommands, add_command, print_json, say
from .table import add_output, print_rows


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "history", history, Text("what happened on a cluster, and who did what"))
    parser.add_argument("cluster", help=CLUSTER)
    add_output(parser)


def history(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..flows.incidents.history import read_history
    from ..ids import cluster_key
    from ..web.event_labels import event_label

    app, named = make_app(), options.cluster.strip()
    # A deleted cluster still has a history, so any resource id is accepted.
    cluster_id = named if named.startswith("/") else app.check.find(named).id
    found = read_history(app.records, cluster_key(cluster_id), with_journals=options.output == "json")
    if options.output == "json":
        from ..web.answers import history_json

        print_json(history_json(found))
    elif options.output == "table" and not found.audit:
        say(options, Text("nothing is recorded about {cluster}", cluster=named))
    else:
        rows = [(line.at, event_label(line.event), line.actor, line.detail, line.subject) for line in found.audit]
        print_rows(options, (Text("When"), Text("What"), Text("Who"), Text("Details")), rows)
    return FINE
