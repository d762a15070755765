"""What commands share: types, exit codes, registration and output."""

import argparse
import io
import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from ..app import App
from ..formatting import visible
from ..model.text import Text
from ..wording.render import translated

FINE, ATTENTION, NOT_DONE, INTERRUPTED = 0, 1, 2, 130
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

    parsers: "argparse._SubParsersAction[Parser]"
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


def print_error(text: str, language: str) -> int:
    """One line on stderr."""
    print(visible(f"snatbot: {' '.join(translated(text, language).split())}"), file=sys.stderr)
    return NOT_DONE


def print_json(content: Mapping[str, Any]) -> None:
    print(json.dumps(content, indent=2))


class VisibleText(io.TextIOBase):
    """Standard output without control characters: anybody may choose names, and a terminal interprets them.

    ``before`` is called before each output, and takes away what is only there while people wait.
    """

    def __init__(self, out: TextIO, before: Callable[[], None] = lambda: None) -> None:
        self._out = out
        self._before = before

    def write(self, text: str) -> int:
        return self.unfiltered().write(visible(text))

    def unfiltered(self) -> TextIO:
        """For what is made of visible text and of this terminal's own codes."""
        self._before()
        return self._out

    def flush(self) -> None:
        self._out.flush()


class Waiting:
    """A line on stderr that says what a person waits for, from two seconds on. Only on a terminal."""

    def __init__(self, out: TextIO, language: str, wait: Callable[[float], bool] | None = None) -> None:
        """``wait``: for some seconds; True as soon as the waiting is over."""
        self._out, self._language = out, language
        self._over = threading.Event()
        self._text = Text("waiting for an answer …")
        self._thread = threading.Thread(target=self._run, args=(wait or self._over.wait,), daemon=True)

    def start(self) -> None:
        if self._out.isatty() and self._thread.ident is None:
            self._thread.start()

    def count(self, done: int, total: int) -> None:
        self._text = Text("{done} of {total} clusters …", done=done, total=total)

    def end(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self, wait: Callable[[float], bool]) -> None:
        if wait(2.0):
            return
        while True:
            self._out.write(f"\r{translated(self._text, self._language)}\x1b[K")
            self._out.flush()
            if wait(0.5):
                break
        self._out.write("\r\x1b[K")
        self._out.flush()
