"""``snatbot explain``: who opens a node's connections, from the output of Inspektor Gadget. It reads a file only."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from ..core.guidance.culprits import LONGEST, Culprit, Cure, NodeSockets, read_sockets
from ..errors import BadInput
from ..formatting import percent
from ..model.text import Text, arranged
from ..wording.render import translated
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command, say

_MOST_ROWS = 30
_CURES = {
    Cure.REUSE: Text("pooling: most are closed again, each request opens its own"),
    Cure.LIMIT: Text("pooling: one pool for each process, with a limit"),
    Cure.NONE: arranged("–"),
}


def add_to(commands: Subcommands) -> None:
    about = Text("who opens a node's connections, from the JSON of Inspektor Gadget's snapshot_socket")
    parser = add_command(commands, "explain", explain, about)
    parser.add_argument("--file", required=True, help=Text("the gadget's output; - for standard input"))


def explain(options: argparse.Namespace, _: MakeApp) -> int:
    """Exit code 1: pooling would cure some of it."""
    found = read_sockets(_read(options.file))
    for node in found.nodes:
        say(options, *_described(node, options.language))
    if found.unreadable:
        say(
            options,
            Text.plural(
                "{count} entry could not be read and is not counted.",
                "{count} entries could not be read and are not counted.",
                count=found.unreadable,
            ),
        )
    say(options, _PORTS, _PRIVATE)
    return ATTENTION if any(each.cure is not Cure.NONE for node in found.nodes for each in node.culprits) else FINE


_PORTS = Text(
    "Ports: a SNAT port serves one connection to the same address and port, and may serve other destinations at the "
    "same time. So a row holds as many ports as it has connections, and the node at least those of its busiest "
    "destination. Closed connections hold theirs for some time."
)
_PRIVATE = Text(
    "Private endpoint: unknown. The output has addresses only, and does not say which of them are Azure services. For "
    "those that are, a private endpoint needs no SNAT ports."
)


def _read(name: str) -> str:
    """Bounded, so that a wrong file is not read whole."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(LONGEST + 1).decode("utf-8", "replace")
        with Path(name).open("rb") as file:
            return file.read(LONGEST + 1).decode("utf-8", "replace")
    except OSError as error:
        raise BadInput(Text("{name} can't be read: {reason}", name=name, reason=error.strerror or "")) from None


def _described(node: NodeSockets, language: str) -> Iterator[Text | str]:
    yield Text(
        "{node}: {connections} connections to the Internet hold at least {tcp} TCP and {udp} UDP ports; {inside} stay "
        "in the network, {inbound} came from outside.",
        node=node.node or Text("the node"),
        connections=node.connections,
        tcp=node.ports("tcp"),
        udp=node.ports("udp"),
        inside=node.inside,
        inbound=node.inbound,
    )
    if not node.culprits:
        return
    rows = [_HEAD, *(_row(culprit, node) for culprit in node.culprits[:_MOST_ROWS])]
    cells = [[translated(cell, language) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD) - 1)]
    for *row, cure in cells:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + f"  {cure}"
    if node.culprits[_MOST_ROWS:]:
        yield Text("  and {count} rows with fewer connections", count=len(node.culprits) - _MOST_ROWS)


_HEAD = (
    Text("Pod"),
    Text("Destination"),
    Text("Connections (ports held)"),
    Text("Share"),
    Text("Opening"),
    Text("What cures it"),
)


def _row(culprit: Culprit, node: NodeSockets) -> tuple[Text | str, ...]:
    pod = culprit.pod or (Text("the node's own network") if culprit.is_host_network else Text("unknown"))
    return (
        pod,
        f"{culprit.destination}/{culprit.protocol}",
        str(culprit.connections),
        percent(culprit.connections, node.connections),
        str(culprit.opening),
        _CURES[culprit.cure],
    )
