"""``snatbot propose``: propose a plan without an incident; people decide on its page."""

import argparse

from ..errors import Refused
from ..model.text import Text
from .as_person import acts_as_person, call
from .output import CLUSTER, FINE, MakeApp, Subcommands, add_command, say


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "propose", propose, Text("propose a plan without an incident; it needs an approval"))
    parser.add_argument("cluster", help=CLUSTER)
    parser.add_argument("--kind", default="", help=Text("attach_nat_gateway or reserve_public_ips, ahead of need"))


def propose(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    if not acts_as_person(app):
        raise Refused(Text("Nobody signs in here: propose with `POST /api/changes` and the function key."))
    url = call(app, "propose", cluster=options.cluster, kind=options.kind)["page_url"]
    say(options, Text("proposed: {url}", url=url))
    return FINE
