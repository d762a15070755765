"""Texts in the reader's language.

The deployed part reads the compiled catalogues with ``gettext``; Babel extracts and compiles them (``make catalogue``).
"""

from dataclasses import fields, is_dataclass, replace
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, TypeVar

from ..model.text import ENGLISH, Locale, Text

_LOCALES = Path(__file__).parent / "locales"
T = TypeVar("T")


@cache
def locale_of(language: str) -> Locale:
    """Raises KeyError for a language that is without a catalogue."""
    if language == "en":
        return ENGLISH
    with (_LOCALES / language / "LC_MESSAGES" / "snatbot.mo").open("rb") as compiled:
        catalogue = GNUTranslations(compiled)

    def find(msgid: str, plural: str, count: int) -> str:
        return catalogue.ngettext(msgid, plural, count) if plural else catalogue.gettext(msgid)

    return {
        # Unicode CLDR: es groups from 10,000 on.
        "es": Locale("es", ".", ",", 10_000, "%d/%m/%Y %H:%M UTC", find),
    }[language]


def translated(value: T, language: str) -> T:
    """The same text, tuple or dataclass with every Text in it as a plain ``str`` in that language."""
    found: Any = value
    if isinstance(found, Text):
        return found.in_locale(locale_of(language))  # type: ignore[return-value]
    if type(found) is tuple:
        return tuple(translated(each, language) for each in found)  # type: ignore[return-value]
    if is_dataclass(found) and not isinstance(found, type):
        changes = {field.name: translated(getattr(found, field.name), language) for field in fields(found)}
        return replace(found, **changes)  # type: ignore[return-value]
    return value
