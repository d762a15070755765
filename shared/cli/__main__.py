"""Entry point of the terminal, with the app's own settings from the environment.

Exit codes: 0 done, and nothing needs attention; 1 done, but something fails, could not be measured, or the plan can't
be executed; 2 not done: wrong usage or settings, or Azure or storage did not answer. Errors are one line on stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from functools import partial

from ..app import App, current
from ..errors import SnatbotError
from ..formatting import visible
from . import check, plan, settings, silence, stop
from .output import NOT_DONE, VisibleText

COMMANDS = (check, plan, settings, stop, silence)


def main(arguments: Sequence[str] | None = None, app: Callable[[], App] | None = None) -> int:
    """Runs one command; ``app`` is only called by commands that need one. ``check`` needs no storage."""
    options = parser().parse_args(arguments)
    app = app or partial(current, needs_storage=options.command is not check.check)
    try:
        with contextlib.redirect_stdout(VisibleText(sys.stdout)):
            return int(options.command(options, app))
    except SnatbotError as error:
        print(visible(f"snatbot: {' '.join(str(error).split())}"), file=sys.stderr)
        return NOT_DONE


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="snatbot",
        description="SNAT port exhaustion on AKS: check, plan, stop. Settings come from the environment.",
        epilog="Exit codes: 0 done and fine; 1 done, and something needs attention; 2 not done.",
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return made


if __name__ == "__main__":
    sys.exit(main())
