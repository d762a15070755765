"""Which language a reader gets: the first that they ask for and that there is."""

import re
from collections.abc import Iterable, Mapping

LANGUAGES = ("en", "es")
_LOCALE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # gettext's order
_PREFERENCE = re.compile(r"\s*([A-Za-z0-9-]+|\*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def known_language(tags: Iterable[str], default: str = "en") -> str:
    """The first of language tags or locale names that there is: ``es``, ``es-MX``, ``es_ES.UTF-8``."""
    found = (re.split(r"[-_.@]", tag.strip().lower(), maxsplit=1)[0] for tag in tags)
    return next((language for language in found if language in LANGUAGES), default)


def accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header (RFC 9110, 12.5.4), best first. What can't be read is left out."""
    preferences = [match for part in header[:1000].split(",") if (match := _PREFERENCE.fullmatch(part))]
    wanted = [(float(match[2] or 1), match[1]) for match in preferences]
    return [tag for quality, tag in sorted(wanted, key=lambda each: -each[0]) if quality > 0]


def terminal_language(environment: Mapping[str, str]) -> str:
    """That of the first variable that is set; only ``LANGUAGE`` is a list."""
    chosen = next(filter(None, (environment.get(name) for name in _LOCALE_VARIABLES)), "")
    return known_language(chosen.split(":"))
