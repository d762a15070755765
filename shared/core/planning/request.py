"""What somebody asks a plan for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...model.plan import Plan, PlanKind
from .naming import PRODUCT_TAG

INCIDENT_TAG = f"{PRODUCT_TAG}-incident"
REQUEST_TAG = f"{PRODUCT_TAG}-request"


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """``kind`` None: whatever is the right answer. A kind: that one, needed or not, as long as nothing forbids it.

    ``id`` (of the change that the plan is for, or of the first one that it renews) and ``incident_id`` become tags of
    what is created; a dry run has neither. Planning twice for one request gives one digest.
    """

    kind: PlanKind | None = None
    id: str = ""
    incident_id: str = ""

    @property
    def tags(self) -> Mapping[str, str]:
        found = {INCIDENT_TAG: self.incident_id, REQUEST_TAG: self.id}
        return {name: value for name, value in found.items() if value}


DRY_RUN = PlanRequest()


def request_of(plan: Plan) -> str:
    """The id of the request that a plan was made for, as what it creates is tagged; empty: it tags nothing."""
    return next((step.tags[REQUEST_TAG] for step in plan.create_steps if REQUEST_TAG in step.tags), "")
