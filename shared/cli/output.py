"""What commands share: types, exit codes, registration and output."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from ..app import App
from ..formatting import visible
from ..model.text import Text
from ..wording.render import translated

FINE, ATTENTION, NOT_DONE = 0, 1, 2
MakeApp = Callable[[], App]
BY = Text("your name; if people sign in, it is known")
CLUSTER = Text("name or resource id")
Command = Callable[[argparse.Namespace, MakeApp], int]


class Parser(argparse.ArgumentParser):
    """With help in a language. argparse's own words stay English."""

    language = "en"

    def add_argument(self, *flags: str, **options: Any) -> argparse.Action:
        return super().add_argument(*flags, **{**options, "help": translated(options.get("help"), self.language)})


@dataclass(frozen=True, slots=True)
class Subcommands:
    """Where commands are added, with help in ``language``."""

    parsers: argparse._SubParsersAction[Parser]
    language: str

    def add(self, name: str, text: Text) -> Parser:
        shown = translated(text, self.language)
        parser = self.parsers.add_parser(name, help=shown, description=shown)
        parser.language = self.language
        return parser


def subcommands(parser: Parser) -> Subcommands:
    return Subcommands(parser.add_subparsers(required=True, metavar="COMMAND"), parser.language)


def add_command(commands: Subcommands, name: str, command: Command, text: Text) -> Parser:
    """Add ``snatbot NAME``; ``command`` gets the parsed options and a function that builds the App."""
    parser = commands.add(name, text)
    parser.set_defaults(command=command)
    return parser


def say(options: argparse.Namespace, *lines: str) -> None:
    """Print texts in the reader's language, one a line."""
    for line in lines:
        print(translated(line, options.language))


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
