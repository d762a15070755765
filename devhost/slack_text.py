"""Converts a Slack message to plain text lines for the terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 100


def lines(payload: Mapping[str, Any]) -> Iterator[str]:
    """The blocks of a posted message, in order; blocks of an unknown type are left out with their name."""
    for block in payload.get("blocks", ()):
        yield from _block(block)


def button_urls(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(text, address) of every button that opens a page."""
    return [
        (element["text"]["text"], element["url"])
        for block in payload.get("blocks", ())
        if block["type"] == "actions"
        for element in block["elements"]
        if "url" in element
    ]


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield block["text"]["text"]
        case "section":
            if "text" in block:
                yield from _wrapped(_plain(block["text"]["text"]))
            for field in block.get("fields", ()):
                label, _, value = _plain(field["text"]).partition("\n")
                yield f"  {label + ':':<24}{value}"
        case "rich_text":
            for element in block["elements"]:
                yield from _rich(element)
        case "actions":
            for element in block["elements"]:
                yield f"  [ {element['text']['text']} ]"
        case "context":
            yield from _wrapped(" ".join(_plain(element.get("text", "")) for element in block["elements"]))
        case "data_visualization":
            yield f"  ( chart: {block['title']} )"
        case "table":
            for row in block["rows"]:
                yield "  " + "  ".join(_cell(cell) for cell in row)
        case "divider":
            yield ""
        case other:
            yield f"  ({other})"


def _rich(element: Mapping[str, Any]) -> Iterator[str]:
    match element["type"]:
        case "rich_text_list":
            for number, item in enumerate(element["elements"], element.get("offset", 0) + 1):
                mark = f"{number}. " if element["style"] == "ordered" else "• "
                yield from _wrapped(_text(item), mark)
        case "rich_text_preformatted":
            for line in _text(element).splitlines():
                yield f"      {line}"
        case _:
            for line in _text(element).splitlines():
                yield from _wrapped(line)


def _cell(cell: Mapping[str, Any]) -> str:
    return cell["text"] if "text" in cell else " ".join(map(_text, cell["elements"])).replace("\n", " ")


def _text(element: Mapping[str, Any]) -> str:
    return "".join(part.get("text", part.get("url", "")) for part in element["elements"])


def _plain(mrkdwn: str) -> str:
    text = re.sub(r"<([^|>]+)\|([^>]+)>", r"\2", mrkdwn)
    return text.replace("*", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _wrapped(text: str, mark: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"  {mark}",
        subsequent_indent="  " + " " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
