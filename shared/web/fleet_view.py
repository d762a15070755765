"""The fleet as its page shows it: the highest risk first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from ..chat.finding_labels import FINDING_TITLES
from ..chat.labels import state_label
from ..core.incidents.cluster_status import ClusterState, risk, state_of
from ..flows.monitoring.fleet_status import FleetStatus
from ..formatting import duration, percent
from ..model.cluster_status import ClusterStatus, EgressPath
from ..model.text import Text, arranged
from .paths import Paths
from .plan_view import Tone

STATE_LABELS: Mapping[ClusterState, Text] = {
    ClusterState.FAILING: Text("failing"),
    ClusterState.NOT_MEASURED: Text("not measured"),
    ClusterState.WARNING: Text("warning"),
    ClusterState.WELL: Text("no trouble"),
    ClusterState.IDLE: Text("idle"),
    ClusterState.DOES_NOT_APPLY: Text("not watched"),
}
_EGRESS_LABELS: Mapping[EgressPath, Text] = {
    EgressPath.LOAD_BALANCER: Text("load balancer"),
    EgressPath.NAT_GATEWAY: Text("NAT gateway"),
    EgressPath.BOTH: Text("load balancer and NAT gateway"),
    EgressPath.APPLIANCE: Text("user-defined routing"),
    EgressPath.NONE: Text("none"),
    EgressPath.UNKNOWN: Text("unknown"),
}
_FRESH = timedelta(minutes=15)  # ports are read every few minutes
_TONES: Mapping[ClusterState, Tone] = {
    ClusterState.FAILING: "bad",
    ClusterState.NOT_MEASURED: "waiting",
    ClusterState.WARNING: "waiting",
    ClusterState.WELL: "good",
    ClusterState.IDLE: "good",
    ClusterState.DOES_NOT_APPLY: "neutral",
}


@dataclass(frozen=True)
class StatusView:
    """One cluster's status in words."""

    status: ClusterStatus
    now: datetime
    paths: Paths

    @cached_property
    def state(self) -> ClusterState:
        return state_of(self.status, self.now)

    @property
    def tone(self) -> Tone:
        return _TONES[self.state]

    @property
    def link(self) -> str:
        return self.paths.cluster(self.status.id)

    @property
    def about(self) -> str:
        """What is wrong, or why nothing is known."""
        status = self.status
        if self.state is ClusterState.NOT_MEASURED and status.reading != "unmeasured":
            return Text("no scan reached it for {time}", time=duration(self.now - status.at))
        if self.state in (ClusterState.NOT_MEASURED, ClusterState.DOES_NOT_APPLY):
            return status.reason
        if status.kind:
            return FINDING_TITLES[status.kind]
        if self.state is ClusterState.WARNING:
            return Text("nothing failed in the last scan; its incident is still open")
        return ""

    @property
    def egress(self) -> Text:
        return _EGRESS_LABELS[self.status.egress]

    @property
    def ports(self) -> Text:
        """Use of the fullest node, as last read."""
        status = self.status
        if status.egress not in (EgressPath.LOAD_BALANCER, EgressPath.BOTH) or status.reading == "does_not_apply":
            return arranged("–")
        if status.ports_at is None:
            return Text("not measured")
        share = Text("below 50 %") if status.ports_share is None else percent(status.ports_share, 1)
        age = self.now - status.ports_at
        return share if age < _FRESH else Text("{share}, {time} ago", share=share, time=duration(age))

    @property
    def measured(self) -> Text:
        if self.status.measured_at is None:
            return Text("never")
        return Text("{time} ago", time=duration(self.now - self.status.measured_at))

    @property
    def label(self) -> Text:
        return STATE_LABELS[self.state]

    @property
    def incident(self) -> str:
        """URL of its open incident; empty without one."""
        found = self.status.open.incident_id
        return self.paths.incident(self.status.id, found) if found else ""

    @property
    def change(self) -> str:
        found = self.status.open.change_id
        return self.paths.change(self.status.id, found) if found else ""

    @property
    def change_state(self) -> str:
        state = self.status.open.change_state
        return state_label(state) if state else ""


@dataclass(frozen=True)
class FleetView:
    fleet: FleetStatus
    now: datetime
    paths: Paths
    wanted: str = ""  # part of a name, resource group, subscription or region
    state: str = ""  # value of a ClusterState
    audit_url: str = ""  # for auditors

    @cached_property
    def rows(self) -> Sequence[StatusView]:
        found = sorted(self._matching, key=lambda status: risk(status, self.now))
        rows = [StatusView(status, self.now, self.paths) for status in found]
        return [row for row in rows if self.state in ("", row.state)]

    @cached_property
    def counts(self) -> Sequence[tuple[ClusterState, Text, Tone]]:
        """``3 failing`` and the like, of the clusters that the text filter leaves."""
        found = Counter(state_of(status, self.now) for status in self._matching)
        return [(state, counted(found[state], state), _TONES[state]) for state in ClusterState if found[state]]

    @property
    def never_scanned(self) -> int:
        return max(0, self.fleet.listed - len(self.fleet.clusters))

    @property
    def never_scanned_text(self) -> Text:
        return Text.plural(
            "{count} cluster was never scanned", "{count} clusters were never scanned", count=self.never_scanned
        )

    @property
    def scanned(self) -> Text:
        """How many clusters are listed, and how long ago the last scan was."""
        listed = Text.plural("{count} cluster", "{count} clusters", count=self.fleet.listed)
        last = max((status.at for status in self.fleet.clusters), default=None)
        if last is None:
            return arranged("{clusters}.", clusters=listed)
        return Text(
            "{clusters}, last scanned {time} ago. The highest risk comes first.",
            clusters=listed,
            time=duration(self.now - last),
        )

    @cached_property
    def _matching(self) -> Sequence[ClusterStatus]:
        wanted = self.wanted.lower()
        return [status for status in self.fleet.clusters if wanted in f"{status.id} {status.location}".lower()]


def counted(number: int, state: ClusterState) -> Text:
    return arranged("{number} {state}", number=number, state=STATE_LABELS[state])
