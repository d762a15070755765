"""The gate after each subnet: continue, wait, or stop before the next subnet.

Each source of evidence is a file, and a line in ``app.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ...cloud.discovery import Discovery
from ...core.remediation.gate import Evidence, Passage
from ...core.remediation.measurement import MeasurementPolicy
from ...formatting import clauses, minutes_of
from ...model.change import Change, JournalEntry
from ...model.metric import Window
from ...model.plan import AssociateSubnet, ObserveEgress, Plan
from ...model.text import Text, arranged
from .drift import busy_text
from .step_result import RECHECK_AFTER, Done, Stop, Wait

GATE_MINUTES = 3


@dataclass(frozen=True, slots=True)
class Observation:
    """The input of each evidence source after a subnet moved."""

    step: ObserveEgress
    plan: Plan
    before: Any  # what this source measured before the move; None: not measured
    window: Window
    waited: timedelta


class EvidenceSource(Protocol):
    @property
    def name(self) -> str:
        """The key of its value in the journal."""

    def before(self, change: Change, window: Window) -> Any:
        """The value to compare with after the current step, as JSON; None if it can't be measured."""

    def read(self, observation: Observation) -> Evidence:
        """Raises AzureError."""


class Gate:
    """The gate opens if no source is shut. An unknown source does not hold it, but the note names it."""

    def __init__(self, sources: Sequence[EvidenceSource], discovery: Discovery, policy: MeasurementPolicy) -> None:
        self._sources = sources
        self._discovery = discovery
        self._policy = policy

    def before(self, change: Change, previous: JournalEntry | None, now: datetime) -> dict[str, Any] | None:
        """What to compare with later: the subnet's properties and the value of each source.

        ``previous`` is the journal entry of the previous step: a gate uses the values of its subnet's step.
        """
        step = change.current_step
        if isinstance(step, AssociateSubnet):
            window = self._policy.complete_window(now)
            measured = {source.name: source.before(change, window) for source in self._sources}
            return {**step.properties_before, **measured}
        if isinstance(step, ObserveEgress):
            before = previous.before or {} if previous else {}
            return {source.name: before.get(source.name) for source in self._sources}
        return None

    def busy(self, cluster_id: str) -> Text:
        """Which AKS operations are in progress; empty if none. Raises AzureError."""
        return busy_text(self._discovery.cluster(cluster_id))

    def observe(self, step: ObserveEgress, plan: Plan, entry: JournalEntry, now: datetime) -> Done | Wait | Stop:
        """Whether to continue with the next subnet, with the figures. Raises AzureError.

        ``entry.before`` holds what each source measured before the subnet moved.
        """
        window = self._policy.window_since(entry.started_at, now)
        if window is None:
            return self._wait(Text("waiting for the first measured minutes after the move"))
        before, waited = entry.before or {}, now - entry.started_at
        found = [
            source.read(Observation(step, plan, before.get(source.name), window, waited)) for source in self._sources
        ]
        shut = [evidence for evidence in found if evidence.passage is Passage.SHUT]
        for evidence in shut:
            if evidence.is_broken:
                minutes = minutes_of(window.minutes)
                return Stop(Text("{what} in the last {minutes}", what=evidence.text, minutes=minutes))
        if not shut:
            return Done(arranged("{parts}", parts=tuple(evidence.text for evidence in found)))
        words = clauses(*(evidence.text for evidence in shut))
        return self._wait(words, has_limit=not any(evidence.is_patient for evidence in shut))

    def _wait(self, note: Text, *, has_limit: bool = True) -> Wait:
        return Wait(RECHECK_AFTER.total_seconds(), note, limit=self._policy.limit if has_limit else None)
