"""The neutral message: its one mark, and what is left out of it."""

from __future__ import annotations

from shared.chat.message import Section, code_spans, facts_of, sections_of, without_backticks
from shared.model.text import Text


def test_backticks_mark_code() -> None:
    assert code_spans("run `az aks` now") == (("run ", False), ("az aks", True), (" now", False))
    assert code_spans("a lonely ` mark") == (("a lonely ` mark", False),)
    assert code_spans("") == ()
    assert without_backticks("run `az aks` now") == "run az aks now"


def test_what_has_no_value_is_left_out() -> None:
    assert facts_of(("Cluster", "shop-prod"), ("Cost", "")) == (("Cluster", "shop-prod"),)
    full = (
        Section(Text("a"), text=Text("x")),
        Section(Text("b"), code=Text("az")),
        Section(Text("c"), bullets=(Text("x"),)),
        Section(Text("d"), steps=(Text("x"),)),
    )
    assert sections_of(*full, Section(Text("nothing"))) == full
