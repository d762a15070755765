"""What a scan makes of an incident, and the times that decide it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ...model.incident import ClusterRecord, Incident
from ...model.metric import MINUTE

_DAMPING = 4  # times as many clean minutes for each time that an incident re-opened


class Effect(StrEnum):
    """What happened, or what to post. FAILING: a warning became failed connections."""

    NOTHING = "nothing"
    OPENED = "opened"
    REOPENED = "reopened"
    FAILING = "failing"
    WORSENED = "worsened"
    REMINDED = "reminded"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    clean_minutes: int  # measured minutes without trouble until the incident clears
    cooldown: timedelta  # trouble within it re-opens the incident
    remind_every: timedelta = timedelta(minutes=30)  # while connections fail

    def needed_clean_minutes(self, reopened: int) -> int:
        """Clean minutes needed; more for an incident that re-opens often."""
        most = max(self.clean_minutes, int(self.cooldown / MINUTE))
        return int(min(self.clean_minutes * _DAMPING ** min(reopened, 8), most))


@dataclass(frozen=True, slots=True)
class IncidentTransition:
    record: ClusterRecord
    incident: Incident | None
    effect: Effect  # what happened
    message: Effect = Effect.NOTHING  # what to post, now or later
