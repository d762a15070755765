"""Which language a reader gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost import catalogue
from shared.wording.languages import LANGUAGES, accepted, known_language, terminal_language


def test_each_language_has_a_catalogue() -> None:
    assert {*LANGUAGES} == {"en", *catalogue.languages()}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("es-ES,es;q=0.9,en;q=0.8", "es"),
        ("en;q=0.5, es-419", "es"),
        ("de, fr;q=0.7, en;q=0.3", "en"),
        ("es;q=0, en", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("es;q=x", "en"),
        ("", "en"),
    ],
)
def test_the_best_accepted_language_that_there_is(header: str, expected: str) -> None:
    assert known_language(accepted(header)) == expected


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert known_language(accepted(header)) in LANGUAGES


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANGUAGE": "fr:es", "LANG": "en_US.UTF-8"}, "es"),
        ({"LC_ALL": "C", "LANG": "es_ES.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_terminals_language_is_that_of_its_locale(environment: dict[str, str], expected: str) -> None:
    assert terminal_language(environment) == expected
