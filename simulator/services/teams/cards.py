"""Turns a body that a workflow accepted into the channel's card, or the reason why there is none.

The workflow's action reads cards with Microsoft's AdaptiveCards library; its messages are from public reports of
failed runs ("AdaptiveCards.AdaptiveSerializationException: Property 'type' must be 'AdaptiveCard'").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
NEWEST_VERSION = (1, 5)
"""Teams docs: what-are-cards."""
_REQUIRED = {
    "TextBlock": "text",
    "Image": "url",
    "FactSet": "facts",
    "Container": "items",
    "ColumnSet": "columns",
    "Action.OpenUrl": "url",
    "Action.ShowCard": "card",
    "Action.ToggleVisibility": "targetElements",
}
_PREFIX = "AdaptiveCards.AdaptiveSerializationException: "


def failure_of(body: Mapping[str, Any]) -> str:
    """Why the run fails; empty when the card is shown. Both a message with attachments and a bare card will do."""
    if body.get("type") == "AdaptiveCard":
        return _card_failure(body)
    attachments = body.get("attachments")
    if not isinstance(attachments, list) or not attachments:
        return f"{_PREFIX}Property 'type' must be 'AdaptiveCard'"
    for attachment in attachments:
        if not isinstance(attachment, dict) or attachment.get("contentType") != ADAPTIVE_CARD:
            return f"{_PREFIX}Property 'type' must be 'AdaptiveCard'"
        if problem := _card_failure(attachment.get("content")):
            return problem
    return ""


def _card_failure(card: Any) -> str:
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        return f"{_PREFIX}Property 'type' must be 'AdaptiveCard'"
    try:
        version = tuple(int(part) for part in str(card["version"]).split("."))
    except (KeyError, ValueError):
        return f"{_PREFIX}Could not parse required key: version. It was not found."
    if version > NEWEST_VERSION:
        return "We're sorry, this card couldn't be displayed"
    for element in _elements(card):
        name = _REQUIRED.get(str(element.get("type")))
        if name is not None and element.get(name) is None:
            return f"{_PREFIX}Required property '{name}' not found on '{element['type']}'"
    return ""


def _elements(part: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, dict):
        yield part
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _elements(each)
