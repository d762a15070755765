"""The results of all recordings: counts, accepted differences, and new ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .difference import Difference
from .history import type_of
from .known import reason_for
from .recording import Exchange, Recording
from .replay import Result, Verdict


@dataclass(frozen=True)
class Replayed:
    """A recording and the results of its exchanges."""

    recording: Recording
    results: tuple[Result, ...]

    def count(self, verdict: Verdict) -> int:
        return sum(1 for result in self.results if result.verdict is verdict)

    @property
    def added_later(self) -> int:
        """How many keys were no difference because Azure added them after the recording."""
        return sum(result.added_later for result in self.results)


@dataclass(frozen=True)
class Finding:
    """A difference, its place, and the reason why it is accepted (None: it is new)."""

    recording: Recording
    exchange: Exchange
    difference: Difference
    reason: str | None

    @property
    def where(self) -> str:
        """The request without names: method, type, and what is different."""
        return f"{self.exchange.method} {type_of(self.exchange)}: {self.difference}"


@dataclass(frozen=True)
class Summary:
    """All results. Only recordings of the live services count; examples and fixtures are kept apart."""

    replayed: Sequence[Replayed]

    def part(self, counts: bool) -> list[Replayed]:
        return [each for each in self.replayed if each.recording.counts is counts]

    def totals(self, counts: bool = True) -> Counter[Verdict]:
        """How many exchanges matched, differed, were not covered."""
        return total(self.part(counts))

    def by_category(self, counts: bool = True) -> dict[str, Counter[Verdict]]:
        """The same by category, in the order of the files."""
        categories: dict[str, list[Replayed]] = {}
        for each in self.part(counts):
            categories.setdefault(each.recording.category, []).append(each)
        return {category: total(group) for category, group in categories.items()}

    def findings(self, counts: bool = True) -> list[Finding]:
        """Every difference, with its reason."""
        return [
            Finding(each.recording, result.exchange, difference, reason_for(result.exchange, difference))
            for each in self.part(counts)
            for result in each.results
            for difference in result.differences
        ]

    def unreviewed(self) -> list[Finding]:
        """The differences that make a run fail."""
        return [finding for finding in self.findings() if finding.reason is None]

    def crashes(self) -> list[str]:
        """Where the replay itself failed, examples included; these make a run fail too."""
        return [
            f"{each.recording.name} #{result.exchange.number}: {result.reason}"
            for each in self.replayed
            for result in each.results
            if result.verdict is Verdict.CRASHED
        ]

    def uncovered(self, counts: bool = True) -> Counter[str]:
        """Why exchanges were not replayed, and how many for each reason."""
        return Counter(
            result.reason
            for each in self.part(counts)
            for result in each.results
            if result.verdict is Verdict.NOT_COVERED
        )

    @property
    def line(self) -> str:
        """The last line of a run."""
        totals, crashed = self.totals(), len(self.crashes())
        line = f"{totals[Verdict.MATCH]} match, {totals[Verdict.DIFFERS]} differ, "
        line += f"{totals[Verdict.NOT_COVERED]} not covered"
        return f"{line}, {crashed} crashed" if crashed else line


def total(replayed: Iterable[Replayed]) -> Counter[Verdict]:
    """The verdicts of some recordings."""
    return Counter(result.verdict for each in replayed for result in each.results)
