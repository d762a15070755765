"""Messages of any shape and size, for tests of limits."""

from __future__ import annotations

from hypothesis import strategies as st

from shared.chat.message import Button, Message, Section, Table, Tone
from shared.model.text import Text, verbatim

TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("<>&*_`[]()|#-1. \n\\", max_size=80),
    st.integers(1, 8000).map(lambda length: "long words " * (length // 11) + "x" * (length % 11)),
).map(verbatim)

URLS = st.integers(1, 4000).map(lambda length: "https://x.example/" + "a" * length)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(1, 6))
    columns = tuple(Text(name) for name in "abcdefgh"[:width])
    row = st.tuples(*[TEXTS] * width)
    rows = tuple(draw(st.lists(row, max_size=3))) * draw(st.sampled_from([1, 1, 40, 400]))
    return Table(columns, rows, draw(TEXTS), draw(st.integers(0, width - 1)))


SECTIONS = st.builds(
    Section,
    title=TEXTS,
    text=TEXTS,
    bullets=st.lists(TEXTS, max_size=30).map(tuple),
    steps=st.lists(TEXTS, max_size=30).map(tuple),
    code=TEXTS,
    table=st.none() | tables(),
    is_detail=st.booleans(),
)
MESSAGES = st.builds(
    Message,
    title=TEXTS,
    summary=TEXTS,
    tone=st.sampled_from(Tone),
    facts=st.lists(st.tuples(TEXTS, TEXTS), max_size=14).map(tuple),
    sections=st.lists(SECTIONS, max_size=6).map(tuple),
    buttons=st.lists(st.builds(Button, text=TEXTS.filter(bool), url=URLS), max_size=7).map(tuple),
    footer=TEXTS,
)
