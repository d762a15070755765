"""A text for people: a msgid of the catalogue and the values that go into it.

``Text("{cluster} has {count} nodes", cluster=name, count=12)`` is a ``str``, the text in English, so that logs, JSON
and comparisons need nothing else. It keeps msgid and values: ``wording/`` renders it in the reader's language, and
storage keeps it as such. Babel finds the msgids, so they are literals. Texts joined with ``+``, an f-string or ``join``
become a plain ``str`` that can't be translated: use values, ``Text.plural`` and the functions of ``formatting``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from string import Formatter
from typing import Any, TypeAlias

# A str (a name, an id) is shown as it is, a Text in the reader's language, numbers and times as they are written there.
Value: TypeAlias = "str | int | float | datetime | Text | tuple[str, ...]"

# A word at the start of a sentence; names hold digits, dashes, dots or capitals, or are in backticks.
_WORD = re.compile(r"(?!(?:az|curl|kubectl)\b)[a-záéíóúñ][a-záéíóúñ']*(?=[\s,;:.!?)]|$)")
# A name, command, address or id at the end of a sentence: people would copy the full stop with it.
_NAME_AT_THE_END = re.compile(r"(?:`|[/_@=][^\s)]*|\d+\.\d+\.[^\s)]*|\w*\d[a-z]\w*|\w*[a-z]\d\w*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Locale:
    """How a language writes numbers and times, and what it calls a msgid."""

    language: str
    thousands: str
    decimal: str
    first_grouped: int  # the smallest number that is written with a thousands separator
    time: str  # for strftime, in UTC
    find: Callable[[str, str, int], str]  # msgid, its plural or "", the count → the text with placeholders


def _english(msgid: str, plural: str, count: int) -> str:
    return plural if plural and count != 1 else msgid


ENGLISH = Locale("en", ",", ".", 1_000, "%Y-%m-%d %H:%M UTC", _english)


class Text(str):
    """Placeholders are names in braces; ``{name:SPEC}`` changes how a value is shown:

    ``capital`` with its first letter in upper case; ``sentence`` with a full stop; ``plain`` a number without
    separators, ``2`` with two decimals. Of a tuple: ``sentences`` each as a sentence, ``clauses`` with semicolons
    between, ``words`` with blanks, ``lines`` one a line; without one of them, commas between.
    """

    __slots__ = ("_plural", "msgid", "values")
    msgid: str
    values: Mapping[str, Value]
    _plural: str

    def __new__(cls, msgid: str, /, **values: Value) -> "Text":
        return cls._made(msgid, "", values)

    @classmethod
    def plural(cls, singular: str, plural: str, /, *, count: int, **values: Value) -> "Text":
        """By ``count``, which both forms may show as ``{count}``."""
        return cls._made(singular, plural, {"count": count, **values})

    @classmethod
    def _made(cls, msgid: str, plural: str, values: Mapping[str, Value]) -> "Text":
        text = str.__new__(cls, _shown(msgid, plural, values, ENGLISH))
        text.msgid, text._plural, text.values = msgid, plural, values
        return text

    def in_locale(self, locale: Locale) -> str:
        return _shown(self.msgid, self._plural, self.values, locale)

    def __reduce__(self) -> Any:
        return Text._made, (self.msgid, self._plural, self.values)

    def _to_json(self) -> dict[str, Any]:
        values = {name: _value_to_json(value) for name, value in self.values.items()}
        return (
            {"msgid": self.msgid}
            | ({"plural": self._plural} if self._plural else {})
            | ({"values": values} if values else {})
        )

    @classmethod
    def _from_json(cls, found: object) -> "Text":
        match found:
            case Text():
                return found
            case {"msgid": str() as msgid, **more}:
                values, plural = more.get("values", {}), more.get("plural", "")
                if isinstance(values, dict) and isinstance(plural, str):
                    read = {str(name): _value_from_json(value) for name, value in values.items()}
                    try:
                        return cls._made(msgid, plural, read)
                    except (LookupError, TypeError, AttributeError) as error:
                        raise ValueError(f"a stored text can't be shown: {type(error).__name__}") from error
        raise ValueError("a text has a msgid, and may have plural and values")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from pydantic_core import core_schema

        stored = core_schema.plain_serializer_function_ser_schema(cls._to_json)
        return core_schema.no_info_plain_validator_function(cls._from_json, serialization=stored)


def verbatim(text: str) -> Text:
    """A name, or what somebody else wrote: the same in every language."""
    return text if isinstance(text, Text) else arranged("{text}", text=text)


# For msgids of placeholders and punctuation only: Babel doesn't collect them.
arranged = Text


def _value_to_json(value: Value) -> object:
    match value:
        case Text():
            return value._to_json()
        case datetime():
            return {"at": value.isoformat()}
        case tuple():
            return [_value_to_json(each) for each in value]
    return value


def _value_from_json(found: object) -> Any:
    match found:
        case {"at": str() as at}:
            return datetime.fromisoformat(at)
        case {"msgid": _}:
            return Text._from_json(found)
        case list():
            return tuple(_value_from_json(each) for each in found)
        case str() | int() | float():
            return found
    raise ValueError("a value of a text is a text, a number, a time or a list of them")


@lru_cache(maxsize=4096)
def _parts(form: str) -> tuple[tuple[str, str | None, str], ...]:
    """(text, name of the value behind it, how to show it)"""
    parts = tuple((text, name, spec or "") for text, name, spec, _ in Formatter().parse(form))
    if nested := [spec for _, _, spec in parts if "{" in spec]:
        raise LookupError(f"a value is shown as {nested[0]}")
    return parts


def _field(value: Any, spec: str, locale: Locale) -> str:
    if isinstance(value, tuple):
        parts = [_field(part, "", locale) for part in value]
        return _sentences(parts) if spec == "sentences" else _JOINS[spec].join(filter(None, parts))
    shown = _value(value, spec, locale)
    match spec:
        case "capital":
            return _capital(shown)
        case "sentence":
            return _sentence(shown)
    return shown


def _value(value: Any, spec: str, locale: Locale) -> str:
    if isinstance(value, Text):
        return value.in_locale(locale)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(locale.time)
    if isinstance(value, int | float) and spec != "plain":
        number = f"{value:,.{2 if spec == '2' else 1}f}" if isinstance(value, float) else f"{value:,}"
        whole, _, rest = number.partition(".")
        whole = whole.replace(",", locale.thousands if abs(value) >= locale.first_grouped else "")
        return whole + (locale.decimal + rest if rest else "")
    return str(value)


_JOINS = {"": ", ", "clauses": "; ", "words": " ", "lines": "\n"}


def _shown(msgid: str, plural: str, values: Mapping[str, Value], locale: Locale) -> str:
    if not msgid:
        return ""
    count = values.get("count", 0)
    form = locale.find(msgid, plural, count if isinstance(count, int) else 0)
    # Each by its whole name: ``{value.attribute}`` of a forged row would lead to every object of the process.
    return "".join(
        text if name is None else text + _field(values[name], spec, locale) for text, name, spec in _parts(form)
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if _WORD.match(text) else text


def _sentence(text: str) -> str:
    text = text.strip()
    if not text or text[-1] in ".!?:…" or _NAME_AT_THE_END.search(text.rsplit(None, 1)[-1]):
        return text
    return text + "."


def _sentences(texts: list[str]) -> str:
    joined = ""
    for text in filter(None, (_sentence(_capital(text)) for text in texts)):
        gap = "" if not joined else " " if joined[-1] in ".!?:…" else " – "
        joined = f"{joined}{gap}{text}"
    return joined
