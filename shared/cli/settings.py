"""``snatbot settings``: every app setting as a Markdown table."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..app import App
from .output import FINE, add_command

if TYPE_CHECKING:
    from .output import Subcommands


def add_to(commands: Subcommands) -> None:
    add_command(commands, "settings", settings, "every app setting with default and meaning, as a Markdown table")


def settings(_: argparse.Namespace, __: Callable[[], App]) -> int:
    print(settings_table(), end="")
    return FINE


def settings_table() -> str:
    """Every setting as Markdown: what the README shows."""
    from ..settings import describe

    rows = [(f"`{name}`", default, meaning) for name, default, meaning in describe()]
    lines = [("setting", "default", "meaning"), ("---", "---", "---"), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
