"""What a plan is requested for, and the owner's settings that shape it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.plan import Plan, PlanKind
from .naming import PRODUCT_TAG

INCIDENT_TAG = f"{PRODUCT_TAG}-incident"
REQUEST_TAG = f"{PRODUCT_TAG}-request"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    name_template: str
    nat_resource_group: str = ""
    idle_timeout_minutes: int | None = None  # None: keep the cluster's present one
    tags: Mapping[str, str] = field(default_factory=dict)
    nat_ips: str = "addresses"  # addresses, prefix, or the id of a public IP prefix
    prices: Mapping[str, str] = field(default_factory=dict)  # as in ``cost``; empty: cost unknown


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """``kind``: None lets the planner choose; a kind is planned even if it is not needed, unless a check blocks it.

    ``id`` (of the change that the plan is for, or of the first change that it renews) and ``incident_id`` become tags
    of new resources; a dry run has neither. Planning twice for the same request gives the same digest.
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
    """The request id in the tags of the plan's new resources; empty if there are none."""
    return next((step.tags[REQUEST_TAG] for step in plan.create_steps if REQUEST_TAG in step.tags), "")
