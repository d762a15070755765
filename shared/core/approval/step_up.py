"""Whether a fresh sign-in counts for the approval of one plan (step-up).

Source: Entra docs, developer-guide-conditional-access-authentication-context and optional-claims-reference (acrs,
auth_time).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from ...model.identity import Approver, Person, StepUp

LIFE = timedelta(minutes=5)
_CLOCKS_DIFFER = timedelta(minutes=1)


class Lack(StrEnum):
    """What a step-up lacks to count."""

    ALL = "all"
    PERSON = "person"
    PLAN = "plan"
    CONTEXT = "context"
    FRESHNESS = "freshness"


def lack_of(step_up: StepUp | None, approver: Approver, digest: str, context: str, now: datetime) -> Lack | None:
    """None if this person signed in again for exactly this plan, as ``context`` demands, at most five minutes ago."""
    if step_up is None or not isinstance(approver, Person):
        return Lack.ALL
    if step_up.object_id != approver.object_id:
        return Lack.PERSON
    if step_up.digest != digest:
        return Lack.PLAN
    if context not in step_up.contexts:
        return Lack.CONTEXT
    return None if -_CLOCKS_DIFFER <= now - step_up.at <= LIFE else Lack.FRESHNESS
