"""Every message that snatbot posts, as a pure function from nouns to Message. Flows import from here."""

from __future__ import annotations

from .change_messages import (
    change_decided,
    change_finished,
    change_overlapped,
    change_progress,
    change_proposed,
    change_stopped,
    change_waits,
)
from .fleet_messages import (
    bad_tags,
    contradicted,
    coverage_lost,
    opted_out,
    read_one_by_one,
    seen_again,
    watch_ended,
    watch_hindered,
)
from .incident_messages import (
    cannot_measure,
    incident_answered,
    incident_cleared,
    incident_failing,
    incident_opened,
    incident_reopened,
    incident_worsened,
)
from .waiting_messages import change_expired, change_renewed, incident_reminder

__all__ = [
    "bad_tags",
    "cannot_measure",
    "change_decided",
    "change_expired",
    "change_finished",
    "change_overlapped",
    "change_progress",
    "change_proposed",
    "change_renewed",
    "change_stopped",
    "change_waits",
    "contradicted",
    "coverage_lost",
    "incident_answered",
    "incident_cleared",
    "incident_failing",
    "incident_opened",
    "incident_reminder",
    "incident_reopened",
    "incident_worsened",
    "opted_out",
    "read_one_by_one",
    "seen_again",
    "watch_ended",
    "watch_hindered",
]
