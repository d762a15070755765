"""APPROVAL_POLICY as a text: all mistakes at once, and what would be right."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from shared.approval_policy import parse_policy
from shared.core.approval.policy import APPROVABLE
from tests.support.deployed import ROOT

RULE = {"clusters": "all", "kinds": "all", "who": ["Snat.Approve"]}
LACKS = object()


def mistakes(text: str) -> str:
    with pytest.raises(ValueError) as caught:
        parse_policy(text)
    assert caught.value.__cause__ is None
    return str(caught.value)


def of(**fields: Any) -> str:
    return json.dumps([{name: value for name, value in {**RULE, **fields}.items() if value is not LACKS}])


def test_all_mistakes_are_told_at_once_with_their_rule() -> None:
    rules = [
        RULE,
        {**RULE, "name": "production", "people": 3, "where": "phone", "colour": "red"},
        {"who": "Ada", "kinds": []},
    ]
    told = mistakes(json.dumps(rules)).split("; ")
    assert [text[: text.index(" that") if " that" in text else 60] for text in told] == [
        "rule 2 (production) has a `people`",
        "rule 2 (production) has a `where`",
        "rule 2 (production) has other fields than name, clusters, kinds, who, people, where and no_start"[:60],
        "rule 3 lacks `clusters`: `all`, or an object with subscription, resource_group, name or tags"[:60],
        "rule 3 has a `kinds`",
        "rule 3 has a `who`",
    ]
    assert not any(given in mistakes(json.dumps(rules)) for given in ("phone", "colour", "Ada"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 7),
        ("name", "a\nb"),
        ("name", None),
        ("clusters", LACKS),
        ("clusters", None),
        ("clusters", {}),
        ("clusters", {"tags": {}}),
        ("clusters", {"name": []}),
        ("clusters", {"name": None}),
        ("clusters", {"name": ["", "x"]}),
        ("clusters", {"name": "x", "tags": {"env": None}}),
        ("clusters", {"names": "x"}),
        ("clusters", "ALL"),
        ("clusters", ["x"]),
        ("kinds", LACKS),
        ("kinds", []),
        ("kinds", ["advice"]),
        ("kinds", ["attach_nat_gateway", "stop"]),
        ("kinds", None),
        ("who", LACKS),
        ("who", []),
        ("who", "all"),
        ("who", ["ada@example.com"]),
        ("who", ["aaaaaaaa-0000-4000-8000-00000000000"]),
        ("who", [None]),
        ("people", 0),
        ("people", 3),
        ("people", True),
        ("people", "2"),
        ("people", 1.0),
        ("people", None),
        ("where", []),
        ("where", ["mail"]),
        ("no_start", "at night"),
        ("no_start", "daily 00:00-12:00; daily 12:00-00:00"),
        ("no_start", None),
    ],
)
def test_a_mistake_says_what_would_be_right(field: str, value: object) -> None:
    told = mistakes(of(**{field: value}))
    assert told.startswith("rule 1 ") and ";" not in told.replace("; ", "") and field in told
    assert " that is not " in told or " lacks " in told or " has other fields than " in told


@pytest.mark.parametrize("text", ["", "Snat.Approve", "{}", '"all"', "[7]", "[[]]", "null", "[" * 100_000, "NaN"])
def test_what_is_no_list_of_rules_is_refused(text: str) -> None:
    assert "must be" in mistakes(text)


def test_a_field_twice_is_refused_because_only_one_would_count() -> None:
    assert "no field twice" in mistakes(of()[:-2] + ', "people": 2, "people": 1}]')


def test_two_rules_of_one_name_are_refused() -> None:
    assert mistakes(json.dumps([RULE, {**RULE, "name": "1"}])) == "two rules are called '1'"


def test_a_pattern_that_never_fits_is_no_mistake() -> None:
    parse_policy(of(clusters={"name": "no such*", "subscription": "?", "tags": {"a/b": "("}}))


def test_the_version_is_of_the_meaning() -> None:
    version = parse_policy(of()).version
    assert len(version) == 12
    assert parse_policy(of(kinds=sorted(APPROVABLE, reverse=True), who="SNAT.approve", where="page")).version == version
    changed = [
        of(people=2),
        of(where="chat"),
        of(no_start="daily 01:00-02:00"),
        of(name="x"),
        of(clusters={"name": "*"}),
        of(kinds=["attach_nat_gateway"]),
        json.dumps([RULE, RULE]),
        "[]",
    ]
    assert len({version, *(parse_policy(text).version for text in changed)}) == 1 + len(changed)


def test_the_examples_of_the_documentation_can_be_read() -> None:
    text = (ROOT / "docs/approval-policy.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert [len(parse_policy(example).rules) for example in examples] == [2, 3, 2]
