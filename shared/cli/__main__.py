"""Entry point of the terminal; it reads the app's settings from the environment.

Exit codes: 0 done, nothing needs attention; 1 done, but something fails, could not be measured, or the plan can't be
executed; 2 not done: wrong usage or settings, or Azure or storage did not answer. An error is one line on stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from functools import partial

from ..app import current
from ..errors import SnatbotError
from ..formatting import visible
from . import audit, check, plan, policy, propose, settings, silence, stop, trial
from .output import NOT_DONE, MakeApp, VisibleText

COMMANDS = (audit, check, plan, propose, policy, settings, stop, silence, trial)
WITHOUT_STORAGE = (
    check.check,
    policy.explain,
    trial.post_test_messages,
    propose.propose,  # these four have the app write, if people sign in
    silence.silence,
    silence.unsilence,
    stop.resume_all,
)


def main(arguments: Sequence[str] | None = None, make_app: MakeApp | None = None) -> int:
    """Run one command; only commands that need an App call ``make_app``."""
    options = parser().parse_args(arguments)
    make_app = make_app or partial(current, needs_storage=options.command not in WITHOUT_STORAGE)
    try:
        with contextlib.redirect_stdout(VisibleText(sys.stdout)):
            return int(options.command(options, make_app))
    except SnatbotError as error:
        print(visible(f"snatbot: {' '.join(str(error).split())}"), file=sys.stderr)
        return NOT_DONE


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="snatbot",
        description="SNAT port exhaustion on AKS: check, plan, stop. Settings come from the environment.",
        epilog="Exit codes: 0 done and fine; 1 done, and something needs attention; 2 not done.",
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return root


if __name__ == "__main__":
    sys.exit(main())
