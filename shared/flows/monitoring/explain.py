"""Azure's errors as a reading: why something was not measured and what a person can do, the kinds told apart."""

from __future__ import annotations

from ...cloud.errors import AzureError, Forbidden, MetricUnavailable, NotFound, NotRegistered, Throttled, Unavailable
from ...cloud.metric_access import DeadlineReached
from ...formatting import utc
from ...model.reading import Cause, Unmeasured


def unmeasured(error: AzureError) -> Unmeasured:
    match error:
        case DeadlineReached():
            return Unmeasured("the time for this look was over before it was its turn", "", Cause.NOT_REACHED)
        case NotRegistered():
            return Unmeasured(
                f"Azure refused: {error.code or error.status}, the provider Microsoft.Insights is not registered",
                error.remedy,
                Cause.NOT_REGISTERED,
            )
        case Forbidden():
            remedy = error.remedy or "grant this app's identity Reader and Monitoring Reader on the subscription"
            return Unmeasured(f"Azure refused: {error.code or error.status}", remedy, Cause.FORBIDDEN)
        case Throttled():
            again = f" until {utc(error.until)}" if error.until else "; the next look tries again"
            return Unmeasured(f"Azure throttled the requests{again}", "", Cause.THROTTLED)
        case NotFound():
            return Unmeasured("it vanished while it was looked at, or may not be read", "", Cause.VANISHED)
        case Unavailable() | MetricUnavailable():
            return Unmeasured(f"Azure did not answer as documented: {error}", error.remedy, Cause.UNAVAILABLE)
    return Unmeasured(f"Azure did not answer as documented: {error}", error.remedy, Cause.UNEXPECTED)
