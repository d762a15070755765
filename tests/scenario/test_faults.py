"""Azure and storage failing in an apply, and the worker dying in it; ``tests.faults`` breaks every single call."""

from __future__ import annotations

import time
from typing import Any

import pytest

from shared.model.change import Change, ChangeState
from shared.model.text import Text
from shared.store.errors import StoreUnavailable
from tests.support.every import every
from tests.support.killing import Killed, killing
from tests.support.theatre import LEASE, WRITER, Theatre
from tests.support.thorough import sample

WRITES = (
    "publicIPAddresses/pip-snatbot-shop-prod-1",
    "natGateways/ng-snatbot",
    "subnets/aks-user",
    "subnets/aks-system",
)
BUSY = {
    "error": {
        "code": "RetryableError",
        "message": "A retryable error occurred.",
        "details": [{"code": "RetryableErrorDueToAnotherOperation", "message": "another operation is running"}],
    }
}
CURABLE: dict[str, dict[str, Any]] = {
    "throttled with Retry-After": {"status": 429, "headers": {"Retry-After": "7"}, "body": {"error": {"code": "429"}}},
    "another operation (429)": {"status": 429, "headers": {"Retry-After": "11"}, "body": BUSY},
    "precondition failed": {"status": 412, "body": {"error": {"code": "PreconditionFailed", "message": "etag"}}},
    "connection lost before the effect": {"drop": "before"},
    "connection lost after the effect": {"drop": "after"},
}


def assert_whole(theatre: Theatre, change: Change, before: dict[str, dict[str, Any]]) -> None:
    """Fixed, nothing made twice, no property of a subnet lost."""
    assert change.state is ChangeState.FIXED, change
    assert len(theatre.resources("natGateways")) == 1
    assert len(theatre.resources("publicIPAddresses")) == 2
    after = theatre.subnets()
    assert {name: one["properties"] for name, one in after.items()} == {
        name: one["properties"] for name, one in before.items()
    }
    assert every(one["nat_gateway"] for one in after.values())


@pytest.mark.parametrize(
    "fault",
    sample(CURABLE, "another operation (429)", "connection lost after the effect"),
    ids=lambda name: name.replace(" ", "-"),
)
def test_what_waiting_can_cure_is_waited_out_at_every_write(theatre: Theatre, fault: str) -> None:
    change = theatre.approved()
    before = theatre.subnets()
    theatre.simulator.add_fault(
        *({"match": {"method": "PUT", "path": path}, "times": 1, "then": CURABLE[fault]} for path in WRITES)
    )

    assert_whole(theatre, theatre.run_on(change), before)


@pytest.mark.parametrize("status", sample([429, 503], 503))
def test_reads_that_fail_are_read_again(theatre: Theatre, status: int) -> None:
    change = theatre.approved()
    before = theatre.subnets()
    theatre.simulator.add_fault(
        *(
            {"match": {"method": "GET", "path": path}, "nth": 2, "times": 1, "then": {"status": status, "body": {}}}
            for path in (*WRITES, "Microsoft.Insights/metrics", "managedClusters/shop-prod")
        )
    )

    assert_whole(theatre, theatre.run_on(change), before)


def test_a_missing_permission_stops_with_its_name_and_resuming_goes_on(theatre: Theatre) -> None:
    change = theatre.approved()
    before = theatre.subnets()
    message = (
        "The client has permission to perform action 'Microsoft.Network/virtualNetworks/subnets/write' on scope "
        "'aks-user', however it does not have permission to perform action(s) "
        "'Microsoft.Network/networkSecurityGroups/join/action' on the linked scope(s) 'shop-nodes-nsg' (respectively)."
    )
    refusal = {"status": 403, "body": {"error": {"code": "LinkedAuthorizationFailed", "message": message}}}
    theatre.simulator.add_fault({"match": {"method": "PUT", "path": "subnets/aks-user"}, "times": 1, "then": refusal})

    stopped = theatre.run_on(change)

    assert stopped.state is ChangeState.STOPPED
    assert "Microsoft.Network/networkSecurityGroups/join/action" in stopped.stop_reason
    theatre.decide(stopped, "resume")
    assert_whole(theatre, theatre.run_on(stopped), before)


def survive(theatre: Theatre, change: Change) -> Change:
    """Works on until the worker is killed, then starts a new one over the same storage; never a queue message."""
    with pytest.raises(Killed):
        theatre.run_on(change)
    theatre.new_app()
    time.sleep(LEASE.total_seconds())
    return theatre.run_on(change)


@pytest.mark.parametrize(
    ("at", "when"), sample([(3, "before"), (3, "after"), (5, "before"), (5, "after")], (3, "after"), (5, "before"))
)
def test_a_worker_killed_around_any_write_to_azure_is_followed_by_one_that_goes_on(
    theatre: Theatre, at: int, when: str
) -> None:
    change = theatre.approved()
    before = theatre.subnets()
    network = theatre.app.network_of(theatre.app.discovery.cluster(change.cluster_id).subscription)
    network._put = killing(network._put, at, when)  # type: ignore[method-assign]

    assert_whole(theatre, survive(theatre, change), before)
    assert len(theatre.writes(WRITER)) == 5


@pytest.mark.parametrize(("at", "when"), [(2, "after"), (13, "before")])
def test_a_worker_killed_around_a_write_to_storage_is_followed_by_one_that_goes_on(
    theatre: Theatre, at: int, when: str
) -> None:
    change = theatre.approved()
    before = theatre.subnets()
    records = theatre.app.records
    records.commit_in = killing(records.commit_in, at, when)  # type: ignore[method-assign]

    assert_whole(theatre, survive(theatre, change), before)
    assert len(theatre.writes(WRITER)) == 5


def test_storage_that_is_down_for_a_while_loses_nothing(theatre: Theatre) -> None:
    change = theatre.approved()
    before = theatre.subnets()
    records = theatre.app.records
    commit, failures = records.commit_in, [3, 5, 8, 11]
    count = 0

    def flaky(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count in failures:
            raise StoreUnavailable(Text("commit: storage answered 503"))
        return commit(*arguments)

    records.commit_in = flaky  # type: ignore[method-assign, assignment]

    def run() -> Change:
        for _ in range(20):
            try:
                return theatre.run_on(change)
            except StoreUnavailable:
                time.sleep(LEASE.total_seconds())
        raise AssertionError("storage never came back")

    assert_whole(theatre, run(), before)
