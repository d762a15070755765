"""Kinds of broken text, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_NOUNS = "node|subnet|step|minute|hour|day|IP|address|connection|cluster|pool|line|port|time|command|plan|write|row|pod"
_BETWEEN = r"(?:(?:new|outbound|public|more|measured|failing|failed|node|NAT|SNAT) )*"
_ONE_OF_MANY = re.compile(rf"(?<![\d.,/–-])1 {_BETWEEN}(?:{_NOUNS})(?:s|es)\b")
_MANY_OF_ONE = re.compile(
    rf"(?<![\d.,/–-])(?:0|[2-9]|\d\d+) {_BETWEEN}(?:{_NOUNS})\b(?! (?:pool|prefix|públicas|de)| [a-z]+s\b|-)"
)
_SPANISH = {  # singular: plural
    "nodo": "nodos",
    "subred": "subredes",
    "paso": "pasos",
    "minuto": "minutos",
    "hora": "horas",
    "día": "días",
    "dirección": "direcciones",
    "conexión": "conexiones",
    "clúster": "clústeres",
    "línea": "líneas",
    "puerto": "puertos",
    "vez": "veces",
}
_UN_OF_MANY = re.compile(rf"(?<![\d.,/–-])1 (?:nuevas? )?(?:{'|'.join(_SPANISH.values())}|IP públicas)\b")
_MUCHOS_OF_ONE = re.compile(rf"(?<![\d.,/–-])(?:0|[2-9]|\d\d+) (?:nuevas? )?(?:{'|'.join(_SPANISH)}|IP pública)\b")
_BROKEN = {
    "None": re.compile(r"\bNone\b"),
    "doubled space": re.compile(r"\S  +\S"),
    "doubled punctuation": re.compile(r"[.,;:!?] ?[.,;:](?![.\w-])"),
    "space before punctuation": re.compile(r"\w [.,;:!?](?:\s|$)"),
    "nothing in brackets": re.compile(r"\(\s*\)"),
    "1 with a plural": _ONE_OF_MANY,
    "a number with a singular": _MANY_OF_ONE,
    "1 with a Spanish plural": _UN_OF_MANY,
    "a number with a Spanish singular": _MUCHOS_OF_ONE,
    "a command in a sentence": re.compile(r"(?<![`\w])(?:az (?:[a-z-]+ ){2}|kubectl [a-z]+ -)"),
    "a full stop behind code": re.compile(r"`\.(?:\s|$)"),
}


@cache
def faults(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """What is broken in one text for people; a text of commands is no such thing."""
    return tuple(_faults(text, names))


def _faults(text: str, names: tuple[str, ...]) -> Iterator[str]:
    if not text.strip():
        yield "nothing is said"
    for fault, pattern in _BROKEN.items():
        if found := pattern.search(text):
            yield f"{fault}: {found.group()!r} in {text!r}"
    for found in _any_of(names).finditer(text):
        name = found.group()
        if name not in names:
            yield f"{name!r} was re-cased in {text!r}"
        if re.match(r"`?\.(?:\s|$)", text[found.end() :]):
            yield f"a full stop behind {name!r} in {text!r}"


@cache
def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)
