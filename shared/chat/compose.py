"""Every message that snatbot posts, as a pure function from nouns to Message. Flows import from here."""

from __future__ import annotations

from .change_messages import change_decided, change_finished, change_progress, change_proposed, change_stopped
from .fleet_messages import coverage_lost, opted_out, seen_again
from .incident_messages import (
    cannot_measure,
    incident_cleared,
    incident_opened,
    incident_reopened,
    incident_worsened,
)

__all__ = [
    "cannot_measure",
    "change_decided",
    "change_finished",
    "change_progress",
    "change_proposed",
    "change_stopped",
    "coverage_lost",
    "incident_cleared",
    "incident_opened",
    "incident_reopened",
    "incident_worsened",
    "opted_out",
    "seen_again",
]
