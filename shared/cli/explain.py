"""``snatbot explain``: who opens a node's connections, from the output of Inspektor Gadget. It reads a file only."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from ..chat.socket_table import PORTS, PRIVATE, socket_table, unreadable
from ..core.guidance.culprits import LONGEST, read_sockets
from ..errors import BadInput
from ..model.sockets import Cure, NodeSockets
from ..model.text import Text, arranged
from ..wording.render import translated
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command, say


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
        say(options, unreadable(found.unreadable))
    say(options, PORTS, PRIVATE)
    return ATTENTION if any(each.cure is not Cure.NONE for node in found.nodes for each in node.culprits) else FINE


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
    table = socket_table(node.shortened())
    yield table.title
    if not node.culprits:
        return
    cells = [[translated(cell, language) for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.columns) - 1)]
    for *row, cure in cells:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + f"  {cure}"
    if table.note:
        yield arranged("  {note}", note=table.note)
