"""The first route that matches decides; what is unknown matches no condition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.flows.notification.route import Target, channels_for, matches
from shared.model.finding import Severity
from shared.routes import Route

SHOP = Target("shop-prod", "0000-1111", {"Team": "pay", "env": "prod"}, Severity.FAILING)


def route(*to: str, **conditions: Any) -> Route:
    return Route.model_validate({"to": to or ("a",), **conditions})


@pytest.mark.parametrize(
    ("conditions", "matched"),
    [
        ({}, True),
        ({"clusters": ("SHOP-*",)}, True),
        ({"clusters": ("x", "shop-prod")}, True),
        ({"clusters": ("shop",)}, False),
        ({"subscriptions": ("0000-1111",)}, True),
        ({"subscriptions": ("0000",)}, False),
        ({"tags": {"team": "pay", "ENV": "prod"}}, True),
        ({"tags": {"team": "Pay"}}, False),
        ({"tags": {"owner": ""}}, False),
        ({"severity": "warning"}, True),
        ({"severity": "failing"}, True),
        ({"severity": "critical"}, False),
        ({"clusters": ("shop-*",), "severity": "critical"}, False),
    ],
)
def test_all_conditions_must_hold(conditions: dict[str, Any], matched: bool) -> None:
    assert matches(route(**conditions), SHOP) is matched


CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "clusters": st.lists(st.sampled_from(["shop-prod", "shop-*", "other", "*"]), min_size=1),
        "subscriptions": st.lists(st.sampled_from(["0000-1111", "2222", "*"]), min_size=1),
        "tags": st.dictionaries(st.sampled_from(["team", "env"]), st.sampled_from(["pay", "prod"]), min_size=1),
        "severity": st.sampled_from(["warning", "high", "failing", "critical"]),
    },
)
ROUTES = st.lists(
    st.builds(lambda to, conditions: route(*to, **conditions), st.lists(st.sampled_from("abc"), min_size=1), CONDITIONS)
)
TARGETS = st.builds(
    Target,
    st.sampled_from(["", "shop-prod", "shop-test", "other"]),
    st.sampled_from(["", "0000-1111"]),
    st.none() | st.dictionaries(st.sampled_from(["team", "Env"]), st.sampled_from(["pay", "prod"])),
    st.none() | st.sampled_from(list(Severity)),
)


@given(ROUTES, TARGETS)
def test_the_first_match_decides_and_each_channel_is_named_once(routes: list[Route], target: Target) -> None:
    found = channels_for(routes, ("default",), target)
    first = next((index for index, each in enumerate(routes) if matches(each, target)), None)
    assert list(found) == (["default"] if first is None else list(dict.fromkeys(routes[first].to)))
    assert found == channels_for(routes[: None if first is None else first + 1], ("default",), target)


@given(ROUTES)
def test_what_is_unknown_meets_no_condition(routes: list[Route]) -> None:
    catch_all = next((each.to for each in routes if each.takes_all), ("default",))
    assert channels_for(routes, ("default",), Target()) == tuple(dict.fromkeys(catch_all))


@given(CONDITIONS, TARGETS)
def test_worse_trouble_is_never_told_to_fewer_routes(conditions: dict[str, Any], target: Target) -> None:
    tried = [matches(route(**conditions), replace(target, severity=severity)) for severity in (None, *Severity)]
    assert tried == sorted(tried)
