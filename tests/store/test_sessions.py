"""A sign-in that has begun counts once, in its browser, for ten minutes; and leaves no row behind."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.store.sessions import SignInFlows
from shared.store.table import Table

NOW = datetime.now(UTC)
BROWSER = "b" * 43


@pytest.fixture
def flows(table: Table) -> SignInFlows:
    return SignInFlows(table)


def begun(flows: SignInFlows, at: datetime = NOW) -> str:
    state = secrets.token_urlsafe(32)
    flows.add(state, {"nonce": "n", "scope": ["openid"]}, "link", BROWSER, at)
    return state


def test_a_flow_comes_back_once(flows: SignInFlows) -> None:
    state = begun(flows)
    found = flows.take(state, BROWSER, NOW)
    assert found is not None
    assert (found.msal_flow, found.link) == ({"nonce": "n", "scope": ["openid"]}, "link")
    assert BROWSER not in str(found), "the cookie itself is not stored"
    assert flows.take(state, BROWSER, NOW) is None


def test_of_many_that_take_it_at_once_a_single_one_gets_it(flows: SignInFlows) -> None:
    state = begun(flows)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: flows.take(state, BROWSER, NOW), range(8)))
    assert sum(one is not None for one in found) == 1


@pytest.mark.parametrize("browser", ["", "c" * 43, "é", "\ud800"])
def test_another_browser_gets_nothing_and_takes_nothing_away(flows: SignInFlows, browser: str) -> None:
    state = begun(flows)
    assert flows.take(state, browser, NOW) is None
    assert flows.take(state, BROWSER, NOW) is not None


def test_it_counts_for_ten_minutes(flows: SignInFlows) -> None:
    late, in_time = begun(flows), begun(flows)
    assert flows.take(late, BROWSER, NOW + timedelta(minutes=10)) is None
    assert flows.take(in_time, BROWSER, NOW + timedelta(minutes=9, seconds=59)) is not None


@pytest.mark.parametrize("state", ["", "a" * 42, "a" * 44, "a/b", "'" * 43, "é" * 43, "a" * 43])
def test_any_other_state_is_none(flows: SignInFlows, state: str) -> None:
    begun(flows)
    assert flows.take(state, BROWSER, NOW) is None


def test_what_nobody_finished_is_deleted_with_a_later_one(flows: SignInFlows, table: Table) -> None:
    begun(flows)
    begun(flows)
    assert len(list(table.columns("sign-in", "flow-"))) == 2
    kept = begun(flows, NOW + timedelta(hours=1))
    assert [row["RowKey"] for row in table.columns("sign-in", "flow-")] == [f"flow-{kept}"]
