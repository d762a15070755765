"""About how long a change takes, if nothing is in its way: so that a person knows when to look again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ...model.change import Change, ChangeState
from ...model.metric import MINUTE
from ...model.plan import ObserveEgress, Plan, PlanKind, Step

_VERIFIED = (PlanKind.ATTACH_NAT_GATEWAY, PlanKind.ADD_PUBLIC_IPS)


@dataclass(frozen=True, slots=True)
class Pace:
    """Minutes."""

    lag: int  # until Azure Monitor has a minute
    gate: int  # measured after each subnet
    pause: int  # after each subnet
    verify: int  # measured at the end

    def of(self, plan: Plan) -> timedelta:
        """The whole plan, from its start to the verdict."""
        return sum(map(self._step, plan.steps), timedelta()) + self._verifying(plan)

    def left(self, change: Change, now: datetime) -> timedelta | None:
        """Until the verdict; None if the change is not running, or is late."""
        match change.state:
            case ChangeState.APPROVED | ChangeState.APPLYING:
                rest = change.plan.steps[change.step :]
                return sum(map(self._step, rest), timedelta()) + self._verifying(change.plan)
            case ChangeState.VERIFYING:
                left = (change.verify_from or now) + self._verifying(change.plan) - now
                return left if left > timedelta() else None
        return None

    def _step(self, step: Step) -> timedelta:
        """A first minute of measuring does not count, because it may have begun before the step."""
        return (self.lag + 1 + self.gate + self.pause) * MINUTE if isinstance(step, ObserveEgress) else MINUTE

    def _verifying(self, plan: Plan) -> timedelta:
        return (self.lag + 1 + self.verify) * MINUTE if plan.kind in _VERIFIED else timedelta()
