"""Plans are as the shipped scenarios declare them, and a wrong declaration is found out."""

from __future__ import annotations

import pytest

from bench.evaluate.goals import goals
from bench.evaluate.in_process import InProcessAzure
from bench.evaluate.plans import declared_plans, plan_differences
from bench.evaluate.replay import START, Run
from simulator import scenario
from simulator.scenario import Content

DECLARING = [name for name in scenario.names() if declared_plans(scenario.load(name))]


def differences(content: Content) -> list[str]:
    return list(plan_differences(content, InProcessAzure(content, START).arm, START))


@pytest.mark.parametrize("name", DECLARING)
def test_plans_are_as_declared(name: str) -> None:
    assert differences(scenario.load(name)) == []


def test_every_kind_of_node_declares_a_plan() -> None:
    assert set(DECLARING) >= {"virtual-machines-pool", "auto-provisioned", "hosted-system-pools"}


def test_a_wrong_declaration_is_a_goal_that_is_missed() -> None:
    declared = {"cluster": "search", "ownership": "managed", "blocked_by": ["locks"]}
    content = {**scenario.load("auto-provisioned"), "plan_truth": [declared]}
    found = differences(content)
    assert found == [
        "search: ownership own instead of managed",
        "search: subnets ['provisioned', 'system'] instead of none",
        "search: blocked_by none instead of ['locks']",
    ]
    run = Run("wrong", "", 0, 0, 0, 3, False, (), plans=1, plan_differences=tuple(found))
    (goal,) = [goal for goal in goals({"wrong": run}, {}) if "plan" in goal.name]
    assert goal.missed[0] == "wrong: search: ownership own instead of managed"
    assert goal.of == "1 declared"
