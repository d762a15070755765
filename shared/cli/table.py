"""Rows for people as a table, and for programs as JSON or as lines of values with tabs between."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from ..core.incidents.cluster_status import ClusterState
from ..formatting import visible
from ..model.text import Text
from ..web.check_table import VERDICT_WORDS, Cell, cell_text, verdict_line
from ..wording.render import translated
from .output import ATTENTION, FINE, NOT_DONE, Parser, VisibleText, say

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

MOST_ROWS = 20  # so many fit on a screen
_PIPE_WIDTH = 1000  # of a pipe: a row stays on one line, for grep

# Of the worst cluster's state: the style of its first word, and the exit code.
VERDICTS: Mapping[ClusterState, tuple[str, int]] = {
    ClusterState.FAILING: ("red", ATTENTION),
    ClusterState.NOT_MEASURED: ("yellow", NOT_DONE),
    ClusterState.WARNING: ("yellow", ATTENTION),
    ClusterState.WELL: ("green", FINE),
    ClusterState.IDLE: ("green", FINE),
    ClusterState.DOES_NOT_APPLY: ("", FINE),
}


def add_output(parser: Parser) -> None:
    help = Text("table, json as the HTTP answer, or tsv: the values with tabs between, without headings")
    parser.add_argument("-o", "--output", choices=("table", "json", "tsv"), default="table", help=help)


def add_fleet_output(parser: Parser) -> None:
    add_output(parser)
    parser.add_argument(
        "--all", action="store_true", help=Text("also clusters without trouble, however many there are")
    )


def is_listed(options: argparse.Namespace, state: ClusterState, clusters: int) -> bool:
    """A table of many clusters lists those with trouble: others would move them out of sight."""
    return options.output != "table" or options.all or clusters <= MOST_ROWS or VERDICTS[state][1] != FINE


def say_folded(options: argparse.Namespace, clusters: int) -> None:
    if clusters:
        folded = Text.plural(
            "{count} cluster without trouble; `--all` lists it",
            "{count} clusters without trouble; `--all` lists them",
            count=clusters,
        )
        say(options, "", folded)


def print_rows(
    options: argparse.Namespace,
    headings: Sequence[Text],
    rows: Sequence[Sequence[Cell]],
    styles: Sequence[str] = (),
) -> None:
    """As a table, or as tsv, which also has the cells beyond the headings.

    ``styles``: of the first cell of each row, on a terminal.
    """
    console = _console() if options.output == "table" else None
    if console is None:
        for row in rows:  # a tab is none of the characters that VisibleText lets through
            print("\t".join(map(_value, row)), file=_raw_output())
        return
    from rich.table import Table
    from rich.text import Text as RichText

    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, heading in enumerate(headings):
        is_number = any(isinstance(row[index], int) for row in rows)
        shown = RichText(translated(heading, options.language))
        table.add_column(shown, overflow="fold", justify="right" if is_number else "left", no_wrap=index == 0)
    for index, row in enumerate(rows):
        first, *others = (RichText(cell_text(cell, options.language)) for cell in row[: len(headings)])
        first.stylize(styles[index] if styles else "")
        table.add_row(first, *others)
    _print(console, table)


def print_verdict(options: argparse.Namespace, state: ClusterState, about: Text) -> None:
    """``FAILING: 1 failing, 3 no trouble``"""
    line, console = verdict_line(state, about), _console()
    if console is None:
        return say(options, line)
    from rich.text import Text as RichText

    shown = RichText(visible(translated(line, options.language)))
    shown.stylize(VERDICTS[state][0], 0, len(translated(VERDICT_WORDS[state], options.language)))
    return _print(console, shown)


def _print(console: Console, shown: RenderableType) -> None:
    """Not by the console itself: it looks for the file descriptor of what replaces sys.stdout if a pipe is closed."""
    with console.capture() as captured:
        console.print(shown)
    out = _raw_output()
    out.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _console() -> Console | None:
    """For the terminal, whose width it takes, or for a pipe; None without the package, as where the app is deployed."""
    try:
        from rich.console import Console
    except ImportError:
        return None
    out = _raw_output()
    return Console(file=out, width=None if out.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH, highlight=False)


def _raw_output() -> TextIO:
    return sys.stdout.unfiltered() if isinstance(sys.stdout, VisibleText) else sys.stdout


def _value(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="seconds")
    return " ".join(visible(str(cell)).split())
