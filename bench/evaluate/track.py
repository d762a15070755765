"""One cluster's ground truth in a scenario, and snatbot's findings for it. All in whole minutes since 1970.
A tick scans at the start of its minute, so it can know of earlier minutes only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.core.incidents.transition import Effect
from shared.model.finding import FindingKind, Severity

PAUSE_MINUTES = 10
"""Trouble that pauses for up to this long is one trouble: that is also when snatbot's incidents clear."""


class NodeMinute(NamedTuple):
    node: str
    minute: int


class Culprit(NamedTuple):
    node: str
    minute: int
    workload: str


class Span(NamedTuple):
    """``first`` to ``last``, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Moment:
    """The incident after a tick that changed it."""

    tick: int
    is_open: bool
    severity: Severity
    kinds: tuple[FindingKind, ...]
    effect: Effect
    message: Effect


@dataclass
class Track:
    """One cluster. ``truth_*`` come from the physics, ``visible`` from all that the metrics ever showed of it."""

    name: str
    node_names: set[str] = field(default_factory=set)
    truth_nodes: set[NodeMinute] = field(default_factory=set)
    truth_gateways: set[int] = field(default_factory=set)
    truth_pressed: set[NodeMinute] = field(default_factory=set)
    visible_nodes: set[NodeMinute] = field(default_factory=set)
    visible_gateways: set[int] = field(default_factory=set)
    claims: set[NodeMinute] = field(default_factory=set)
    truth_culprits: set[Culprit] = field(default_factory=set)
    named_culprits: set[Culprit] = field(default_factory=set)
    seen_everywhere: dict[int, int | None] = field(default_factory=dict)
    """By the first minute of a trouble: the second at which a probe met it, one on each node."""
    seen_by_two: dict[int, int | None] = field(default_factory=dict)
    """The same, two a subnet."""
    moments: list[Moment] = field(default_factory=list)
    readings: Counter[str] = field(default_factory=Counter)
    rule_ticks: dict[str, set[int]] = field(default_factory=dict)
    """Ticks at which each of the usual rules was in alarm."""

    @property
    def truth_minutes(self) -> set[int]:
        return {at.minute for at in self.truth_nodes} | self.truth_gateways

    @property
    def visible_minutes(self) -> set[int]:
        return {at.minute for at in self.visible_nodes} | self.visible_gateways

    def open_spans(self, end: int, least: Severity, below: Severity | None = None) -> list[Span]:
        """Ticks during which an incident of at least (and below) these severities was open."""
        return spans(
            tick
            for since, moment, until in self._held(end)
            if moment.is_open
            and moment.severity.rank >= least.rank
            and (below is None or moment.severity.rank < below.rank)
            for tick in range(since, until)
        )

    def posts(self) -> list[int]:
        """Ticks at which something new was posted."""
        return [moment.tick for moment in self.moments if moment.message not in (Effect.NOTHING, Effect.REMINDED)]

    def _held(self, end: int) -> Iterator[tuple[int, Moment, int]]:
        ends = [moment.tick for moment in self.moments[1:]] + [end + 1] * bool(self.moments)
        for moment, until in zip(self.moments, ends, strict=True):
            yield moment.tick, moment, until


def spans(minutes: Iterable[int], pause: int = 0) -> list[Span]:
    """Runs of minutes; runs at most ``pause`` minutes apart are merged."""
    found: list[Span] = []
    for minute in sorted(set(minutes)):
        if found and minute - found[-1].last <= pause + 1:
            found[-1] = Span(found[-1].first, minute)
        else:
            found.append(Span(minute, minute))
    return found
