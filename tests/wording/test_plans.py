"""Plans hold nothing for people that only English readers get, also after they were stored."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from shared.core.planning.digest import digest
from shared.model.plan import Plan
from shared.model.text import Text
from shared.store.codec import dump, load
from shared.web.plan_text import plan_lines
from tests.wording.cases import plans

_TWO_WORDS = re.compile(r"\b[a-z]{2,}[,;:]? +[a-z]{2,}\b")
_COPIED = re.compile(r"az |Cluster|[\w.]+ (?:GET|LIST)|Azure docs:|AKS docs:|snatbot records|\w+, \w+$")
PLANS = [pytest.param(plan, id=f"{number}-{plan.kind}") for number, plan in enumerate(plans(3))]


@pytest.mark.parametrize("plan", PLANS)
def test_what_a_stored_plan_shows_can_be_translated(plan: Plan) -> None:
    stored = load(Plan, dump(plan))
    found = [text for line in plan_lines(stored) for text in _plain_strings(line)]
    english = [text for text in found if _TWO_WORDS.search(text) and not _COPIED.match(text)]
    assert english == []


@pytest.mark.parametrize("plan", PLANS)
def test_a_stored_plan_keeps_its_digest(plan: Plan) -> None:
    assert digest(load(Plan, dump(plan))) == digest(plan)


def _plain_strings(value: object) -> Iterator[str]:
    match value:
        case Text():
            for inner in value.values.values():
                yield from _plain_strings(inner)
        case tuple():
            for inner in value:
                yield from _plain_strings(inner)
        case str():
            yield value
