"""``snatbot doctor``: whether the installation is as it must be; with ``--pre``, whether one is possible."""

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..errors import MisconfiguredError
from ..model.text import Text, arranged, verbatim
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command, print_json, say

_MARKS = {"ok": "√", "warning": "‼", "not_measured": "?", "failed": "×"}  # by status: as linkerd's check


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "doctor", examine, Text("what is wrong with this installation, and what to do"))
    before = Text("before installing: what your own sign-in can see and do")
    parser.add_argument("--pre", dest="command", action="store_const", const=examine_before, help=before)
    output = Text("lines, or json as the HTTP answer")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help=output)


def examine(options: argparse.Namespace, make_app: MakeApp) -> int:
    """Exit code 1: a check failed. Warnings, and what is not measured, are no failure."""
    from ..flows.doctor.run import of_settings
    from ..web.doctor_answer import doctor_json
    from .as_person import acts_as_person, ask

    try:
        app = make_app()
        is_asked = acts_as_person(app)
    except MisconfiguredError as error:
        return _show(options, doctor_json([of_settings(error.problems)], options.language))
    if is_asked:  # its own identities and settings are to be examined
        return _show(options, ask(app, "GET", "doctor", lang=options.language))
    return _show(options, doctor_json(app.doctor.examine(), options.language))


def examine_before(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..web.doctor_answer import doctor_json

    return _show(options, doctor_json(make_app().doctor.examine_before(), options.language))


def _show(options: argparse.Namespace, answer: Mapping[str, Any]) -> int:
    counts = Counter(check["status"] for category in answer["categories"] for check in category["checks"])
    if options.output == "json":
        print_json(answer)
    else:
        for category in answer["categories"]:
            say(options, category["name"])
            for check in category["checks"]:
                _print(options, check)
            say(options, "")
        told = {status: counts[status] for status in _MARKS}
        say(options, Text("{failed} failed, {warning} to look at, {not_measured} not measured, {ok} ok", **told))
    return ATTENTION if counts["failed"] else FINE


def _print(options: argparse.Namespace, check: Mapping[str, str]) -> None:
    message = verbatim(check["message"])
    if check["status"] == "not_measured":
        message = Text("not measured: {message}", message=message)
    line = {"mark": _MARKS[check["status"]], "name": check["name"], "message": message}
    say(options, arranged("{mark} {name}: {message}", **line))
    if check["status"] != "ok":
        say(options, *(f"    {hint}" for hint in (check["remedy"], check["link"]) if hint))
