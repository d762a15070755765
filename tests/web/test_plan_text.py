"""A plan in a terminal: the page's words as lines, or the plan as code."""

from __future__ import annotations

from shared.web.export.bicep import as_bicep
from shared.web.export.terraform import as_terraform
from shared.web.plan_text import plan_as, plan_lines
from tests.support import nouns

PLAN = nouns.make_plan()


def test_each_part_is_indented_under_its_name() -> None:
    lines = list(plan_lines(PLAN))
    assert lines[0] == "NAT gateway for shop-prod (Dry run)"
    headings = [line for line in lines[2:] if line and not line.startswith(" ")]
    assert headings[:4] == ["Created", "Changed", "Kept", "Egress IPs"]
    assert lines[[*map(str, lines)].index("Egress IPs") + 1] == "  Now: 20.50.10.7"


def test_what_a_plan_does_not_hold_has_no_heading() -> None:
    lines = list(plan_lines(nouns.make_advice()))
    assert "Created" not in lines
    assert "Steps" not in lines
    assert "  Blocks, API server access: The API server has authorized IP ranges" in "\n".join(lines)


def test_a_plan_is_written_as_commands_terraform_or_bicep() -> None:
    assert plan_as(PLAN, "az").splitlines() == ["# Azure CLI 2.56 or later", *PLAN.commands]
    assert plan_as(PLAN, "terraform") == as_terraform(PLAN)
    assert plan_as(PLAN, "bicep") == as_bicep(PLAN)
