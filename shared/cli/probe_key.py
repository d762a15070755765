"""``snatbot probe key``: the keys that egress probes report with."""

import argparse

from ..model.text import Text
from .as_person import acts_as_person, call
from .output import BY, CLUSTER, FINE, MakeApp, Parser, Subcommands, add_command, say, subcommands
from .table import print_rows


def add_to(verbs: Subcommands) -> None:
    keys = subcommands(verbs.add("key", Text("the keys that the probes of a cluster report with")))
    about = Text("make a key, and print it once; a cluster has two at most, so that they can be rotated")
    _of_cluster(add_command(keys, "create", create, about))
    listed = add_command(keys, "list", list_keys, Text("the valid keys, without their secrets"))
    _of_cluster(listed, by=False).set_defaults(output="table")
    ended = _of_cluster(
        add_command(keys, "revoke", revoke, Text("end a key at once: its probes can't report any more"))
    )
    ended.add_argument("id", help=Text("the id of the key, as `probe key list` shows it"))


def _of_cluster(parser: Parser, *, by: bool = True) -> Parser:
    parser.add_argument("--cluster", required=True, help=CLUSTER)
    if by:
        parser.add_argument("--by", default="", help=BY)
    return parser


def create(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    if acts_as_person(app):
        key = str(call(app, "probe-key-create", cluster=options.cluster)["key"])
    else:
        key = app.probe_keys.create(app.check.find(options.cluster).id, options.by, app.clock.now())[1]
    say(options, key)
    return FINE


def list_keys(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    keys = app.probe_keys.valid(app.check.id_of(options.cluster))
    rows = [(key.id, key.created_at, key.created_by, key.cluster_id) for key in keys]
    print_rows(options, (Text("Id"), Text("Created"), Text("By")), rows)
    return FINE


def revoke(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    if acts_as_person(app):
        call(app, "probe-key-revoke", cluster=options.cluster, id=options.id)
    else:
        app.probe_keys.revoke(app.check.id_of(options.cluster), options.id, options.by, app.clock.now())
    say(options, Text("key {id} is revoked", id=options.id))
    return FINE
