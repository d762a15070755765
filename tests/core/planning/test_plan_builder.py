"""What every plan has in common, whatever its kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.checks import CheckBuilder
from shared.core.planning.digest import digest
from shared.core.planning.plan_builder import Outline, build_plan
from shared.model.check import CheckId, CheckResult
from shared.model.network import PublicIp
from shared.model.plan import CreatePublicIp, PlanKind
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support.builders import DEMAND, NETWORK, facts

CHECK = CheckBuilder(CheckId.REGION, "Azure docs")
OLD, NEW = (ArmId(f"{NETWORK}/publicIPAddresses/pip-{number}") for number in (1, 2))
THERE = facts(group_ips=(PublicIp(OLD, "pip-1", "203.0.113.7", "Standard", "Succeeded"),))


def test_a_plan_has_its_digest_and_commands_for_what_is_not_there_yet() -> None:
    steps = [CreatePublicIp(ip_id, "westeurope", (), {}) for ip_id in (ArmId(OLD.upper()), NEW)]
    checks = (CHECK.passes(Text("fine")), CHECK.blocks(Text("not so")))
    plan = build_plan(Outline(PlanKind.RESERVE_PUBLIC_IPS, Text("reserve"), checks=checks, steps=tuple(steps)), THERE)
    assert plan.digest == digest(plan)
    assert plan.existing_ids == (OLD,)
    assert plan.new_steps() == (steps[1],)
    assert len(plan.create_steps) == 2
    (create,), (delete,) = plan.commands, plan.rollback_commands
    assert create.startswith("az network public-ip create ")
    assert delete.startswith("az network public-ip delete ")
    assert "pip-2" in create
    assert "pip-2" in delete
    assert [check.result for check in plan.checks] == [CheckResult.BLOCK, CheckResult.PASS]


@pytest.mark.parametrize("is_blocked", [False, True])
def test_advice_that_a_check_forbids_gives_nothing_to_copy(is_blocked: bool) -> None:
    check = CHECK.requires(not is_blocked, Text("fine"), Text("no such region"), Text("take another"))
    advice = Outline(
        PlanKind.STANDARD_V2, Text("do it"), ("az it",), checks=(check,), arithmetic=(Text("1 + 1"),)
    ).unless_blocked()
    plan = build_plan(advice, THERE, replace(DEMAND, arithmetic=(Text("2 + 2"),)), None)
    assert plan.steps == ()
    assert plan.commands == (() if is_blocked else ("az it",))
    assert plan.summary == ("not for this cluster now: no such region" if is_blocked else "do it")
    assert plan.demand is not None
    assert plan.demand.arithmetic == (("2 + 2",) if is_blocked else ("1 + 1",))
    assert bool(advice.as_related) is not is_blocked
