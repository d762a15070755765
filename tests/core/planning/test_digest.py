"""A plan's fingerprint is the same in every process and for any order of keys, and covers every field of a step."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.planning.digest import NOT_WRITTEN, digest, with_digest
from shared.model.plan import (
    AssociateSubnet,
    Plan,
    PlanKind,
    Step,
)
from shared.model.resource_id import ArmId
from tests.support.builders import USER_SUBNET, cluster
from tests.support.every_step import CLUSTER_ID, GATEWAY, PLAN, STEPS, VNET_ID

OTHER: dict[str, Any] = {
    "id": "/other",
    "location": "northeurope",
    "zones": ("2",),
    "tags": {"a": "2"},
    "public_ip_ids": ("/other",),
    "public_ip_prefix_ids": ("/other",),
    "length": 28,
    "before_ids": ("/other",),
    "after_ids": ("/other",),
    "before_prefix_ids": ("/other",),
    "after_prefix_ids": ("/other",),
    "owner": "other",
    "addresses": ("203.0.113.9",),
    "idle_timeout_minutes": 4,
    "subnet_id": "/other",
    "before": "/other",
    "after": None,
    "properties_before": {"addressPrefix": "10.0.0.0/8"},
    "nat_gateway_id": "/other",
    "cluster_id": "/other",
    "kind": "other",
}
# What decides neither what is written nor where. Reviewed field by field: see why beside each group in the module.
REVIEWED = [
    "digest",
    "cluster_name",
    "summary",
    "egress_now",
    "egress_then",
    "egress_count",
    "rollback_text",
    "rollback_commands",
    "commands",
    "notes",
    "cost",
    "irreversible",
    "related",
    "existing_ids",
    "is_requested",
    "checks",
    "demand",
    "baseline",
    "planned_at",
]
FIELDS = [(number, field.name) for number, step in enumerate(STEPS) for field in fields(step)]
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(("number", "name"), FIELDS, ids=lambda value: str(value))
def test_every_field_of_every_step_counts(number: int, name: str) -> None:
    changed: Step = replace(STEPS[number], **{name: OTHER[name]})
    steps = (*STEPS[:number], changed, *STEPS[number + 1 :])
    assert digest(replace(PLAN, steps=steps)) != digest(PLAN)


@pytest.mark.parametrize("name", [field.name for field in fields(Plan)])
def test_every_field_of_a_plan_counts_unless_it_was_found_to_decide_no_write(name: str) -> None:
    """A field that is added counts, or stands on the list here and there."""
    others: dict[str, Any] = {"kind": PlanKind.DETACH_NAT_GATEWAY, "steps": STEPS[:-1]}
    other = replace(PLAN, **{name: others.get(name, "/other")})
    assert (digest(other) == digest(PLAN)) == (name in REVIEWED)


def test_every_kind_of_step_is_looked_at() -> None:
    assert {type(step) for step in STEPS} == set(get_args(Step))


def test_the_reviewed_fields_are_the_ones_left_out_and_exist() -> None:
    assert frozenset(REVIEWED) == NOT_WRITTEN
    assert {field.name for field in fields(Plan)} >= NOT_WRITTEN


def test_kind_cluster_network_and_order_count() -> None:
    plans = (
        PLAN,
        replace(PLAN, kind=PlanKind.DETACH_NAT_GATEWAY),
        replace(PLAN, cluster_id=cluster(name="other").id),
        replace(PLAN, vnet_id=ArmId(VNET_ID.replace("shop-vnet", "other-vnet"))),
        replace(PLAN, vnet_id=None),
        replace(PLAN, of_change_id="chg-1"),
        replace(PLAN, steps=STEPS[::-1]),
        replace(PLAN, steps=STEPS[:-1]),
        replace(PLAN, steps=()),
    )
    assert len({digest(plan) for plan in plans}) == len(plans)


def test_ids_of_cluster_and_network_count_without_case() -> None:
    assert digest(replace(PLAN, cluster_id=ArmId(CLUSTER_ID.upper()), vnet_id=ArmId(VNET_ID.upper()))) == digest(PLAN)


def test_a_plan_carries_its_digest() -> None:
    assert with_digest(PLAN).digest == digest(with_digest(PLAN)) == digest(PLAN)


def turned(value: Any) -> Any:
    """The same JSON with the keys of every object in reverse order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(one) for one in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text(max_size=5), json, max_size=6))
def test_the_order_of_keys_does_not_count(properties: dict[str, Any]) -> None:
    def of(values: dict[str, Any]) -> str:
        return digest(replace(PLAN, steps=(AssociateSubnet(USER_SUBNET, None, GATEWAY, values),)))

    assert of(turned(properties)) == of(properties)


def test_it_is_the_same_in_another_process() -> None:
    """With another hash seed: nothing of it may hang on the order of a set."""
    imports = "from shared.core.planning.digest import digest; from tests.support.every_step import PLAN"
    program = f"{imports}; print(digest(PLAN))"
    root = Path(__file__).parents[3]
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            cwd=root,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.strip() == digest(PLAN)
