"""What commands share: types, exit codes, registration and output."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable, Mapping
from typing import Any, TextIO, TypeAlias

from ..app import App
from ..formatting import visible

FINE, ATTENTION, NOT_DONE = 0, 1, 2
MakeApp = Callable[[], App]
BY = "your name; if people sign in, it is known"
Command = Callable[[argparse.Namespace, MakeApp], int]
Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_command(commands: Subcommands, name: str, command: Command, text: str) -> argparse.ArgumentParser:
    """Add ``snatbot NAME``; ``command`` gets the parsed options and a function that builds the App."""
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    return parser


def print_json(content: Mapping[str, Any]) -> None:
    print(json.dumps(content, indent=2))


class VisibleText(io.TextIOBase):
    """Standard output without control characters: anybody may choose names, and a terminal interprets them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(visible(text))

    def flush(self) -> None:
        self._out.flush()
