"""``snatbot stop`` and ``snatbot resume-all``: the stop switch for all changes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..app import App
from .output import FINE, add_command

if TYPE_CHECKING:
    from .output import Subcommands


def add_to(commands: Subcommands) -> None:
    for name, command, text in (
        ("stop", stop, "stop all changes before their next step"),
        ("resume-all", resume_all, "lift the stop; changes that had stopped are resumed one by one"),
    ):
        added = add_command(commands, name, command, text)
        added.add_argument("--by", required=True, help="your name")
        added.add_argument("--reason", default="", help="why")


def stop(options: argparse.Namespace, app: Callable[[], App]) -> int:
    running = app()
    running.stop.set(True, options.by, options.reason, running.clock.now())
    print("stopped: no change takes another step until `resume-all`")
    return FINE


def resume_all(options: argparse.Namespace, app: Callable[[], App]) -> int:
    running = app()
    running.stop.set(False, options.by, options.reason, running.clock.now())
    print("changes may go on; one that had stopped is resumed on its own page")
    return FINE
