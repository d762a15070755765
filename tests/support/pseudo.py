"""A language of other letters: what stays readable in it was never a ``Text``, or lost that on its way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import pytest

from shared.model.text import Locale, Text
from shared.wording import render

LANGUAGE = "zz"
# Placeholders, code and what people copy stay as they are, in any language.
_KEPT = re.compile(r"(\{[^}]*\}|`[^`]*`)")
_WORD = re.compile(r"[A-Za-z]{2,}")
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "αβψδεφγηιξκλμνοπζρστθωςχυζΑΒΨΔΕΦΓΗΙΞΚΛΜΝΟΠΖΡΣΤΘΩΣΧΥΖ"
)


def _find(msgid: str, plural: str, count: int) -> str:
    form = plural if plural and count != 1 else msgid
    return "".join(part if _KEPT.fullmatch(part) else part.translate(_LETTERS) for part in _KEPT.split(form))


_LOCALE = Locale(LANGUAGE, ",", ".", 1000, "%Y-%m-%d %H:%M", _find)


def speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``translated`` know the language."""
    known = render.locale_of
    monkeypatch.setattr(render, "locale_of", lambda language: _LOCALE if language == LANGUAGE else known(language))


def readable(text: str, names: frozenset[str]) -> Iterator[str]:
    """Words of the text that stayed as they were and aren't among ``names``, with what is around them."""
    text = re.sub(r"`[^`]*`|https?://\S+|/subscriptions/\S+|/api/\S+|\b\w*_\w*\b|\b[0-9a-f]{64}\b", "", text)
    for word in _WORD.finditer(text):
        if word.group() not in names:
            yield text[max(0, word.start() - 30) : word.end() + 40].replace("\n", " ")


def words_of(value: Any) -> frozenset[str]:
    """All words of names, ids and addresses in a value: of every ``str`` that is no text, code or command."""
    return frozenset(word for text in _strings(value) for word in _WORD.findall(text))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, Text):
        for inner in value.values.values():
            yield from _strings(inner)
    elif isinstance(value, Enum):
        return
    elif isinstance(value, str):
        yield from () if " " in value else (value,)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _strings(getattr(value, field.name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _strings(pair)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _strings(item)
