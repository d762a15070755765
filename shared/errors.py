"""The errors that snatbot raises on purpose.

Each folder derives its own errors from ``SnatbotError``; only triggers and the terminal translate them. Callers check
the type, never the text. People may see messages, so they hold no secrets.
"""

from .model.text import Text


class SnatbotError(Exception):
    """Base of every error that snatbot raises on purpose. ``text`` is its message, for any language.

    ``says``: the message of a class whose errors all say the same.
    """

    says = Text("")

    def __init__(self, message: Text | None = None) -> None:
        self.text = self.says if message is None else message
        super().__init__(self.text)


class BadInput(SnatbotError):
    """An input is invalid; the message shows the input and says what would be right."""


class NotFoundHere(SnatbotError):
    """It does not exist, or this app's identity may not read it."""


class Refused(SnatbotError):
    """An action is not allowed; the message says why and what is needed."""


class TooMany(Refused):
    """Too many requests; the message says when the next one is possible."""


WHO_WROTE = Text("Somebody may have written to this app's storage: look at who has access to it.")


class RowForged(Refused):
    """A stored record lacks this app's signature, or has one that was made for another record or another content."""

    def __init__(self, record: str) -> None:
        super().__init__(
            # Translators: {record} is a technical name, such as journal or outbox.
            Text(
                "The {record} does not carry this app's signature, and nothing more is written. {who_wrote}",
                record=record,
                who_wrote=WHO_WROTE,
            )
        )


class KeyMissing(Refused):
    """A stored record was signed with a key that this instance does not hold: neither proven nor forged."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            Text(
                "key {key} is missing: it signed what is stored, and SIGNING_KEYS does not have it. Add it there, last",
                key=key_id,
            )
        )


class MisconfiguredError(SnatbotError):
    """Invalid settings. ``problems`` maps a setting's name to the problem, without the value."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        lines = "; ".join(f"{name}: {problem}" for name, problem in sorted(problems.items()))
        super().__init__(
            Text.plural(
                "{count} setting cannot be used: {problems}",
                "{count} settings cannot be used: {problems}",
                count=len(problems),
                problems=lines,
            )
        )
