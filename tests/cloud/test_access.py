"""What the writing identity may do, scope by scope: one that can't be read hides no other."""

from __future__ import annotations

import pytest

from shared.cloud.access import AccessReader
from shared.cloud.errors import AzureError, NotFound, Throttled, Unavailable
from shared.model.access import Access, Permission
from tests.support.canned import Answer, Answers, forbidden

NET = "/subscriptions/s1/resourceGroups/Net"
POOL = "/subscriptions/s9/resourceGroups/hub/providers/Microsoft.Network/networkManagers/m/ipamPools/p"
AT = "providers/Microsoft.Authorization/permissions"
GRANTED: list[dict[str, object]] = [{"actions": ["*/read"], "notActions": []}]
ERRORS = [
    forbidden("the/action"),
    NotFound("GET", "gone", status=404),
    Throttled("GET", "no"),
    Unavailable("GET", "503"),
]


def access(answers: dict[str, Answer]) -> Access:
    arm = Answers(answers).arm
    return AccessReader(arm, arm).read_access([NET, POOL], NET, f"{NET}/providers/x/y/z", "westeurope", {}, [])


@pytest.mark.parametrize("error", ERRORS)
def test_a_scope_that_can_not_be_read_hides_no_other(error: AzureError) -> None:
    found = access({f"{NET}/{AT}": GRANTED, f"{POOL}/{AT}": error})
    assert found.permissions == {NET.lower(): (Permission(("*/read",)),)}
    assert error.message in found.reasons[POOL.lower()]
    assert "permissions" not in found.reasons


@pytest.mark.parametrize("error", ERRORS)
def test_without_any_scope_nothing_is_known(error: AzureError) -> None:
    found = access({f"{NET}/{AT}": error, f"{POOL}/{AT}": error})
    assert found.permissions is None
    assert error.message in found.reasons["permissions"]
    assert {NET.lower(), POOL.lower()}.isdisjoint(found.reasons)


def test_who_has_no_role_at_all_is_known_to_have_none() -> None:
    found = access({f"{NET}/{AT}": [], f"{POOL}/{AT}": []})
    assert found.permissions == {NET.lower(): (), POOL.lower(): ()}


def test_without_a_writing_identity_that_is_the_reason() -> None:
    found = AccessReader(Answers({}).arm, None).read_access([NET], NET, f"{NET}/providers/x/y/z", "westeurope", {}, [])
    assert found.permissions is None
    assert "REMEDIATOR_CLIENT_ID" in found.reasons["permissions"]
