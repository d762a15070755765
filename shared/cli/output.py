"""What every command shares: exit codes, how a command is registered, and what is written to stdout."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from ..formatting import visible

if TYPE_CHECKING:
    from ..app import App

    Subcommands = argparse._SubParsersAction[argparse.ArgumentParser]

FINE, ATTENTION, NOT_DONE = 0, 1, 2
Command = Callable[[argparse.Namespace, Callable[[], "App"]], int]


def add_command(commands: Subcommands, name: str, command: Command, text: str) -> argparse.ArgumentParser:
    """Adds ``snatbot NAME``; ``command`` gets the parsed options and a function that builds the App."""
    added = commands.add_parser(name, help=text, description=text)
    added.set_defaults(command=command)
    return added


def print_json(content: Mapping[str, Any]) -> None:
    print(json.dumps(content, indent=2))


class VisibleText(io.TextIOBase):
    """Standard output without control characters: names come from anybody, and a terminal obeys them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(visible(text))

    def flush(self) -> None:
        self._out.flush()
