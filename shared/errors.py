"""The errors that snatbot raises on purpose.

Each room derives its own from ``SnatbotError``; the triggers translate them once, at the edge. A caller decides
what to do from the type, never from the text. Messages may be shown to people: they hold no secrets.
"""

from __future__ import annotations


class SnatbotError(Exception):
    """Base of every error that snatbot raises on purpose."""


class BadInput(SnatbotError):
    """What was given cannot be used; the message says what was given and what would be right."""


class NotFoundHere(SnatbotError):
    """The thing asked for does not exist or may not be read by this app's identity."""


class Refused(SnatbotError):
    """Understood, and not done: the message says why and what would be needed."""


class TooMany(Refused):
    """Understood, and not done now: it was asked too often. The message says when it may be asked again."""


class MisconfiguredError(SnatbotError):
    """One or more settings cannot be used. ``problems`` maps setting name to what is wrong, never its value."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        lines = "; ".join(f"{name}: {problem}" for name, problem in sorted(problems.items()))
        super().__init__(f"{len(problems)} setting(s) cannot be used: {lines}")
