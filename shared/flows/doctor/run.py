"""Run checks one by one. One that raises could not be made, and the others still run."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...core.checks import CheckBuilder
from ...errors import SnatbotError
from ...formatting import listed
from ...model.check import Check, CheckId
from ...model.text import Text, verbatim

log = logging.getLogger("snatbot.doctor")
Exam = tuple[CheckId, Callable[[CheckBuilder], Check]]


@dataclass(frozen=True, slots=True)
class Category:
    title: Text
    checks: tuple[Check, ...]


def examined(title: Text, *exams: Exam) -> Category:
    return Category(title, tuple(_result(CheckBuilder(check_id, ""), run) for check_id, run in exams))


def set_on_app(*settings: str) -> Text:
    """The remedy for settings that are missing or wrong."""
    return Text("set {settings} on the function app", settings=listed(settings))


def of_settings(problems: Mapping[str, str]) -> Category:
    """Of settings with which nothing else can be examined."""
    checks = [
        CheckBuilder(CheckId.SETTINGS, "").blocks(verbatim(f"{name} {problem}"), set_on_app(name))
        for name, problem in sorted(problems.items())
    ]
    return Category(Text("The app"), tuple(checks))


def _result(check: CheckBuilder, run: Callable[[CheckBuilder], Check]) -> Check:
    try:
        return run(check)
    except SnatbotError as error:
        return check.unknown(error.text, getattr(error, "remedy", Text("")))
    except Exception as error:
        log.exception("the check %s did not end", check.id)
        return check.unknown(Text("it did not end ({error})", error=type(error).__name__), Text(""))
