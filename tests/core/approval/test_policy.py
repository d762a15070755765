"""Rules: the first that matches decides, no rule means nobody, and tags only restrict."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.approval_policy import DEFAULT_POLICY, parse_policy
from shared.core.approval.policy import APPROVABLE, Place, Policy
from shared.model.identity import Person, Role
from shared.model.plan import PlanKind
from tests.support.every import every
from tests.support.nouns import make_cluster

ADA, BOB = "aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)  # a Saturday
ID = make_cluster().id
ATTACH, DELETE = PlanKind.ATTACH_NAT_GATEWAY, PlanKind.DELETE_NAT_GATEWAY


def person(object_id: str = ADA, *roles: Role) -> Person:
    return Person(object_id, "tenant", "Ada", frozenset(roles), NOW)


def policy(*rules: dict[str, Any]) -> Policy:
    defaults = {"clusters": "all", "kinds": "all", "who": ["Snat.Approve"]}
    return parse_policy(json.dumps([defaults | rule for rule in rules]))


def may(of: Policy, who: Person | str, kind: PlanKind = ATTACH, place: Place = Place.PAGE, **tags: str) -> bool:
    return not of.rules_for(ID, tags, kind).refusal(who, place)


# --- strategies ---

PATTERNS = st.sampled_from(["*", "shop-*", "*-prod", "other", "SHOP-PROD", "s*p-p*d"])
CLUSTERS = st.just("all") | st.fixed_dictionaries({"name": PATTERNS})
TAGGED = st.fixed_dictionaries({"tags": st.dictionaries(st.sampled_from(["env", "Team"]), PATTERNS, min_size=1)})
WHO = st.lists(st.sampled_from([ADA, BOB.upper(), *Role]), min_size=1, max_size=3)
KINDS = st.just("all") | st.lists(st.sampled_from(sorted(APPROVABLE)), min_size=1)
WHERE = st.lists(st.sampled_from(sorted(Place)), min_size=1)
RULE = st.fixed_dictionaries(
    {"clusters": CLUSTERS | TAGGED, "kinds": KINDS, "who": WHO, "where": WHERE, "people": st.sampled_from([1, 2])}
)
RULES = st.lists(RULE, max_size=4)
TAGS = st.dictionaries(st.sampled_from(["ENV", "team"]), st.sampled_from(["shop-prod", "other"]))
PEOPLE = st.builds(
    lambda object_id, roles: person(object_id, *roles), st.sampled_from([ADA, BOB]), st.sets(st.sampled_from(Role))
)
KIND, PLACE = st.sampled_from(sorted(APPROVABLE)), st.sampled_from(Place)


# --- properties ---


@given(RULES, TAGS, PEOPLE, KIND, PLACE)
def test_nobody_may_whom_no_rule_names(
    rules: list[dict[str, Any]], tags: dict[str, str], who: Person, kind: PlanKind, place: Place
) -> None:
    is_named = any(
        who.object_id in [name.lower() for name in rule["who"]] or who.roles & set(rule["who"]) for rule in rules
    )
    matched = policy(*rules).rules_for(ID, tags, kind)
    if not is_named:
        assert matched.refusal(who, place)
    if not matched.refusal(who, place):
        assert every(kind in rule.kinds for rule in matched.rules) and matched.rules


@given(RULES, RULES, TAGS, KIND)
def test_the_first_rule_without_tags_that_matches_decides_whatever_follows(
    rules: list[dict[str, Any]], more: list[dict[str, Any]], tags: dict[str, str], kind: PlanKind
) -> None:
    first, longer = (
        policy(*rules).rules_for(ID, tags, kind).rules,
        policy(*rules, *more).rules_for(ID, tags, kind).rules,
    )
    if first:
        assert longer == first
        assert [bool(rule.clusters.tags) for rule in first] == [*[True] * (len(first) - 1), False]


@given(RULES, TAGS, TAGS, PEOPLE, KIND, PLACE)
def test_a_tag_that_is_added_allows_nothing_more(
    rules: list[dict[str, Any]], tags: dict[str, str], added: dict[str, str], who: Person, kind: PlanKind, place: Place
) -> None:
    less = policy(*rules).rules_for(ID, tags, kind)
    more = policy(*rules).rules_for(ID, {**added, **tags}, kind)
    assert less.people <= more.people
    if less.refusal(who, place):
        assert more.refusal(who, place)


@given(RULES, st.randoms())
def test_neither_order_nor_case_of_who_and_kinds_matters(rules: list[dict[str, Any]], random: Any) -> None:
    shuffled = []
    for rule in rules:
        who = [name.upper() for name in rule["who"]]
        random.shuffle(who)
        shuffled.append({**rule, "who": who + who[:1]})
    assert policy(*shuffled) == policy(*rules)


@given(RULES, TAGS, KIND)
def test_a_second_approval_never_comes_from_fewer_people_than_any_rule_wants(
    rules: list[dict[str, Any]], tags: dict[str, str], kind: PlanKind
) -> None:
    matched = policy(*rules).rules_for(ID, tags, kind)
    assert all(matched.people >= rule.people for rule in matched.rules)


# --- examples ---


def test_without_a_policy_snat_approve_does_on_the_page_alone() -> None:
    approver = person(ADA, Role.APPROVE)
    assert may(DEFAULT_POLICY, approver)
    assert may(DEFAULT_POLICY, approver, place=Place.PAGE_WITH_STEP_UP)
    assert not may(DEFAULT_POLICY, approver, place=Place.CHAT)
    assert not may(DEFAULT_POLICY, person(ADA, Role.READ, Role.OPERATE, Role.AUDIT))
    assert DEFAULT_POLICY.rules_for(ID, {}, DELETE).people == 1


def test_no_rule_is_nobody() -> None:
    assert not may(parse_policy("[]"), person(ADA, *Role))
    only_prod = policy({"clusters": {"tags": {"env": "prod"}}})
    assert not may(only_prod, person(ADA, *Role), env="prod"), "tags alone grant nothing"


def test_a_tag_narrows_the_rule_that_would_decide_without_it() -> None:
    rules = policy(
        {"clusters": {"tags": {"env": "prod*"}}, "who": [ADA], "people": 2, "no_start": "sat 10:00-13:00"},
        {"who": ["Snat.Approve"], "no_start": "sat 13:00-14:00"},
    )
    assert may(rules, person(BOB, Role.APPROVE)) and not may(rules, person(BOB, Role.APPROVE), Env="PROD-1")
    assert not may(rules, person(ADA), env="prod"), "the rule below must allow it, too"
    narrowed = rules.rules_for(ID, {"env": "prod"}, ATTACH)
    assert not narrowed.refusal(person(ADA, Role.APPROVE), Place.PAGE)
    assert (narrowed.people, narrowed.named) == (2, "rule '1' and rule '2'")
    assert narrowed.starts_from(NOW) == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("clusters", "fits"),
    [
        ({"subscription": ID.subscription.upper()}, True),
        ({"resource_group": [ID.resource_group[:3] + "*", "x"]}, True),
        ({"resource_group": ID.resource_group, "name": "other"}, False),
        ({"name": "shop.prod"}, False),
        ({"name": "shop"}, False),
        ({"tags": {"never": "*"}}, False),
    ],
)
def test_every_field_of_the_clusters_must_fit(clusters: dict[str, Any], fits: bool) -> None:
    assert may(policy({"clusters": clusters}, {"who": [BOB]}), person(ADA, Role.APPROVE)) == fits


def test_a_refusal_names_the_rule_and_what_is_missing() -> None:
    rules = policy({"name": "production", "who": [BOB, "Snat.Approve"], "people": 2}).rules_for(ID, {}, ATTACH)
    assert rules.refusal(person(ADA, Role.READ), Place.PAGE) == (
        f"rule 'production' wants 2 people with object id {BOB} or role Snat.Approve; "
        f"this is object id {ADA} with Snat.Read"
    )
    assert rules.refusal(person(BOB), Place.CHAT) == "rule 'production' takes approvals by page only"


def test_whoever_holds_a_link_stands_for_snat_approve_and_for_nobody_in_particular() -> None:
    assert may(policy({}), "link")
    assert not may(policy({"people": 2}), "link")
    assert not may(policy({"who": [ADA]}), "link")
    assert not may(policy({"who": ["Snat.Operate"]}), "link")
    assert not may(policy({"where": "page_with_step_up"}), "link")
