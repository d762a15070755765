"""Advice for the code is the same in the thread, on the page and in the docs."""

from __future__ import annotations

import re

import pytest

from shared.core.guidance.code_advice import BY_LANGUAGE
from shared.wording.languages import LANGUAGES
from shared.wording.render import translated
from tests.support.deployed import ROOT

DOCS = (ROOT / "docs" / "explaining.md").read_text(encoding="utf-8")


def test_six_languages_have_advice() -> None:
    assert list(BY_LANGUAGE) == ["Python", ".NET", "Node.js", "Java", "Go", "PHP"]


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_what_the_page_names_is_in_the_docs_too(language: str) -> None:
    (row,) = (line for line in DOCS.splitlines() if line.startswith(f"| {language} |"))
    for name in re.findall(r"`([\w.]{8,})`", BY_LANGUAGE[language]):
        if name not in ("requests.get", "SocketsHttpHandler", "http.Transport", "maxSockets", "http.Client"):
            assert name.rpartition(".")[2] in row, name


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_names_of_code_are_the_same_in_every_language(language: str) -> None:
    names = re.findall(r"`[^`]+`", BY_LANGUAGE[language])
    for reader in LANGUAGES:
        assert sorted(re.findall(r"`[^`]+`", translated(BY_LANGUAGE[language], reader))) == sorted(names)
