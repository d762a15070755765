"""``snatbot history``: what happened on a cluster, or on all, and who did what."""

import argparse
import sys

from ..app import App
from ..model.audit import AuditLine
from ..model.text import Text
from .output import CLUSTER, FINE, MakeApp, Subcommands, add_command, print_json, say
from .table import add_output, print_rows


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "history", history, Text("what happened on a cluster or on all, and who did what"))
    parser.add_argument("cluster", nargs="?", default="", help=CLUSTER)
    add_output(parser)


def history(options: argparse.Namespace, make_app: MakeApp) -> int:
    app, named = make_app(), options.cluster.strip()
    return _of_one(options, app, named) if named else _of_all(options, app)


def _of_one(options: argparse.Namespace, app: App, named: str) -> int:
    from ..flows.incidents.history import read_history
    from ..ids import cluster_key

    found = read_history(app.records, cluster_key(app.check.id_of(named)), with_journals=options.output == "json")
    if options.output == "json":
        from ..web.answers import history_json

        print_json(history_json(found))
    elif options.output == "table" and not found.audit:
        say(options, Text("nothing is recorded about {cluster}", cluster=named))
    else:
        print_rows(options, (_WHEN, *_WHAT), [(line.at, *_cells(line)) for line in found.audit])
    return FINE


def _of_all(options: argparse.Namespace, app: App) -> int:
    """Of every cluster, and the stops of all changes, in chronological order."""
    from ..flows.incidents.history import read_histories
    from ..store.records import ALL_CHANGES

    found, _ = read_histories(app.records, "", sys.maxsize)
    if options.output == "json":
        from ..web.answers import history_page_json

        print_json(history_page_json(found, ""))
        return FINE
    lines = [(each.record.cluster_name if each.record else None, line) for each in found for line in each.audit]
    lines += [(None, line) for line in app.records.audit(ALL_CHANGES)]
    lines.sort(key=lambda entry: entry[1].at)
    if options.output == "table" and not lines:
        say(options, Text("nothing is recorded"))
    else:
        headings = (_WHEN, Text("Cluster"), *_WHAT)
        print_rows(options, headings, [(line.at, name, *_cells(line)) for name, line in lines])
    return FINE


_WHEN, _WHAT = Text("When"), (Text("What"), Text("Who"), Text("Details"))


def _cells(line: AuditLine) -> tuple[str, ...]:
    """Below _WHAT, and the record's id."""
    from ..web.event_labels import event_label

    return event_label(line.event), line.actor, line.detail, line.subject
