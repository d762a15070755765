"""The errors that snatbot raises on purpose.

Each folder derives its own errors from ``SnatbotError``; only triggers and the terminal translate them. Callers check
the type, never the text. People may see messages, so they hold no secrets.
"""

from __future__ import annotations


class SnatbotError(Exception):
    """Base of every error that snatbot raises on purpose."""


class BadInput(SnatbotError):
    """An input is invalid; the message shows the input and says what would be right."""


class NotFoundHere(SnatbotError):
    """It does not exist, or this app's identity may not read it."""


class Refused(SnatbotError):
    """An action is not allowed; the message says why and what is needed."""


class TooMany(Refused):
    """Too many requests; the message says when the next one is possible."""


class MisconfiguredError(SnatbotError):
    """Invalid settings. ``problems`` maps a setting's name to the problem, without the value."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        lines = "; ".join(f"{name}: {problem}" for name, problem in sorted(problems.items()))
        super().__init__(f"{len(problems)} setting(s) cannot be used: {lines}")
