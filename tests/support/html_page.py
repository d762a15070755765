"""Pages, read as a browser reads them."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

from shared.model.change import Action
from shared.web.pages import FormFields
from tests.support import nouns

FORM = FormFields(token="link-token", csrf="form-token", actions=(Action.APPROVE, Action.DENY), asks_name=True)
NOW = nouns.NOW + timedelta(minutes=8)


class Page(HTMLParser):
    """The elements of a page in their order, its text, and whether every tag is closed."""

    VOID = frozenset({"meta", "link", "input", "br", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.is_after_time = False
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.is_after_time = tag == "time"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.is_after_time = tag == "time"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            glue = self.words.pop() if self.is_after_time and self.words else ""  # a time is part of its sentence
            self.words.append(glue + data)
        self.is_after_time = False

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
