"""A cluster as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..chat.message import facts_of
from ..flows.incidents.history import History
from ..formatting import capital, utc
from ..model.text import Text
from .fleet_view import StatusView
from .incident_view import ChangeLine, IncidentLine, Moment, moments
from .paths import Paths
from .probe_view import ProbeView

_MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class ClusterView:
    """``status``: None of a cluster that no scan reached, such as a deleted one."""

    name: str
    status: StatusView | None
    history: History
    now: datetime
    paths: Paths
    probes: ProbeView | None = None  # None: it has none

    @property
    def incidents(self) -> Sequence[IncidentLine]:
        """The newest first, like the next two."""
        return [IncidentLine(incident, self.now, self.paths) for incident in reversed(self.history.incidents)]

    @property
    def changes(self) -> Sequence[ChangeLine]:
        return [ChangeLine(change, self.paths) for change in reversed(self.history.changes)]

    @property
    def audit(self) -> Sequence[Moment]:
        changes = {change.id: self.paths.change(change.cluster_id, change.id) for change in self.history.changes}
        return moments(reversed(self.history.audit[-_MOST_LINES:]), changes)

    @property
    def is_cut(self) -> bool:
        return len(self.history.audit) > _MOST_LINES

    @property
    def record(self) -> Sequence[tuple[str, str]]:
        known, status = self.history.record, self.status
        is_silenced = known is not None and known.is_silenced(self.now)
        return facts_of(
            (Text("Egress path"), capital(status.egress) if status else ""),
            (Text("Ports used, fullest node"), status.ports if status else ""),
            (Text("Last measured"), status.measured if status else Text("never")),
            (Text("Last scan"), utc(status.status.at) if status else Text("none")),
            (
                Text("Silenced until"),
                utc(known.silenced_until) if is_silenced and known and known.silenced_until else "",
            ),
            (Text("Silenced by"), known.silenced_by if is_silenced and known else ""),
            (Text("Region"), status.status.location if status else ""),
            (Text("Resource"), status.status.id if status else known.cluster_id if known else ""),
        )
