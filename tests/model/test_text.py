"""Texts: English by themselves, other languages by msgid and values, stored as such."""

from __future__ import annotations

import copy
import json
import pickle
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formatting import duration, listed, percent, sentences
from shared.model.text import Locale, Text, arranged, verbatim
from shared.store.codec import dump, load

AT = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
SPANISH = {
    "{names} and {last}": "{names} y {last}",
    "{cluster} has {count} node": "{cluster} tiene {count} nodo",
    "{cluster} has {count} nodes": "{cluster} tiene {count} nodos",
}


def find(msgid: str, plural: str, count: int) -> str:
    wanted = plural if plural and count != 1 else msgid
    return SPANISH.get(wanted, wanted)


ES = Locale("es", ".", ",", 10_000, "%d/%m/%Y %H:%M UTC", find)

values: st.SearchStrategy[object] = st.recursive(
    st.text(max_size=20) | st.integers() | st.just(AT) | st.text(max_size=20).map(verbatim),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("count", "english", "spanish"),
    [
        (1, "shop has 1 node", "shop tiene 1 nodo"),
        (0, "shop has 0 nodes", "shop tiene 0 nodos"),
        (1204, "shop has 1,204 nodes", "shop tiene 1204 nodos"),
        (12040, "shop has 12,040 nodes", "shop tiene 12.040 nodos"),
    ],
)
def test_plurals_and_numbers_are_the_languages_own(count: int, english: str, spanish: str) -> None:
    text = Text.plural("{cluster} has {count} node", "{cluster} has {count} nodes", cluster="shop", count=count)
    assert (text, text.in_locale(ES)) == (english, spanish)


def test_values_that_are_texts_are_in_the_same_language() -> None:
    text = sentences(listed(["a", "b", "c"]), arranged("{at}", at=AT), percent(1, 3))
    assert text == "A, b and c. 2026-11-22 19:05 UTC. 33.3\u00a0%."
    assert text.in_locale(ES) == "A, b y c. 22/11/2026 19:05 UTC. 33,3\u00a0%."


def test_braces_in_a_value_are_only_shown() -> None:
    assert verbatim("{msgid} {0}") == "{msgid} {0}"
    assert Text("it says {what}", what="{at}") == "it says {at}"


@given(value=values)
def test_a_text_survives_storage_pickle_and_copy(value: str) -> None:
    text = Text("it says {what}", what=value)
    for restored in (load(Text, dump(text)), pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):
        assert (restored, restored.msgid, restored.values) == (text, text.msgid, text.values)
        assert restored.in_locale(ES) == text.in_locale(ES)


@pytest.mark.parametrize("stored", ['"x"', "1", "null", "{}", '{"msgid": 1}', '{"msgid": "x", "values": {"a": null}}'])
def test_what_is_no_stored_text_is_refused(stored: str) -> None:
    with pytest.raises(ValueError, match="text"):
        load(Text, stored)


@pytest.mark.parametrize(
    "msgid", ["{a.__class__}", "{a.in_locale.__globals__}", "{a[0]}", "{b}", "{}", "{0}", "{a:{a.msgid}}"]
)
def test_a_stored_text_shows_its_values_and_no_other_object_of_the_process(msgid: str) -> None:
    stored = {"msgid": msgid, "values": {"a": {"msgid": "x"}}}
    with pytest.raises(ValueError, match="can't be shown"):
        load(Text, json.dumps(stored))


@given(msgid=st.text(alphabet="{}.[]:!ars_0x,", max_size=12), value=st.text(max_size=3) | st.integers() | st.just([]))
def test_any_stored_text_is_shown_or_refused(msgid: str, value: object) -> None:
    with suppress(ValueError):
        assert isinstance(load(Text, json.dumps({"msgid": msgid, "values": {"a": value, "s": "s"}})), str)


def test_json_answers_hold_the_english_text() -> None:
    assert json.dumps(duration(AT - AT.replace(hour=3))) == '"16 hours"'
