"""Check what people enter as parameters or options. Every function raises BadInput.

A text that can't be displayed unchanged is rejected, not altered.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from .errors import BadInput
from .formatting import clip, either, visible
from .model.identity import Approver, Person
from .model.text import Text

LONGEST_NAME = 80  # characters, of a person
LONGEST_SELECTOR = 400  # characters; a cluster's resource id has at most 320
_LONGEST_MOMENT = 40


def text(name: str, given: str, most: int) -> str:
    """One line of at most ``most`` characters."""
    on_one_line = " ".join(given.split())
    if len(on_one_line) > most:
        raise BadInput(
            Text(
                "{name} has {length} characters; at most {most} are taken",
                name=name,
                length=len(on_one_line),
                most=most,
            )
        )
    if visible(on_one_line) != on_one_line:
        raise BadInput(Text("{name} has characters that can't be seen; give it without them", name=name))
    return on_one_line


def person(by: Approver) -> str:
    """How records name who acts; never empty."""
    if isinstance(by, Person):
        return str(by)
    named = text("by", by, LONGEST_NAME)
    if not named:
        raise BadInput(Text("by is empty; give your name, it is kept with what you do"))
    return named


def selector(parameters: Mapping[str, str]) -> str:
    """The name or resource id in ``cluster``; never empty."""
    found = text("cluster", parameters.get("cluster", ""), LONGEST_SELECTOR)
    if not found:
        raise BadInput(Text("cluster is missing; give ?cluster=<name or resource id>"))
    return found


def cursor(name: str, given: str) -> str:
    """Where a page of answers ended, as the answer's ``next`` says; empty for the first page."""
    if given and not re.fullmatch(r"[0-9a-f]{32}", given):
        raise BadInput(
            Text("{name} is {given}; take the address from `next` of the page before", name=name, given=shown(given))
        )
    return given


def whole_number(name: str, given: str, least: int, most: int) -> int:
    """ASCII digits only: Python's isdigit also accepts digits of other scripts."""
    digits = given.strip()
    is_number = digits.isascii() and digits.isdigit() and len(digits.lstrip("0")) <= len(str(most))
    if not is_number or not least <= int(digits) <= most:
        raise BadInput(
            Text(
                "{name} is {given}; it must be a whole number, {least:plain} to {most:plain}",
                name=name,
                given=shown(given),
                least=least,
                most=most,
            )
        )
    return int(digits)


def moment(name: str, given: str) -> datetime:
    """An ISO 8601 time, returned in UTC."""
    stamp = given.strip().replace(" ", "+")  # a plus sign in a URL arrives as a blank
    try:
        at = datetime.fromisoformat(stamp) if len(stamp) <= _LONGEST_MOMENT else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: near the years 1 and 9999
        pass
    raise BadInput(
        Text("{name} is {given}; it must be a time with zone, such as 2026-12-24T18:00Z", name=name, given=shown(given))
    )


def choice(name: str, given: str, choices: Sequence[str]) -> str:
    """One of the choices, case-insensitive; the first choice if nothing is given."""
    found = given.strip().lower() or choices[0]
    if found not in choices:
        named = [choice for choice in choices if choice]
        raise BadInput(
            Text(
                "{name} is {given}; leave it out, or give {choices}",
                name=name,
                given=shown(given),
                choices=either(named),
            )
        )
    return found


def shown(given: str) -> str:
    """The text for a message: short, with invisible characters escaped."""
    return ascii(clip(given, 60)) if visible(given) != given else repr(clip(given, 60))
