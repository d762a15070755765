"""The schema of Adaptive Cards 1.5, reduced to the elements in use (Adaptive Cards schema explorer, version 1.5).

The card library accepts any property, so tests compare cards with this list. ``msteams`` is Teams's own (Teams docs:
cards-format, full width card).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_ELEMENT = {"type", "id", "spacing", "separator", "isVisible", "height", "fallback", "requires"}
_ACTION = {"type", "id", "title", "iconUrl", "style", "mode", "tooltip", "isEnabled", "fallback", "requires"}
_SPACINGS = {"None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"}
_STYLES = {"default", "emphasis", "good", "attention", "warning", "accent"}
PROPERTIES: dict[str, set[str]] = {
    "AdaptiveCard": {"type", "$schema", "version", "body", "actions", "fallbackText", "speak", "lang", "msteams"},
    "Container": _ELEMENT | {"items", "style", "bleed", "minHeight", "verticalContentAlignment", "rtl"},
    "ColumnSet": _ELEMENT | {"columns", "style", "bleed", "minHeight", "horizontalAlignment"},
    "Column": _ELEMENT | {"items", "style", "bleed", "width", "minHeight", "verticalContentAlignment"},
    "TextBlock": _ELEMENT
    | {"text", "color", "fontType", "horizontalAlignment", "isSubtle", "maxLines", "size", "style", "weight", "wrap"},
    "RichTextBlock": _ELEMENT | {"inlines", "horizontalAlignment"},
    "TextRun": {"type", "text", "color", "fontType", "highlight", "isSubtle", "italic", "size", "strikethrough"}
    | {"underline", "weight"},
    "FactSet": _ELEMENT | {"facts"},
    "ActionSet": _ELEMENT | {"actions", "horizontalAlignment"},
    "Table": _ELEMENT
    | {"columns", "rows", "firstRowAsHeader", "showGridLines", "gridStyle"}
    | {"horizontalCellContentAlignment", "verticalCellContentAlignment"},
    "TableRow": {"type", "cells", "style", "horizontalCellContentAlignment", "verticalCellContentAlignment"},
    "TableCell": {"type", "items", "style", "bleed", "minHeight", "verticalContentAlignment", "rtl"},
    "Action.OpenUrl": _ACTION | {"url"},
    "Action.ToggleVisibility": _ACTION | {"targetElements"},
}
_VALUES: dict[str, set[Any]] = {
    "spacing": _SPACINGS,
    "size": {"Default", "Small", "Medium", "Large", "ExtraLarge"},
    "weight": {"Default", "Lighter", "Bolder"},
    "fontType": {"Default", "Monospace"},
    "horizontalCellContentAlignment": {"Left", "Center", "Right"},
}
_STYLE_OF = {
    "TextBlock": {"default", "heading", "columnHeader"},
    "Action.OpenUrl": {"default", "positive", "destructive"},
    "Action.ToggleVisibility": {"default", "positive", "destructive"},
}


def elements(node: object) -> Iterator[dict[str, Any]]:
    """All nested objects of a card that have a type."""
    if isinstance(node, dict):
        if "type" in node:
            yield node
        for value in node.values():
            yield from elements(value)
    elif isinstance(node, list):
        for value in node:
            yield from elements(value)


def problems(card: dict[str, Any]) -> list[str]:
    """Elements and properties that version 1.5 lacks."""
    found = []
    for element in elements(card):
        kind = element["type"]
        if kind not in PROPERTIES:
            found.append(f"{kind} is no element of version 1.5")
            continue
        found += [f"{kind} has no property {name}" for name in element.keys() - PROPERTIES[kind]]
        for name, allowed in _VALUES.items():
            if name in element and element[name] not in allowed:
                found.append(f"{kind}.{name} can't be {element[name]}")
        if "style" in element and element["style"] not in _STYLE_OF.get(kind, _STYLES):
            found.append(f"{kind}.style can't be {element['style']}")
    ids = [element["id"] for element in elements(card) if "id" in element]
    targets = [target for element in elements(card) for target in element.get("targetElements", ())]
    if len(ids) != len(set(ids)):
        found.append("an id is used twice")
    found += [f"target {target} does not exist" for target in targets if target not in ids]
    return found
