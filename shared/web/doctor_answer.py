"""What ``snatbot doctor`` and ``GET /api/doctor`` say: each check with its status, hint and link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..model.check import Check, CheckId, CheckResult
from ..model.text import Text
from ..wording.render import translated

if TYPE_CHECKING:
    from ..flows.doctor.run import Category

STATUSES: Mapping[CheckResult, str] = {
    CheckResult.PASS: "ok",
    CheckResult.WARN: "warning",
    CheckResult.COULD_NOT_CHECK: "not_measured",
    CheckResult.BLOCK: "failed",
}
_LEARN, _SLACK = "https://learn.microsoft.com/azure", "https://docs.slack.dev/reference/methods"
ROLES, SETTINGS = "infra/roles/README.md", "docs/settings.md"
LINKS: Mapping[CheckId, str] = {  # a path is of this repository; others are told in docs/terminal.md
    CheckId.APPROVERS: "docs/approval-policy.md",
    CheckId.FUNCTIONS: f"{_LEARN}/azure-functions/functions-reference-python",
    CheckId.HEALTH_EVENTS: f"{_LEARN}/load-balancer/load-balancer-health-event-logs",
    CheckId.HOST_STORAGE: f"{_LEARN}/azure-functions/functions-reference",
    CheckId.METRICS: f"{_LEARN}/azure-monitor/metrics/migrate-to-batch-api",
    CheckId.READING_IDENTITY: ROLES,
    CheckId.REMEDIATION: "docs/acting.md",
    CheckId.RESOURCE_GRAPH: f"{_LEARN}/governance/resource-graph/overview",
    CheckId.SETTINGS: SETTINGS,
    CheckId.SIGNING_KEYS: SETTINGS,
    CheckId.SLACK_APP: f"{_SLACK}/auth.test",
    CheckId.SLACK_BLOCKS: f"{_SLACK}/blocks.validate",
    CheckId.SLACK_CHANNEL: f"{_SLACK}/conversations.history",
    CheckId.SUBSCRIPTIONS: ROLES,
    CheckId.WEBHOOK: "docs/telling.md",
    CheckId.WRITING_IDENTITY: ROLES,
}


def doctor_json(categories: Sequence[Category], language: str) -> dict[str, Any]:
    """Names, messages and remedies are in the language; decide by id and status."""
    listed = [
        {"name": translated(category.title, language), "checks": [_check(each, language) for each in category.checks]}
        for category in categories
    ]
    return {"schema": 1, "categories": listed}


def _check(check: Check, language: str) -> dict[str, Any]:
    told: Mapping[str, Text] = {"name": check.name, "message": check.message, "remedy": check.remedy}
    return {
        "id": check.id.value,
        "status": STATUSES[check.result],
        **{name: translated(text, language) for name, text in told.items()},
        "link": LINKS.get(check.id, "docs/terminal.md"),
    }
