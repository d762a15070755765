"""The errors that snatbot raises on purpose.

Each folder derives its own from ``SnatbotError``; only triggers and the terminal translate them. Callers decide by the
type, never by the text. Messages may be shown to people: they hold no secrets.
"""

from __future__ import annotations


class SnatbotError(Exception):
    """Base of every error that snatbot raises on purpose."""


class BadInput(SnatbotError):
    """An input cannot be used; the message says what was given and what would be right."""


class NotFoundHere(SnatbotError):
    """It does not exist, or this app's identity may not read it."""


class Refused(SnatbotError):
    """Not done; the message says why and what would be needed."""


class TooMany(Refused):
    """Not done, because of too many requests; the message says when the next one is possible."""


class MisconfiguredError(SnatbotError):
    """Settings cannot be used. ``problems`` maps a setting's name to what is wrong, without its value."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        lines = "; ".join(f"{name}: {problem}" for name, problem in sorted(problems.items()))
        super().__init__(f"{len(problems)} setting(s) cannot be used: {lines}")
