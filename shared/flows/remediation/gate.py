"""The gate after each subnet: go on, wait, or stop before the next one.

A further kind of evidence is one file, and one line where the app makes the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ...cloud.discovery import Discovery
from ...core.remediation.gate import Evidence, Passage
from ...core.remediation.measurement import MeasurementPolicy
from ...formatting import count
from ...model.change import Change, JournalEntry
from ...model.metric import Window
from ...model.plan import AssociateSubnet, ObserveEgress, Plan
from .drift import busy_words
from .step_result import RECHECK_AFTER, Done, Stop, Wait

GATE_MINUTES = 3


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a subnet that was moved."""

    step: ObserveEgress
    plan: Plan
    before: Any  # what the same source measured before the move, if it could
    window: Window
    waited: timedelta


class EvidenceSource(Protocol):
    @property
    def name(self) -> str:
        """Of its value in the journal."""

    def before(self, change: Change, window: Window) -> Any:
        """What to compare with after the current step, as JSON; None when it can't be measured."""

    def read(self, seen: Observation) -> Evidence:
        """Raises AzureError."""


class Gate:
    """It opens when no source says shut. What is unknown holds nothing up, and is said."""

    def __init__(self, sources: Sequence[EvidenceSource], discovery: Discovery, policy: MeasurementPolicy) -> None:
        self._sources = sources
        self._discovery = discovery
        self._policy = policy

    def before(self, change: Change, previous: JournalEntry | None, now: datetime) -> dict[str, Any] | None:
        """What the current step is compared with: the subnet's properties and what each source measured.

        ``previous`` is the journal entry of the step before: a gate takes them from its subnet's step.
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

    def busy(self, cluster_id: str) -> str:
        """What AKS is doing with the cluster right now; empty when nothing. Raises AzureError."""
        return busy_words(self._discovery.cluster(cluster_id))

    def observe(self, step: ObserveEgress, plan: Plan, entry: JournalEntry, now: datetime) -> Done | Wait | Stop:
        """Whether to go on to the next subnet, with the figures that say why. Raises AzureError.

        ``entry.before`` holds what each source measured before the subnet was moved.
        """
        window = self._policy.window_since(entry.started_at, now)
        if window is None:
            return self._wait("waiting for the first measured minutes after the move")
        before, waited = entry.before or {}, now - entry.started_at
        found = [
            source.read(Observation(step, plan, before.get(source.name), window, waited)) for source in self._sources
        ]
        shut = [evidence for evidence in found if evidence.passage is Passage.SHUT]
        for evidence in shut:
            if evidence.is_broken:
                return Stop(f"{evidence.words} in the last {count(window.minutes, 'minute')}")
        if not shut:
            return Done(", ".join(evidence.words for evidence in found))
        words = "; ".join(evidence.words for evidence in shut)
        return self._wait(words, has_limit=not any(evidence.is_patient for evidence in shut))

    def _wait(self, note: str, *, has_limit: bool = True) -> Wait:
        return Wait(RECHECK_AFTER.total_seconds(), note, limit=self._policy.limit if has_limit else None)
