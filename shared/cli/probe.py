"""``snatbot probe``: watch egress from inside a cluster."""

import argparse
import os
import re
import sys

from .. import user_input
from ..core.guidance.egress_probe import check_ports, parse_targets, probe_month
from ..errors import BadInput
from ..model.text import Text
from ..wording.render import translated
from . import probe_key
from .output import CLUSTER, FINE, MakeApp, Subcommands, add_command, subcommands

_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]*(:[\w][\w.-]{0,127})?@sha256:[0-9a-f]{64}")
_POOL = re.compile(r"[a-z][a-z0-9]{0,11}")


def add_to(commands: Subcommands) -> None:
    verbs = subcommands(
        commands.add("probe", Text("watch egress from inside a cluster, by pods that a person applies"))
    )
    probe_key.add_to(verbs)
    about = Text("the probe's Kubernetes objects as YAML; nothing is applied, no settings but PUBLIC_BASE_URL are read")
    parser = add_command(verbs, "manifest", manifest, about)
    parser.add_argument("--cluster", required=True, help=CLUSTER)
    parser.add_argument("--image", required=True, help=Text("an image with sh and curl: NAME@sha256:…"))
    parser.add_argument(
        "--target", action="append", default=[], metavar="HOST:PORT", help=Text("what to connect to beside the app")
    )
    parser.add_argument("--url", default="", help=Text("the app's address; without it, PUBLIC_BASE_URL"))
    parser.add_argument(
        "--subnet", action="append", default=[], metavar="POOL,POOL", help=Text("the node pools of a subnet")
    )
    parser.add_argument("--per-node", action="store_true", help=Text("a pod on each node, not two for each subnet"))
    parser.add_argument("--node-ports", type=int, default=1024, help=Text("SNAT ports of a node"))


def manifest(options: argparse.Namespace, _: MakeApp) -> int:
    """The YAML on stdout; what it costs on stderr."""
    from ..web.export.probe_manifest import Probe, probe_manifest

    if not _IMAGE.fullmatch(options.image):
        raise BadInput(
            Text(
                "--image is {given}; it must end in the digest of exactly one image: NAME@sha256: and 64 hexadecimal "
                "digits. docs/explaining.md says how to find it",
                given=user_input.shown(options.image),
            )
        )
    targets = parse_targets(options.target)
    check_ports(len(targets), options.node_ports)
    subnets = [tuple(text.split(",")) for text in options.subnet]
    if not all(_POOL.fullmatch(pool) for pools in subnets for pool in pools):
        raise BadInput(Text("--subnet must be names of node pools, such as system,user"))
    if subnets and options.per_node:
        raise BadInput(Text("give either --subnet or --per-node"))
    cluster = user_input.text("--cluster", options.cluster, user_input.LONGEST_SELECTOR)
    probe = Probe(cluster, _app_url(options.url), options.image, targets, options.node_ports, subnets, options.per_node)
    print(probe_manifest(probe), end="")
    month = probe_month()
    cost = Text(
        "a pod calls the app {calls} times a month, at most about ${price:2}; {more} times more for each hour with an "
        "open incident or change",
        calls=month.calls,
        price=month.price,
        more=month.busy_hour_calls,
    )
    print(translated(cost, options.language), file=sys.stderr)
    return FINE


def _app_url(given: str) -> str:
    """Raises BadInput unless it is https: the probe sends its key there."""
    from pydantic import TypeAdapter, ValidationError

    from ..setting_types import Url

    try:
        url = TypeAdapter(Url).validate_python(given or os.environ.get("PUBLIC_BASE_URL", ""))
    except ValidationError:
        url = ""
    if not url.startswith("https://"):
        raise BadInput(Text("give the app's https:// address with --url, or set PUBLIC_BASE_URL"))
    return url
