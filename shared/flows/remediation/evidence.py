"""What a source of evidence is to the gate. A further kind is one file, and one line where the app makes the gate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from ...core.remediation.gate import Evidence
from ...model.change import Change
from ...model.metric import Window
from ...model.plan import ObserveEgress, Plan


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a subnet that was moved. ``before`` is what the same source measured before the move, if it could."""

    step: ObserveEgress
    plan: Plan
    before: Any
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
