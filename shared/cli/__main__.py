"""Entry point of the terminal; it reads the app's settings from the environment.

Exit codes: 0 done, nothing needs attention; 1 done, but something fails or is about to, or the plan can't be executed;
2 not done, or something could not be measured: wrong usage or settings, or Azure or storage did not answer; 130 ended
with Ctrl-C. An error is one line on stderr.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from functools import partial

from .. import __version__
from ..app import App, current
from ..errors import SnatbotError
from ..model.text import Text
from ..wording.languages import LANGUAGES, terminal_language
from ..wording.render import translated
from . import (
    audit,
    check,
    doctor,
    explain,
    history,
    plan,
    policy,
    probe,
    probe_key,
    propose,
    settings,
    silence,
    slack,
    status,
    stop,
    trial,
)
from .output import FINE, INTERRUPTED, MakeApp, Parser, VisibleText, Waiting, print_error, subcommands

COMMANDS = (
    check,
    doctor,
    status,
    plan,
    propose,
    history,
    explain,
    probe,
    silence,
    stop,
    policy,
    audit,
    settings,
    slack,
    trial,
)
WITHOUT_STORAGE = (
    check.check,
    doctor.examine_before,
    policy.explain,
    slack.manifest,
    slack.install_link,
    trial.post_test_messages,
    doctor.examine,  # these seven have the app do it, if people sign in
    probe_key.create,
    probe_key.revoke,
    propose.propose,
    silence.silence,
    silence.unsilence,
    stop.start,
)


def main(arguments: Sequence[str] | None = None, make_app: MakeApp | None = None) -> int:
    """Run one command; only commands that need an App call ``make_app``."""
    before = Parser(prog="snatbot", add_help=False, allow_abbrev=False)
    _add_general(before)
    general, rest = before.parse_known_args(arguments)
    language = general.lang or terminal_language(os.environ)
    if general.print_completion:
        return _print_completion(language, general.print_completion)
    options = parser(language).parse_args(rest)
    options.language, options.waiting = language, Waiting(sys.stderr, language)
    make = make_app or partial(current, needs_storage=options.command not in WITHOUT_STORAGE)

    def app() -> App:
        options.waiting.start()
        return make()

    logging.getLogger("azure.identity").setLevel(logging.ERROR)  # its warnings say what the error says
    try:
        with contextlib.redirect_stdout(VisibleText(sys.stdout, options.waiting.end)):
            exit_code = int(options.command(options, app))
            sys.stdout.flush()
            return exit_code
    except SnatbotError as error:
        options.waiting.end()
        return print_error(_said(error), language)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough, like `head` (Python docs: signal, note on SIGPIPE)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    finally:
        options.waiting.end()


def _said(error: SnatbotError) -> Text:
    from ..cloud.errors import SignInFailed

    # Without a status no service was asked: there is no token. A managed identity needs no sign-in of a person.
    if isinstance(error, SignInFailed) and not error.status and not os.environ.get("DETECTOR_CLIENT_ID"):
        return Text("not signed in to Azure: run `az login`")
    return error.text


def _print_completion(language: str, shell: str) -> int:
    try:
        import shtab
    except ImportError:  # where the app is deployed
        return print_error(Text("completion needs the package {name}", name="shtab"), language)
    print(shtab.complete(parser(language), shell))
    return FINE


def parser(language: str = "en") -> Parser:
    description = Text("SNAT port exhaustion on AKS: check, plan, stop. Settings come from the environment.")
    exit_codes = Text(
        "Exit codes: 0 done and fine; 1 done, and something needs attention; 2 not done, or something is not measured."
    )
    root = Parser(
        prog="snatbot", description=translated(description, language), epilog=translated(exit_codes, language)
    )
    root.language = language
    _add_general(root)
    root.add_argument("--version", action="version", version=f"snatbot {__version__}")
    commands = subcommands(root)
    for command in COMMANDS:
        command.add_to(commands)
    return root


def _add_general(parser: Parser) -> None:
    """Anywhere on the line, so they are read before the commands are."""
    parser.add_argument("--lang", choices=LANGUAGES, help=Text("the language; without it, that of the environment"))
    help = Text("print what completes commands in this shell, for `eval` or a file")
    parser.add_argument("--print-completion", choices=("bash", "zsh", "tcsh"), help=help)


if __name__ == "__main__":
    sys.exit(main())
