"""Entry point of the terminal; it reads the app's settings from the environment.

Exit codes: 0 done, nothing needs attention; 1 done, but something fails, could not be measured, or the plan can't be
executed; 2 not done: wrong usage or settings, or Azure or storage did not answer. An error is one line on stderr.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from functools import partial

from ..app import current
from ..errors import SnatbotError
from ..formatting import visible
from ..model.text import Text
from ..wording.languages import LANGUAGES, terminal_language
from ..wording.render import translated
from . import audit, check, explain, plan, policy, propose, settings, silence, stop, trial
from .output import NOT_DONE, MakeApp, Parser, VisibleText, subcommands

COMMANDS = (audit, check, explain, plan, propose, policy, settings, stop, silence, trial)
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
    before = Parser(prog="snatbot", add_help=False, allow_abbrev=False)
    _add_language(before)
    language = before.parse_known_args(arguments)[0].lang or terminal_language(os.environ)
    options = parser(language).parse_args(before.parse_known_args(arguments)[1])
    options.language = language
    make_app = make_app or partial(current, needs_storage=options.command not in WITHOUT_STORAGE)
    try:
        with contextlib.redirect_stdout(VisibleText(sys.stdout)):
            return int(options.command(options, make_app))
    except SnatbotError as error:
        print(visible(f"snatbot: {' '.join(translated(error.text, language).split())}"), file=sys.stderr)
        return NOT_DONE


def parser(language: str = "en") -> Parser:
    description = Text("SNAT port exhaustion on AKS: check, plan, stop. Settings come from the environment.")
    exit_codes = Text("Exit codes: 0 done and fine; 1 done, and something needs attention; 2 not done.")
    root = Parser(
        prog="snatbot", description=translated(description, language), epilog=translated(exit_codes, language)
    )
    root.language = language
    _add_language(root)
    commands = subcommands(root)
    for command in COMMANDS:
        command.add_to(commands)
    return root


def _add_language(parser: Parser) -> None:
    """Anywhere on the line, so it is read before the commands are."""
    parser.add_argument("--lang", choices=LANGUAGES, help=Text("the language; without it, that of the environment"))


if __name__ == "__main__":
    sys.exit(main())
